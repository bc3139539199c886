/** A user with very many sessions: what a login reads and writes does not grow with them. */

import { Pool } from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { postgresStore } from '../../../src/stores/postgres/postgres.ts'
import { tablesOf } from '../../../src/stores/postgres/schema.ts'
import { ownerStatements } from '../../../src/stores/postgres/owner-statements.ts'
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
  // Most users have few sessions, and that is what the planner expects of each.
  for (let n = 0; n < 3; n += 1) await fill(pool, (user) => `other-${user}`, 20_000)
  for (const size of [10, 10_000, 100_000]) {
    const owner = `user-${size}`
    await fill(pool, () => owner, size)
    await store.keep(owner, 'first', 0, UNTIL)
    const logins: number[] = []
    for (let n = 0; n < 21; n += 1) {
      const before = await logged(pool)
      const admitted = await store.admit(owner, `login-${n}`, 0, UNTIL, LIMIT)
      logins.push((await logged(pool)) - before)
      expect(admitted).toMatchObject({ over: { length: size > LIMIT.most ? 64 : 0 } })
    }
    written.push(logins.sort((a, b) => a - b)[10]!)
    const plans = ['force_custom_plan', 'force_generic_plan'].flatMap((plan) => [
      () => mostRead(pool, plan, 'over', `'${owner}', 'login-20', ${LIMIT.most}`),
      () => mostRead(pool, plan, 'forget', `'${owner}', '["login-1","login-2"]'`),
      () => mostRead(pool, plan, 'standing', `'${owner}', 'login-20'`),
    ])
    await pool.query('ANALYZE')
    const read: number[] = []
    for (const plan of plans) read.push(await plan())
    expect(
      read.filter((rows) => rows >= LIMIT.most + 64),
      `${size}: ${read.join(' ')}`,
    ).toEqual([])
  }
  for (const bytes of written) expect(bytes).toBeLessThan(1000)
})

/** Admits as many keys, each for the owner of its number. */
async function fill(pool: Pool, ownerOf: (n: number) => string, size: number): Promise<void> {
  const owners = Array.from({ length: size }, (_, n) => ownerOf(n))
  const query = `
    INSERT INTO sojourn_owned (owner, key)
    SELECT owner, left(md5(random()::text), 22) FROM unnest($1::text[]) AS owner`
  await pool.query(query, [owners])
}

/** How long the server's write-ahead log is. */
async function logged(pool: Pool): Promise<number> {
  const { rows } = await pool.query(
    `SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::text AS bytes`,
  )
  return Number(rows[0].bytes)
}

/** How many rows the statement's steps read at most, unprepared (custom) or prepared (generic). */
async function mostRead(
  pool: Pool,
  plan: string,
  name: 'over' | 'forget' | 'standing',
  values: string,
): Promise<number> {
  const { text } = ownerStatements(tablesOf('sojourn_'))[name]
  const [, , , explained] = (await pool.query(`
    BEGIN; SET LOCAL plan_cache_mode = ${plan};
    PREPARE looked AS ${text};
    EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE looked(${values});
    DEALLOCATE looked; ROLLBACK`)) as unknown as { rows: { 'QUERY PLAN': unknown }[] }[]
  const steps = JSON.stringify(explained).matchAll(/"Actual Rows":(\d+)/g)
  return Math.max(...[...steps].map(([, count]) => Number(count)))
}
