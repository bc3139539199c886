/** Logouts the store did not confirm: removed in the background, a bounded number of them. */

import type { Timer } from '../../base/ports.ts'

/** Goes on removing. */
export interface Removals {
  /** Takes a key over; forgets it silently where too many are waiting already. */
  add(key: string): void
}

/** The most keys that wait. */
const MAX_KEYS = 1024

/** The waiting time before each round doubles from the first of these to the second, in ms. */
const FIRST_DELAY = 1_000
const LAST_DELAY = 30_000

/** A key that could not be removed in so many rounds, some minutes, ends by its time. */
const MAX_ATTEMPTS = 20

/** A store that failed this often in a row is left alone until the next round. */
const GIVE_UP_AFTER = 3

/**
 * Makes the queue of one backend: one key at a time, so that a store that comes back is not flooded.
 *
 * @param background does not keep the process alive.
 */
export function removals(remove: (key: string) => Promise<unknown>, background: Timer): Removals {
  const attempts = new Map<string, number>()
  let failures = 0
  let isScheduled = false

  function schedule(): void {
    if (isScheduled) return
    isScheduled = true
    const delay = Math.min(FIRST_DELAY * 2 ** failures, LAST_DELAY)
    background(() => void round(), delay)
  }

  async function round(): Promise<void> {
    let removed = 0
    let failedInARow = 0
    const waiting = [...attempts]
    for (const [key, count] of waiting) {
      attempts.delete(key)
      try {
        await remove(key)
        removed += 1
        failedInARow = 0
      } catch {
        // Behind the others: one that cannot be removed must not stand in their way.
        if (count < MAX_ATTEMPTS) attempts.set(key, count + 1)
        failedInARow += 1
        if (failedInARow === GIVE_UP_AFTER) break
      }
    }
    failures = removed > 0 ? 0 : failures + 1
    isScheduled = false
    if (attempts.size > 0) schedule()
  }

  return {
    add(key) {
      if (attempts.has(key) || attempts.size >= MAX_KEYS) return
      attempts.set(key, 1)
      schedule()
    },
  }
}
