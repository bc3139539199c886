/** Sessions for Fastify: a plugin, a CSRF guard and a login guard, as hooks. */

import type { IncomingMessage, ServerResponse } from 'node:http'
import { loginCheck, type LoginRequiredOptions } from '../session/login-required.ts'
import { requireSessions } from '../session/require-sessions.ts'
import type { Sessions } from '../session/sessions.ts'
import { csrfFieldIn } from './csrf-field.ts'
import { mountNode } from './node/node.ts'

/** Of Fastify's request. */
interface FastifyRequest {
  readonly raw: IncomingMessage
  readonly method: string
  readonly originalUrl: string
  readonly body: unknown
}

/** Of Fastify's reply. */
interface FastifyReply {
  readonly raw: ServerResponse
  redirect(url: string, status: number): unknown
  header(name: string, value: string): FastifyReply
}

/** Of a Fastify app. */
interface FastifyApp {
  addHook(
    name: 'onRequest',
    hook: (request: FastifyRequest, reply: FastifyReply, done: () => void) => void,
  ): unknown
}

/**
 * The plugin. From then on `sessions.get(request)` works in every hook and handler.
 *
 * @example
 * await app.register(sessionPlugin, { sessions })
 */
export function sessionPlugin(
  app: FastifyApp,
  { sessions }: { sessions: Sessions<any> },
  done: () => void,
): void {
  requireSessions(sessions, 'sessionPlugin', 'app.register(sessionPlugin, { sessions })')
  app.addHook('onRequest', (request, reply, next) => {
    const visit = mountNode(sessions, request.raw, reply.raw, [request])
    if (visit) sessions.run(visit, next)
    else next()
  })
  done()
}

// The hook belongs to the whole app, not to the context that the plugin is registered in.
Object.assign(sessionPlugin, {
  [Symbol.for('skip-override')]: true,
  [Symbol.for('fastify.display-name')]: 'sojourn',
})

/**
 * Makes the hook that rejects cross-site requests: CSRF protection. Where Sec-Fetch-Site and Origin
 * do not decide, it reads the token from the header `x-csrf-token`, or from `request.body._csrf`.
 *
 * @throws ERR_CSRF (403) in the hook
 *
 * @example
 * app.addHook('preHandler', csrfGuard(sessions))
 */
export function csrfGuard(sessions: Sessions<any>): (request: FastifyRequest) => Promise<void> {
  requireSessions(sessions, 'csrfGuard', "app.addHook('preHandler', csrfGuard(sessions))")
  return (request) => sessions.checkCsrf(request, csrfFieldIn(request.body))
}

/**
 * Makes the hook that only signed-in visitors pass. Others are redirected to `redirect`, with the page
 * they asked for as `next`; without `redirect`, or if the store is unavailable, it throws the error of
 * `sessions.signedIn`.
 *
 * @throws ERR_OPTION_INVALID
 *
 * @example
 * app.get('/account', { preHandler: loginRequired(sessions, { redirect: '/login' }) }, account)
 */
export function loginRequired(
  sessions: Sessions<any>,
  options: LoginRequiredOptions = {},
): (request: FastifyRequest, reply: FastifyReply) => Promise<unknown> {
  requireSessions(sessions, 'loginRequired', 'loginRequired(sessions, options)')
  const check = loginCheck(sessions, options)
  return async (request, reply) => {
    const location = await check(request, request.method, request.originalUrl)
    if (location === undefined) return undefined
    // Fastify waits for a reply that a hook returns.
    return reply.header('cache-control', 'no-store').redirect(location, 303)
  }
}
