/** `res.end` that waits until changes of the session since the first byte are saved. */

import type { ServerResponse } from 'node:http'

/** What `end` waits for. */
export interface Waiting {
  /** Returns the promise of what has to be done first; `undefined` if there is nothing. */
  wait: (() => Promise<void> | undefined) | undefined
}

/**
 * Makes `res.end` wait, as express-session does. Before the response is mounted: its gate then calls
 * this `end`. The commit before the first byte is the gate's.
 *
 * @param failed is called with the error. The response is sent already, so it is ended all the same.
 */
export function waitingEnd(res: ServerResponse, failed: (error: unknown) => void): Waiting {
  const waiting: Waiting = { wait: undefined }
  const { write, end } = res
  let isEnding = false
  res.end = function (this: ServerResponse, ...args: any[]) {
    // Called again by Node or by the app: nothing is left to save.
    const saving = isEnding || !res.headersSent ? undefined : begun(waiting)
    isEnding = true
    if (!saving) return Reflect.apply(end, this, args) as ServerResponse
    const done = args.findLast((arg) => typeof arg === 'function') as (() => void) | undefined
    const [chunk, encoding] = args as [unknown, unknown]
    if (chunk !== undefined && chunk !== null && typeof chunk !== 'function') {
      Reflect.apply(write, this, typeof encoding === 'string' ? [chunk, encoding] : [chunk])
    }
    const finish = () => void Reflect.apply(end, this, done ? [done] : [])
    saving.then(finish, (error: unknown) => {
      failed(error)
      finish()
    })
    return this
  }
  return waiting
}

/** What `wait` returns, or a rejection: who calls `end` late, such as a stream, catches nothing. */
function begun({ wait }: Waiting): Promise<void> | undefined {
  try {
    return wait?.()
  } catch (error) {
    return Promise.reject(error as Error)
  }
}
