/** Sessions for Hono, on every runtime: middleware for sessions, a CSRF guard and a login guard. */

import { SessionError } from '../base/errors.ts'
import { loginCheck, type LoginRequiredOptions } from '../session/login-required.ts'
import { requireSessions } from '../session/require-sessions.ts'
import type { Sessions } from '../session/sessions.ts'
import { csrfFieldIn, csrfFieldOf } from './csrf-field.ts'
import { respond } from './fetch.ts'
import { keptBody } from './kept-body.ts'
import { loginRedirect, pathOf } from './login-redirect.ts'

/** The part of Hono's context that is used. */
interface HonoContext {
  readonly req: { readonly raw: Request; parseBody(): Promise<unknown> }
  /** Whether a response has been made. */
  readonly finalized: boolean
  get res(): Response
  set res(response: Response | undefined)
}

type HonoMiddleware<Result> = (c: HonoContext, next: () => Promise<void>) => Promise<Result>

/**
 * Makes the session middleware. Use it before the routes: then `sessions.get(c)` works in them.
 *
 * If a session cannot be saved, the app's `onError` gets the error. If a handler throws, its changes
 * of the session are saved: Hono has already turned the error into a response.
 *
 * @throws ERR_OPTION_INVALID unless `sessions` is what `createSessions` returns.
 *
 * @example
 * import { Hono } from 'hono'
 * import { sessionMiddleware } from 'sojourn/hono'
 * const app = new Hono()
 * app.use(sessionMiddleware(sessions))
 */
export function sessionMiddleware(sessions: Sessions<any>): HonoMiddleware<void> {
  requireSessions(sessions, 'sessionMiddleware', 'app.use(sessionMiddleware(sessions))')
  return async (c, next) => {
    const handler = async () => {
      await next()
      // Reading `c.res` would make an empty page if the handler has returned nothing.
      if (!c.finalized) return undefined as never
      return isSent(c.res) ? Response.error() : c.res
    }
    const response = await respond(sessions, [c.req.raw, c, c.req], handler, (error) => {
      if (isSent(c.res)) return c.res
      const headers = error instanceof SessionError ? error.headers : undefined
      replace(c, new Response(null, headers && { headers }))
      throw error
    })
    // Not set if the app uses this middleware twice and the handler has returned nothing.
    if (response && response.status !== 0) replace(c, response)
  }
}

/** Clears the response first: Hono would otherwise copy the old headers over the new ones. */
function replace(c: HonoContext, response: Response): void {
  c.res = undefined
  c.res = response
}

/** Whether the handler wrote to Node's response itself: RESPONSE_ALREADY_SENT of Hono's Node server. */
function isSent(response: Response): boolean {
  // Its body is null. The headers of a light response are made when they are first read.
  if (keptBody(response)?.body) return false
  return response.headers.has('x-hono-already-sent')
}

/**
 * Makes the middleware that rejects cross-site requests: CSRF protection. Where Sec-Fetch-Site and
 * Origin do not decide, it reads the token from the header `x-csrf-token`, or from the form field
 * `_csrf` in the first 64 KiB of the body. It throws ERR_CSRF (403).
 *
 * @throws ERR_OPTION_INVALID unless `sessions` is what `createSessions` returns.
 *
 * @example
 * import { Hono } from 'hono'
 * import { csrfGuard, sessionMiddleware } from 'sojourn/hono'
 * const app = new Hono()
 * app.use(sessionMiddleware(sessions), csrfGuard(sessions))
 */
export function csrfGuard(sessions: Sessions<any>): HonoMiddleware<void> {
  requireSessions(sessions, 'csrfGuard', 'app.use(csrfGuard(sessions))')
  return async (c, next) => {
    // Hono caches a body that middleware has parsed through `c.req`, but not through `c.req.raw`.
    const parsed = () => c.req.parseBody().then(csrfFieldIn, () => undefined)
    const token = () => (c.req.raw.bodyUsed ? parsed() : csrfFieldOf(c.req.raw))
    await sessions.checkCsrf(c, token)
    await next()
  }
}

/**
 * Makes the middleware that only signed-in visitors pass. Others are redirected to `redirect`, with
 * the page they asked for as `next`; without `redirect`, or if the store is unavailable, it throws
 * the error of `sessions.signedIn`.
 *
 * @throws ERR_OPTION_INVALID
 *
 * @example
 * import { Hono } from 'hono'
 * import { loginRequired, sessionMiddleware } from 'sojourn/hono'
 * const app = new Hono()
 * app.use(sessionMiddleware(sessions))
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
