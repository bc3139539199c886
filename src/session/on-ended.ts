/** `sessions.onEnded`: calls a listener when a session ends, to close its sockets. */

import type { EndCause, StoredBackend } from '../backends/store-backend.ts'
import { invalid } from '../base/options.ts'
import { isThenable } from '../base/realm.ts'
import type { Development } from './development/development.ts'
import { failureReporter } from './explain/emitter.ts'
import { requireFunction } from './require-sessions.ts'

/** Called with the reason. If it throws or rejects, the first error is printed on the console. */
export type EndedListener = (why: EndCause) => unknown

/** With more listeners for one session, the app has probably never stopped them. */
const MANY = 100

/** Makes the function. */
export function endListeners(stored: StoredBackend, development: Development | undefined) {
  const report = failureReporter('A listener of sessions.onEnded() failed. The others were called.')
  /** How many listeners each handle has; in development only. */
  const counts = new Map<string, number>()

  function count(handle: string, more: 1 | -1): void {
    if (!development) return
    const now = (counts.get(handle) ?? 0) + more
    if (now > 0) counts.set(handle, now)
    else counts.delete(handle)
    if (now > MANY) development.manyListeners(MANY)
  }

  return (handle: string | undefined, listener: EndedListener): (() => void) => {
    requireFunction(listener, 'listener')
    // A visitor without a session: there is nothing that could end.
    if (handle === undefined) return () => {}
    // It may be a cookie by mistake, which must not reach the store.
    if (typeof handle !== 'string' || !/^[\w-]{22}$/.test(handle)) {
      throw invalid('handle', 'has to be the handle of a session: session.handle')
    }
    let isOver = false
    const stop = stored.onEnded(handle, (why) => {
      over()
      try {
        const returned = listener(why)
        if (isThenable(returned)) returned.then(undefined, report)
      } catch (error) {
        report(error)
      }
    })
    count(handle, 1)
    function over(): void {
      if (!isOver) count(handle!, -1)
      isOver = true
    }
    return () => {
      over()
      stop()
    }
  }
}
