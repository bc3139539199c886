/** Opens a store from its description, with a client of its own: in a test, or in a process a test starts. */

import { systemClock, type Clock } from '../../src/base/ports.ts'
import type { SessionStore } from '../../src/backends/stored/store.ts'

/** Where a store is, in words that fit into a message to another process. */
export interface Place {
  readonly engine: 'SQLite' | 'Redis' | 'PostgreSQL'
  /** A file or a URL. */
  readonly at: string
  /** What its keys or its tables begin with. */
  readonly name: string
}

/** A store, and what tests need besides. */
export interface OpenStore {
  readonly store: SessionStore
  /** Every text that the engine keeps for this store, found without the store's help. */
  dump(): Promise<string[]>
  /** Deletes a user's list behind the store's back, with all it knew of revocations: an eviction. */
  loseList(owner: string): Promise<unknown>
  /** Deletes what keeps an ended session's key from coming back, as a replica that lags has none. */
  loseTombstone(key: string): Promise<unknown>
  close(): unknown
}

/** Opens it, its tables included. */
export function openStore(place: Place, clock: Clock = systemClock): Promise<OpenStore> {
  return OPEN[place.engine](place, clock)
}

const OPEN: Record<Place['engine'], (place: Place, clock: Clock) => Promise<OpenStore>> = {
  async SQLite({ at }, clock) {
    const { DatabaseSync } = await import('node:sqlite')
    const { sqliteStore } = await import('../../src/stores/sqlite/sqlite.ts')
    const { readFile } = await import('node:fs/promises')
    const db = new DatabaseSync(at)
    const store = sqliteStore(db, { clock })
    await store.createSchema()
    return {
      store,
      async dump() {
        const tables = db.prepare(`SELECT name FROM sqlite_schema WHERE type = 'table'`).all()
        const rows = tables.flatMap(({ name }) => db.prepare(`SELECT * FROM "${name}"`).all())
        // The file itself too: what was overwritten may still stand in a page.
        const files = [at, `${at}-wal`].map((file) => readFile(file, 'latin1').catch(() => ''))
        return [
          ...rows.flatMap((row) => Object.values(row)).map(text),
          ...(await Promise.all(files)),
        ]
      },
      async loseList(owner) {
        for (const table of ['owned', 'owners', 'epochs']) {
          db.prepare(`DELETE FROM sojourn_${table} WHERE owner = ?`).run(Buffer.from(owner))
        }
      },
      async loseTombstone(key) {
        db.prepare('DELETE FROM sojourn_sessions WHERE key = ?').run(key)
      },
      close: () => db.close(),
    }
  },

  async Redis({ at, name }, clock) {
    const { createClient } = await import('redis')
    const { redisStore } = await import('../../src/stores/redis/redis.ts')
    const client = createClient({ url: at })
    // A lost connection is what some of the tests are about: the client connects again.
    client.on('error', () => {})
    await client.connect()
    return {
      store: redisStore(client, { prefix: `${name}:`, clock }),
      async dump() {
        const found: string[] = []
        for await (const keys of client.scanIterator({ MATCH: `${name}:*`, COUNT: 1000 })) {
          for (const key of keys) {
            const isText = (await client.type(key)) === 'string'
            const held = isText ? [await client.get(key)] : await client.zRange(key, 0, -1)
            found.push(key, ...held.map(text))
          }
        }
        return found
      },
      loseList: (owner) => client.del(`${name}:@${owner}`),
      loseTombstone: (key) => client.del(`${name}:#${key}`),
      close: () => client.destroy(),
    }
  },

  async PostgreSQL({ at, name }, clock) {
    const { Pool } = await import('pg')
    const { postgresStore } = await import('../../src/stores/postgres/postgres.ts')
    const pool = new Pool({ connectionString: at, max: 8 })
    pool.on('error', () => {})
    const store = postgresStore(pool, { prefix: `${name}_`, clock })
    await store.createSchema()
    return {
      store,
      async dump() {
        const found: string[] = []
        for (const table of ['sessions', 'owners']) {
          const { rows } = await pool.query<object>(`SELECT * FROM ${name}_${table}`)
          found.push(...rows.flatMap((row) => Object.values(row)).map(text))
        }
        return found
      },
      async loseList(owner) {
        for (const table of ['owned', 'owners']) {
          await pool.query(`DELETE FROM ${name}_${table} WHERE owner = $1`, [owner])
        }
      },
      loseTombstone: (key) => pool.query(`DELETE FROM ${name}_sessions WHERE key = $1`, [key]),
      close: () => pool.end(),
    }
  },
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
}
