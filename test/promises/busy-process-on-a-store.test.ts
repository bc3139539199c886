/** Promise: no request fails because this process was busy, and a silent store is still told in time. */

import { setTimeout } from 'node:timers'
import { setImmediate as turn } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { Pool } from 'pg'
import postgres from 'postgres'
import { createClient } from 'redis'
import { expect, onTestFinished, test } from 'vitest'
import type { SessionStore } from '../../src/backends/stored/store.ts'
import { createSessions, type StoredSessions } from '../../src/index.ts'
import { postgresStore } from '../../src/stores/postgres/postgres.ts'
import { redisStore } from '../../src/stores/redis/redis.ts'
import { sharedPlace } from '../chaos/clients.ts'
import { cookieOf, patiently } from '../chaos/deadlines.ts'
import { startProxy } from '../chaos/proxy.ts'
import { SECRET } from '../session/visitor.ts'

/** A store, and a raw command on the same client, which has no deadline. */
interface Beside {
  readonly store: SessionStore
  raw(): Promise<unknown>
}

type Client = 'node-redis' | 'ioredis' | 'pg' | 'postgres'

const OPEN: Record<Client, (url: string, name: string) => Promise<Beside>> = {
  async 'node-redis'(url, name) {
    const client = createClient({ url }).on('error', () => {})
    await client.connect()
    onTestFinished(() => client.destroy())
    return { store: redisStore(client, { prefix: `${name}:` }), raw: () => client.get(name) }
  },
  async ioredis(url, name) {
    const client = new Redis(url).on('error', () => {})
    onTestFinished(() => client.disconnect())
    return { store: redisStore(client, { prefix: `${name}:` }), raw: () => client.get(name) }
  },
  async pg(url, name) {
    const pool = new Pool({ connectionString: url, max: 10 }).on('error', () => {})
    onTestFinished(() => pool.end())
    const store = postgresStore(pool, { prefix: `${name}_` })
    await store.createSchema()
    return { store, raw: () => pool.query('SELECT 1') }
  },
  async postgres(url, name) {
    const sql = postgres(url, { onnotice: () => {} })
    onTestFinished(() => sql.end({ timeout: 0 }))
    const store = postgresStore(sql, { prefix: `${name}_` })
    await store.createSchema()
    return { store, raw: () => sql`SELECT 1` }
  },
}

const CLIENTS = Object.keys(OPEN) as Client[]

async function beside(client: Client) {
  const place = sharedPlace(client)
  const proxy = await startProxy(place.url)
  onTestFinished(() => proxy.stop())
  const direct = await OPEN[client](place.url, place.name)
  return { ...direct, sessions: sessionsOn(direct.store), place, proxy }
}

function sessionsOn(store: SessionStore): StoredSessions {
  return createSessions<any>({ secret: SECRET, store })
}

/** Getting ready is no part of a round: it is repeated where a busy machine makes the server slow. */
function newCookie(sessions: StoredSessions): Promise<string> {
  return patiently(() => cookieOf(sessions))
}

async function write(sessions: StoredSessions, cookie: string): Promise<void> {
  const session = await sessions.open(cookie)
  session.update('n', (n = 0) => n + 1)
  await session.commit()
}

/** Holds up the event loop, as a synchronous route does. */
function hold(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
}

const failures = async (calls: readonly Promise<unknown>[]) =>
  (await Promise.allSettled(calls)).filter(({ status }) => status === 'rejected').length

const times = <Result>(count: number, act: (at: number) => Result) =>
  Array.from({ length: count }, (_, at) => act(at))

/** Repeats a round, since a busy machine can make the server itself slower than a deadline. */
async function expectNoMoreThan(
  round: () => Promise<{ sessions: number; control: number }>,
): Promise<void> {
  let seen = await round()
  for (let left = 12; left > 0 && seen.sessions > seen.control; left -= 1) seen = await round()
  expect(seen).toEqual({ sessions: 0, control: 0 })
}

const MOMENTS = [
  ['before the client has sent them', 0],
  ['while they are in flight', 1],
] as const

const HELD = CLIENTS.flatMap((client) => MOMENTS.map((moment) => [client, ...moment] as const))

test.each(HELD)(
  'through %s, no read fails whose process is held up for 260 ms %s',
  async (client, _when, turns) => {
    const { sessions, raw } = await beside(client)
    const cookie = await newCookie(sessions)
    await Promise.all(times(10, raw))
    await expectNoMoreThan(async () => {
      const [reads, control] = [times(10, () => sessions.open(cookie)), times(10, raw)]
      for (let left = turns; left > 0; left -= 1) await turn()
      hold(260)
      return { sessions: await failures(reads), control: await failures(control) }
    })
  },
)

test.each(CLIENTS)(
  'through %s, no write fails whose process is held up for longer than a commit may take',
  async (client) => {
    const { sessions, raw } = await beside(client)
    const cookies = await Promise.all(times(5, () => newCookie(sessions)))
    await expectNoMoreThan(async () => {
      // Two requests for each session: one waits for the swap of the other.
      const opened = await Promise.all(
        [...cookies, ...cookies].map((own) => patiently(() => sessions.open(own))),
      )
      const commits = opened.map((session) => {
        session.update('n', (n = 0) => n + 1)
        return session.commit()
      })
      const control = times(10, raw)
      await turn()
      hold(1_100)
      return { sessions: await failures(commits), control: await failures(control) }
    })
  },
)

test('150 requests at once on a pool of 10 connections, to a server that is 20 ms away, are all served', async () => {
  const { place, proxy } = await beside('pg')
  const { store, raw } = await OPEN.pg(proxy.url, place.name)
  const sessions = sessionsOn(store)
  const cookies = await Promise.all(times(150, () => newCookie(sessions)))
  await Promise.all(times(10, raw))
  proxy.begin({ do: 'delay', ms: 10 })
  await expectNoMoreThan(async () => ({
    sessions: await failures(times(150, (at) => write(sessions, cookies[at]!))),
    control: await failures(times(150, raw)),
  }))
})

test("requests are served while the app's own slow queries have every connection of the pool", async () => {
  const { place } = await beside('pg')
  const pool = new Pool({ connectionString: place.url, max: 10 })
  onTestFinished(() => pool.end())
  const sessions = sessionsOn(postgresStore(pool, { prefix: `${place.name}_` }))
  const cookie = await newCookie(sessions)
  await expectNoMoreThan(async () => {
    const reports = times(10, () => pool.query('SELECT pg_sleep(0.7)'))
    const requests = times(20, () => write(sessions, cookie))
    const control = times(20, () => pool.query('SELECT 1'))
    await Promise.all(reports)
    return { sessions: await failures(requests), control: await failures(control) }
  })
})

test.each(CLIENTS)(
  'through %s, a store that answers nothing is told while the loop goes on, however many requests wait',
  async (client) => {
    const { place, proxy } = await beside(client)
    const { store } = await OPEN[client](proxy.url, place.name)
    const sessions = sessionsOn(store)
    const cookie = await newCookie(sessions)
    proxy.begin({ do: 'hole' })
    let turns = 0
    const ended = { all: false }
    const calls = times(100, () => write(sessions, cookie))
    const all = failures(calls).finally(() => (ended.all = true))
    // A call that waited for its turn as long as it may would outlast this timer.
    const patience = new Promise((late) => setTimeout(late, 4_000))
    void (async () => {
      for (; !ended.all; turns += 1) await turn()
    })()
    expect(await Promise.race([all, patience])).toBe(100)
    expect(turns).toBeGreaterThan(100)
    proxy.end('lost')
  },
)
