/** The clients an app may bring, with their default options where nothing else is said. */

import { DatabaseSync } from 'node:sqlite'
import { Redis } from 'ioredis'
import { Client, Pool, type PoolConfig } from 'pg'
import postgres from 'postgres'
import { createClient } from 'redis'
import { onTestFinished } from 'vitest'
import { postgresStore } from '../../src/stores/postgres/postgres.ts'
import { redisStore } from '../../src/stores/redis/redis.ts'
import { sqliteStore } from '../../src/stores/sqlite/sqlite.ts'
import type { SessionStore } from '../../src/backends/stored/store.ts'

/** A client of Redis or PostgreSQL. */
export type ClientName = keyof typeof OPEN

/** The engine behind each client. */
export const ENGINES = {
  'node-redis': 'Redis',
  ioredis: 'Redis',
  pg: 'PostgreSQL',
  'pg with time limits': 'PostgreSQL',
  postgres: 'PostgreSQL',
} as const satisfies Record<ClientName, string>

/** A place on a server, and what the keys or tables there begin with. */
export interface Place {
  readonly url: string
  readonly name: string
}

/** A place of a test's own on the server that all test files share; it is empty again afterwards. */
export function sharedPlace(client: ClientName): Place {
  const engine = ENGINES[client]
  const variable = engine === 'Redis' ? 'REDIS_URL' : 'DATABASE_URL'
  const url = process.env[variable]
  if (!url) throw new Error(`${variable} is empty: the tests' own server did not start.`)
  const name = ownName()
  if (engine === 'PostgreSQL') onTestFinished(() => dropTables({ url, name }))
  return { url, name }
}

async function dropTables({ url, name }: Place): Promise<void> {
  const client = new Client({ connectionString: url })
  await client.connect()
  await client.query(
    `DROP TABLE IF EXISTS ${name}_sessions, ${name}_owners, ${name}_owned, ${name}_meta`,
  )
  await client.end()
}

/** Opens a store until the test is over. */
export async function storeAt(client: ClientName, { url, name }: Place): Promise<SessionStore> {
  const { store, close } = await OPEN[client](url, name)
  onTestFinished(async () => void (await close()))
  return store
}

/** Opens a store in a SQLite file until the test is over. */
export async function storeInFile(path: string): Promise<SessionStore> {
  // A timeout that many an app has: the store must not wait inside SQLite all the same.
  const db = new DatabaseSync(path, { timeout: 5000 })
  onTestFinished(() => db.close())
  const store = sqliteStore(db)
  await store.createSchema()
  return store
}

let count = 0

/** A name that no other test has. */
export function ownName(): string {
  count += 1
  return `chaos_${process.pid}_${Date.now().toString(36)}_${count}`
}

/** A lost connection is what these tests are about; as every app has to, they listen. */
const ignore = () => {}

async function onPool(options: PoolConfig, name: string) {
  const pool = new Pool(options).on('error', ignore)
  const store = postgresStore(pool, { prefix: `${name}_` })
  await store.createSchema()
  return { store, close: () => pool.end() }
}

const OPEN = {
  async 'node-redis'(url: string, name: string) {
    const client = createClient({ url }).on('error', ignore)
    await client.connect()
    return { store: redisStore(client, { prefix: `${name}:` }), close: () => client.destroy() }
  },

  async ioredis(url: string, name: string) {
    const client = new Redis(url).on('error', ignore)
    return { store: redisStore(client, { prefix: `${name}:` }), close: () => client.disconnect() }
  },

  pg: (url: string, name: string) => onPool({ connectionString: url }, name),

  // By default a pool waits for a connection, and for an answer, as long as the operating system.
  'pg with time limits': (url: string, name: string) =>
    onPool({ connectionString: url, connectionTimeoutMillis: 1000, query_timeout: 1000 }, name),

  async postgres(url: string, name: string) {
    const sql = postgres(url, { onnotice: ignore })
    const store = postgresStore(sql, { prefix: `${name}_` })
    await store.createSchema()
    return { store, close: () => sql.end({ timeout: 0 }) }
  },
}
