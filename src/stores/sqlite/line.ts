/** Waits for a lock without holding the event loop: jobs stand in line, and are done together. */

import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises'
import { withCause, SessionError } from '../../base/errors.ts'
import { isLocked } from './client.ts'

/** How long a job that finds the file locked is tried again. */
const PATIENCE_MS = 10_000

/** How long jobs run before the event loop gets its turn; a single job may take longer. */
const SLICE_MS = 5

/** The most jobs in line: more are refused at once, so that a lasting lock does not fill the memory. */
const LONGEST_LINE = 4096

/** The longest wait between two tries: another process must not stay ahead for long. */
const LONGEST_PAUSE_MS = 12

interface Job {
  readonly verb: string
  readonly since: number
  /** Does it, and gives what tells the answer. It may be done again if that was undone. */
  run(): () => void
  fail(error: unknown): void
}

/** Has a job done as soon as the lock is free. `verb` is for messages. */
export type Line = <Answer>(verb: string, job: () => Answer) => Promise<Answer>

/**
 * Calls `jobs`, which does one job or several: all of them, or it throws and none is done.
 *
 * Of `jobs` that throw, each is done alone then, so a failure has no company.
 */
export type Together = (verb: string, jobs: () => void) => void

/**
 * A line of jobs, the first come the first served. Whoever finds nobody in line is served at once;
 * who comes meanwhile is served together, so that many share one transaction and one sync.
 *
 * Only the first in line tries the lock: a thousand that each tried would hold the loop by trying.
 */
export function lineUp(together: Together, patienceMs = PATIENCE_MS): Line {
  const waiting: Job[] = []
  let isServing = false
  /** How many of the first in line are to be done alone, since one of them failed. */
  let alone = 0

  return (verb, job) =>
    new Promise((resolve, fail) => {
      if (waiting.length >= LONGEST_LINE) return fail(tooMany(verb))
      const run = () => {
        const answer = job()
        return () => resolve(answer)
      }
      waiting.push({ verb, since: performance.now(), run, fail })
      if (!isServing) void serve()
    })

  async function serve(): Promise<void> {
    isServing = true
    let tries = 0
    for (let first = waiting[0]; first; first = waiting[0]) {
      tries = serveSome(first) ? 0 : tries + 1
      // The jitter keeps processes that wait for one lock from trying in step.
      if (tries > 0) await pause(1 + Math.random() * Math.min(2 ** tries, LONGEST_PAUSE_MS))
      // Without a pause here no other process would get the lock while the line is long.
      else if (waiting.length > 0) await pause(1)
      else await nextTurn()
    }
    isServing = false
  }

  /** `false`: the file is locked, and nothing was done. */
  function serveSome(first: Job): boolean {
    const answers: (() => void)[] = []
    let started = 0
    const end = performance.now() + SLICE_MS
    try {
      together(first.verb, () => {
        for (const job of waiting) {
          started += 1
          answers.push(job.run())
          if (alone > 0 || performance.now() > end) break
        }
      })
    } catch (error) {
      return settleFailure(first, error, started)
    }
    leave(answers.length)
    for (const answer of answers) answer()
    return true
  }

  function settleFailure(first: Job, error: unknown, started: number): boolean {
    if (isLocked(error)) {
      failThoseOver(error)
      return false
    }
    if (started > 1) {
      alone = started
      return true
    }
    leave(1)
    first.fail(error)
    return true
  }

  /** All whose patience is over at once: one by one, the last would wait for a try of its own. */
  function failThoseOver(error: unknown): void {
    const since = performance.now() - patienceMs
    const inTime = waiting.findIndex((job) => job.since > since)
    const over = waiting.slice(0, inTime === -1 ? waiting.length : inTime)
    leave(over.length)
    for (const { verb, fail } of over) fail(tooLong(verb, patienceMs, error))
  }

  function leave(count: number): void {
    waiting.splice(0, count)
    alone = Math.max(alone - count, 0)
  }
}

function tooLong(verb: string, ms: number, cause: unknown): SessionError {
  const why = `another connection held the lock of the file for ${ms / 1000} seconds`
  return withCause(new SessionError('ERR_STORE_UNAVAILABLE', verb, why), cause)
}

function tooMany(verb: string): SessionError {
  const why = `${LONGEST_LINE} calls already wait for the lock of the file`
  return new SessionError('ERR_STORE_UNAVAILABLE', verb, why)
}
