/** Sessions for Express, and for everything else with `(req, res, next)` middleware. */

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Sessions } from '../session/sessions.ts'
import { mountNode } from './node.ts'

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
