/** Sessions for Koa: middleware for sessions, a CSRF guard and a login guard. */

import type { IncomingMessage, ServerResponse } from 'node:http'
import { loginCheck, type LoginRequiredOptions } from '../session/login-required.ts'
import { requireSessions } from '../session/require-sessions.ts'
import type { Sessions } from '../session/sessions.ts'
import type { Visit } from '../session/visit.ts'
import { csrfFieldIn } from './csrf-field.ts'
import { mountNode } from './node/node.ts'
import { headersForErrorPage, headersOfBody } from './node/session-headers.ts'

/** The part of Koa's context that is used. */
interface KoaContext {
  readonly req: IncomingMessage
  readonly res: ServerResponse
  readonly method: string
  readonly originalUrl: string
  /** Set by a body parser. */
  readonly request: object
  status: number
  redirect(url: string): void
  set(name: string, value: string): void
  respond?: boolean | undefined
}

type KoaMiddleware = (ctx: KoaContext, next: () => Promise<any>) => Promise<any>

/**
 * Makes the session middleware. Use it before what needs sessions: then `sessions.get(ctx)` works.
 *
 * If a session cannot be saved, it throws the error: middleware before this one can catch it, and
 * otherwise `app.on('error')` gets it. Where that is too late, as with `ctx.respond = false`, a fixed
 * error response is sent.
 *
 * @throws ERR_OPTION_INVALID unless `sessions` is what `createSessions` returns.
 *
 * @example
 * import Koa from 'koa'
 * import { sessionMiddleware } from 'sojourn/koa'
 * const app = new Koa()
 * app.use(sessionMiddleware(sessions))
 */
export function sessionMiddleware(
  sessions: Sessions<any>,
): (
  ctx: Pick<KoaContext, 'req' | 'res' | 'request' | 'respond'>,
  next: () => Promise<any>,
) => Promise<any> {
  requireSessions(sessions, 'sessionMiddleware', 'app.use(sessionMiddleware(sessions))')
  return async (ctx, next) => {
    const visit = mountNode(sessions, ctx.req, ctx.res, [ctx, ctx.request])
    if (!visit) return next()
    const result = await sessions.run(visit, next)
    // With `respond = false` the app sends the response itself; Koa's error handler cannot.
    if (ctx.respond !== false) await commitFor(ctx, visit)
    return result
  }
}

/** Commits while middleware before this one can still catch the error. */
async function commitFor({ res }: Pick<KoaContext, 'res'>, visit: Visit): Promise<void> {
  try {
    await visit.commit()
  } catch (error) {
    for (const name of headersOfBody(res.getHeaderNames())) res.removeHeader(name)
    for (const [name, value] of headersForErrorPage(error)) res.setHeader(name, value)
    throw error
  }
}

/**
 * Makes the middleware that rejects cross-site requests: CSRF protection. Use it after a body
 * parser. Where Sec-Fetch-Site and Origin do not decide, it reads the token from the header
 * `x-csrf-token`, or from `ctx.request.body._csrf`. It throws ERR_CSRF (403).
 *
 * @throws ERR_OPTION_INVALID unless `sessions` is what `createSessions` returns.
 *
 * @example
 * import Koa from 'koa'
 * import { csrfGuard, sessionMiddleware } from 'sojourn/koa'
 * const app = new Koa()
 * app.use(sessionMiddleware(sessions))
 * app.use(csrfGuard(sessions)) // after the body parser
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
 * the page they asked for as `next`; without `redirect`, or if the store is unavailable, it throws
 * the error of `sessions.signedIn`.
 *
 * @throws ERR_OPTION_INVALID
 *
 * @example
 * import Koa from 'koa'
 * import { loginRequired, sessionMiddleware } from 'sojourn/koa'
 * const app = new Koa()
 * app.use(sessionMiddleware(sessions))
 * app.use(loginRequired(sessions, { redirect: '/login' }))
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
