/** Sessions for Express, Connect, and other frameworks with `(req, res, next)` middleware. */

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Sessions } from '../session/sessions.ts'
import { loginCheck, type LoginRequiredOptions } from '../session/login-required.ts'
import { requireSessions } from '../session/require-sessions.ts'
import { csrfFieldIn } from './csrf-field.ts'
import { mountNode } from './node/node.ts'
import { sendRedirect } from './node/session-headers.ts'

/**
 * Makes the session middleware. Use it before the routes that need sessions.
 *
 * If a session cannot be saved, the app's error handler gets the error, as from `next(error)`: where
 * the page was sent in one call (`send`, `json`, `render`, `redirect`) and no middleware after this
 * one wraps the response, as compression does. Otherwise a fixed error response is sent.
 *
 * @throws ERR_OPTION_INVALID unless `sessions` is what `createSessions` returns.
 *
 * @example
 * import { sessionMiddleware } from 'sojourn/express'
 * app.use(sessionMiddleware(sessions)) // before the routes
 */
export function sessionMiddleware(
  sessions: Sessions<any>,
): (req: IncomingMessage, res: ServerResponse, next: (error?: any) => void) => void {
  requireSessions(sessions, 'sessionMiddleware', 'app.use(sessionMiddleware(sessions))')
  return (req, res, next) => {
    const visit = mountNode(sessions, req, res, [], isExpress(req, res) ? next : undefined)
    if (visit) sessions.run(visit, next)
    else next()
  }
}

/** Whether `next` accepts an error after it was called. In frameworks other than Express it may hang. */
function isExpress(req: IncomingMessage, res: ServerResponse): boolean {
  const { app, res: own } = req as { app?: unknown; res?: unknown }
  return typeof app === 'function' && own === res
}

/**
 * Makes the middleware that rejects cross-site requests: CSRF protection.
 *
 * Use it after `sessionMiddleware` and the body parser. If Sec-Fetch-Site and Origin do not decide,
 * it reads the token from the header `x-csrf-token`, or from `req.body._csrf`. It calls `next` with
 * the error ERR_CSRF (status 403).
 *
 * @throws ERR_OPTION_INVALID unless `sessions` is what `createSessions` returns.
 *
 * @example
 * import express from 'express'
 * import { csrfGuard } from 'sojourn/express'
 * app.use(express.urlencoded({ extended: false }), csrfGuard(sessions))
 */
export function csrfGuard(
  sessions: Sessions<any>,
): (req: IncomingMessage, res: ServerResponse, next: (error?: any) => void) => void {
  requireSessions(sessions, 'csrfGuard', 'app.use(csrfGuard(sessions))')
  return (req, _res, next) => {
    sessions.checkCsrf(req, csrfFieldIn((req as { body?: unknown }).body)).then(() => next(), next)
  }
}

/**
 * Makes the middleware that only signed-in visitors pass. Use it after `sessionMiddleware`.
 *
 * Other visitors are redirected to `redirect`, with the page they asked for as `next`; without
 * `redirect`, or if the store is unavailable, `next` is called with the error of
 * `sessions.signedIn`. As Flask-Login's `login_required`.
 *
 * @throws ERR_OPTION_INVALID
 *
 * @example
 * import { loginRequired } from 'sojourn/express'
 * app.use('/account', loginRequired(sessions, { redirect: '/login', within: '10m' }))
 */
export function loginRequired(
  sessions: Sessions<any>,
  options: LoginRequiredOptions = {},
): (req: IncomingMessage, res: ServerResponse, next: (error?: any) => void) => void {
  requireSessions(sessions, 'loginRequired', 'app.use(loginRequired(sessions, options))')
  const check = loginCheck(sessions, options)
  return (req, res, next) => {
    // In a router that is mounted at a path, Express removes that path from `url`.
    const { originalUrl = req.url } = req as { originalUrl?: string | undefined }
    check(req, req.method, originalUrl ?? '').then(
      (location) => (location === undefined ? next() : sendRedirect(res, location)),
      next,
    )
  }
}
