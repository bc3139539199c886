/** The adapters in apps that are typed by the frameworks themselves. `tsc` checks this file. */

import Fastify, { type FastifyPluginAsync, type FastifyTypeProvider } from 'fastify'
import Koa from 'koa'
import { Router } from '@koa/router'
import * as fastify from 'sojourn/fastify'
import * as koa from 'sojourn/koa'
import { createSessions } from 'sojourn'

const sessions = createSessions<{ visits: number }>({ secret: undefined })
const login = fastify.loginRequired(sessions, { redirect: '/login' })
const csrf = fastify.csrfGuard(sessions)

const app = Fastify()
await app.register(fastify.sessionPlugin, { sessions })
// @ts-expect-error -- the plugin needs sessions
app.register(fastify.sessionPlugin)
// @ts-expect-error -- and by their name
app.register(fastify.sessionPlugin, { session: sessions })
app.addHook('onRequest', login)
app.addHook('preHandler', csrf)
app.get<{ Querystring: { next: string } }>('/', { preHandler: login }, async (request) => {
  const visits: number | undefined = (await sessions.get(request)).get('visits')
  const next: string = request.query.next
  return { visits, next }
})
app.route({ method: 'POST', url: '/', onRequest: [login], preHandler: [csrf], handler: () => '' })
const scope: FastifyPluginAsync = async (inner) => {
  await inner.register(fastify.sessionPlugin, { sessions })
  inner.addHook('preHandler', csrf)
}
app.register(scope, { prefix: '/inner' })

// As @fastify/type-provider-typebox.
interface Provider extends FastifyTypeProvider {
  validator: this['schema'] extends { static: infer Value } ? Value : unknown
}
const provided = Fastify().withTypeProvider<Provider>()
await provided.register(fastify.sessionPlugin, { sessions })
provided.addHook('preHandler', csrf)
const schema = { body: {} as { static: { amount: number } } }
provided.post('/', { schema, preHandler: [csrf, login] }, async (request) => {
  const amount: number = request.body.amount
  return amount
})

const overHttp2 = Fastify({ http2: true })
await overHttp2.register(fastify.sessionPlugin, { sessions })
overHttp2.addHook('preHandler', csrf)
overHttp2.get('/', { preHandler: login }, async (request) => (await sessions.get(request)).userId)

const overTls = Fastify({ https: {} })
await overTls.register(fastify.sessionPlugin, { sessions })
overTls.get('/', { preHandler: login }, () => '')

interface State {
  user: string
}
const typed = new Koa<State, { extra: number }>()
typed.use(koa.sessionMiddleware(sessions)).use(koa.csrfGuard(sessions))
typed.use(async (ctx) => {
  const visits: number | undefined = (await sessions.get(ctx)).get('visits')
  ctx.body = [visits, ctx.state.user, ctx.extra]
})
const router = new Router<State>()
router.use(koa.csrfGuard(sessions))
router.get('/:id', koa.loginRequired(sessions, { redirect: '/login' }), (ctx) => {
  ctx.body = ctx.params['id']
})
typed.use(router.routes())
