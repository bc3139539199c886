/** The clients of a runtime's own and of npm, each with a store on it: for Node, Bun and Deno. */

import { postgresStore } from 'sojourn/stores/postgres'
import { redisStore } from 'sojourn/stores/redis'
import { sqliteStore } from 'sojourn/stores/sqlite'

const { REDIS_URL, DATABASE_URL } = process.env

let stores = 0

/** How a store is opened and aged with a Redis client: `send` sends one command. */
function onRedis(client, send, close) {
  const all = `runtime-${process.pid}-${Math.random().toString(36).slice(2)}:`
  let prefix
  return {
    open(clock) {
      prefix = `${all}${(stores += 1)}:`
      return { store: redisStore(client, { prefix, clock }) }
    },
    async advance(ms, clock) {
      clock.advance(ms)
      for (const key of await send('KEYS', [`${prefix}*`])) {
        const left = Number(await send('PTTL', [key])) - ms
        await (left > 0 ? send('PEXPIRE', [key, `${left}`]) : send('UNLINK', [key]))
      }
    },
    close,
  }
}

/** The same with a PostgreSQL client: `run` runs one statement. */
function onPostgres(client, run, close, prefix) {
  return {
    async open(clock) {
      const store = postgresStore(client, { prefix, clock })
      await store.createSchema()
      await run(`TRUNCATE ${prefix}sessions, ${prefix}owners, ${prefix}owned`)
      return { store }
    },
    async advance(ms, clock) {
      clock.advance(ms)
      for (const table of ['sessions', 'owners']) {
        await run(
          `UPDATE ${prefix}${table} SET collect_at = collect_at - interval '${ms} milliseconds'`,
        )
      }
    },
    close,
  }
}

/** The same with a SQLite database in memory. */
function onSqlite(Database) {
  return {
    async open(clock) {
      const db = new Database(':memory:')
      const store = sqliteStore(db, { clock })
      await store.createSchema()
      return { store, close: () => db.close() }
    },
    advance: (ms, clock) => clock.advance(ms),
    close() {},
  }
}

const NPM = {
  async redis() {
    const { createClient } = await import('redis')
    const client = createClient({ url: REDIS_URL }).on('error', () => {})
    await client.connect()
    const send = (name, args) => client.sendCommand([name, ...args])
    return onRedis(client, send, () => client.close())
  },
  async ioredis() {
    const { Redis } = await import('ioredis')
    const client = new Redis(REDIS_URL).on('error', () => {})
    return onRedis(client, (name, args) => client.call(name, args), () => client.quit())
  },
  async pg() {
    const { default: pg } = await import('pg')
    const pool = new pg.Pool({ connectionString: DATABASE_URL }).on('error', () => {})
    return onPostgres(pool, (text) => pool.query(text), () => pool.end(), 'runtime_pg_')
  },
  async postgres() {
    const { default: postgres } = await import('postgres')
    const sql = postgres(DATABASE_URL, { onnotice() {} })
    return onPostgres(sql, (text) => sql.unsafe(text), () => sql.end(), 'runtime_postgres_')
  },
}

const BUN = {
  async 'Bun.redis'() {
    const { RedisClient } = await import('bun')
    const client = new RedisClient(REDIS_URL)
    return onRedis(client, (name, args) => client.send(name, args), () => client.close())
  },
  async 'Bun.sql'() {
    const { SQL } = await import('bun')
    const sql = new SQL(DATABASE_URL)
    return onPostgres(sql, (text) => sql.unsafe(text), () => sql.close(), 'runtime_bun_')
  },
  'bun:sqlite': async () => onSqlite((await import('bun:sqlite')).Database),
}

const NODE = { 'node:sqlite': async () => onSqlite((await import('node:sqlite')).DatabaseSync) }

/** Every client, by name: a function that connects it. */
export const CLIENTS = globalThis.Bun ? { ...BUN, ...NPM } : { ...NODE, ...NPM }
