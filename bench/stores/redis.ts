/** Sessions in Redis on Express: ours with two clients, and express-session with connect-redis. */

import { RedisStore } from 'connect-redis'
import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { redisStore } from 'sojourn/stores/redis'
import { withExpressSession, withoutSessions, withSojourn } from '../http/express.ts'
import type { Servers } from '../http/serve.ts'
import { bare, BARE_SWAP, BARE_SWAP_SHA } from './bare.ts'
import { sessionsIn } from './sessions-in.ts'

const url = process.env['REDIS_URL']!

/** As the guide says: the commands of one turn of the event loop are sent together. */
const PIPELINED = { enableAutoPipelining: true }

async function nodeRedis() {
  const client = createClient({ url })
  await client.connect()
  return client
}

/** As the store does: node-redis makes an AbortSignal for each command otherwise. */
const NO_TIMEOUT = { timeout: undefined } as object

export const servers: Servers = {
  none: withoutSessions,
  async 'bare, node-redis'() {
    const client = await nodeRedis()
    await client.scriptLoad(BARE_SWAP)
    const send = (args: string[]) => client.sendCommand(args, NO_TIMEOUT) as Promise<any>
    return bare({
      read: (key) => send(['GET', key]),
      write: (key, value, before) => send(['EVALSHA', BARE_SWAP_SHA, '1', key, before, value]),
    })
  },
  async 'bare, ioredis'() {
    const client = new Redis(url, PIPELINED)
    await client.script('LOAD', BARE_SWAP)
    return bare({
      read: (key) => client.get(key),
      write: (key, value, before) => client.evalsha(BARE_SWAP_SHA, 1, key, before, value),
    })
  },
  'sojourn, node-redis': async () => withSojourn(sessionsIn(redisStore(await nodeRedis()))),
  'sojourn, ioredis': () => withSojourn(sessionsIn(redisStore(new Redis(url, PIPELINED)))),
  'sojourn, ioredis as it is': () => withSojourn(sessionsIn(redisStore(new Redis(url)))),
  'express-session, connect-redis': async () =>
    withExpressSession(new RedisStore({ client: await nodeRedis() })),
}
