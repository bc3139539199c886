/** `sessions.close()`: before the process ends, waits for what is still being saved or ended. */

import { untilAborted } from '../base/abort.ts'
import { type Duration, milliseconds } from '../base/duration.ts'
import { invalid, refuseUnknown, requireObject } from '../base/options.ts'
import { systemTimer } from '../base/ports.ts'
import type { StoredBackend } from '../backends/store-backend.ts'

/** Options of `sessions.close()`. */
export interface CloseOptions {
  /** How long it waits at most. @default '10s' */
  timeout?: Duration
}

/** What was not finished when `sessions.close()` returned. All 0: everything was. */
export interface Unfinished {
  /** Commits in flight: it is unknown whether their changes were saved. */
  commits: number
  /**
   * Sessions that a logout or a login has ended, but whose removal the store did not confirm. They
   * may stay valid until they expire, because nothing retries the removal after the process has
   * ended.
   */
  logouts: number
}

/** Counts the commits in flight. A promise for each would make every request slower. */
export class CommitCount {
  #count = 0
  #onNone: (() => void)[] = []

  get size(): number {
    return this.#count
  }

  begin(): void {
    this.#count += 1
  }

  end(): void {
    this.#count -= 1
    if (this.#count === 0) for (const resolve of this.#onNone.splice(0)) resolve()
  }

  /** Resolves once none is in flight. */
  none(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#count === 0) resolve()
      else this.#onNone.push(resolve)
    })
  }
}

/** In milliseconds. */
const LONGEST_TIMEOUT = 3_600_000

/** Waits until nothing is in flight, at most until the timeout. @throws ERR_OPTION_INVALID */
export async function closeSessions(
  commits: CommitCount,
  backends: readonly StoredBackend[],
  options: CloseOptions,
): Promise<Unfinished> {
  requireObject(options, 'options', "{ timeout: '10s' }")
  refuseUnknown(options, ['timeout'], '')
  const { timeout = '10s' } = options
  const limit = milliseconds(timeout, 'timeout')
  if (limit > LONGEST_TIMEOUT) throw invalid('timeout', "is at most '1h'")
  const logouts = () => backends.reduce((sum, { unconfirmed }) => sum + unconfirmed, 0)
  const controller = new AbortController()
  const { signal } = controller
  const cancel = systemTimer(() => controller.abort(), limit)
  // Commits first: one that fails may be a logout, which is then retried.
  while (!signal.aborted && commits.size + logouts() > 0) {
    await untilAborted(signal, commits.none()).catch(() => {})
    await Promise.all(backends.map((stored) => stored.drain(signal)))
  }
  // Listeners have a connection, and the end of its pool would wait for that.
  const unwatched = Promise.all(backends.map((stored) => stored.unwatch()))
  await untilAborted(signal, unwatched).catch(() => {})
  cancel()
  return { commits: commits.size, logouts: logouts() }
}
