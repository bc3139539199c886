/** Fastify without sessions, with ours, and with its own two session plugins. */

import type { Server } from 'node:http'
import fastifyCookie from '@fastify/cookie'
import secureSession from '@fastify/secure-session'
import fastifySession from '@fastify/session'
import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import { sessionMiddleware } from 'sojourn/express'
import { small } from '../payloads.ts'
import { cookieSessions, SECRET } from './cookie-sessions.ts'
import type { Servers } from './serve.ts'

export const servers: Servers = {
  none() {
    const app = plain()
    for (const path of ['/new', '/read', '/write']) app.get(path, async () => '4217')
    return ready(app)
  },
  sojourn() {
    const sessions = cookieSessions()
    const middleware = sessionMiddleware(sessions)
    const app = plain()
    app.addHook('onRequest', (request, reply, done) => middleware(request.raw, reply.raw, done))
    app.get('/new', async (request) => {
      const session = await sessions.get(request.raw)
      for (const key in small) session.set(key, small[key])
      return 'made'
    })
    app.get('/read', async (request) => String((await sessions.get(request.raw)).get('user_id')))
    app.get('/write', async (request) => {
      const session = await sessions.get(request.raw)
      return String(session.update('visits', (visits = 0) => visits + 1))
    })
    return ready(app)
  },
  async '@fastify/secure-session'() {
    const app = plain()
    const cookie = { path: '/', httpOnly: true, secure: false }
    await app.register(secureSession, { key: Buffer.alloc(32, 7), cookieName: 'session', cookie })
    return withData(app)
  },
  async '@fastify/session, memory'() {
    const app = plain()
    await app.register(fastifyCookie)
    const options = { secret: SECRET, cookieName: 'session', cookie: { secure: false } }
    await app.register(fastifySession, { ...options, saveUninitialized: false })
    return withData(app)
  },
}

/** The pages over a session with `get` and `set`, which both plugins have. */
function withData(app: FastifyInstance): Promise<Server> {
  const sessionOf = (request: FastifyRequest) =>
    request.session as unknown as {
      get(key: string): any
      set(key: string, value: unknown): void
    }
  app.get('/new', async (request) => {
    for (const key in small) sessionOf(request).set(key, small[key])
    return 'made'
  })
  app.get('/read', async (request) => String(sessionOf(request).get('user_id')))
  app.get('/write', async (request) => {
    const visits = sessionOf(request).get('visits') + 1
    sessionOf(request).set('visits', visits)
    return String(visits)
  })
  return ready(app)
}

function plain(): FastifyInstance {
  const app = fastify()
  app.get('/never-asks', async () => 'hello')
  return app
}

async function ready(app: FastifyInstance): Promise<Server> {
  await app.ready()
  return app.server
}
