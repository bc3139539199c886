/** The PostgreSQL store behind PgBouncer, in each of its modes, with both clients. */

import { Pool } from 'pg'
import postgres from 'postgres'
import { afterAll, describe, expect, test } from 'vitest'
import { type PostgresClient, postgresStore } from '../../../src/stores/postgres/postgres.ts'
import { storeConformance } from '../../../src/testing/testing.ts'
import { type PoolMode, startPgBouncer } from '../../servers/pgbouncer.ts'
import { countTo } from './isolation.ts'
import { connectPool, harness, MANY, sqlOf, url } from './tables.ts'

const direct = connectPool()
const ENDS = Date.now() + 3_600_000

const CLIENTS: Record<string, (url: string) => { client: PostgresClient; end(): Promise<void> }> = {
  pg(url) {
    const pool = new Pool({ connectionString: url })
    pool.on('error', () => {})
    return { client: pool, end: () => pool.end() }
  },
  postgres(url) {
    const sql = postgres(url, { onnotice: () => {} })
    return { client: sql, end: () => sql.end({ timeout: 5 }) }
  },
}

describe.for<PoolMode>(['session', 'transaction', 'statement'])('%s mode', async (mode) => {
  const bouncer = await startPgBouncer(url, mode)
  afterAll(() => bouncer.stop())

  describe.for(Object.keys(CLIENTS))('%s', async (name) => {
    const connect = () => CLIENTS[name]!(bouncer.url)
    const { client, end } = connect()
    const prefix = `bouncer_${mode}_${name}_`
    afterAll(end)
    await postgresStore(direct, { prefix }).createSchema()

    for (const one of storeConformance(harness(client, sqlOf(direct), prefix.slice(0, -1)))) {
      test(one.name, one.run)
    }

    test(
      'whatever is sent at once is replied to, the first calls of a process too',
      { timeout: 120_000 },
      async () => {
        for (let round = 0; round < 20; round += 1) {
          const { client, end } = connect()
          const stores = Array.from({ length: 4 }, () => postgresStore(client, { prefix }))
          const calls = stores.flatMap((store, n) => [
            store.read(`k${n}`),
            store.check(),
            store.createSchema(),
            store.admit('ada', `k${n}`, 0, ENDS, MANY),
            store.prune(10),
          ])
          expect(await Promise.all(calls)).toHaveLength(calls.length)
          await end()
        }
      },
    )

    test('32 writers count to 160 exactly', async () => {
      const store = postgresStore(client, { prefix })
      await store.remove('counter')
      await direct.query(`DELETE FROM ${prefix}sessions`)
      expect(await countTo(160, 32, store)).toBe(160)
    })

    test('tables are made, except by postgres in statement mode', async () => {
      const fresh = `${prefix}new_`
      await direct.query(
        `DROP TABLE IF EXISTS ${fresh}sessions, ${fresh}owners, ${fresh}owned, ${fresh}meta`,
      )
      const stores = Array.from({ length: 4 }, () => postgresStore(client, { prefix: fresh }))
      const made = Promise.all(stores.map((store) => store.createSchema()))
      if (mode === 'statement' && name === 'postgres') {
        await expect(made).rejects.toThrow(/CONNECTION_CLOSED|transaction blocks/)
        await expect(stores[0]!.read('k')).rejects.toThrow(/Call `await store\.createSchema/)
      } else {
        await made
        expect(await stores[0]!.read('k')).toBe(null)
      }
    })
  })
})
