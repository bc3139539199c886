/** The context of each event: time, handle, and optionally user id and request id. */

import type { Opened } from '../../backends/backend.ts'
import { invalid, refuseUnknown, requireObject } from '../../base/options.ts'
import type { Clock } from '../../base/ports.ts'
import { printableShort } from '../../base/printable.ts'
import { isThenable } from '../../base/realm.ts'
import type { SessionRecord } from '../../record/record.ts'
import type { EventContext } from './events.ts'

/** Optional facts in events and diagnostics messages. */
export interface EventOptions {
  /**
   * Whether events contain the user id. It is personal data in many countries, so check how long your
   * logs are stored. @default false
   */
  userId?: boolean
  /**
   * Returns the id of the current request, to join events with other logs. It is called for each
   * event, in the request's asynchronous context: `() => requests.getStore()?.id` with an
   * AsyncLocalStorage of the app. Errors that it throws are ignored. @default none
   */
  requestId?: () => string | undefined
}

/** The session of an event, if it is known. */
export interface EventSubject {
  readonly handle?: string | undefined
  readonly record?: SessionRecord | undefined
  /** The user id, if there is no record. */
  readonly userId?: string | undefined
}

/** The session that was opened, or the one whose id was rejected, if the cookie named one. */
export function subjectOf(opened: Opened): EventSubject | undefined {
  const { record, rejected, refused } = opened
  return record ? opened : refused?.find(({ reason }) => reason === rejected[0])
}

/** Makes the context of an event. */
export type ContextOf = (subject?: EventSubject) => EventContext

/** The most characters of a request id: it often comes from a header, which a visitor controls. */
const LONGEST_REQUEST_ID = 128

/**
 * Makes the function that makes contexts.
 *
 * @param userIdOf the user of a record.
 * @throws ERR_OPTION_INVALID
 */
export function eventContext(
  options: EventOptions,
  clock: Clock,
  userIdOf: (record: SessionRecord) => string | undefined,
): ContextOf {
  requireObject(options, 'events', '{ userId: true }')
  refuseUnknown(options, ['userId', 'requestId'], 'events.')
  const { userId: namesUser, requestId } = options
  if (namesUser !== undefined && typeof namesUser !== 'boolean') {
    throw invalid('events.userId', 'has to be true or false')
  }
  if (requestId !== undefined && typeof requestId !== 'function') {
    throw invalid('events.requestId', 'has to be a function that returns the id of the request')
  }
  return ({ handle, record, userId } = {}) => {
    const context: EventContext = { at: clock() }
    if (handle !== undefined) context.handle = handle
    const user = namesUser && (userId ?? (record && userIdOf(record)))
    if (user) context.userId = user
    try {
      const request: unknown = requestId?.()
      if (typeof request === 'string') {
        context.requestId = printableShort(request, LONGEST_REQUEST_ID)
        // An async function by mistake: its unhandled rejection would end the process.
      } else if (isThenable(request)) request.then(undefined, () => {})
    } catch {
      // The event is delivered without the request id.
    }
    return context
  }
}
