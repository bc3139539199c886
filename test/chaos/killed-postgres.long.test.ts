/** PostgreSQL killed again and again under load: nothing acknowledged is lost, and no connection leaks. */

import { Pool } from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { postgresStore } from '../../src/stores/postgres/postgres.ts'
import { startPostgres } from '../servers/postgres.ts'
import { loadOf, report, sessionsOn, siteOn, strayErrors } from './visitors.ts'

const CYCLES = Number(process.env['CHAOS_CYCLES'] ?? 50)

/** How often eight visitors, who ask every 20 ms, may be refused once the server is back: two seconds. */
const REFUSALS = 700

test('through any number of crashes an app goes on, within moments of the server', async () => {
  const stray = strayErrors()
  const server = await startPostgres({ durability: 'flushed' })
  onTestFinished(() => server.stop())
  const pool = new Pool({ connectionString: server.url }).on('error', () => {})
  onTestFinished(() => pool.end())
  const store = postgresStore(pool)
  await store.createSchema()
  const load = await loadOf(await siteOn(sessionsOn(store)), 'pg', 8)
  const recoveries: number[] = []
  for (let cycle = 0; cycle < CYCLES; cycle += 1) {
    await load.rightAgain(3)
    await server.kill()
    await server.restart()
    const { refused } = load
    await load.rightAgain(1)
    recoveries.push(load.refused - refused)
    expect(pool.totalCount).toBeLessThanOrEqual(10)
  }
  await load.end()
  recoveries.sort((a, b) => a - b)
  const median = recoveries[Math.floor(CYCLES / 2)]!
  const longest = recoveries.at(-1)!
  report(
    `PostgreSQL killed ${CYCLES} times: back after ${median} more refusals, at most ${longest}; ${load.right} right, ${load.refused} refused`,
  )
  expect(median).toBeLessThan(REFUSALS)
  expect(stray).toEqual([])
})
