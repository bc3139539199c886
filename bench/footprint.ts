/** What a session takes in Redis and in memory, and what the library adds to an app's bundle. */

import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createClient, type RedisClientType } from 'redis'
import type { SessionStore } from 'sojourn'
import { memoryStore } from 'sojourn/stores/memory'
import { redisStore } from 'sojourn/stores/redis'
import { bundle, gzipped } from '../scripts/bundle-sizes.ts'
import { startRedis } from '../test/servers/redis.ts'
import { figure, type Section } from './figures.ts'
import { sessionsIn } from './stores/sessions-in.ts'
import { withServer } from './stores/stores.ts'

const SESSIONS = 10_000
const TASK = 'a session of 204 bytes'

export const inRedis: Section = () =>
  withServer('REDIS_URL', startRedis, async () => {
    // As long as the default one.
    const prefix = 'bench01'
    const make = (count: number) =>
      withRedis((client) => fill(redisStore(client, { prefix }), count))
    // The first call of a command makes its table of latencies, once for the whole server.
    await make(100)
    const before = await usedByRedis()
    await make(SESSIONS)
    const total = ((await usedByRedis()) - before) / SESSIONS
    const alone = await withRedis(async (client) => {
      const keys: string[] = []
      for await (const found of client.scanIterator({ MATCH: `${prefix}*` })) keys.push(...found)
      const key = keys.find((one) => one.length === keys[0]!.length)!
      const size = (await client.memoryUsage(key))!
      await client.unlink(keys)
      return size
    })
    return [
      figure(`${TASK}, Redis`, 'sojourn', 'bytes', [total]),
      figure(`${TASK}, Redis, MEMORY USAGE`, 'sojourn', 'bytes', [alone]),
    ]
  })

/**
 * What Redis uses once it has moved its keys to a larger table: meanwhile it has both. By a client
 * of its own, since the buffers of one that has sent much stay large for seconds.
 */
function usedByRedis(): Promise<number> {
  return withRedis(async (client) => {
    const used = async () => Number(/used_memory:(\d+)/.exec(await client.info('memory'))![1])
    for (let last = 0, now = await used(); ; now = await used()) {
      if (now === last) return now
      last = now
      await pause(300)
    }
  })
}

async function withRedis<Result>(
  work: (client: RedisClientType) => Promise<Result>,
): Promise<Result> {
  const client = createClient({ url: process.env['REDIS_URL']! })
  await client.connect()
  try {
    return await work(client as unknown as RedisClientType)
  } finally {
    client.destroy()
  }
}

export const inMemory: Section = async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const store = memoryStore()
  await fill(store, 100)
  collect()
  const before = process.memoryUsage().heapUsed
  await fill(store, SESSIONS)
  collect()
  const each = (process.memoryUsage().heapUsed - before) / SESSIONS
  await sessionsIn(store).open(null)
  return [figure(`${TASK}, memory`, 'sojourn', 'bytes', [each])]
}

/** What `export * from 'sojourn'` comes to in a bundle, as docs/bundle-sizes.md has it. */
export const rootBundle: Section = async () => {
  const program = `export * from './index.ts'`
  const production = gzipped(await bundle(program, 'production'))
  const asItIs = gzipped(await bundle(program))
  return [
    figure('root bundle for production, gzip', 'sojourn', 'bytes', [production]),
    figure('root bundle as it is, gzip', 'sojourn', 'bytes', [asItIs]),
  ]
}

/** Makes sessions, some at a time: one after the other would be waiting for Redis only. */
async function fill(store: SessionStore, count: number): Promise<void> {
  const sessions = sessionsIn(store)
  const make = async () => {
    const session = await sessions.open(null)
    for (const [key, value] of Object.entries(visitor())) session.set(key, value)
    await session.commit()
  }
  for (let made = 0; made < count; made += 100) {
    await Promise.all(Array.from({ length: 100 }, make))
  }
}

/** 204 bytes of JSON, as in the published figures of other libraries. */
function visitor(): Record<string, unknown> {
  const data = { id: randomUUID(), name: 'Ada Lovelace', cart: [17, 4, 2026, 8, 15], theme: 'dark' }
  return { ...data, note: 'x'.repeat(204 - JSON.stringify({ ...data, note: '' }).length) }
}
