/** A clock for tests: it stands still until it is told to move. */

import type { Clock } from '../../base/ports.ts'

/** A clock that a test moves. Give it wherever a `clock` is taken. */
export interface FakeClock extends Clock {
  /** Moves the clock on by that many milliseconds; a negative number moves it back. */
  advance(ms: number): void
  /** Sets the clock to that time, in milliseconds since 1970. */
  set(time: number): void
}

/**
 * Makes a clock that stands still.
 *
 * It starts at the machine's time, so that an engine with a clock of its own agrees with it.
 *
 * @example
 * const clock = fakeClock()
 * const sessions = createSessions({ secret, clock })
 * clock.advance(60 * 60 * 1000)
 */
export function fakeClock(start: number = Date.now()): FakeClock {
  let now = start
  return Object.assign(() => now, {
    advance(ms: number) {
      now += ms
    },
    set(time: number) {
      now = time
    },
  })
}
