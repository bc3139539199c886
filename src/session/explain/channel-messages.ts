/** The messages of the diagnostics channels: types only. No message holds a value, an id or a secret. */

import type { Rejection } from '../../backends/backend.ts'
import type { SessionErrorCode } from '../../base/errors.ts'
import type { EventContext, SessionEvent } from './events.ts'

/** A message of the channel `sojourn:event`. */
export interface EventMessage {
  /** The name of the session cookie, which tells several `createSessions` apart. */
  readonly cookieName: string
  /** The event as `onEvent` gets it. */
  readonly event: SessionEvent
}

/** A message of the channel `sojourn:warning`, in development. */
export interface WarningMessage {
  readonly cookieName: string
  /** The line as the console has it, at its first occurrence only. */
  readonly line: string
}

/**
 * A message of `sojourn:open:start` and `:end`, or of `sojourn:commit:start` and `:end`. Both are the
 * same object; `at` is the time of the start.
 */
interface RequestMessage<Outcome extends string> extends EventContext {
  /** The name of the session cookie, which tells several `createSessions` apart. */
  readonly cookieName: string
  /** How long it took, in milliseconds. This and all following members are set at the end. */
  duration?: number
  /** What came of it. */
  outcome?: Outcome
  /** The code of the error, if it failed. */
  code?: SessionErrorCode | 'UNKNOWN'
}

/** How a session was opened. `none`: there was no cookie. */
export type OpenOutcome = 'valid' | 'none' | 'rejected' | 'failed'

/** A message of the channels `sojourn:open:start` and `sojourn:open:end`. */
export interface OpenMessage extends RequestMessage<OpenOutcome> {
  /** Why the cookie was rejected. */
  reason?: Rejection
  /** For a valid session: the index of the secret under which it was saved; 0 is the current one. */
  key?: number
  /** Of a valid session: when its timeouts end, in milliseconds since 1970. */
  expires?: {
    /** The idle timeout. */
    readonly idle: number
    /** The absolute timeout, if it has one. */
    readonly absolute?: number | undefined
  }
}

/** How a commit ended. `renewed`: nothing was changed, and a Set-Cookie renews the session. */
export type CommitOutcome = 'saved' | 'renewed' | 'unchanged' | 'failed'

/** A message of the channels `sojourn:commit:start` and `sojourn:commit:end`. */
export interface CommitMessage extends RequestMessage<CommitOutcome> {
  /** What the request changed: keys, and verbs such as `login()`. */
  readonly changed: readonly string[]
  /** Whether the response gets a Set-Cookie. */
  setsCookie?: boolean
}
