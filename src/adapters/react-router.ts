/** Sessions for React Router 7 and 8 in framework mode: middleware for sessions and guards. */

import { loginCheck, type LoginRequiredOptions } from '../session/login-required.ts'
import { requireSessions } from '../session/require-sessions.ts'
import type { Sessions } from '../session/sessions.ts'
import { csrfFieldOf } from './csrf-field.ts'
import { respond } from './fetch.ts'
import { loginRedirect, pathOf } from './login-redirect.ts'

export { sessionStorage, type SessionStorage, type StorageSession } from './session-storage.ts'

/** The part of a middleware's arguments that is used. */
interface RouterArguments {
  readonly request: Request
  readonly context: object
  /** The page's URL. `request.url` is `/cart.data?_routes=...` for a navigation in the browser. */
  readonly url?: URL
}

type RouterMiddleware = (args: RouterArguments, next: () => Promise<Response>) => Promise<Response>

/**
 * Makes the session middleware: then `sessions.get(context)` works in loaders, actions and other
 * middleware. Use it in `root.tsx`.
 *
 * @throws ERR_OPTION_INVALID unless `sessions` is what `createSessions` returns.
 *
 * @example
 * import { sessionMiddleware } from 'sojourn/react-router'
 * export const middleware = [sessionMiddleware(sessions)]
 */
export function sessionMiddleware(sessions: Sessions<any>): RouterMiddleware {
  requireSessions(sessions, 'sessionMiddleware', 'middleware = [sessionMiddleware(sessions)]')
  return ({ request, context }, next) => respond(sessions, [request, context], next)
}

/**
 * Makes the middleware that rejects cross-site requests: CSRF protection. Where Sec-Fetch-Site and
 * Origin do not decide, it reads the token from the header `x-csrf-token`, or from the form field
 * `_csrf` in the first 64 KiB of the body. It throws ERR_CSRF (403).
 *
 * @throws ERR_OPTION_INVALID unless `sessions` is what `createSessions` returns.
 *
 * @example
 * import { csrfGuard, sessionMiddleware } from 'sojourn/react-router'
 * export const middleware = [sessionMiddleware(sessions), csrfGuard(sessions)]
 */
export function csrfGuard(sessions: Sessions<any>): RouterMiddleware {
  requireSessions(sessions, 'csrfGuard', 'middleware = [csrfGuard(sessions)]')
  return async ({ request, context }, next) => {
    await sessions.checkCsrf(context, () => csrfFieldOf(request))
    return next()
  }
}

/**
 * Makes the middleware that only signed-in visitors pass: for the routes that need it. Others are
 * redirected to `redirect`, with the page they asked for as `next`; without `redirect`, or if the
 * store is unavailable, it throws the error of `sessions.signedIn`.
 *
 * @throws ERR_OPTION_INVALID
 *
 * @example
 * import { loginRequired } from 'sojourn/react-router'
 * // in a route below the root route, which has sessionMiddleware
 * export const middleware = [loginRequired(sessions, { redirect: '/login' })]
 */
export function loginRequired(
  sessions: Sessions<any>,
  options: LoginRequiredOptions = {},
): RouterMiddleware {
  requireSessions(sessions, 'loginRequired', 'loginRequired(sessions, options)')
  const check = loginCheck(sessions, options)
  return async ({ request, context, url = new URL(request.url) }, next) => {
    const location = await check(context, request.method, pathOf({ url }))
    return location === undefined ? next() : loginRedirect(location)
  }
}
