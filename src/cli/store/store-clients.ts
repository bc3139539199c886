/** Opens a store through whichever client the user's project has. */

import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import type * as Sqlite from 'node:sqlite'
import { postgresStore, type PostgresClient } from '../../stores/postgres/postgres.ts'
import { redisStore, type RedisClient } from '../../stores/redis/redis.ts'
import { sqliteStore, type SqliteDatabase } from '../../stores/sqlite/sqlite.ts'
import type { StoreVerbs } from '../../backends/stored/store.ts'
import { firstInProject } from '../command/project.ts'
import type { ClusterNode, StoreAddress } from './store-url.ts'

/** A store, and how its connections end. */
export interface OpenStore {
  store: StoreVerbs
  close(): unknown
}

/** What is missing, in words for the user. */
export interface Missing {
  missing: string
}

/** How long a connection may take, in milliseconds. */
const CONNECT_MS = 5000

/** Opens a store. @throws whatever its client throws */
export async function openStore(
  address: StoreAddress,
  options: { prefix?: string },
): Promise<OpenStore | Missing> {
  switch (address.engine) {
    case 'SQLite':
      return openSqlite(address.path, options)
    case 'PostgreSQL':
      return openPostgres(address.url, options)
    default:
      return openRedis(address, options)
  }
}

function openSqlite(path: string, options: { prefix?: string }): OpenStore | Missing {
  const file = resolve(path)
  // SQLite would make an empty one.
  if (!existsSync(file)) return { missing: `There is no file ${path}.` }
  const open = sqliteModule()
  if (!open) {
    const missing =
      `Node.js ${process.versions.node} has no SQLite of its own (22.13 and newer have), and this project no ` +
      'better-sqlite3. Get it: npm install better-sqlite3.'
    return { missing }
  }
  const db = open(file)
  return { store: sqliteStore(db, options), close: () => db.close() }
}

type OpenDatabase = (file: string) => SqliteDatabase & { close(): unknown }
type DatabaseClass = new (file: string) => ReturnType<OpenDatabase>

function sqliteModule(): OpenDatabase | undefined {
  // Not imported: an older Node would not even start.
  const own = process.getBuiltinModule('node:sqlite') as typeof Sqlite | undefined
  if (own) return (file) => new own.DatabaseSync(file)
  const found = firstInProject(['better-sqlite3'])
  if (!found) return undefined
  const Database = found.exported as DatabaseClass
  return (file) => new Database(file)
}

interface Pool {
  on(event: 'error', listener: () => void): unknown
  end(): Promise<void>
}
interface PgModule {
  Pool: new (options: object) => PostgresClient & Pool
}
type PostgresModule = (url: string, options: object) => PostgresClient & Pick<Pool, 'end'>

function openPostgres(url: string, options: { prefix?: string }): OpenStore | Missing {
  const found = firstInProject(['pg', 'postgres'])
  if (!found) return { missing: missing('PostgreSQL', 'pg or postgres', 'pg') }
  if (found.name === 'postgres') {
    const connect = found.exported as PostgresModule
    const sql = connect(url, { max: 8, connect_timeout: CONNECT_MS / 1000, onnotice: ignore })
    return { store: postgresStore(sql, options), close: () => sql.end() }
  }
  const { Pool } = found.exported as PgModule
  const pool = new Pool({ connectionString: url, max: 8, connectionTimeoutMillis: CONNECT_MS })
  // Without a listener a lost connection would end the process, and print the error whole.
  pool.on('error', ignore)
  return { store: postgresStore(pool, options), close: () => pool.end() }
}

type Connectable = RedisClient & {
  on(event: 'error', listener: (error: unknown) => void): unknown
  connect(): Promise<unknown>
  destroy?(): unknown
  disconnect(): unknown
}
interface NodeRedisModule {
  createClient(options: object): Connectable
  createCluster(options: object): Connectable
}
interface IoRedisModule {
  Redis: new (url: string, options: object) => Connectable
  Cluster: new (nodes: object[], options: object) => Connectable
}
type RedisAddress = Extract<StoreAddress, { engine: `Redis${string}` }>

async function openRedis(
  address: RedisAddress,
  options: { prefix?: string },
): Promise<OpenStore | Missing> {
  const found = firstInProject(['redis', 'ioredis', 'iovalkey'])
  if (!found) return { missing: missing('Redis', 'redis, ioredis or iovalkey', 'redis') }
  const client =
    found.name === 'redis'
      ? nodeRedis(found.exported as NodeRedisModule, address)
      : ioRedis(found.exported as IoRedisModule, address)
  const close = () => (client.destroy ? client.destroy() : client.disconnect())
  let reason: unknown
  client.on('error', (error) => (reason ??= error))
  try {
    const store = redisStore(client, options)
    await withinLimit(async () => {
      await client.connect()
      // iovalkey calls a connection ready whose password was refused.
      await store.read('sojourn')
    })
    return { store, close }
  } catch (error) {
    close()
    // ioredis rejects with "Connection is closed", having told before why.
    throw reason ?? error
  }
}

/** The clients' own limit ends when the socket is open: a server that accepts may still say nothing. */
async function withinLimit(act: () => Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    const error = Object.assign(new Error('The connection took too long.'), { code: 'ETIMEDOUT' })
    timer = setTimeout(reject, CONNECT_MS, error)
  })
  try {
    await Promise.race([act(), late])
  } finally {
    clearTimeout(timer)
  }
}

function nodeRedis(library: NodeRedisModule, address: RedisAddress): Connectable {
  const socket = { connectTimeout: CONNECT_MS, reconnectStrategy: false }
  if (address.engine === 'Redis') return library.createClient({ url: address.url, socket })
  const { host, port, isSecure } = address.node
  return library.createCluster({
    rootNodes: [{ socket: { host, port } }],
    defaults: { ...loginOf(address.node), socket: { ...socket, tls: isSecure } },
  })
}

function ioRedis(library: IoRedisModule, address: RedisAddress): Connectable {
  const usual = { connectTimeout: CONNECT_MS, maxRetriesPerRequest: 1, retryStrategy: () => null }
  if (address.engine === 'Redis') {
    return new library.Redis(address.url, { ...usual, lazyConnect: true })
  }
  const { host, port, isSecure } = address.node
  return new library.Cluster([{ host, port }], {
    lazyConnect: true,
    scaleReads: 'master',
    clusterRetryStrategy: () => null,
    redisOptions: { ...usual, ...loginOf(address.node), ...(isSecure && { tls: {} }) },
  })
}

function loginOf({ username, password }: ClusterNode): object {
  return { ...(username && { username }), ...(password && { password }) }
}

function missing(engine: string, packages: string, usual: string): string {
  return `${engine} needs a client, and this project has none of ${packages}. Get one: npm install ${usual}.`
}

function ignore(): void {}
