/** Sessions in Redis on Express: ours with two clients, and express-session with connect-redis. */

import { RedisStore } from 'connect-redis'
import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { redisStore } from 'sojourn/stores/redis'
import { withExpressSession, withoutSessions, withSojourn } from '../http/express.ts'
import type { Servers } from '../http/serve.ts'
import { sessionsIn } from './sessions-in.ts'

const url = process.env['REDIS_URL']!

async function nodeRedis() {
  const client = createClient({ url })
  await client.connect()
  return client
}

export const servers: Servers = {
  none: withoutSessions,
  'sojourn, node-redis': async () => withSojourn(sessionsIn(redisStore(await nodeRedis()))),
  'sojourn, ioredis': () => withSojourn(sessionsIn(redisStore(new Redis(url)))),
  'express-session, connect-redis': async () =>
    withExpressSession(new RedisStore({ client: await nodeRedis() })),
}
