/** The shop with Sojourn, on the cookie and the store of @fastify/session. */

import formbody from '@fastify/formbody'
import { RedisStore } from 'connect-redis'
import Fastify from 'fastify'
import { createClient } from 'redis'
import { createSessions } from 'sojourn'
import { sessionPlugin } from 'sojourn/fastify'
import { fastifySession } from 'sojourn/formerly'

const client = createClient({ url: process.env.REDIS_URL! })
client.on('error', console.error)
await client.connect()

const sessions = createSessions<{ cart: string[] }>(
  fastifySession({
    secret: process.env.SESSION_SECRET!,
    store: new RedisStore({ client }),
    cookie: { secure: process.env.NODE_ENV === 'production', maxAge: 14 * 86_400_000 },
  }),
)

const app = Fastify()
await app.register(formbody)
await app.register(sessionPlugin, { sessions })

app.get('/', async (request) => {
  const session = await sessions.get(request)
  const [userId, cart] = [session.userId, session.get('cart', [])]
  return `Signed in: ${userId ?? 'nobody'}. Cart: ${cart.join(', ')}.`
})

app.post<{ Body: { name: string } }>('/login', async (request, reply) => {
  const session = await sessions.get(request)
  session.login(request.body.name)
  return reply.redirect('/', 303)
})

app.post<{ Body: { item: string } }>('/cart', async (request, reply) => {
  const session = await sessions.get(request)
  session.update('cart', (cart = []) => [...cart, request.body.item])
  return reply.redirect('/', 303)
})

app.post('/logout', async (request, reply) => {
  const session = await sessions.get(request)
  session.logout()
  return reply.redirect('/', 303)
})

await app.listen({ port: 3000 })
