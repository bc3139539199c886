/** Sessions for Fetch handlers (`Request`, `Response`): Bun, Deno, Workers, many frameworks. */

import { SessionError } from '../base/errors.ts'
import type { Maybe } from '../base/ports.ts'
import { mergeInto, type Outgoing } from '../http/headers.ts'
import { isAnswerable, refusalOf } from '../session/explain/refusal.ts'
import { loginCheck, type LoginRequiredOptions } from '../session/login-required.ts'
import { requireFunction, requireSessions } from '../session/require-sessions.ts'
import type { Sessions } from '../session/sessions.ts'
import { csrfFieldOf } from './csrf-field.ts'
import { FetchFacts, refused } from './fetch-facts.ts'
import { keptBody } from './kept-body.ts'
import { loginRedirect, pathOf } from './login-redirect.ts'
import { isResponse, thrownResponse } from './thrown-response.ts'

/** A Fetch handler. Further arguments of the runtime are passed to it unchanged. */
export type FetchHandler<Rest extends unknown[] = unknown[], Incoming extends Request = Request> = (
  request: Incoming,
  ...rest: Rest
) => Maybe<Response>

/**
 * Wraps a handler so that `sessions.get(request)` works in it.
 *
 * Returns the response once the session is saved; if saving fails, an error response. If the handler
 * throws a session error with a status (401, 403, 503), the response has that status. What a
 * framework's `redirect()` throws becomes a response as well. Any other error of the handler is
 * thrown, and nothing is saved.
 *
 * @throws ERR_RESPONSE_INVALID if the handler returns something else than a `Response`.
 * @throws ERR_OPTION_INVALID unless it is given `sessions` and a handler.
 *
 * @example
 * import { withSessions } from 'sojourn/fetch'
 * export default { fetch: withSessions(sessions, async (request) => new Response('hello')) }
 */
export function withSessions<Rest extends unknown[], Incoming extends Request = Request>(
  sessions: Sessions<any>,
  handler: FetchHandler<Rest, Incoming>,
): (request: Incoming, ...rest: Rest) => Promise<Response> {
  requireSessions(sessions, 'withSessions', 'withSessions(sessions, handler)')
  requireFunction(handler, 'handler')
  return (request, ...rest) => respond(sessions, [request], () => handler(request, ...rest))
}

/**
 * Handles one request as `withSessions` does, for adapters over `Request` and `Response`.
 *
 * `sessions.get` finds the session by the request and by each carrier after it, such as a
 * framework's own context. If the request is mounted already, it only calls the handler.
 *
 * @param failed called if the session cannot be saved: returns the response, or throws, so that the
 * framework's error handler gets the error. @default the error response
 * @throws ERR_RESPONSE_INVALID if the handler returns something else than a `Response`; what
 * `failed` and the handler throw.
 *
 * @example
 * import { respond } from 'sojourn/fetch'
 * const middleware = (context: { request: Request }, next: () => Promise<Response>) =>
 *   respond(sessions, [context.request, context], next)
 */
export async function respond(
  sessions: Sessions<any>,
  carriers: readonly [request: Request, ...alsoCarriers: object[]],
  handler: () => Maybe<Response>,
  failed: (error: unknown) => Maybe<Response> = refused,
): Promise<Response> {
  const visit = sessions.mount(carriers, new FetchFacts(carriers[0]))
  if (!visit) return handler()
  let response
  try {
    response = await sessions.run(visit, handler)
  } catch (error) {
    response = isAnswerable(error) ? refused(error) : thrownResponse(error, carriers[0])
    if (!response) throw error
  }
  // Checked before the commit: without a response nothing is saved.
  if (!isResponse(response)) throw new SessionError('ERR_RESPONSE_INVALID', kindOf(response))
  // Headers cannot be added to a network error (status 0) or a protocol switch (101). `type` is not
  // read: Hono's Node server would make a full Response of its light one for that.
  const isHeadless = response.status === 0 || response.status === 101
  if (isHeadless) visit.withoutCookie()
  let outgoing
  try {
    const finishing = visit.finish()
    outgoing = finishing instanceof Promise ? await finishing : finishing
  } catch (error) {
    // Releases the body, which is not sent.
    release(response)
    const { setCookie } = refusalOf(error)
    return withOutgoing(await failed(error), { vary: true, setCookie })
  }
  return outgoing && !isHeadless ? withOutgoing(response, outgoing) : response
}

/** Cancels a body. The body of another library's Response may not be a stream. */
function release(response: Response): void {
  // It is no stream yet, and would be sent to no other visitor after it was one.
  if (keptBody(response)) return
  const { body } = response
  void body?.cancel?.()?.catch(() => {})
}

/**
 * Adds the session's headers to a copy: the app may return the same object to the next visitor.
 *
 * @example
 * import type { Visit } from 'sojourn'
 * import { withOutgoing } from 'sojourn/fetch'
 * async function finished(visit: Visit, response: Response): Promise<Response> {
 *   const outgoing = await visit.finish()
 *   return outgoing ? withOutgoing(response, outgoing) : response
 * }
 */
export function withOutgoing(response: Response, outgoing: Outgoing): Response {
  hidesType ??= !new Response('').headers.has('content-type')
  if (hidesType) {
    const copy = response.clone()
    // The original must not buffer in memory what the copy sends.
    release(response)
    mergeInto(copy.headers, outgoing)
    return copy
  }
  const headers = mergeInto(new Headers(response.headers), outgoing)
  const { status } = response
  const kept = keptBody(response)
  // Without `statusText`: reading it would make a full response. This server does not send it, but what
  // reads the response in this process gets none.
  if (kept?.headers === response.headers) return new Response(kept.body, { status, headers })
  const { statusText } = response
  return new Response(response.body, { status, statusText, headers })
}

/**
 * Whether the runtime sets the Content-Type of a text only when it is sent, as Bun does. There a new
 * response with the same body would have none, and browsers would download it; a clone has it, if the
 * text is ASCII. Elsewhere a clone costs more, and its headers may be read-only.
 */
let hidesType: boolean | undefined

function kindOf(value: unknown): string {
  if (value === undefined || value === null) return String(value)
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

/**
 * Wraps a handler so that it is not called for cross-site requests: CSRF protection.
 *
 * Goes inside `withSessions`. If Sec-Fetch-Site and Origin do not decide, it reads the token from
 * the header `x-csrf-token`, or from the form field `_csrf` in the first 64 KiB of the body.
 *
 * @throws ERR_CSRF, which `withSessions` turns into a response with status 403.
 * @throws ERR_OPTION_INVALID unless it is given `sessions` and a handler.
 *
 * @example
 * import { csrfGuard, withSessions } from 'sojourn/fetch'
 * const save = csrfGuard(sessions, async (request) => new Response('saved'))
 * export default { fetch: withSessions(sessions, save) }
 */
export function csrfGuard<Rest extends unknown[], Incoming extends Request = Request>(
  sessions: Sessions<any>,
  handler: FetchHandler<Rest, Incoming>,
): (request: Incoming, ...rest: Rest) => Promise<Response> {
  requireSessions(sessions, 'csrfGuard', 'csrfGuard(sessions, handler)')
  requireFunction(handler, 'handler')
  return async (request, ...rest) => {
    await sessions.checkCsrf(request, () => csrfFieldOf(request))
    return handler(request, ...rest)
  }
}

/**
 * Wraps a handler so that only signed-in visitors reach it. Goes inside `withSessions`.
 *
 * Other visitors are redirected to `redirect`, with the page they asked for as `next`; without
 * `redirect`, or if the store is unavailable, it throws the error of `sessions.signedIn`, which
 * `withSessions` turns into a response.
 *
 * @throws ERR_OPTION_INVALID
 *
 * @example
 * import { loginRequired, withSessions } from 'sojourn/fetch'
 * const account = loginRequired(sessions, { redirect: '/login' }, () => new Response('yours'))
 * export default { fetch: withSessions(sessions, account) }
 */
export function loginRequired<Rest extends unknown[], Incoming extends Request = Request>(
  sessions: Sessions<any>,
  options: LoginRequiredOptions,
  handler: FetchHandler<Rest, Incoming>,
): (request: Incoming, ...rest: Rest) => Promise<Response> {
  requireSessions(sessions, 'loginRequired', 'loginRequired(sessions, options, handler)')
  requireFunction(handler, 'handler')
  const check = loginCheck(sessions, options)
  return async (request, ...rest) => {
    const location = await check(request, request.method, pathOf(request))
    return location === undefined ? handler(request, ...rest) : loginRedirect(location)
  }
}
