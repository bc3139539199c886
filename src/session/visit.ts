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
   * Commits what was changed so far, for a framework in which the app's error handler can still get
   * the error of a commit that failed. Call `finish` all the same: it saves later changes.
   *
   * Does nothing if nothing was changed, or if a guard refused the request or is still running.
   */
  commit(): Maybe<void>
  /**
   * Commits, freezes the session, and returns the headers that the response needs.
   *
   * Returns `undefined` if the session was not used: the response then needs none. Synchronous if
   * the backend is.
   *
   * Throws the error of a guard (`signedIn`, `checkCsrf`) that refused the request while the app did
   * not handle the refusal: send the error instead of the app's response. Nothing is saved then.
   */
  finish(): Maybe<Outgoing | undefined>
  /** Rejects cross-site requests: see `sessions.checkCsrf`. @throws ERR_CSRF */
  checkCsrf(token?: GivenToken): Promise<void>
  /** For adapters, before `finish`: the response cannot set a cookie. Reports changes that need one. */
  withoutCookie(): void
  /**
   * Makes the session read-only, for a request whose response cannot set a cookie: a page that is
   * already being sent, a WebSocket upgrade. A prefetch is read-only by itself.
   *
   * A change throws ERR_SESSION_READ_ONLY. Flash messages are returned and not removed, the session
   * is not renewed, and no Set-Cookie is sent, except that of an earlier commit. Call it before the
   * handler runs.
   *
   * @param why ends the message "This session is read-only: ...". Say where to change it instead.
   * @throws ERR_SESSION_READ_ONLY if the session was changed already: that change would be lost.
   */
  readOnly(why: string): void
  /** Runs a guard, whose refusal then holds: see `finish`. */
  guard<Value>(name: GuardName, check: Promise<Value>): Promise<Value>
  /**
   * Sets what sends a refusal that nobody handled and that `finish` cannot throw, or not yet:
   * the response is sent already, or the app may never send one.
   */
  onRefusal(refuser: Refuser): void
  /** Reports an error of the app that nobody handled: an event, and a line on the console. */
  failed(error: unknown): void
}
