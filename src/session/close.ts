/** `sessions.close()`: before the process ends, waits for what is still being saved or ended. */

import { untilAborted } from '../base/abort.ts'
import { type Duration, milliseconds } from '../base/duration.ts'
import { invalid, refuseUnknown, requireObject } from '../base/options.ts'
import { systemTimer } from '../base/ports.ts'
import type { StoredBackend } from '../backends/store-backend.ts'

/** Options of `sessions.close()`. */
export interface CloseOptions {
  /** The longest time it waits. @default '10s' */
  timeout?: Duration
}

/** What `sessions.close()` did not see the end of. All 0: nothing is left. */
export interface Unfinished {
  /** Commits in flight: whether the store has their changes is unknown. */
  commits: number
  /**
   * Sessions that were ended, by a logout or a login, while the store did not confirm it. They stay
   * valid until they expire, and nothing retries it once the process has ended.
   */
  logouts: number
}

/** The commits in flight. Counted, since a promise for each would cost every request something. */
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
  // A commit that fails may be a logout, which is then retried.
  while (!signal.aborted && commits.size + logouts() > 0) {
    await untilAborted(signal, commits.none()).catch(() => {})
    await Promise.all(backends.map((stored) => stored.drain(signal)))
  }
  // Whoever watches sessions has a connection, for which the end of its pool would wait.
  const unwatched = Promise.all(backends.map((stored) => stored.unwatch()))
  await untilAborted(signal, unwatched).catch(() => {})
  cancel()
  return { commits: commits.size, logouts: logouts() }
}
