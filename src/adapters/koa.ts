/** Sessions for Koa: middleware for sessions, a CSRF guard and a login guard. */

import type { IncomingMessage, ServerResponse } from 'node:http'
import { loginCheck, type LoginRequiredOptions } from '../session/login-required.ts'
import { requireSessions } from '../session/require-sessions.ts'
import type { Sessions } from '../session/sessions.ts'
import { csrfFieldIn } from './csrf-field.ts'
import { mountNode } from './node/node.ts'

/** Of Koa's context. */
interface KoaContext {
  readonly req: IncomingMessage
  readonly res: ServerResponse
  readonly method: string
  readonly originalUrl: string
  /** From a body parser. */
  readonly request: object
  status: number
  redirect(url: string): void
  set(name: string, value: string): void
}

type KoaMiddleware = (ctx: KoaContext, next: () => Promise<any>) => Promise<any>

/**
 * Makes the session middleware. Use it before what needs sessions: then `sessions.get(ctx)` works.
 *
 * @example
 * app.use(sessionMiddleware(sessions))
 */
export function sessionMiddleware(
  sessions: Sessions<any>,
): (ctx: Pick<KoaContext, 'req' | 'res' | 'request'>, next: () => Promise<any>) => Promise<any> {
  requireSessions(sessions, 'sessionMiddleware', 'app.use(sessionMiddleware(sessions))')
  return (ctx, next) => {
    const visit = mountNode(sessions, ctx.req, ctx.res, [ctx, ctx.request])
    return visit ? sessions.run(visit, next) : next()
  }
}

/**
 * Makes the middleware that rejects cross-site requests: CSRF protection. Use it after a body parser.
 * Where Sec-Fetch-Site and Origin do not decide, it reads the token from the header `x-csrf-token`, or
 * from `ctx.request.body._csrf`. It throws ERR_CSRF (403).
 *
 * @example
 * app.use(csrfGuard(sessions))
 */
export function csrfGuard(sessions: Sessions<any>): KoaMiddleware {
  requireSessions(sessions, 'csrfGuard', 'app.use(csrfGuard(sessions))')
  return async (ctx, next) => {
    await sessions.checkCsrf(ctx, csrfFieldIn((ctx.request as { body?: unknown }).body))
    return next()
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
 * router.get('/account', loginRequired(sessions, { redirect: '/login' }), account)
 */
export function loginRequired(
  sessions: Sessions<any>,
  options: LoginRequiredOptions = {},
): KoaMiddleware {
  requireSessions(sessions, 'loginRequired', 'loginRequired(sessions, options)')
  const check = loginCheck(sessions, options)
  return async (ctx, next) => {
    const location = await check(ctx, ctx.method, ctx.originalUrl)
    if (location === undefined) return next()
    ctx.set('cache-control', 'no-store')
    ctx.redirect(location)
    ctx.status = 303
  }
}
