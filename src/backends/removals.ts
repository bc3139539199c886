/** Logouts the store did not confirm: removed in the background, a bounded number of them. */

import type { Timer } from '../base/ports.ts'

/** Goes on removing. */
export interface Removals {
  /** Takes a key over; forgets it silently where too many are waiting already. */
  add(key: string): void
}

/** The most keys that wait. */
const MAX_KEYS = 1024

/** The waiting time before each attempt doubles from the first of these to the second, in ms. */
const FIRST_DELAY = 1_000
const LAST_DELAY = 30_000

/** A store that is away for longer than these attempts, some minutes, ends sessions by their time. */
const MAX_ATTEMPTS = 20

/** Makes the queue of one backend: one key at a time, so that a store that comes back is not flooded. */
export function removals(remove: (key: string) => Promise<unknown>, timer: Timer): Removals {
  const keys = new Set<string>()
  let attempts = 0

  function schedule(): void {
    timer(() => void drain().then(done, failed), Math.min(FIRST_DELAY * 2 ** attempts, LAST_DELAY))
  }

  async function drain(): Promise<void> {
    for (const key of keys) {
      await remove(key)
      keys.delete(key)
    }
  }

  function done(): void {
    attempts = 0
    if (keys.size > 0) schedule()
  }

  function failed(): void {
    attempts += 1
    if (attempts >= MAX_ATTEMPTS) {
      keys.clear()
      attempts = 0
    } else schedule()
  }

  return {
    add(key) {
      if (keys.has(key) || keys.size >= MAX_KEYS) return
      keys.add(key)
      if (keys.size === 1) schedule()
    },
  }
}
