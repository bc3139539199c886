/** The shop with Sojourn, on the cookie of @fastify/secure-session. */

import { createRequire } from 'node:module'
import formbody from '@fastify/formbody'
import Fastify from 'fastify'
import { createSessions } from 'sojourn'
import { sessionPlugin } from 'sojourn/fastify'
import { secureSession, type Sodium } from 'sojourn/formerly'

// The one that the plugin has brought. Once it is gone: npm install sodium-native
const plugin = import.meta.resolve('@fastify/secure-session')
const sodium = createRequire(plugin)('sodium-native') as Sodium

const sessions = createSessions<{ cart: string[] }>(
  secureSession({
    sodium,
    key: Buffer.from(process.env.SESSION_KEY!, 'hex'),
    expiry: 14 * 86_400,
    cookie: { path: '/', secure: process.env.NODE_ENV === 'production' },
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
