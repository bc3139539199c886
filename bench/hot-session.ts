/** Many requests that increment a number in the same session: none may be lost. */

import { createClient } from 'redis'
import type { SessionStore } from 'sojourn'
import { memoryStore } from 'sojourn/stores/memory'
import { redisStore } from 'sojourn/stores/redis'
import { startRedis } from '../test/servers/redis.ts'
import { type Effort, figure, type Figure, type Section } from './figures.ts'
import { sessionsIn } from './stores/sessions-in.ts'
import { withServer } from './stores/stores.ts'

/** How many requests are under way at a time. */
export const AT_A_TIME = [1, 4, 16, 64, 256]

export const hotInMemory: Section = (effort) => measure('memory', memoryStore(), effort)

export const hotInRedis: Section = (effort) =>
  withServer('REDIS_URL', startRedis, async () => {
    const client = createClient({ url: process.env['REDIS_URL']! })
    await client.connect()
    try {
      return await measure('Redis', redisStore(client), effort)
    } finally {
      client.destroy()
    }
  })

async function measure(name: string, store: SessionStore, effort: Effort): Promise<Figure[]> {
  const [rounds, count] = effort === 'full' ? [11, 2048] : [5, 512]
  const rates = new Map(AT_A_TIME.map((lanes) => [lanes, [] as number[]]))
  for (const lanes of AT_A_TIME) await increments(store, lanes, count)
  for (let round = 0; round < rounds; round++) {
    for (const lanes of AT_A_TIME) rates.get(lanes)!.push(await increments(store, lanes, count))
  }
  return [...rates].map(([lanes, taken]) =>
    figure(`one session, ${name}, ${lanes} at a time`, 'sojourn', 'per second', taken),
  )
}

/** Increments per second. Each is a request of its own: open, update, commit. */
async function increments(store: SessionStore, lanes: number, count: number): Promise<number> {
  const sessions = sessionsIn(store)
  const first = await sessions.open(null)
  first.set('count', 0)
  const cookie = (await first.commit()).getSetCookie()[0]!.split(';', 1)[0]!
  let left = count
  const lane = async () => {
    while (left-- > 0) {
      const session = await sessions.open(cookie)
      session.update('count', (number = 0) => number + 1)
      await session.commit()
    }
  }
  const began = performance.now()
  await Promise.all(Array.from({ length: lanes }, lane))
  const seconds = (performance.now() - began) / 1000
  const counted = (await sessions.open(cookie)).get('count')
  if (counted !== count) throw new Error(`${count} increments were counted as ${counted}.`)
  return count / seconds
}
