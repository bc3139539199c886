/** From a cookie into each store, from one store to the next, and back. */

import { DatabaseSync } from 'node:sqlite'
import { Redis } from 'ioredis'
import { Pool } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { formerly } from '../../../src/formerly/formerly.ts'
import type { SessionOptions } from '../../../src/index.ts'
import { postgresStore } from '../../../src/stores/postgres/postgres.ts'
import { redisStore } from '../../../src/stores/redis/redis.ts'
import { sqliteStore } from '../../../src/stores/sqlite/sqlite.ts'
import { type Postgres, startPostgres } from '../../servers/postgres.ts'
import { type Redis as RedisServer, startRedis } from '../../servers/redis.ts'
import { fakeTime, Jar, SECRET, withEvents } from './jar.ts'

let redis: RedisServer
let postgres: Postgres
let client: Redis
let pool: Pool

beforeAll(async () => {
  ;[redis, postgres] = await Promise.all([startRedis(), startPostgres()])
  client = new Redis(redis.url)
  pool = new Pool({ connectionString: postgres.url })
})
afterAll(async () => {
  client.disconnect()
  // `pool.end()` does not wait for its connections, to which the server would report that it stops.
  let open = pool.totalCount
  const closed = new Promise<void>((resolve) => {
    pool.on('remove', () => --open === 0 && resolve())
  })
  await pool.end()
  await closed
  await Promise.all([redis.stop(), postgres.stop()])
})

test('a session goes from the cookie to SQLite, Redis and PostgreSQL, one after the other, and back', async () => {
  const { time, clock } = fakeTime()
  time.now = Date.now()
  const until = new Date(time.now + 30 * 86_400_000)
  const deadlines = { read: '10s', write: '10s', commit: '30s' } as const
  const inStore = (name: string, store: SessionOptions['store']): SessionOptions => ({
    secret: SECRET,
    cookie: { name },
    store: store!,
    deadlines,
  })
  const lite = sqliteStore(new DatabaseSync(':memory:'))
  const pg = postgresStore(pool)
  await lite.createSchema()
  await pg.createSchema()
  const sides: SessionOptions[] = [
    { secret: SECRET, cookie: { name: 'signed' } },
    inStore('lite', lite),
    inStore('redis', redisStore(client)),
    inStore('postgres', pg),
  ]
  const jar = new Jar()
  await jar.visit(withEvents({ ...sides[0]!, clock }).sessions, (session) => {
    session.login('mona')
    session.set('visits', 0)
    session.permanent = true
  })
  const way = [0, 1, 2, 3, 2, 1, 0]
  for (const [at, to] of way.entries()) {
    if (at === 0) continue
    const from = sides[way[at - 1]!]!
    const next = withEvents({
      ...sides[to]!,
      clock,
      formerly: formerly({ sessions: from, until }),
    })
    const copies = [jar.copy(), jar.copy(), jar.copy()]
    const opened = await Promise.all(copies.map(({ header }) => next.sessions.open(header)))
    const lines = await Promise.all(
      opened.map(async (session) => {
        expect(session.userId).toBe('mona')
        session.update('visits', (visits) => visits + 1)
        return (await session.commit()).getSetCookie()
      }),
    )
    jar.take(lines[0]!)
    expect([...jar.cookies.keys()]).toEqual([sides[to]!.cookie!.name])
    expect(next.events.filter(({ type }) => /fail/.test(type))).toEqual([])
    await jar.visit(next.sessions, (session) => {
      expect(session.userId).toBe('mona')
      expect(session.permanent).toBe(true)
      // In the cookie the last of concurrent requests wins, as ever.
      if (to === 0) session.set('visits', 18)
      else expect(session.get('visits')).toBe(at * 3)
    })
    if (to !== 0) expect(await next.sessions['list']('mona')).toHaveLength(1)
    const before = withEvents({ ...from, clock })
    if (from.store) expect(await before.sessions['list']('mona')).toEqual([])
  }
})
