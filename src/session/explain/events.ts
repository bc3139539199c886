/** `SessionEvent`: every event of `onEvent`, for logs and metrics. No event holds a value, an id or a secret. */

import type { Note, Rejection } from '../../backends/backend.ts'
import type { DropCause } from '../../backends/store-backend.ts'
import type { KeySize, SessionErrorCode } from '../../base/errors.ts'

/** Which check refused a request: Sec-Fetch-Site, Origin, or the CSRF token. */
export type CsrfRefusal = 'cross-site' | 'origin' | 'token'

/**
 * Why changes are lost: made inside a value after the response headers were sent; in a response
 * that cannot set the cookie they need (status 101); or in a session of `sessions.open()` without
 * `commit`.
 */
export type LossCause = 'after-response' | 'no-set-cookie' | 'not-committed'

/** The calls that end sessions of any user. */
export type RevocationCall = 'revoke' | 'revokeUser' | 'revokeAll' | 'erase'

/** The context that every event has. */
export interface EventContext {
  /** When it happened, in milliseconds since 1970, by the option `clock`. */
  at: number
  /** The public identifier of the session, if it is known. Stores only. */
  handle?: string
  /** The user's id, if it is known. Only with the option `events: { userId: true }`. */
  userId?: string
  /** What the option `events.requestId` returned, escaped and cut to 128 characters. */
  requestId?: string
}

/** An event. Tell events apart by `type`. */
export type SessionEvent = EventFacts & EventContext

/** The facts of each type of event. */
export type EventFacts =
  /** The session cookie was not accepted, and the visitor is treated as new. */
  | { type: 'rejected'; reason: Rejection }
  /** Several cookies of our name were sent; `verified` of them are valid. */
  | { type: 'duplicates'; count: number; verified: number }
  /** A cookie or row was written under a previous secret: `key` is its index in the list. */
  | { type: 'old-secret'; key: number }
  /** A request failed the CSRF check. */
  | { type: 'csrf-refused'; why: CsrfRefusal }
  /** A guard refused a request, nothing handled it, and the refusal was sent. */
  | {
      type: 'guard-unheeded'
      guard: 'signedIn' | 'checkCsrf' | 'get'
      code: SessionErrorCode | 'UNKNOWN'
    }
  /** A handler behind `withSessions` of `sojourn/node` failed, and the response became a 500. */
  | { type: 'handler-failed'; code: SessionErrorCode | 'UNKNOWN' }
  /** A visitor without a session gets a first cookie. */
  | { type: 'created' }
  /**
   * A session of a former side was moved (option `formerly`). `from`: the side's name. `left`: keys
   * of values that cannot be stored here.
   */
  | { type: 'moved'; from: string; left?: readonly string[] }
  /** A former session could not be moved. The page was served, and the next visit tries again. */
  | { type: 'move-failed'; from: string; code: SessionErrorCode | 'UNKNOWN' }
  /** A former session could not be ended, or written by `dualWrite`. Ours was saved. */
  | { type: 'former-failed'; from: string; code: SessionErrorCode | 'UNKNOWN' }
  /** A login was saved. */
  | { type: 'login' }
  /** A logout, or `clear()` of a signed-in session, was saved. */
  | { type: 'logout' }
  /**
   * A login was used from another address or browser: Flask-Login's session protection. `ended`: the
   * visitor was signed out; otherwise the login is not fresh any more. Only with Flask's preset.
   */
  | { type: 'login-mismatch'; ended: boolean }
  /** A request called `regenerate()`, and it was saved. */
  | { type: 'regenerate' }
  /** A session could not be saved, and the response became an error. */
  | {
      type: 'commit-failed'
      code: SessionErrorCode | 'UNKNOWN'
      /** The largest keys, the largest first, if the session is too large. */
      largest?: readonly KeySize[]
    }
  /** The app's own Set-Cookie of the session cookie's name was replaced, since the session changed. */
  | { type: 'set-cookie-replaced' }
  /** Changes were not saved. `keys`: what was changed, keys and verbs such as `login()`. */
  | { type: 'changes-lost'; why: LossCause; keys: readonly string[] }
  /** A Secure cookie was sent over plain HTTP, where browsers drop it. Once per `createSessions`. */
  | { type: 'insecure' }
  /** A session was first opened after the response headers were sent, so `Vary: Cookie` is missing. */
  | { type: 'opened-late' }
  /**
   * The schema refuses stored data, or `migrate` failed: another version of the app has written it.
   * `key`: of the value; without it all data. With `onInvalid: 'drop'` it is treated as missing.
   */
  | { type: 'invalid-data'; key?: string; why: string }
  /** A session could not be opened, because the store failed. */
  | { type: 'open-failed'; code: SessionErrorCode | 'UNKNOWN' }
  /** A session id was replayed after it had been renewed: perhaps a stolen cookie. Only with a store. */
  | { type: 'replayed' }
  /** `sessions.revoke` was called. `existed`: whether there was such a session of that user. */
  | { type: 'revoked'; existed: boolean }
  /**
   * `sessions.revokeUser` ended `count` sessions. `marked`: whether logins in flight are rejected,
   * too. `except`: the handle that the app passed, to keep that session if it is one of this user.
   */
  | { type: 'user-revoked'; count: number; marked: boolean; except?: string }
  /** `sessions.revokeAll` ended `count` sessions. */
  | { type: 'all-revoked'; count: number }
  /** `sessions.erase` ended `count` sessions, and deleted the user's id from the store. */
  | { type: 'user-erased'; count: number }
  /** One of these calls failed. It may have ended sessions before. */
  | { type: 'revocation-failed'; call: RevocationCall; code: SessionErrorCode | 'UNKNOWN' }
  /** Ending a session has failed, and is not retried any more: it stays valid until it expires. */
  | { type: 'removal-dropped'; why: DropCause }
  /** A setting of the store that can lose sessions, as a sentence. Once each, after the first call. */
  | { type: 'store-finding'; finding: string }
  | Note

/**
 * Called synchronously for each event. If it throws or rejects, no request is affected: the first
 * such error is printed on the console.
 *
 * Events that the listener itself causes while it runs are not delivered to it. In code that it
 * awaits, events of the type that it was called for are not delivered either.
 */
export type EventListener = (event: SessionEvent) => unknown
