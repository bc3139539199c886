/** Sessions for Express, and for everything else with `(req, res, next)` middleware. */

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Sessions } from '../session/sessions.ts'
import { mountNode } from './node/node.ts'

/**
 * Makes the middleware: put it before the routes that use sessions.
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
 * Makes the middleware that refuses what another site has a visitor's browser send.
 *
 * Put it after `sessionMiddleware` and the body parser. Where the headers do not decide, the token is
 * the header `x-csrf-token`, else the field `_csrf` of `req.body`. The error goes to `next`: it is
 * ERR_CSRF, with status 403.
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
