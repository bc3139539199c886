/** Conformance: `keys`, `prune`, `check` and `engine`. */

import assert from 'node:assert/strict'
import { atOnce, it, MINUTE, outcomeOf, REVOKED, type Scenario } from './bench.ts'

/** The scenarios for `keys`, `prune`, `check` and `engine`, on any clock. */
export const upkeep: readonly Scenario[] = [
  it('the store names its engine, and lists settings that can lose sessions as sentences', async (bench) => {
    const { store } = bench
    assert.equal(typeof store.engine, 'string')
    assert.notEqual(store.engine, '')
    for (const sentence of await store.check()) assert.match(sentence, /\S/)
  }),
  it('an empty store has no keys, and nothing to prune', async ({ store, allKeys }) => {
    assert.deepEqual(await allKeys(), [])
    assert.equal(await store.prune(10), 0)
  }),
  it('keys returns every key that has a row, an expired one too, and no other', async (bench) => {
    const { store, clock, newRow, insertRow, allKeys } = bench
    await atOnce(1500, (n) => insertRow(`k${n}`))
    await insertRow('over', { expiresAt: clock() - MINUTE })
    await store.remove('k0')
    await store.remove('never was')
    await store.swap('neither', 'x', newRow())
    await store.admit('mona', 'not a row', 1, clock() + MINUTE)
    const expected = Array.from({ length: 1499 }, (_, n) => `k${n + 1}`)
    assert.deepEqual(await allKeys(), [...expected, 'over'].sort())
  }),
  it('rows removed batch by batch as keys names them are all removed', async (bench) => {
    const { store, insertRow, allKeys } = bench
    await atOnce(1500, (n) => insertRow(`k${n}`))
    let removed = 0
    for await (const batch of store.keys()) {
      const had = await Promise.all(batch.map((key) => outcomeOf(() => store.remove(key))))
      removed += had.filter(({ answer, isResent }) => answer || isResent).length
    }
    assert.equal(removed, 1500)
    assert.deepEqual(await allKeys(), [])
  }),
  it('a caller that stops reading keys half-way does no harm', async (bench) => {
    const { store, insertRow, assertHolds, allKeys } = bench
    const row = await insertRow('k')
    for await (const batch of store.keys()) if (batch.length > 0) break
    await assertHolds('k', row)
    assert.deepEqual(await allKeys(), ['k'])
  }),
  it('prune deletes nothing that expired less than two minutes ago', async (bench) => {
    const { store, clock, newRow, insertRow, assertHolds, pruneAll } = bench
    const live = await insertRow('live')
    const over = await insertRow('over', { expiresAt: clock() - MINUTE })
    await insertRow('removed')
    await store.remove('removed')
    await store.admit('mona', 'k', clock(), clock() + MINUTE)
    await store.list('other', clock())
    assert.equal(await pruneAll(), 0)
    await assertHolds('live', live)
    await assertHolds('over', over)
    assert.equal(await store.insert('removed', newRow()), false)
    assert.deepEqual(await store.list('mona'), ['k'])
    const late = await store.admit('other', 'k', clock(), clock() + MINUTE)
    assert.deepEqual(late, REVOKED)
  }),
]
