/** The interfaces `Sessions` and `StoredSessions`: what `createSessions` returns. */

import type { RequestFacts } from '../http/request-facts.ts'
import type { CloseOptions, Unfinished } from './close.ts'
import type { GivenToken } from './csrf/csrf.ts'
import type { Session } from './session.ts'
import type { FormerUse } from './setup/former-sides.ts'
import type { Policy } from './setup/policy.ts'
import type { SignedInOptions, SignedInSession } from './signed-in.ts'
import type { SecretUse } from './state.ts'
import type { AcrossSessions } from './stored-sessions.ts'
import type { Visit } from './visit.ts'

/** The sessions of an app. An app usually makes one; a second one needs another cookie name. */
export interface Sessions<Data = any> {
  /**
   * Returns the session of a request. `carrier` is the request, or another carrier of the adapter,
   * such as the response or the framework's context.
   *
   * @throws ERR_SESSION_NOT_MOUNTED if no adapter has mounted the request; ERR_STORE_UNAVAILABLE.
   *
   * @example
   * const session = await sessions.get(req)
   */
  get(carrier: object): Promise<Session<Data>>
  /**
   * Returns the session of a signed-in visitor.
   *
   * @throws ERR_NOT_SIGNED_IN (401); ERR_LOGIN_STALE (401) if the login is older than `within` or not
   * `fresh`;
   * ERR_SESSION_NOT_MOUNTED, ERR_STORE_UNAVAILABLE (503), ERR_OPTION_INVALID
   *
   * @example
   * const session = await sessions.signedIn(req, { within: '10m' })
   * const userId: string = session.userId
   */
  signedIn(carrier: object, options?: SignedInOptions): Promise<SignedInSession<Data>>
  /**
   * The current request's session (AsyncLocalStorage).
   *
   * @throws ERR_SESSION_NOT_MOUNTED; ERR_STORE_UNAVAILABLE.
   *
   * @example
   * const session = await sessions.current()
   */
  current(): Promise<Session<Data>>
  /**
   * Opens a session from a Cookie header, without a framework; then `session.commit(headers)`.
   *
   * @throws ERR_STORE_UNAVAILABLE
   *
   * @example
   * const session = await sessions.open(request.headers.get('cookie'))
   * const response = new Response('hello', { headers: await session.commit() })
   */
  open(cookieHeader: string | null | undefined): Promise<Session<Data>>
  /**
   * Rejects cross-site request forgery (CSRF).
   *
   * Safe methods (GET, HEAD) pass. Otherwise `Sec-Fetch-Site` and `Origin` decide, or, where they
   * cannot, the CSRF token. `token` is the form's token, or a function that returns it.
   *
   * @throws ERR_CSRF (403), ERR_SESSION_NOT_MOUNTED, ERR_STORE_UNAVAILABLE (503)
   *
   * @example
   * await sessions.checkCsrf(req, () => req.body._csrf)
   */
  checkCsrf(carrier: object, token?: GivenToken): Promise<void>
  /**
   * Waits until commits in flight are saved and unconfirmed logouts are confirmed by the store, for
   * the end of the process. Call it after `server.close()`, and before you close the store's client,
   * which this never does. Returns what is left after `timeout`, for the log.
   *
   * Listeners of `onEnded` are then removed without being called. Sessions still work afterwards.
   * With sessions in the cookie there is nothing to wait for.
   *
   * @throws ERR_OPTION_INVALID
   *
   * @example
   * const left = await sessions.close({ timeout: '5s' })
   * console.log('not saved:', left)
   */
  close(options?: CloseOptions): Promise<Unfinished>
  /**
   * The effective settings as plain data for a review. Contains no secret.
   *
   * @example
   * console.log(sessions.describePolicy().lifetime.idle) // in seconds
   */
  describePolicy(): Policy
  /**
   * How many sessions this process has opened under each secret, and when last. In the order of
   * `secret`, without those that are not set.
   *
   * Sessions are rewritten under the current secret when they are used. Remove a previous secret
   * once it is not used any more, or after the longer of `lifetime.idle` and `lifetime.permanent`.
   *
   * @example
   * const [current, previous] = sessions.secretUse()
   * if (previous?.opened === 0) console.log('not needed any more')
   */
  secretUse(): SecretUse[]
  /**
   * The former sides of the option `formerly`, and how many visitors this process has moved from
   * each. Remove a side once no visitor comes from it any more, at the latest after its date.
   *
   * @example
   * for (const { name, moved } of sessions.formerlyUse()) console.log(name, moved)
   */
  formerlyUse(): FormerUse[]
  /**
   * For adapters: registers a request, so that `get` finds its session by each of the carriers.
   *
   * Returns `undefined` if one of the carriers is mounted already, for example by a middleware that
   * is used twice: the adapter then only calls the handler, and the other carriers find the same
   * session. A `ServerResponse` is found by its `req`.
   *
   * @param carriers the request first.
   * @throws ERR_OPTION_INVALID if the request is new, but another carrier belongs to another request.
   *
   * @example
   * const visit = sessions.mount([request], {
   *   method: request.method,
   *   cookie: request.headers.get('cookie'),
   *   header: (name) => request.headers.get(name),
   * })
   */
  mount(carriers: readonly object[], facts: RequestFacts): Visit | undefined
  /**
   * For adapters: adds carriers to a request that is mounted, such as another `Request` that a
   * framework makes for a part of the page. Mounting one of them later returns `undefined`.
   *
   * @param request a carrier of the request. @default the current request
   * @throws ERR_SESSION_NOT_MOUNTED; ERR_OPTION_INVALID for a carrier of another request.
   *
   * @example
   * const copy = request.clone()
   * sessions.carry([copy], request)
   */
  carry(carriers: readonly object[], request?: object): void
  /**
   * For adapters: runs a handler. In it, `current()` returns the session of this visit.
   *
   * @example
   * import type { Visit } from 'sojourn'
   * const respond = (visit: Visit, handler: () => Promise<Response>) => sessions.run(visit, handler)
   */
  run<Result>(visit: Visit, handler: () => Result): Result
}

/** Sessions in a store: they can also be listed and revoked. */
export interface StoredSessions<Data = any> extends Sessions<Data>, AcrossSessions {}
