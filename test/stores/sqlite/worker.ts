/** A process that works on a SQLite file, for the tests with several of them. */

import { writeSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { sqliteStore } from '../../../src/stores/sqlite/sqlite.ts'
import type { Row, Store } from '../../../src/backends/stored/store.ts'

/** What a worker does: it counts in one session, writes until it is killed, or makes the tables. */
export type Task =
  | { readonly does: 'count'; readonly path: string; readonly key: string; readonly times: number }
  | { readonly does: 'write'; readonly path: string; readonly name: string }
  | { readonly does: 'create the schema'; readonly path: string }

const task = JSON.parse(process.argv[2] ?? '') as Task
const store = sqliteStore(new DatabaseSync(task.path))

if (task.does === 'create the schema') await store.createSchema()
if (task.does === 'count') {
  await Promise.all(['a', 'b', 'c', 'd', 'e'].map((lane) => count(task.key, lane, task.times / 5)))
}
if (task.does === 'write') await writeForEver(task.name)

async function count(key: string, lane: string, times: number): Promise<void> {
  for (let n = 0; n < times; n++) await increment(store, key, `${process.pid}-${lane}-${n}`)
}

/** Adds one to the number in the body, as often as another writer was faster. */
async function increment(store: Store, key: string, write: string): Promise<void> {
  let row: Row | null = await store.read(key)
  while (row) {
    const next: Row = { ...row, write, body: String(Number(row.body) + 1) }
    const swap = await store.swap(key, row.write, next)
    if (swap.won) return
    row = swap.newest
  }
  throw new Error('The row is gone.')
}

/** Inserts, swaps and removes, and says of each what it came to, once it was acknowledged. */
async function writeForEver(name: string): Promise<void> {
  const expiresAt = Date.now() + 3_600_000
  for (let n = 0; ; n++) {
    const key = `${name}-${n}`
    const body = String(n).padEnd(10_000, '.')
    await store.insert(key, { write: 'w1', recent: [], expiresAt, owner: name, body })
    acknowledge(key, 'w1')
    await store.admit(name, key, 0, expiresAt, { most: 1_000_000, refuse: false })
    await store.swap(key, 'w1', { write: 'w2', recent: [], expiresAt, owner: name, body })
    acknowledge(key, 'w2')
    if (n % 2 === 0) continue
    await store.remove(key)
    acknowledge(key, 'removed')
  }
}

function acknowledge(key: string, state: string): void {
  writeSync(1, `${key} ${state}\n`)
}
