/** Removals that the store did not confirm: retried in the background, a bounded number of them. */

import type { Timer } from '../../base/ports.ts'

/** The queue of removals. */
export interface Removals {
  /** Adds a key; ignores it if the queue is full. */
  add(key: string): void
}

/** The most keys in the queue. */
const MAX_KEYS = 1024

/** The pause before each round doubles from the first of these to the second, in milliseconds. */
const FIRST_DELAY = 1_000
const LAST_DELAY = 30_000

/** After this many rounds, some minutes, a key is left to expire. */
const MAX_ATTEMPTS = 20

/** After this many failures in a row the round ends. */
const GIVE_UP_AFTER = 3

/** Makes the queue: one key at a time, so that a store that has recovered is not flooded. */
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
        // At the end of the queue, so that it does not block the others.
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
