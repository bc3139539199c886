/** Sessions for Express, Connect, and other frameworks with `(req, res, next)` middleware. */

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Sessions } from '../session/sessions.ts'
import { mountNode } from './node/node.ts'

/**
 * Makes the session middleware. Use it before the routes that need sessions.
 *
 * @example
 * app.use(sessionMiddleware(sessions))
 */
export function sessionMiddleware(
  sessions: Sessions<any>,
): (req: IncomingMessage, res: ServerResponse, next: (error?: any) => void) => void {
  return (req, res, next) => {
    const visit = mountNode(sessions, req, res)
    if (visit) sessions.run(visit, next)
    else next()
  }
}

/**
 * Makes the middleware that rejects cross-site requests: CSRF protection.
 *
 * Use it after `sessionMiddleware` and the body parser. If Sec-Fetch-Site and Origin do not decide,
 * it reads the token from the header `x-csrf-token`, or from `req.body._csrf`. It calls `next` with
 * the error ERR_CSRF (status 403).
 *
 * @example
 * app.use(express.urlencoded({ extended: false }), csrfGuard(sessions))
 */
export function csrfGuard(
  sessions: Sessions<any>,
): (req: IncomingMessage, res: ServerResponse, next: (error?: any) => void) => void {
  return (req, _res, next) => {
    sessions.checkCsrf(req, fieldOf(req)).then(() => next(), next)
  }
}

function fieldOf(req: IncomingMessage): string | undefined {
  const { body } = req as { body?: unknown }
  if (typeof body !== 'object' || body === null || !Object.hasOwn(body, '_csrf')) return undefined
  const { _csrf: token } = body as { _csrf: unknown }
  return typeof token === 'string' ? token : undefined
}
