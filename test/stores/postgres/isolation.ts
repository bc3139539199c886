/** Many writers on one row of a PostgreSQL store, in each of the server's isolation levels. */

import type { PoolConfig } from 'pg'
import type { Row, Store } from '../../../src/backends/stored/store.ts'

/** How a pool is made whose transactions are of that level unless they say otherwise. */
export function isolated(level: string, settings = ''): PoolConfig {
  const escaped = level.replaceAll(' ', String.raw`\ `)
  return { options: `-c default_transaction_isolation=${escaped} ${settings}` }
}

/** Adds one to a row that many times, so many at once; answers what the row has come to. */
export async function countTo(most: number, writers: number, store: Store): Promise<number> {
  const key = 'counter'
  const expiresAt = Date.now() + 3_600_000
  await store.insert(key, { write: '0', recent: [], expiresAt, owner: null, body: '0' })
  let begun = 0
  const one = async () => {
    while ((begun += 1) <= most) {
      const write = `write-${begun}`
      let before: Row | null = await store.read(key)
      for (;;) {
        if (!before) throw new Error('The row is gone.')
        const body = String(Number(before.body) + 1)
        const { expiresAt, owner, recent } = before
        const row = { write, recent, expiresAt, owner, body }
        const outcome = await store.swap(key, before.write, row)
        if (outcome.won) break
        before = outcome.newest
      }
    }
  }
  await Promise.all(Array.from({ length: writers }, one))
  return Number((await store.read(key))?.body)
}
