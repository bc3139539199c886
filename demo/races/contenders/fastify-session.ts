/** @fastify/session, on connect-redis, as its README suggests, or on its own MemoryStore. */

import cookie from '@fastify/cookie'
import session from '@fastify/session'
import { RedisStore } from 'connect-redis'
import fastify, { type FastifyRequest } from 'fastify'
import { type Contender, keptOf, type Raced } from '../contender.ts'
import { momentAt } from '../moment.ts'
import type { Place } from '../place.ts'

// Where an app would augment `Session`, this file keeps its types to itself.
type Bag = Raced & Pick<session.FastifySessionObject, 'regenerate' | 'destroy'>

export async function fastifySession({ client, prefix, secret }: Place): Promise<Contender> {
  const store = client && new RedisStore({ client, prefix: `${prefix}fastify-session:`, ttl: 600 })
  const handler = momentAt('in the handler')
  const app = fastify()
  app.register(cookie)
  app.register(session, {
    secret,
    saveUninitialized: false,
    cookie: { secure: false },
    ...(store ? { store: store as unknown as session.SessionStore } : {}),
  })

  app.post('/login', async (request) => {
    await bagOf(request).regenerate()
    bagOf(request).user = 'ann'
    return ''
  })
  app.post('/increment', async (request) => {
    const session = bagOf(request)
    const count = session.count ?? 0
    await handler.pass()
    session.count = count + 1
    return ''
  })
  app.post<{ Params: { number: string } }>('/key/:number', async (request) => {
    await handler.pass()
    bagOf(request)[`key${Number(request.params.number)}`] = true
    return ''
  })
  app.post('/slow', async (request) => {
    await handler.pass()
    bagOf(request).slow = true
    return ''
  })
  app.post('/logout', async (request) => {
    await bagOf(request).destroy()
    return ''
  })
  app.get('/session', async (request) => keptOf(bagOf(request).user, { ...request.session }))
  await app.ready()
  return {
    name: '@fastify/session',
    path: 'fastify-session',
    with: client
      ? '@fastify/session 11.1, connect-redis 10'
      : '@fastify/session 11.1, its own store in memory',
    code: 'request.session.count++',
    listener: (req, res) => app.routing(req, res),
    readFirst: handler,
    moments: [handler],
  }
}

function bagOf({ session }: FastifyRequest<any>): Bag {
  return session as unknown as Bag
}
