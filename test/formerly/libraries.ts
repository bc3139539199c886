/** The real libraries whose cookies the presets read and write: each as a small server over HTTP. */

import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import realSecureSession from '@fastify/secure-session'
import realCookieSession from 'cookie-session'
import fastify from 'fastify'
import * as iron8 from 'iron-session'
import * as iron9 from 'iron-session9'
import {
  cookieSession,
  ironSession,
  secureSession,
  type Sodium,
} from '../../src/formerly/formerly.ts'
import type { SessionOptions } from '../../src/session/setup/options.ts'

/** What a session holds. */
export type Data = Record<string, unknown>

/** A server of a library: GET / returns the session's data, POST / adds to it, DELETE / ends it. */
export interface Library {
  readonly name: string
  /** How long the library accepts a session, in milliseconds; `undefined`: for ever. */
  readonly lasts: number | undefined
  /** The cookie's name. */
  readonly cookie: string
  /** Options with which Sojourn reads the same sessions. */
  preset(change?: { otherSecret?: true; renamed?: true }): SessionOptions
  start(): Promise<Server>
}

/** A running server. */
export interface Server {
  /** Sets the data, as a visitor of these cookies; returns the cookies that he has then. */
  set(data: Data, cookie?: string): Promise<string>
  /** The data that the library finds. */
  get(cookie: string): Promise<Data>
  /** Signs out; returns the cookies that are left. */
  end(cookie: string): Promise<string>
  stop(): Promise<void>
}

export const SECRET = 'bGFudGVybi1oaWxsLTQ3MTEtbWFwbGUtcml2ZXItMDgxNQ'
export const OTHER = 'Y2VkYXItYnJpZGdlLTkwMjItYW1iZXItZmllbGQtNjYzMQ'
const KEY = Buffer.from('8b3f1d0c57a94e26b2a7c4f960de13758b1e4a2f90c36d5b7e8f0a1b2c3d4e5f', 'hex')
const OTHER_KEY = Buffer.from(KEY).reverse()

/** The `sodium-native` that the plugin uses. */
export const sodium = createRequire(
  createRequire(import.meta.url).resolve('@fastify/secure-session'),
)('sodium-native') as Sodium

export const keygrip: Library = {
  name: 'cookie-session',
  cookie: 'session',
  lasts: undefined,
  preset: ({ otherSecret, renamed } = {}) =>
    cookieSession({ keys: [otherSecret ? OTHER : SECRET], ...(renamed && { name: 'shop' }) }),
  start() {
    const middleware = realCookieSession({ keys: [SECRET] })
    return listening((req, res) => {
      const visit = async () => {
        const request = req as IncomingMessage & { session: Data | null }
        if (req.method === 'POST') Object.assign(request.session!, await bodyOf(req))
        if (req.method === 'DELETE') request.session = null
        res.end(JSON.stringify(request.session ?? {}))
      }
      middleware(req as never, res as never, () => void visit())
    })
  },
}

function iron(name: string, { getIronSession }: Pick<typeof iron8, 'getIronSession'>): Library {
  const options = { cookieName: 'shop', password: SECRET }
  return {
    name,
    cookie: 'shop',
    lasts: (14 * 86_400 + 60) * 1000,
    preset: ({ otherSecret, renamed } = {}) =>
      ironSession({
        cookieName: renamed ? 'other' : 'shop',
        password: otherSecret ? OTHER : SECRET,
      }),
    start: () =>
      listening((req, res) => {
        const visit = async () => {
          const session = await getIronSession<Data>(req, res, options)
          if (req.method === 'POST') {
            Object.assign(session, await bodyOf(req))
            await session.save()
          }
          if (req.method === 'DELETE') session.destroy()
          res.end(JSON.stringify(session))
        }
        void visit()
      }),
  }
}

export const ironVersion8 = iron('iron-session 8', iron8)
export const ironVersion9 = iron(
  'iron-session 9',
  iron9 as unknown as Pick<typeof iron8, 'getIronSession'>,
)

export const secretbox: Library = {
  name: '@fastify/secure-session',
  cookie: 'session',
  lasts: 86_401_000,
  preset: ({ otherSecret, renamed } = {}) =>
    secureSession({
      sodium,
      key: otherSecret ? OTHER_KEY : KEY,
      ...(renamed && { cookieName: 'shop' }),
    }),
  async start() {
    const app = fastify({ keepAliveTimeout: 0 })
    await app.register(realSecureSession, { key: KEY, cookie: { path: '/' } })
    app.get('/', (request) => request.session.data())
    app.post('/', (request) => {
      for (const [key, value] of Object.entries(request.body as Data)) {
        request.session.set(key as never, value as never)
      }
      return request.session.data()
    })
    app.delete('/', (request) => {
      request.session.delete()
      return {}
    })
    const origin = await app.listen({ port: 0, host: '127.0.0.1' })
    return client(origin, () => app.close())
  },
}

export const libraries = [keygrip, ironVersion8, ironVersion9, secretbox]

async function bodyOf(req: IncomingMessage): Promise<Data> {
  return JSON.parse(await text(req)) as Data
}

async function listening(handler: RequestListener): Promise<Server> {
  // A busy machine must not close a connection that is about to be used again.
  const server = createServer({ keepAliveTimeout: 0 }, handler)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return client(`http://127.0.0.1:${port}`, async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
}

function client(origin: string, stop: () => Promise<void>): Server {
  async function send(method: string, cookie: string, data?: Data) {
    const response = await fetch(origin, {
      method,
      headers: {
        ...(cookie && { cookie }),
        ...(data && { 'content-type': 'application/json' }),
      },
      ...(data && { body: JSON.stringify(data) }),
    })
    const body = await response.text()
    if (!response.ok) throw new Error(`${response.status} ${body}`)
    return { data: JSON.parse(body) as Data, cookie: kept(cookie, response.headers.getSetCookie()) }
  }
  return {
    set: async (data, cookie = '') => (await send('POST', cookie, data)).cookie,
    get: async (cookie) => (await send('GET', cookie)).data,
    end: async (cookie) => (await send('DELETE', cookie)).cookie,
    stop,
  }
}

/** The cookies of a browser after a response. */
export function kept(cookie: string, lines: readonly string[]): string {
  const jar = new Map(cookie === '' ? [] : cookie.split('; ').map(halves))
  for (const line of lines) {
    const [name, value] = halves(line.split('; ')[0]!)
    if (/max-age=0|expires=thu, 01 jan 1970/i.test(line)) jar.delete(name)
    else jar.set(name, value)
  }
  return [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
}

function halves(pair: string): [string, string] {
  const at = pair.indexOf('=')
  return [pair.slice(0, at), pair.slice(at + 1)]
}
