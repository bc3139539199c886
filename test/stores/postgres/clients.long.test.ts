/** The PostgreSQL store through each client, and in each isolation level. */

import { PGlite } from '@electric-sql/pglite'
import postgres from 'postgres'
import { afterAll, describe, expect, test } from 'vitest'
import {
  type PostgresClient,
  type PostgresListener,
  postgresStore,
} from '../../../src/stores/postgres/postgres.ts'
import { storeConformance } from '../../../src/testing/testing.ts'
import { connectPool, emptyStore, harness, type Sql, sqlOf, url } from './tables.ts'
import { countTo, isolated } from './isolation.ts'

const pool = connectPool()
const sql = postgres(url, { onnotice: () => {} })
const camel = postgres(url, { onnotice: () => {}, transform: postgres.camel })
const database = new PGlite()

afterAll(async () => {
  await Promise.all([sql.end(), camel.end(), database.close()])
})

interface Kind {
  readonly client: PostgresClient
  readonly sql?: Sql
  readonly prepare?: boolean
  readonly listener?: PostgresListener
}

const KINDS: Record<string, Kind> = {
  pg_prepared: { client: connectPool(), prepare: true, listener: () => pool.connect() },
  pg_repeatable_read: { client: connectPool(isolated('repeatable read')) },
  pg_serializable: { client: connectPool(isolated('serializable')) },
  postgres: { client: sql, listener: sql },
  postgres_prepared: { client: sql, prepare: true },
  postgres_camel: { client: camel },
  pglite: { client: database, sql: (text) => database.exec(text), listener: database },
}

describe.for(Object.entries(KINDS))('%s', ([name, kind]) => {
  const { client, sql = sqlOf(pool), prepare, listener } = kind
  for (const one of storeConformance(harness(client, sql, `long_${name}`, prepare, listener))) {
    test(one.name, one.run)
  }

  test('32 writers count to 320 exactly', async () => {
    const store = await emptyStore(client, sql, `long_${name}`)
    expect(await countTo(320, 32, store)).toBe(320)
  })
})

test.for(['read committed', 'repeatable read', 'serializable'])(
  '32 connections count to 640 exactly: %s',
  async (level) => {
    const wide = connectPool({ ...isolated(level), max: 32 })
    const store = await emptyStore(wide, sqlOf(pool), 'long_counter')
    expect(await countTo(640, 32, store)).toBe(640)
  },
)

test.for(['read committed', 'repeatable read', 'serializable'])(
  'of 64 logins at once as many are admitted as the limit says: %s',
  async (level) => {
    const wide = connectPool({ ...isolated(level), max: 64 })
    const store = await emptyStore(wide, sqlOf(pool), 'long_limit')
    const login = (n: number) =>
      store.admit('ada', `k${n}`, 1, Date.now() + 60_000, { most: 5, refuse: true })
    const logins = await Promise.all(Array.from({ length: 64 }, (_, n) => login(n)))
    expect(logins.filter(({ admitted }) => admitted)).toHaveLength(5)
    expect(await store.list('ada')).toHaveLength(5)
  },
)

test('a transaction of PGlite is refused', async () => {
  await database.transaction(async (inside) => {
    expect(() => postgresStore(inside as unknown as PGlite)).toThrow(
      expect.objectContaining({
        code: 'ERR_OPTION_INVALID',
        message: expect.stringMatching(/Pass the database/),
      }),
    )
  })
})

test('PGlite in production is said to belong to one process', async () => {
  const store = await emptyStore(database, (text) => database.exec(text), 'long_check')
  expect(await store.check()).toEqual([])
  process.env['NODE_ENV'] = 'production'
  try {
    expect(await store.check()).toEqual([expect.stringMatching(/^PGlite runs inside this process/)])
  } finally {
    process.env['NODE_ENV'] = 'test'
  }
})
