/** Conformance: listing every key, pruning, and looking at the engine. */

import assert from 'node:assert/strict'
import {
  assertHolds,
  atOnce,
  insertRow,
  keysOf,
  MINUTE,
  pruneAll,
  rowBy,
  settled,
  type Scenario,
} from './bench.ts'

/** What `keys`, `prune`, `check` and `engine` promise, on any clock. */
export const upkeep: readonly Scenario[] = [
  {
    name: 'the store names its engine, and says in sentences what endangers sessions',
    async check({ store }) {
      assert.equal(typeof store.engine, 'string')
      assert.notEqual(store.engine, '')
      for (const sentence of await store.check()) assert.match(sentence, /\S/)
    },
  },
  {
    name: 'an empty store has no keys, and nothing to prune',
    async check(bench) {
      assert.deepEqual(await keysOf(bench), [])
      assert.equal(await bench.store.prune(10), 0)
    },
  },
  {
    name: 'keys names every key that holds a row, one that is over too, and no other',
    async check(bench) {
      await atOnce(1500, (n) => insertRow(bench, `k${n}`))
      await insertRow(bench, 'over', { expiresAt: bench.clock() - MINUTE })
      await bench.store.remove('k0')
      await bench.store.remove('never was')
      await bench.store.swap('neither', 'x', rowBy(bench.clock))
      await bench.store.admit('mona', 'not a row', 1, bench.clock() + MINUTE)
      const expected = Array.from({ length: 1499 }, (_, n) => `k${n + 1}`)
      assert.deepEqual(await keysOf(bench), [...expected, 'over'].sort())
    },
  },
  {
    name: 'rows removed batch by batch as keys names them are all removed',
    async check(bench) {
      const { store } = bench
      await atOnce(1500, (n) => insertRow(bench, `k${n}`))
      let removed = 0
      for await (const batch of store.keys()) {
        const had = await Promise.all(batch.map((key) => settled(() => store.remove(key))))
        removed += had.filter(({ answer, isResent }) => answer || isResent).length
      }
      assert.equal(removed, 1500)
      assert.deepEqual(await keysOf(bench), [])
    },
  },
  {
    name: 'who stops listening to keys half-way harms nobody',
    async check(bench) {
      const row = await insertRow(bench, 'k')
      for await (const batch of bench.store.keys()) if (batch.length > 0) break
      await assertHolds(bench, 'k', row)
      assert.deepEqual(await keysOf(bench), ['k'])
    },
  },
  {
    name: 'prune takes nothing whose time is not over by two minutes',
    async check(bench) {
      const { store, clock } = bench
      const live = await insertRow(bench, 'live')
      const over = await insertRow(bench, 'over', { expiresAt: clock() - MINUTE })
      await insertRow(bench, 'removed')
      await store.remove('removed')
      await store.admit('mona', 'k', clock(), clock() + MINUTE)
      await store.list('other', clock())
      assert.equal(await pruneAll(bench), 0)
      await assertHolds(bench, 'live', live)
      await assertHolds(bench, 'over', over)
      assert.equal(await store.insert('removed', rowBy(clock)), false)
      assert.deepEqual(await store.list('mona'), ['k'])
      const late = await store.admit('other', 'k', clock(), clock() + MINUTE)
      assert.deepEqual(late, { admitted: false, why: 'revoked' })
    },
  },
]
