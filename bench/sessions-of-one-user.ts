/**
 * What a login, a list and a revocation take for a user with few sessions, and with very many:
 * `node bench/sessions-of-one-user.ts redis` (or `postgres`, `sqlite`, `memory`).
 *
 * More arguments are numbers of sessions. REDIS_URL and DATABASE_URL name servers; without them the
 * bench starts its own.
 */

import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { createClient } from 'redis'
import { createSessions, type SessionStore, type StoredSessions } from '../src/index.ts'
import { startPostgres } from '../test/servers/postgres.ts'
import { startRedis } from '../test/servers/redis.ts'
import { withServer } from './stores/stores.ts'

/** Lends an engine's store to some work. */
type Engine = (work: (store: SessionStore) => Promise<void>) => Promise<void>

// Each loads its own store only.
const ENGINES: Record<string, Engine> = {
  async memory(work) {
    const { memoryStore } = await import('../src/stores/memory/memory.ts')
    await work(memoryStore({ entries: 1_000_000, bytes: 2 ** 30 }))
  },
  redis: (work) =>
    withServer('REDIS_URL', startRedis, async () => {
      const { redisStore } = await import('../src/stores/redis/redis.ts')
      const client = createClient({ url: process.env['REDIS_URL']! })
      await client.connect()
      await work(redisStore(client, { prefix: `bench-${process.pid}` }))
      client.destroy()
    }),
  postgres: (work) =>
    withServer('DATABASE_URL', startPostgres, async () => {
      const { postgresStore } = await import('../src/stores/postgres/postgres.ts')
      const pool = new pg.Pool({ connectionString: process.env['DATABASE_URL'] })
      const store = postgresStore(pool, { prefix: `bench_${process.pid}_` })
      await store.createSchema()
      await work(store)
      await pool.end()
    }),
  async sqlite(work) {
    // Not in the folder for temporary files: where that is in memory, writing to the disk is free.
    const cache = fileURLToPath(new URL('../node_modules/.cache', import.meta.url))
    const folder = await mkdtemp(join(cache, 'bench-sqlite-file-'))
    try {
      const { sqliteStore } = await import('../src/stores/sqlite/sqlite.ts')
      const store = sqliteStore(new DatabaseSync(join(folder, 'sessions.db')))
      await store.createSchema()
      await work(store)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
}

const SECRET = randomBytes(32)

/** How many logins are in flight while a user gets their sessions. */
const LANES = 64

function sessionsWith(store: SessionStore, maxSessionsPerUser: number): StoredSessions<any> {
  return createSessions<any>({
    secret: SECRET,
    store,
    maxSessionsPerUser,
    cookie: { name: 'session', secure: false },
    deadlines: { read: '30s', write: '30s', commit: '60s' },
  })
}

async function login(sessions: StoredSessions<any>, user: string): Promise<string> {
  const session = await sessions.open(null)
  await session.login(user)
  return (await session.commit()).getSetCookie()[0]!.split(';', 1)[0]!
}

/** Signs the user in that often. */
async function fill(sessions: StoredSessions<any>, user: string, count: number): Promise<void> {
  let left = count
  const lane = async () => {
    while (left-- > 0) await login(sessions, user)
  }
  await Promise.all(Array.from({ length: LANES }, lane))
}

/** The median time of several calls, and of the processor time of this process, in milliseconds. */
async function timed(times: number, act: () => Promise<unknown>): Promise<string> {
  const rounds: { wall: number; processor: number }[] = []
  for (let round = 0; round < times; round++) {
    const began = performance.now()
    const before = process.cpuUsage()
    await act()
    const { user, system } = process.cpuUsage(before)
    rounds.push({ wall: performance.now() - began, processor: (user + system) / 1000 })
  }
  const median = (of: 'wall' | 'processor') =>
    rounds
      .map((round) => round[of])
      .sort((a, b) => a - b)
      .at(Math.floor(times / 2))!
      .toPrecision(3)
  return `${median('wall')} (${median('processor')})`
}

async function measure(store: SessionStore, count: number): Promise<void> {
  const user = `user-${count}`
  const roomy = sessionsWith(store, count + 10_000)
  const full = sessionsWith(store, count)
  await fill(roomy, user, count)
  const cells = [
    await timed(51, () => login(roomy, user)),
    // The first ends 52 sessions, each later one ends one.
    await timed(51, () => login(full, user)),
  ]
  const cookie = await login(full, user)
  cells.push(
    await timed(51, async () => {
      const session = await roomy.open(cookie)
      session.update('visits', (visits = 0) => visits + 1)
      await session.commit()
    }),
    await timed(count > 10_000 ? 3 : 11, () => full.list(user)),
    await timed(1, () => full.revokeUser(user)),
  )
  if ((await roomy.list(user)).length > 0) throw new Error('A session survived its revocation.')
  console.log(`| ${[count, ...cells].join(' | ')} |`)
}

const [engine = '', ...sizes] = process.argv.slice(2)
const lend = ENGINES[engine]
if (!lend) {
  console.error(`Name an engine: ${Object.keys(ENGINES).join(', ')}.`)
  process.exit(2)
}
console.log(`${engine}, in milliseconds, in brackets the processor time of this process`)
console.log('| sessions | login | login at the limit | visit | list | revokeUser |')
console.log('| --- | --- | --- | --- | --- | --- |')
await lend(async (store) => {
  // The compiler has to be done with the code before the first figure.
  await fill(sessionsWith(store, 1000), 'warm-up', 3000)
  for (const size of sizes.length > 0 ? sizes.map(Number) : [10, 1000, 100_000]) {
    await measure(store, size)
  }
})
