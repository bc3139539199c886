/** A queue of jobs that waits for the lock of the file without blocking the event loop. */

import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises'
import { withCause, SessionError } from '../../base/errors.ts'
import { isLocked, isOldSnapshot } from './failures.ts'

/** How long a job is retried while the file is locked. */
const PATIENCE_MS = 10_000

/** How long jobs run before other work gets its turn; a single job may take longer. */
const SLICE_MS = 5

/** The most jobs in the queue. More are refused, so that a lasting lock cannot fill the memory. */
const LONGEST_LINE = 4096

/** The longest pause between two attempts. */
const LONGEST_PAUSE_MS = 12

interface Job {
  readonly verb: string
  readonly since: number
  /** Runs the job; returns what resolves its promise. It may run again after a rollback. */
  run(): () => void
  fail(error: unknown): void
}

/** Runs a job as soon as the lock is free. `verb` names it in messages. */
export type Line = <Answer>(verb: string, job: () => Answer) => Promise<Answer>

/** Calls `jobs`, which runs one or several jobs. If one throws, none of them has an effect. */
export type Together = (verb: string, jobs: () => void) => void

/**
 * Makes a queue of jobs, first in, first out. If it is empty, a job runs at once. Jobs that arrive
 * meanwhile run together, in one transaction with one sync. If one of them throws, each runs alone.
 *
 * Only the first job tries the lock: a thousand attempts would block the event loop.
 */
export function lineUp(together: Together, patienceMs = PATIENCE_MS): Line {
  const waiting: Job[] = []
  let isServing = false
  /** How many of the first jobs run alone, because one of them has failed. */
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
      // The random part prevents processes from retrying at the same moments.
      if (tries > 0) await pause(1 + Math.random() * Math.min(2 ** tries, LONGEST_PAUSE_MS))
      // Without a pause, no other process would get the lock while the queue is long.
      else if (waiting.length > 0) await pause(1)
      else await nextTurn()
    }
    isServing = false
  }

  /** Runs jobs. `false` if the file is locked and nothing was done. */
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

  /** Rejects all jobs whose time is over at once, without another attempt for each. */
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
  const why = isOldSnapshot(cause)
    ? `for ${ms / 1000} seconds the application was iterating a statement on this connection, which ` +
      'therefore reads an old state of the file (pass a connection of its own to sqliteStore)'
    : `another connection held the lock of the file for ${ms / 1000} seconds`
  return withCause(new SessionError('ERR_STORE_UNAVAILABLE', verb, why), cause)
}

function tooMany(verb: string): SessionError {
  const why = `${LONGEST_LINE} calls already wait for the lock of the file`
  return new SessionError('ERR_STORE_UNAVAILABLE', verb, why)
}
