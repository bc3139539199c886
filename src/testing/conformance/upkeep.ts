/** Conformance: `keys`, `prune`, `check` and `engine`. */

import assert from 'node:assert/strict'
import { atOnce, it, MINUTE, outcomeOf, type Scenario } from './bench.ts'

/** The scenarios for `keys`, `prune`, `check` and `engine`, on any clock. */
export const upkeep: readonly Scenario[] = [
  it('the store names its engine, and lists settings that can lose sessions as sentences', async (t) => {
    assert.equal(typeof t.store.engine, 'string')
    assert.notEqual(t.store.engine, '')
    for (const sentence of await t.store.check()) assert.match(sentence, /\S/)
  }),
  it('an empty store has no keys, and nothing to prune', async (t) => {
    assert.deepEqual(await t.allKeys(), [])
    assert.equal(await t.store.prune(10), 0)
  }),
  it('keys returns every key that has a row, an expired one too, and no other', async (t) => {
    await atOnce(1500, (n) => t.insertRow(`k${n}`))
    await t.insertRow('over', { expiresAt: t.clock() - MINUTE })
    await t.store.remove('k0')
    await t.store.remove('never was')
    await t.store.swap('neither', 'x', t.newRow())
    await t.admit('not a row')
    await t.revoke(1)
    const expected = Array.from({ length: 1499 }, (_, n) => `k${n + 1}`)
    assert.deepEqual(await t.allKeys(), [...expected, 'over'].sort())
  }),
  it('rows removed batch by batch as keys names them are all removed', async (t) => {
    await atOnce(1500, (n) => t.insertRow(`k${n}`))
    let removed = 0
    for await (const batch of t.store.keys()) {
      const had = await Promise.all(batch.map((key) => outcomeOf(() => t.store.remove(key))))
      removed += had.filter(({ answer, isResent }) => answer || isResent).length
    }
    assert.equal(removed, 1500)
    assert.deepEqual(await t.allKeys(), [])
  }),
  it('a caller that stops reading keys half-way does no harm', async (t) => {
    const row = await t.insertRow('k')
    for await (const batch of t.store.keys()) if (batch.length > 0) break
    await t.assertHolds('k', row)
    assert.deepEqual(await t.allKeys(), ['k'])
  }),
  it('prune deletes nothing that expired less than two minutes ago', async (t) => {
    const live = await t.insertRow('live')
    const over = await t.insertRow('over', { expiresAt: t.clock() - MINUTE })
    await t.insertRow('removed')
    await t.store.remove('removed')
    await t.admit('k')
    await t.store.revoke('other', 2, t.clock() + MINUTE, undefined)
    assert.equal(await t.pruneAll(), 0)
    await t.assertHolds('live', live)
    await t.assertHolds('over', over)
    assert.equal(await t.store.insert('removed', t.newRow()), false)
    assert.deepEqual(await t.store.list('mona'), ['k'])
    assert.equal(await t.store.epoch('other'), 2)
  }),
]
