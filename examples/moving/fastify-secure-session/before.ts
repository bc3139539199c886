/** A shop with @fastify/secure-session. */

import formbody from '@fastify/formbody'
import secureSession from '@fastify/secure-session'
import Fastify from 'fastify'

declare module '@fastify/secure-session' {
  interface SessionData {
    userId: string
    cart: string[]
  }
}

const app = Fastify()
await app.register(formbody)
await app.register(secureSession, {
  key: Buffer.from(process.env.SESSION_KEY!, 'hex'),
  expiry: 14 * 86_400,
  cookie: { path: '/', secure: process.env.NODE_ENV === 'production' },
})

app.get('/', async ({ session }) => {
  const [userId, cart] = [session.get('userId'), session.get('cart') ?? []]
  return `Signed in: ${userId ?? 'nobody'}. Cart: ${cart.join(', ')}.`
})

app.post<{ Body: { name: string } }>('/login', async ({ session, body }, reply) => {
  session.set('userId', body.name)
  return reply.redirect('/', 303)
})

app.post<{ Body: { item: string } }>('/cart', async ({ session, body }, reply) => {
  session.set('cart', [...(session.get('cart') ?? []), body.item])
  return reply.redirect('/', 303)
})

app.post('/logout', async ({ session }, reply) => {
  session.delete()
  return reply.redirect('/', 303)
})

await app.listen({ port: 3000 })
