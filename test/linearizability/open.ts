/** Opens the store that a worker is to load, with a client of its own. */

import type { PoolConfig } from 'pg'
import type { Store } from '../../src/backends/stored/store.ts'

export type Engine =
  | 'memory'
  | 'sqlite'
  | 'redis'
  | 'ioredis'
  | 'postgres'
  | 'postgres-serializable'

export interface Opened {
  readonly store: Store
  close(): unknown
}

/** Where the store is, as a file or a URL, and the name that a run's keys and clients begin with. */
export interface Place {
  readonly at: string
  readonly run: string
}

export const OPEN: Record<Engine, (place: Place) => Promise<Opened>> = {
  async memory() {
    const { memoryStore } = await import('../../src/stores/memory/memory.ts')
    return { store: memoryStore(), close: ignore }
  },

  async sqlite({ at }) {
    const { DatabaseSync } = await import('node:sqlite')
    const { sqliteStore } = await import('../../src/stores/sqlite/sqlite.ts')
    const db = new DatabaseSync(at)
    const store = sqliteStore(db)
    await store.createSchema()
    return { store, close: () => db.close() }
  },

  async redis({ at, run }) {
    const { createClient } = await import('redis')
    const { redisStore } = await import('../../src/stores/redis/redis.ts')
    const client = createClient({ url: at, name: run })
    client.on('error', ignore)
    await client.connect()
    return { store: redisStore(client, { prefix: `${run}:` }), close: () => client.destroy() }
  },

  async ioredis({ at, run }) {
    const { Redis } = await import('ioredis')
    const { redisStore } = await import('../../src/stores/redis/redis.ts')
    const client = new Redis(at, { connectionName: run })
    client.on('error', ignore)
    return { store: redisStore(client, { prefix: `${run}:` }), close: () => client.disconnect() }
  },

  postgres: (place) => openPool(place, {}),

  // Where every transaction is, the server rolls back what it cannot put into an order.
  'postgres-serializable': (place) =>
    openPool(place, { options: '-c default_transaction_isolation=serializable' }),
}

async function openPool({ at, run }: Place, config: PoolConfig): Promise<Opened> {
  const { Pool } = await import('pg')
  const { postgresStore } = await import('../../src/stores/postgres/postgres.ts')
  const pool = new Pool({ connectionString: at, application_name: run, max: 4, ...config })
  pool.on('error', ignore)
  const store = postgresStore(pool, { prefix: `${run}_` })
  await store.createSchema()
  return { store, close: () => pool.end() }
}

/** A lost connection is what some of the runs are about: the client connects again. */
function ignore(): void {}
