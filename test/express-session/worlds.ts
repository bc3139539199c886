/** Where the sessions of an app can be: on express-session, and on the drop-in with each kind of store. */

import { randomUUID } from 'node:crypto'
import { RedisStore } from 'connect-redis'
import type { RequestHandler } from 'express'
import expressSession from 'express-session'
import { createClient } from 'redis'
import { onTestFinished } from 'vitest'
import dropIn from '../../src/adapters/express-session/express-session.ts'
import { memoryStore } from '../../src/stores/memory/memory.ts'
import { redisStore } from '../../src/stores/redis/redis.ts'
import { type Library, SECRET } from './site.ts'

/** One of them. */
export interface World {
  readonly name: string
  readonly library: Library
  /** The library's middleware, with a store of its own. */
  middleware(options?: object): Promise<RequestHandler>
}

const DROP_IN = dropIn as unknown as Library

const SAID = { secret: SECRET, resave: false, saveUninitialized: false }

const world = (
  name: string,
  library: Library,
  more: () => object | Promise<object> = () => ({}),
): World => ({
  name,
  library,
  middleware: async (options) =>
    library({ ...SAID, ...(await more()), ...options }) as unknown as RequestHandler,
})

/** A client of the tests' Redis, until the test is done. */
export async function redis() {
  const client = await createClient({ url: process.env['REDIS_URL']! }).connect()
  onTestFinished(() => {
    client.destroy()
  })
  return client
}

const prefix = () => `express-session:${randomUUID()}:`

const connectRedis = async () => ({
  store: new RedisStore({ client: await redis(), prefix: prefix() }),
})

export const WORLDS: readonly World[] = [
  world('express-session', expressSession),
  world('express-session and connect-redis', expressSession, connectRedis),
  world('the drop-in', DROP_IN),
  world('the drop-in and connect-redis', DROP_IN, connectRedis),
  world('the drop-in and memoryStore()', DROP_IN, () => ({ store: memoryStore() })),
  world('the drop-in and redisStore()', DROP_IN, async () => ({
    store: redisStore(await redis(), { prefix: prefix() }),
  })),
  world('the drop-in and an encrypted cookie', DROP_IN, () => ({ store: 'cookie', encrypt: true })),
]
