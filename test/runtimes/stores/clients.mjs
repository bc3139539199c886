/** The clients of the runtimes and of npm, each with a store on it. */

import { join } from 'node:path'
import { postgresStore } from 'sojourn/stores/postgres'
import { redisStore } from 'sojourn/stores/redis'
import { sqliteStore } from 'sojourn/stores/sqlite'

const { REDIS_URL, DATABASE_URL, SQLITE_FOLDER } = process.env

let stores = 0

/** How a store is opened and aged with a Redis client: `send` sends one command. */
function onRedis(client, send, close) {
  const all = `runtime-${process.pid}-${Math.random().toString(36).slice(2)}:`
  let prefix
  return {
    engine: 'Redis',
    client,
    send,
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
    async cut() {
      const id = await send('CLIENT', ['ID'])
      await send('CLIENT', ['KILL', 'ID', `${id}`, 'SKIPME', 'no'])
    },
    close,
  }
}

/** The same with a PostgreSQL client: `run` runs one statement, `handles` calls back with handles. */
function onPostgres(prefix, { client, run, handles, close, another = () => ({}) }) {
  return {
    engine: 'PostgreSQL',
    client,
    handles,
    another,
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
    cut: async () => run('SELECT pg_terminate_backend(pg_backend_pid())'),
    close,
  }
}

/** Calls back with what a client gives inside a transaction, and with a reserved connection. */
const handlesOf = (sql) => async (use) => {
  await sql.begin(async (inside) => use(inside))
  const reserved = await sql.reserve()
  try {
    use(reserved)
  } finally {
    reserved.release()
  }
}

/** The same with a SQLite database, each in a file of its own. */
function onSqlite(Database) {
  return {
    engine: 'SQLite',
    async open(clock) {
      const path = join(SQLITE_FOLDER, `${process.pid}-${(stores += 1)}.db`)
      const db = new Database(path)
      const store = sqliteStore(db, { clock })
      await store.createSchema()
      return { store, db, path, Database, close: () => db.close() }
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
    const send = (name, args) => client.call(name, args)
    return onRedis(client, send, () => client.quit())
  },
  async pg() {
    const { default: pg } = await import('pg')
    const client = new pg.Pool({ connectionString: DATABASE_URL }).on('error', () => {})
    const handles = async (use) => {
      const connection = await client.connect()
      try {
        use(connection)
      } finally {
        connection.release()
      }
    }
    const run = (text) => client.query(text)
    return onPostgres('runtime_pg_', { client, run, handles, close: () => client.end() })
  },
  async postgres() {
    const { default: postgres } = await import('postgres')
    const client = postgres(DATABASE_URL, { onnotice() {} })
    const run = (text) => client.unsafe(text)
    const handles = handlesOf(client)
    // Without a timeout it waits without end for the connection that was cut.
    const close = () => client.end({ timeout: 1 })
    return onPostgres('runtime_postgres_', { client, run, handles, close })
  },
}

const BUN = {
  async 'Bun.redis'() {
    const { RedisClient } = await import('bun')
    const client = new RedisClient(REDIS_URL)
    const send = (name, args) => client.send(name, args)
    return onRedis(client, send, () => client.close())
  },
  async 'Bun.sql'() {
    const { SQL } = await import('bun')
    const client = new SQL(DATABASE_URL)
    const run = (text) => client.unsafe(text)
    const handles = handlesOf(client)
    const another = () => new SQL('mysql://user@localhost/other')
    const close = () => client.close()
    return onPostgres('runtime_bun_', { client, run, handles, another, close })
  },
  'bun:sqlite': async () => onSqlite((await import('bun:sqlite')).Database),
}

const NODE = { 'node:sqlite': async () => onSqlite((await import('node:sqlite')).DatabaseSync) }

/** Every client, by name: a function that connects it, where the runtime has it. */
export const CLIENTS = { ...BUN, ...NODE, ...NPM }
