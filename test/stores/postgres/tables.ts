/** A PostgreSQL store whose tables are a test file's own, and whose time can be moved. */

import { Pool, type PoolConfig } from 'pg'
import { afterAll, onTestFinished, TestRunner } from 'vitest'
import { tablesOf } from '../../../src/stores/postgres/schema.ts'
import {
  type PostgresClient,
  type PostgresListener,
  postgresStore,
  type PostgresStore,
  type PostgresStoreOptions,
} from '../../../src/stores/postgres/postgres.ts'
import type { Limit } from '../../../src/backends/stored/store.ts'
import type { FakeClock } from '../../../src/testing/testing.ts'
import { startPostgres } from '../../servers/postgres.ts'

/** The server that all test files share; one of this file's own where there is none. */
export const url = process.env['DATABASE_URL'] || (await own())

async function own(): Promise<string> {
  const server = await startPostgres()
  afterAll(() => server.stop())
  return server.url
}

/** A limit that no test reaches. */
export const MANY: Limit = { most: 1_000_000, refuse: false }

/** A pool that ends with the test, or, made outside of one, with the test file. */
export function connectPool(config: PoolConfig = {}): Pool {
  const pool = new Pool({ connectionString: url, ...config })
  // A connection that is terminated while nobody uses it tells the pool.
  pool.on('error', () => {})
  const over = TestRunner.getCurrentTest() ? onTestFinished : afterAll
  over(() => pool.end())
  return pool
}

/** Runs SQL of a test's own: with several statements, or one that has parameters. */
export type Sql = (text: string) => Promise<unknown>

/** SQL through a pool. */
export function sqlOf(pool: Pool): Sql {
  return (text) => pool.query(text)
}

/** An empty store with tables of that name. */
export async function emptyStore(
  client: PostgresClient,
  sql: Sql,
  name: string,
  options: Omit<PostgresStoreOptions, 'prefix'> = {},
): Promise<PostgresStore> {
  const prefix = `${name}_`
  const { sessions, owners, owned } = tablesOf(prefix)
  const store = postgresStore(client, { ...options, prefix })
  await store.createSchema()
  await sql(`TRUNCATE ${sessions}, ${owners}, ${owned}`)
  return store
}

/** For the conformance suite. The server's own clock runs on, so the rows are moved back instead. */
export function harness(
  client: PostgresClient,
  sql: Sql,
  name: string,
  prepare = false,
  listener?: PostgresListener,
) {
  const { sessions, owners } = tablesOf(`${name}_`)
  return {
    open: async (clock: FakeClock) => ({
      store: await emptyStore(client, sql, name, { clock, prepare, listener }),
    }),
    async advance(ms: number, clock: FakeClock) {
      clock.advance(ms)
      for (const table of [sessions, owners]) {
        await sql(`UPDATE ${table} SET collect_at = collect_at - interval '${ms} milliseconds'`)
      }
    },
  }
}

/** Waits until so many statements of that application wait for a lock. */
export async function untilWaiting(pool: Pool, application: string, count = 1): Promise<void> {
  const query = `
    SELECT count(*)::int AS waiting FROM pg_stat_activity
    WHERE application_name = $1 AND wait_event_type = 'Lock'`
  let waiting = 0
  while (waiting < count) waiting = (await pool.query(query, [application])).rows[0].waiting
}
