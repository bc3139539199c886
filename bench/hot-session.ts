/** One session that many requests write to, and what a session takes of memory: `node bench/hot-session.ts`. */

import { randomUUID } from 'node:crypto'
import { createClient } from 'redis'
import { createSessions, type SessionStore } from '../src/index.ts'
import { memoryStore } from '../src/stores/memory/memory.ts'
import { redisStore } from '../src/stores/redis/redis.ts'
import { startRedis } from '../test/servers/redis.ts'
import { median } from './measure.ts'

const SECRET = 'kZ3bq0Wm9yN7uV1tR5xP8cL2aE6dG4hJ-oF_iSwQzXY'
const INCREMENTS = 1000
const AT_ONCE = 50

/** Increments a second, a request each: open, update, commit. */
async function hot(store: SessionStore): Promise<number> {
  const deadlines = { read: '10s', write: '10s', commit: '20s' }
  const sessions = createSessions<{ count: number }>({ secret: SECRET, store, deadlines })
  const first = await sessions.open(null)
  first.set('count', 0)
  const cookie = (await first.commit()).getSetCookie()[0]!.split(';')[0]!
  const began = performance.now()
  let left = INCREMENTS
  const worker = async () => {
    while (left-- > 0) {
      const session = await sessions.open(cookie)
      session.update('count', (count = 0) => count + 1)
      await session.commit()
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  const took = performance.now() - began
  const count = (await sessions.open(cookie)).get('count')
  if (count !== INCREMENTS) throw new Error(`counted ${count}, not ${INCREMENTS}`)
  return (INCREMENTS / took) * 1000
}

/** 204 bytes of JSON, as in the figures of other libraries. */
function data() {
  const visitor = {
    id: randomUUID(),
    name: 'Ada Lovelace',
    cart: [17, 4, 2026, 8, 15],
    theme: 'dark',
  }
  return { ...visitor, note: 'x'.repeat(204 - JSON.stringify({ ...visitor, note: '' }).length) }
}

async function fill(store: SessionStore, sessionCount: number): Promise<void> {
  const sessions = createSessions<any>({ secret: SECRET, store })
  for (let made = 0; made < sessionCount; made += 1) {
    const session = await sessions.open(null)
    for (const [key, value] of Object.entries(data())) session.set(key, value)
    await session.commit()
  }
}

const redis = await startRedis()
const client = createClient({ url: redis.url })
await client.connect()
for (const [name, open] of [
  ['memory', () => memoryStore()],
  ['Redis', () => redisStore(client)],
] as const) {
  const rates: number[] = []
  for (let round = 0; round < 9; round += 1) rates.push(await hot(open()))
  console.log(
    `${name}: ${median(rates).toFixed(0)} increments a second, exactly ${INCREMENTS} each time`,
  )
}

const COUNT = 20_000
await client.flushAll()
const before = Number(/used_memory:(\d+)/.exec(await client.info('memory'))![1])
await fill(redisStore(client), COUNT)
const after = Number(/used_memory:(\d+)/.exec(await client.info('memory'))![1])
console.log(
  `Redis: ${((after - before) / COUNT).toFixed(0)} bytes for a session of 204 bytes of JSON`,
)

globalThis.gc?.()
const heap = process.memoryUsage().heapUsed
const store = memoryStore()
await fill(store, COUNT)
globalThis.gc?.()
const grown = (process.memoryUsage().heapUsed - heap) / COUNT
console.log(
  `memory: ${grown.toFixed(0)} bytes of heap${globalThis.gc ? '' : ' (run with --expose-gc)'}`,
)
await store.read('none')
client.destroy()
await redis.stop()
