/** Waiting until an `AbortSignal` is aborted. */

/**
 * Waits for work. If the signal is aborted first, rejects with its reason: the work itself goes on,
 * and its failure is no unhandled rejection.
 */
export function untilAborted<Value>(
  signal: AbortSignal | undefined,
  work: Promise<Value>,
): Promise<Value> {
  if (!signal) return work
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason as Error)
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort, { once: true })
    const done = () => signal.removeEventListener('abort', abort)
    work.then(resolve, reject).finally(done)
  })
}
