/** Sessions for Hono, on every runtime: middleware for sessions, a CSRF guard and a login guard. */

import { loginCheck, type LoginRequiredOptions } from '../session/login-required.ts'
import { requireSessions } from '../session/require-sessions.ts'
import type { Sessions } from '../session/sessions.ts'
import { csrfFieldOf } from './csrf-field.ts'
import { respond } from './fetch.ts'
import { loginRedirect, pathOf } from './login-redirect.ts'

/** Of Hono's context. */
interface HonoContext {
  readonly req: { readonly raw: Request }
  get res(): Response
  set res(response: Response | undefined)
}

type HonoMiddleware<Result> = (c: HonoContext, next: () => Promise<void>) => Promise<Result>

/**
 * Makes the session middleware. Use it before the routes: then `sessions.get(c)` works in them.
 *
 * @example
 * app.use(sessionMiddleware(sessions))
 */
export function sessionMiddleware(sessions: Sessions<any>): HonoMiddleware<void> {
  requireSessions(sessions, 'sessionMiddleware', 'app.use(sessionMiddleware(sessions))')
  return async (c, next) => {
    const response = await respond(sessions, [c.req.raw, c], async () => {
      await next()
      return c.res
    })
    // Hono would set the headers of the response from before over the new ones.
    c.res = undefined
    c.res = response
  }
}

/**
 * Makes the middleware that rejects cross-site requests: CSRF protection. Where Sec-Fetch-Site and
 * Origin do not decide, it reads the token from the header `x-csrf-token`, or from the form field
 * `_csrf` in the first 64 KiB of the body. It throws ERR_CSRF (403).
 *
 * @example
 * app.use(csrfGuard(sessions))
 */
export function csrfGuard(sessions: Sessions<any>): HonoMiddleware<void> {
  requireSessions(sessions, 'csrfGuard', 'app.use(csrfGuard(sessions))')
  return async (c, next) => {
    await sessions.checkCsrf(c, () => csrfFieldOf(c.req.raw))
    await next()
  }
}

/**
 * Makes the middleware that only signed-in visitors pass. Others are redirected to `redirect`, with
 * the page they asked for as `next`; without `redirect`, or if the store is unavailable, it throws the
 * error of `sessions.signedIn`.
 *
 * @throws ERR_OPTION_INVALID
 *
 * @example
 * app.use('/account/*', loginRequired(sessions, { redirect: '/login' }))
 */
export function loginRequired(
  sessions: Sessions<any>,
  options: LoginRequiredOptions = {},
): HonoMiddleware<Response | void> {
  requireSessions(sessions, 'loginRequired', 'loginRequired(sessions, options)')
  const check = loginCheck(sessions, options)
  return async (c, next) => {
    const location = await check(c, c.req.raw.method, pathOf(c.req.raw))
    if (location === undefined) return next()
    return loginRedirect(location)
  }
}
