/** Sessions for Fastify: a plugin, a CSRF guard and a login guard, as hooks. */

import type { IncomingMessage, ServerResponse } from 'node:http'
import { loginCheck, type LoginRequiredOptions } from '../session/login-required.ts'
import { requireSessions } from '../session/require-sessions.ts'
import type { Sessions } from '../session/sessions.ts'
import type { Visit } from '../session/visit.ts'
import { csrfFieldIn } from './csrf-field.ts'
import { mountNode } from './node/node.ts'
import { headersForErrorPage, headersOfBody } from './node/session-headers.ts'

/** The part of Fastify's request that the plugin uses. */
interface MountedRequest {
  readonly raw: IncomingMessage
}

/** The part of Fastify's reply that the plugin uses. */
interface MountedReply {
  readonly raw: ServerResponse
  getHeaders(): object
  removeHeader(name: string): unknown
  header(name: string, value: string): unknown
}

/** The part of a Fastify app that the plugin uses. */
interface FastifyApp {
  addHook(
    name: 'onRequest',
    hook: (request: MountedRequest, reply: MountedReply, done: () => void) => void,
  ): unknown
  addHook(
    name: 'onSend',
    hook: (request: MountedRequest, reply: MountedReply, payload: unknown) => Promise<void>,
  ): unknown
}

/** The part of Fastify's request that the guards use. */
interface FastifyRequest {
  readonly method: string
  readonly originalUrl: string
  readonly body: unknown
}

/** The part of Fastify's reply that the guards use. */
interface FastifyReply {
  redirect(url: string, status: number): unknown
  header(name: string, value: string): FastifyReply
}

/**
 * The plugin. Once it is registered, `sessions.get(request)` works in every hook and handler of the
 * scope that registers it, and of the scopes inside that one.
 *
 * If a session cannot be saved, the app's error handler gets the error. Where that is too late, as
 * for a reply that was hijacked, a fixed error response is sent.
 *
 * @throws ERR_OPTION_INVALID unless `sessions` is what `createSessions` returns.
 *
 * @example
 * import Fastify from 'fastify'
 * import { sessionPlugin } from 'sojourn/fastify'
 * const app = Fastify()
 * await app.register(sessionPlugin, { sessions })
 */
export async function sessionPlugin(
  app: FastifyApp,
  { sessions }: { sessions: Sessions<any> },
): Promise<void> {
  requireSessions(sessions, 'sessionPlugin', 'app.register(sessionPlugin, { sessions })')
  const visits = new WeakMap<object, Visit>()
  app.addHook('onRequest', (request, reply, next) => {
    const visit = mountNode(sessions, request.raw, reply.raw, [request])
    if (!visit) return next()
    visits.set(request, visit)
    sessions.run(visit, next)
  })
  app.addHook('onSend', async (request, reply, payload) => {
    try {
      await visits.get(request)?.commit()
    } catch (error) {
      // Destroys a stream that is not sent, because it would keep its file open.
      ;(payload as { destroy?: () => void } | undefined)?.destroy?.()
      for (const name of headersOfBody(Object.keys(reply.getHeaders()))) reply.removeHeader(name)
      for (const [name, value] of headersForErrorPage(error)) reply.header(name, value)
      throw error
    }
  })
}

// The hooks belong to the scope that registers the plugin, not to a scope of its own.
Object.assign(sessionPlugin, {
  [Symbol.for('skip-override')]: true,
  [Symbol.for('fastify.display-name')]: 'sojourn',
})

/**
 * Makes the hook that rejects cross-site requests: CSRF protection. Where Sec-Fetch-Site and Origin
 * do not decide, it reads the token from the header `x-csrf-token`, or from `request.body._csrf`.
 *
 * @throws ERR_CSRF (403) in the hook
 * @throws ERR_OPTION_INVALID unless `sessions` is what `createSessions` returns.
 *
 * @example
 * import Fastify from 'fastify'
 * import { csrfGuard, sessionPlugin } from 'sojourn/fastify'
 * const app = Fastify()
 * await app.register(sessionPlugin, { sessions })
 * app.addHook('preHandler', csrfGuard(sessions))
 */
export function csrfGuard(sessions: Sessions<any>): (request: FastifyRequest) => Promise<void> {
  requireSessions(sessions, 'csrfGuard', "app.addHook('preHandler', csrfGuard(sessions))")
  return (request) => sessions.checkCsrf(request, csrfFieldIn(request.body))
}

/**
 * Makes the hook that only signed-in visitors pass. Others are redirected to `redirect`, with the
 * page they asked for as `next`; without `redirect`, or if the store is unavailable, it throws the
 * error of `sessions.signedIn`.
 *
 * @throws ERR_OPTION_INVALID
 *
 * @example
 * import Fastify from 'fastify'
 * import { loginRequired, sessionPlugin } from 'sojourn/fastify'
 * const app = Fastify()
 * await app.register(sessionPlugin, { sessions })
 * const preHandler = loginRequired(sessions, { redirect: '/login' })
 * app.get('/account', { preHandler }, async () => 'yours')
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
