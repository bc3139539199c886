/** Makes `res.end` wait until changes of the session after the first byte are saved. */

import type { ServerResponse } from 'node:http'

/** The work that `end` waits for. */
export interface Waiting {
  /** Starts the work and returns its promise; `undefined` if there is none. */
  wait: (() => Promise<void> | undefined) | undefined
}

/**
 * Makes `res.end` wait, as express-session does. Call it before the response is mounted: the gate of
 * `mountNode` then calls this `end`. The gate makes the commit before the first byte.
 *
 * @param failed is called with the error. The response, whose beginning is sent, is ended all the
 * same.
 */
export function waitingEnd(res: ServerResponse, failed: (error: unknown) => void): Waiting {
  const waiting: Waiting = { wait: undefined }
  const { write, end } = res
  let isEnding = false
  res.end = function (this: ServerResponse, ...args: any[]) {
    // Node or the app calls `end` a second time: everything is saved already.
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

/** What `wait` returns; an error as a rejection, since callers of `end` such as streams catch none. */
function begun({ wait }: Waiting): Promise<void> | undefined {
  try {
    return wait?.()
  } catch (error) {
    return Promise.reject(error as Error)
  }
}
