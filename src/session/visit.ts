/** The interface `Visit`: what an adapter does with the session of one request. */

import type { Maybe } from '../base/ports.ts'
import type { Outgoing } from '../http/headers.ts'
import type { GivenToken } from './csrf/csrf.ts'
import type { GuardName, Refuser } from './guards.ts'
import type { Session } from './session.ts'

/** The session handling of one request, for adapters. */
export interface Visit {
  /** Opens the session on the first call; returns the same one each time. */
  session(): Promise<Session>
  /**
   * Commits the changes so far, for a framework in which the app's error handler can still get the
   * error of a failed commit. `finish` must be called as well: it saves later changes.
   *
   * Does nothing if nothing was changed, or if a guard refused the request or is still running.
   */
  commit(): Maybe<void>
  /**
   * Commits, freezes the session, and returns the headers that the response needs.
   *
   * Returns `undefined` if the session was not used: then the response needs no headers.
   * Synchronous if the backend is.
   *
   * If a guard (`signedIn`, `checkCsrf`) has refused the request and the app has not handled that,
   * throws the guard's error and saves nothing: send the error instead of the app's response.
   */
  finish(): Maybe<Outgoing | undefined>
  /** Rejects cross-site requests: see `sessions.checkCsrf`. @throws ERR_CSRF */
  checkCsrf(token?: GivenToken): Promise<void>
  /** For adapters, before `finish`: the response cannot set a cookie. Reports changes that need one. */
  withoutCookie(): void
  /**
   * Makes the session read-only, for a request whose response cannot set a cookie, such as a
   * WebSocket upgrade or a page that is already being sent. A prefetch is always read-only.
   *
   * A change throws ERR_SESSION_READ_ONLY. Flash messages are returned and not removed, the session
   * is not renewed, and no Set-Cookie is sent, except that of an earlier commit. Call it before the
   * handler runs.
   *
   * @param why ends the message "This session is read-only: ...". Say where to change it instead.
   * @throws ERR_SESSION_READ_ONLY if the session was changed already: that change would be lost.
   */
  readOnly(why: string): void
  /** Runs a guard. If it refuses, `finish` throws its error. */
  guard<Value>(name: GuardName, check: Promise<Value>): Promise<Value>
  /**
   * Sets what sends an unhandled refusal if `finish` cannot throw it: the response is already sent,
   * or the app may never send one.
   */
  onRefusal(refuser: Refuser): void
  /** Reports an error of the app that nothing handled: an event, and a line on the console. */
  failed(error: unknown): void
}
