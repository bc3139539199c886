/** Sessions in Redis on Express, beside express-session with connect-redis: `node bench/stores.ts`. */

import { RedisStore } from 'connect-redis'
import express, { type Express } from 'express'
import expressSession from 'express-session'
import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { sessionMiddleware } from '../src/adapters/express.ts'
import { createSessions } from '../src/index.ts'
import { redisStore } from '../src/stores/redis/redis.ts'
import type { SessionStore } from '../src/backends/stored/store.ts'
import { startRedis } from '../test/servers/redis.ts'
import { median } from './measure.ts'
import { small } from './payloads.ts'
import { CONNECTIONS, flood, serve, type Server, start } from './servers.ts'

const SECRET = 'kZ3bq0Wm9yN7uV1tR5xP8cL2aE6dG4hJ-oF_iSwQzXY'
const ROUNDS = Number(process.argv[2] ?? 7)
const PER_ROUND = 6000

async function nodeRedis() {
  const client = createClient({ url: process.env['REDIS_URL']! })
  await client.connect()
  return client
}

function ours(store: SessionStore): Express {
  const sessions = createSessions<any>({
    secret: SECRET,
    store,
    cookie: { name: 'session', secure: false },
    // A busy machine is slow, and that is what is measured.
    deadlines: { read: '10s', write: '10s', commit: '20s' },
  })
  const app = plainApp().use(sessionMiddleware(sessions))
  app.get('/new', async (req, res) => {
    const session = await sessions.get(req)
    for (const [key, value] of Object.entries(small)) session.set(key, value)
    res.send('made')
  })
  app.get('/read', async (req, res) => {
    res.send(String((await sessions.get(req)).get('user_id')))
  })
  app.get('/write', async (req, res) => {
    res.send(String((await sessions.get(req)).update('visits', (visits = 0) => visits + 1)))
  })
  return app
}

async function theirs(): Promise<Express> {
  const app = plainApp().use(
    expressSession({
      secret: SECRET,
      name: 'session',
      resave: false,
      saveUninitialized: false,
      store: new RedisStore({ client: await nodeRedis() }),
    }),
  )
  const dataOf = (req: express.Request) => req.session as unknown as Record<string, any>
  app.get('/new', (req, res) => {
    Object.assign(dataOf(req), small)
    res.send('made')
  })
  app.get('/read', (req, res) => void res.send(String(dataOf(req)['user_id'])))
  app.get('/write', (req, res) => void res.send(String(++dataOf(req)['visits'])))
  return app
}

function plainApp(): Express {
  return express().disable('x-powered-by').disable('etag')
}

const APPS: Record<string, () => Promise<Express>> = {
  none: async () => {
    const app = plainApp()
    app.get(['/new', '/read', '/write'], (_req, res) => void res.send('4217'))
    return app
  },
  'ours, node-redis': async () => ours(redisStore(await nodeRedis())),
  'ours, ioredis': async () => ours(redisStore(new Redis(process.env['REDIS_URL']!))),
  'express-session': theirs,
}

async function main(): Promise<void> {
  const redis = await startRedis()
  process.env['REDIS_URL'] = redis.url
  const servers = new Map<string, Server>()
  try {
    await measure(servers)
  } finally {
    for (const server of servers.values()) server.stop()
    await redis.stop()
  }
}

async function measure(servers: Map<string, Server>): Promise<void> {
  const cookies = new Map<string, string[]>()
  for (const name of Object.keys(APPS)) {
    const server = await start(import.meta.filename, name)
    servers.set(name, server)
    const own: string[] = []
    // A session for each connection: what one of them writes is no other's business.
    for (let visitor = 0; visitor < CONNECTIONS; visitor += 1) {
      const made = await fetch(`http://127.0.0.1:${server.port}/new`)
      own.push(made.headers.getSetCookie()[0]?.split(';')[0] ?? 'none=1')
    }
    cookies.set(name, own)
  }
  console.log(
    `Node ${process.version}, Express: requests per second; microseconds of processor time`,
  )
  for (const path of ['/read', '/write']) {
    const rates = new Map([...servers.keys()].map((name) => [name, [] as number[]]))
    const costs = new Map([...servers.keys()].map((name) => [name, [] as number[]]))
    for (let round = -2; round < ROUNDS; round++) {
      for (const [name, server] of servers) {
        const requests = cookies
          .get(name)!
          .map((cookie) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\nCookie: ${cookie}\r\n\r\n`)
        await server.used()
        const began = performance.now()
        await flood(server.port, requests, PER_ROUND)
        const took = performance.now() - began
        const used = (await server.used()) / PER_ROUND
        if (round < 0) continue
        rates.get(name)!.push((PER_ROUND / took) * 1000)
        costs.get(name)!.push(used)
      }
    }
    const peer = median(rates.get('express-session')!)
    for (const [name, found] of rates) {
      const rate = median(found)
      const cost = median(costs.get(name)!).toFixed(0)
      const ratio = (rate / peer).toFixed(2)
      console.log(
        `${path.padEnd(7)} ${name.padEnd(18)} ${rate.toFixed(0)}/s  ${ratio}x  ${cost} us`,
      )
    }
  }
}

if (process.argv[2] === '--serve') serve(await APPS[process.argv[3]!]!())
else await main()
