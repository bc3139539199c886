/** A user with very many sessions: what a login reads and writes does not grow with them. */

import { Pool } from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { postgresStore } from '../../../src/stores/postgres/postgres.ts'
import { tablesOf } from '../../../src/stores/postgres/schema.ts'
import { statements } from '../../../src/stores/postgres/statements.ts'
import { startPostgres } from '../../servers/postgres.ts'

const LIMIT = { most: 1000, refuse: false }
const UNTIL = Date.now() + 3_600_000

test('a login of a user with 100 000 sessions reads and writes as one of a user with ten', async () => {
  // Nobody else writes to this server, so its log grows by what the login writes.
  const server = await startPostgres({ settings: { autovacuum: 'off' } })
  onTestFinished(() => server.stop())
  const pool = new Pool({ connectionString: server.url }).on('error', () => {})
  onTestFinished(() => pool.end())
  const store = postgresStore(pool)
  await store.createSchema()
  const written: number[] = []
  for (const size of [10, 10_000, 100_000]) {
    const owner = `user-${size}`
    await fill(pool, owner, size)
    await store.keep(owner, 'first', 0, UNTIL)
    const logins: number[] = []
    for (let n = 0; n < 21; n += 1) {
      const before = await logged(pool)
      const admitted = await store.admit(owner, `login-${n}`, 0, UNTIL, LIMIT)
      logins.push((await logged(pool)) - before)
      expect(admitted).toMatchObject({ over: { length: size > LIMIT.most ? 64 : 0 } })
    }
    written.push(logins.sort((a, b) => a - b)[10]!)
    for (const row of await planOf(pool, owner)) expect(row).toBeLessThan(LIMIT.most + 64)
    await pool.query('ANALYZE')
    for (const row of await planOf(pool, owner)) expect(row).toBeLessThan(LIMIT.most + 64)
  }
  for (const bytes of written) expect(bytes).toBeLessThan(1000)
})

async function fill(pool: Pool, owner: string, size: number): Promise<void> {
  const query = `
    INSERT INTO sojourn_owned (owner, key)
    SELECT $1, left(md5(n::text), 22) FROM generate_series(1, $2::int) AS n`
  await pool.query(query, [owner, size])
}

/** How long the server's write-ahead log is. */
async function logged(pool: Pool): Promise<number> {
  const { rows } = await pool.query(
    `SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::text AS bytes`,
  )
  return Number(rows[0].bytes)
}

/** How many rows each step of the statement reads that looks for sessions over the limit. */
async function planOf(pool: Pool, owner: string): Promise<number[]> {
  const { text } = statements(tablesOf('sojourn_')).over
  const values = [owner, 'login-20', LIMIT.most]
  const { rows } = await pool.query(`EXPLAIN (ANALYZE, FORMAT JSON) ${text}`, values)
  const steps = JSON.stringify(rows[0]['QUERY PLAN']).matchAll(/"Actual Rows":(\d+)/g)
  return [...steps].map(([, count]) => Number(count))
}
