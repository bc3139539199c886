/** A shop with @fastify/session. */

import cookie from '@fastify/cookie'
import formbody from '@fastify/formbody'
import session from '@fastify/session'
import { RedisStore } from 'connect-redis'
import Fastify from 'fastify'
import { createClient } from 'redis'

declare module 'fastify' {
  interface Session {
    userId?: string
    cart?: string[]
  }
}

const client = createClient({ url: process.env.REDIS_URL! })
client.on('error', console.error)
await client.connect()

const app = Fastify()
await app.register(cookie)
await app.register(formbody)
await app.register(session, {
  secret: process.env.SESSION_SECRET!,
  store: new RedisStore({ client }),
  saveUninitialized: false,
  cookie: { secure: process.env.NODE_ENV === 'production', maxAge: 14 * 86_400_000 },
})

app.get('/', async (request) => {
  const { userId, cart = [] } = request.session
  return `Signed in: ${userId ?? 'nobody'}. Cart: ${cart.join(', ')}.`
})

app.post<{ Body: { name: string } }>('/login', async (request, reply) => {
  await request.session.regenerate(['cart'])
  request.session.userId = request.body.name
  return reply.redirect('/', 303)
})

app.post<{ Body: { item: string } }>('/cart', async (request, reply) => {
  request.session.cart = [...(request.session.cart ?? []), request.body.item]
  return reply.redirect('/', 303)
})

app.post('/logout', async (request, reply) => {
  await request.session.destroy()
  return reply.redirect('/', 303)
})

await app.listen({ port: 3000 })
