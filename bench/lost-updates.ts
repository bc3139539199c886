/** How many of a thousand visits, 50 at a time, each library counts on Redis; also `node bench/lost-updates.ts`. */

import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { RedisStore } from 'connect-redis'
import express, { type Express } from 'express'
import session from 'express-session'
import { createClient } from 'redis'
import { sessionMiddleware } from '../src/adapters/express.ts'
import { createSessions } from '../src/index.ts'
import { redisStore } from '../src/stores/redis/redis.ts'
import { startRedis } from '../test/servers/redis.ts'
import { figure, type Section } from './figures.ts'
import { withServer } from './stores/stores.ts'

declare module 'express-session' {
  interface SessionData {
    count: number
    [key: `key${number}`]: true
  }
}

const VISITS = 1000
const AT_ONCE = 50
const KEYS = 50
const SECRET = randomBytes(32).toString('base64url')
const RUN = `lost-updates-${randomBytes(6).toString('hex')}`

type Client = Awaited<ReturnType<typeof connected>>

async function connected() {
  const client = createClient({ url: process.env['REDIS_URL']! })
  await client.connect()
  return client
}

// The same three pages for both: one more visit, one more key, and what there is.

function ours(client: Client): Express {
  const sessions = createSessions<any>({
    secret: SECRET,
    cookie: { name: 'session', secure: false },
    store: redisStore(client, { prefix: `${RUN}:ours:` }),
    deadlines: { read: '30s', write: '30s', commit: '30s' },
  })
  const app = express()
  app.use(sessionMiddleware(sessions))
  app.get('/visit', async (req, res) => {
    const visitor = await sessions.get(req)
    visitor.update('count', (count = 0) => count + 1)
    res.end()
  })
  app.get('/key/:number', async (req, res) => {
    const visitor = await sessions.get(req)
    visitor.set(`key${req.params.number}`, true)
    res.end()
  })
  app.get('/all', async (req, res) => {
    res.json(Object.fromEntries(await sessions.get(req)))
  })
  return app
}

function expressSession(client: Client): Express {
  const app = express()
  const store = new RedisStore({ client, prefix: `${RUN}:theirs:`, ttl: 600 })
  app.use(session({ secret: SECRET, store, resave: false, saveUninitialized: false }))
  app.get('/visit', (req, res) => {
    req.session.count = (req.session.count ?? 0) + 1
    res.end()
  })
  app.get('/key/:number', (req, res) => {
    req.session[`key${Number(req.params.number)}`] = true
    res.end()
  })
  app.get('/all', (req, res) => {
    const { cookie: _, ...data } = req.session
    res.json(data)
  })
  return app
}

/** What was kept of a thousand visits, and of fifty requests that write a key each. */
async function measured(app: Express): Promise<{ visits: number; keys: number }> {
  const server = createServer(app).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const ask = async (path: string, cookie = '') => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { cookie } })
    if (!response.ok) throw new Error(`${path} was answered ${response.status}.`)
    return { response, text: await response.text() }
  }
  const first = await ask('/visit')
  const cookie = first.response.headers.getSetCookie()[0]?.split(';')[0] ?? ''
  await atOnce(VISITS - 1, () => ask('/visit', cookie))
  await atOnce(KEYS, (n) => ask(`/key/${n}`, cookie))
  const { count, ...keys } = JSON.parse((await ask('/all', cookie)).text) as { count: number }
  await closed(server)
  return { visits: count, keys: Object.keys(keys).length }
}

async function atOnce(times: number, act: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0
  const lane = async () => {
    while (next < times) await act(next++)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, lane))
}

async function closed(server: Server): Promise<void> {
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
}

/** What each library kept. */
async function keptByEach(): Promise<Map<string, { visits: number; keys: number }>> {
  const client = await connected()
  const apps = {
    sojourn: ours(client),
    'express-session + connect-redis': expressSession(client),
  }
  const kept = new Map<string, { visits: number; keys: number }>()
  for (const [name, app] of Object.entries(apps)) kept.set(name, await measured(app))
  for await (const keys of client.scanIterator({ MATCH: `${RUN}:*` })) {
    if (keys.length > 0) await client.del(keys)
  }
  client.destroy()
  return kept
}

export const lostUpdates: Section = () =>
  withServer('REDIS_URL', startRedis, async () =>
    [...(await keptByEach())].flatMap(([name, { visits, keys }]) => [
      figure(`visits kept of ${VISITS}, ${AT_ONCE} at a time: ${name}`, name, 'count', [visits]),
      figure(`keys kept of ${KEYS}, all at a time: ${name}`, name, 'count', [keys]),
    ]),
  )

if (process.argv[1] === import.meta.filename) {
  const kept = await withServer('REDIS_URL', startRedis, keptByEach)
  for (const [name, { visits, keys }] of kept) {
    console.log(`${name}: ${visits} of ${VISITS} visits, ${keys} of ${KEYS} keys`)
  }
}
