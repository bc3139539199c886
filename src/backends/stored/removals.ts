/** Removals that the store did not confirm: retried in the background, a bounded number of them. */

import { untilAborted } from '../../base/abort.ts'
import type { Timer } from '../../base/ports.ts'
import type { DropCause, EndCause } from '../store-backend.ts'
import { pause } from './deadlines.ts'

/** The queue of removals. */
export interface Removals {
  /** Adds a key; drops it if the queue is full. `why`: the reason for the session's listeners. */
  add(key: string, why?: EndCause): void
  /** How many keys are waiting, including those that are being removed. */
  readonly size: number
  /**
   * Retries at once and repeatedly, until no key is waiting or the signal is aborted. Returns how
   * many are left; those are still retried in the background.
   */
  drain(signal: AbortSignal): Promise<number>
}

/** What the queue needs. */
export interface RemovalsParts {
  remove(key: string): Promise<unknown>
  /** Called for each key that is added, because for the visitor the session has ended. */
  onAdded?: ((key: string, why: EndCause) => void) | undefined
  timer: Timer
  /** Does not keep the process alive. */
  background: Timer
  /** Called for a key that is dropped without removal: its session stays valid until it expires. */
  onDropped?: ((why: DropCause, key: string) => void) | undefined
}

/** The most keys in the queue. */
const MAX_KEYS = 1024

/** The pause before each round doubles from the first of these to the second, in milliseconds. */
const FIRST_DELAY = 1_000
const LAST_DELAY = 30_000

/** The pause between the rounds of a drain, in milliseconds. */
const DRAIN_DELAY = 250

/** After this many rounds (some minutes) a key is dropped, and its session stays until it expires. */
const MAX_ATTEMPTS = 20

/** After this many failures in a row the round ends. */
const GIVE_UP_AFTER = 3

/** Makes the queue. It removes one key at a time, so that a store that recovers is not overloaded. */
export function removals(parts: RemovalsParts): Removals {
  const { remove, timer, background, onAdded, onDropped } = parts
  const attempts = new Map<string, number>()
  let failures = 0
  let cancel: (() => void) | undefined
  let running: Promise<void> | undefined

  function schedule(): void {
    if (cancel || running || attempts.size === 0) return
    const delay = Math.min(FIRST_DELAY * 2 ** failures, LAST_DELAY)
    cancel = background(() => void run(1), delay)
  }

  /** @param cost how many attempts a failure counts as: 0 in a drain, whose rounds are quick. */
  function run(cost: number): Promise<void> {
    cancel?.()
    cancel = undefined
    return (running ??= round(cost).then(() => {
      running = undefined
      schedule()
    }))
  }

  async function round(cost: number): Promise<void> {
    let removed = 0
    let failedInARow = 0
    // A failed key goes to the end, and is not tried again in this round.
    const waiting = [...attempts]
    for (const [key, count] of waiting) {
      try {
        await remove(key)
        attempts.delete(key)
        removed += 1
        failedInARow = 0
      } catch {
        // To the end, so that it does not block the others.
        attempts.delete(key)
        if (count + cost <= MAX_ATTEMPTS) attempts.set(key, count + cost)
        else onDropped?.('gave-up', key)
        failedInARow += 1
        if (failedInARow === GIVE_UP_AFTER) break
      }
    }
    failures = removed > 0 ? 0 : failures + cost
  }

  async function roundThenPause(): Promise<void> {
    await run(0)
    if (attempts.size > 0) await pause(timer, DRAIN_DELAY)
  }

  return {
    add(key, why = 'gone') {
      onAdded?.(key, why)
      if (attempts.has(key)) return
      if (attempts.size >= MAX_KEYS) return onDropped?.('full', key)
      attempts.set(key, 1)
      schedule()
    },
    get size() {
      return attempts.size
    },
    async drain(signal) {
      while (attempts.size > 0 && !signal.aborted) {
        await untilAborted(signal, roundThenPause()).catch(() => {})
      }
      return attempts.size
    },
  }
}
