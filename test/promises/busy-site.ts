/** A site with a synchronous route: pages with our sessions, and the same with express-session beside. */

import { RedisStore } from 'connect-redis'
import express from 'express'
import expressSession from 'express-session'
import type { AddressInfo } from 'node:net'
import { createClient } from 'redis'
import { sessionMiddleware } from '../../src/adapters/express.ts'
import { createSessions } from '../../src/index.ts'
import { redisStore } from '../../src/stores/redis/redis.ts'
import { SECRET } from '../session/visitor.ts'

const [url = '', name = ''] = process.argv.slice(2)
const client = createClient({ url }).on('error', () => {})
await client.connect()
const sessions = createSessions<{ n: number }>({
  secret: SECRET,
  store: redisStore(client, { prefix: `${name}:` }),
})

const app = express()
app.get('/busy', (_req, res) => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300)
  res.send('done')
})
app.get('/ours', sessionMiddleware(sessions), async (req, res) => {
  const session = await sessions.get(req)
  session.update('n', (n = 0) => n + 1)
  res.json(session.get('n'))
})
app.get(
  '/theirs',
  expressSession({
    secret: SECRET,
    resave: false,
    saveUninitialized: false,
    store: new RedisStore({ client, prefix: `${name}:theirs:` }),
  }),
  (req, res) => {
    const session = req.session as typeof req.session & { n?: number }
    session.n = (session.n ?? 0) + 1
    res.json(session.n)
  },
)
const server = app.listen(0, '127.0.0.1', () => {
  process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}\n`)
})
