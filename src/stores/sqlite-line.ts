/** Waits for a lock without holding the event loop: jobs stand in line and are tried again. */

import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises'
import { because, SessionError } from '../base/errors.ts'
import { isLocked } from './sqlite-client.ts'

/** How long a job that finds the file locked is tried again. */
const PATIENCE_MS = 10_000

/** How long jobs run before the event loop gets its turn; a single job may take longer. */
const SLICE_MS = 5

/** The longest wait between two tries: another process must not stay ahead for long. */
const LONGEST_PAUSE_MS = 12

interface Job {
  /** Tries it once. `false`: the file was locked, and nothing was executed. */
  attempt(): boolean
}

/** Has a job done as soon as the lock is free. `verb` is for the message. */
export type Line = <Answer>(verb: string, job: () => Answer) => Promise<Answer>

/**
 * A line of jobs, the first come the first served. Whoever finds nobody in line is served at once.
 *
 * Only the first in line tries the lock: a thousand that each tried would hold the loop by trying.
 */
export function lineUp(patienceMs = PATIENCE_MS): Line {
  const waiting: Job[] = []
  let isServing = false

  return (verb, job) =>
    new Promise((resolve, reject) => {
      const since = performance.now()
      waiting.push({
        attempt() {
          try {
            resolve(job())
            return true
          } catch (error) {
            if (isLocked(error) && performance.now() - since < patienceMs) return false
            reject(isLocked(error) ? tooLong(verb, patienceMs, error) : error)
            return true
          }
        },
      })
      if (!isServing) void serve()
    })

  async function serve(): Promise<void> {
    isServing = true
    let tries = 0
    while (waiting.length > 0) {
      tries = serveSlice() ? 0 : tries + 1
      // The jitter keeps processes that wait for one lock from trying in step.
      if (tries === 0) await nextTurn()
      else await pause(1 + Math.random() * Math.min(2 ** tries, LONGEST_PAUSE_MS))
    }
    isServing = false
  }

  /** `false`: the file is locked. */
  function serveSlice(): boolean {
    const end = performance.now() + SLICE_MS
    while (waiting[0] && performance.now() < end) {
      if (!waiting[0].attempt()) return false
      waiting.shift()
    }
    return true
  }
}

function tooLong(verb: string, ms: number, cause: unknown): SessionError {
  const why = `another connection held the lock of the file for ${ms / 1000} seconds`
  return because(new SessionError('ERR_STORE_UNAVAILABLE', verb, why), cause)
}
