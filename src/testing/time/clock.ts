/** `fakeClock`: a clock for tests, which only the test moves. */

import type { Clock } from '../../base/ports.ts'

/** A clock that a test moves. It fits every option `clock`. */
export interface FakeClock extends Clock {
  /** Moves the clock forward by `ms` milliseconds; a negative number moves it back. */
  advance(ms: number): void
  /** Sets the time, in milliseconds since 1970. */
  set(time: number): void
}

/**
 * Makes a clock that stands still until the test moves it.
 *
 * It starts at the current time, because some stores also use the clock of their server.
 *
 * @param start in milliseconds since 1970. @default the current time
 *
 * @example
 * import { createSessions } from 'sojourn'
 * import { fakeClock } from 'sojourn/testing'
 * const clock = fakeClock()
 * const sessions = createSessions({ secret: process.env.SESSION_SECRET, clock })
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
