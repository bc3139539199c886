/** The libraries, each set up as its README does, with its own store in memory where it has one. */

import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import cookie from '@fastify/cookie'
import secureSession from '@fastify/secure-session'
import fastifySession from '@fastify/session'
import cookieSession from 'cookie-session'
import express, { type Request, type RequestHandler, type Response } from 'express'
import expressSession from 'express-session'
import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import { getIronSession } from 'iron-session'
import { createSessions, type Session, type Sessions } from 'sojourn'
import { sessionMiddleware } from 'sojourn/express'
import type { SessionStore } from 'sojourn/stores'
import { memoryStore } from 'sojourn/stores/memory'
import { onTestFinished } from 'vitest'
import type { Moment } from '../../demo/races/moment.ts'
import { type Bag, type Pages, pagesAt, type Peer } from './peer.ts'

type Data = Record<string, any>

/** Each library, in the order of the table. */
export function peers(): readonly Peer[] {
  return [
    ofExpressSession(),
    ofFastifySession(),
    ofCookieSession(),
    ofIronSession(),
    ofSecureSession(),
    ofSojourn('cookie'),
    ofSojourn('store'),
  ]
}

function ofExpressSession(): Peer {
  const store = new expressSession.MemoryStore()
  const set = store.set.bind(store)
  const bagOf = (req: Request): Bag => {
    const session = () => req.session as unknown as Data
    return {
      ...plain(session),
      login: (user) => void (session()['user'] = user),
      logout: () => called((done) => req.session.destroy(done)),
    }
  }
  return {
    name: 'express-session',
    setUp: 'MemoryStore',
    start({ secret, moment, saving }) {
      store.set = (...args) => void saving.pass().then(() => set(...args))
      const options = { secret, store, resave: false, saveUninitialized: false }
      return onExpress(() => [expressSession(options)], bagOf, pagesAt(moment))
    },
    store: {
      text: () => Object.keys((store as unknown as { sessions: object }).sessions).join(' '),
      idIn: (value) => /^s:([^.]+)\./.exec(value)![1]!,
    },
  }
}

function ofFastifySession(): Peer {
  const rows = new Map<string, string>()
  const storeAt = (saving: Moment): fastifySession.SessionStore => ({
    async set(id, session, done) {
      const row = JSON.stringify(session)
      await saving.pass()
      rows.set(id, row)
      done()
    },
    get: (id, done) => done(null, JSON.parse(rows.get(id) ?? 'null')),
    destroy: (id, done) => (rows.delete(id), done()),
  })
  return {
    name: '@fastify/session',
    setUp: 'a store in memory',
    start: ({ secret, moment, saving }) =>
      onFastify(
        async (app) => {
          const store = storeAt(saving)
          await app.register(cookie)
          const options = { secret, store, saveUninitialized: false, cookie: { secure: false } }
          await app.register(fastifySession, options)
        },
        (request) => {
          const session = () => request.session as unknown as Data
          return {
            ...plain(session),
            login: (user) => void (session()['user'] = user),
            logout: () => session()['destroy'](),
          }
        },
        pagesAt(moment),
      ),
    store: {
      text: () => [...rows.keys()].join(' '),
      idIn: (value) => /^([^.]+)\./.exec(value)![1]!,
    },
  }
}

function ofCookieSession(): Peer {
  return {
    name: 'cookie-session',
    setUp: 'signed cookie',
    start: ({ secret, moment }) =>
      onExpress(
        () => [cookieSession({ keys: [secret] })],
        (req) => ({
          ...plain(() => req.session as unknown as Data),
          login: (user) => void ((req.session as unknown as Data)['user'] = user),
          logout: () => void ((req as { session: unknown }).session = null),
        }),
        pagesAt(moment),
      ),
  }
}

function ofIronSession(): Peer {
  return {
    name: 'iron-session',
    setUp: 'encrypted cookie',
    start: ({ secret, moment }) =>
      onExpress(
        () => [],
        async (req, res) => {
          const options = { password: secret, cookieName: 'iron', cookieOptions: { secure: false } }
          const session = await getIronSession<Data>(req, res, options)
          return {
            ...plain(() => session),
            login: (user) => void (session['user'] = user),
            logout: () => session.destroy(),
            save: () => session.save(),
          }
        },
        pagesAt(moment),
      ),
  }
}

function ofSecureSession(): Peer {
  return {
    name: '@fastify/secure-session',
    setUp: 'encrypted cookie',
    start: ({ secret, moment }) =>
      onFastify(
        async (app) => {
          const salt = 'mq9hDxBVDbspDR6n'
          await app.register(secureSession, { secret, salt, cookie: { path: '/', secure: false } })
        },
        (request) => {
          const session = request.session as unknown as {
            get(key: string): unknown
            set(key: string, value: unknown): void
            delete(): void
          }
          return {
            get: (key) => session.get(key),
            set: (key, value) => session.set(key, value),
            login: (user) => session.set('user', user),
            logout: () => session.delete(),
          }
        },
        pagesAt(moment),
      ),
  }
}

function ofSojourn(kind: 'cookie' | 'store'): Peer {
  const written: string[] = []
  return {
    name: 'sojourn',
    setUp: kind === 'cookie' ? 'signed cookie' : 'memoryStore',
    start({ secret, moment, saving }) {
      const options = { secret } // so the cookie has the name that it has in production
      const memory = memoryStore()
      const store: SessionStore = {
        ...memory,
        async insert(...args) {
          written.push(inspect(args, { depth: 9 }))
          await saving.pass()
          return memory.insert(...args)
        },
      }
      const sessions: Sessions<Data> =
        kind === 'cookie'
          ? createSessions<Data>(options)
          : createSessions<Data>({ ...options, store })
      return onExpress(
        () => [sessionMiddleware(sessions)],
        async (req) => sojournBag(await sessions.get(req)),
        pagesAt(moment),
      )
    },
    // The id is selector, verifier and mac. Whoever has read the verifier could use the session.
    ...(kind === 'store' && {
      store: { text: () => written.join(' '), idIn: (value) => value.split('.')[1]! },
    }),
  }
}

function sojournBag(session: Session<Data>): Bag {
  return {
    get: (key) => (key === 'user' ? session.userId : session.get(key)),
    set: (key, value) => void session.set(key, value),
    increment: () => void session.update('count', (count = 0) => count + 1),
    login: (user) => session.login(user),
    logout: () => session.logout(),
  }
}

/** The session is an object whose properties are saved. */
function plain(session: () => Data | null): Pick<Bag, 'get' | 'set'> {
  return {
    get: (key) => session()?.[key],
    set: (key, value) => void (session()![key] = value),
  }
}

function onExpress(
  middleware: () => RequestHandler[],
  bagOf: (req: Request, res: Response) => Bag | Promise<Bag>,
  pages: Pages,
): Promise<string> {
  const app = express()
  app.set('etag', false)
  for (const each of middleware()) app.use(each)
  app.use(async (req, res) => {
    res.json(await pages(req.path, await bagOf(req, res)))
  })
  // What Express says of an error, without the trace on the console.
  app.use(((_error, _req, res, _next) => void res.status(500).end()) as express.ErrorRequestHandler)
  return listening(app)
}

async function onFastify(
  register: (app: FastifyInstance) => Promise<void>,
  bagOf: (request: FastifyRequest) => Bag,
  pages: Pages,
): Promise<string> {
  const app = fastify()
  await register(app)
  app.all('/*', async (request, reply) => {
    reply.type('application/json')
    return JSON.stringify(await pages(request.url, bagOf(request)))
  })
  await app.ready()
  return listening((req, res) => app.routing(req as IncomingMessage, res))
}

async function listening(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function called(act: (done: (error?: unknown) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => act((error) => (error ? reject(error) : resolve())))
}
