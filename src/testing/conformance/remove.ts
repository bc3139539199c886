/** Conformance: `remove`, and the tombstones that stop late inserts. */

import assert from 'node:assert/strict'
import {
  assertOneDid,
  atOnce,
  FOUND_NONE,
  it,
  outcomeOf,
  RACERS,
  rowAfter,
  type Scenario,
} from './bench.ts'

/** The scenarios for `remove`. */
export const removing: readonly Scenario[] = [
  it('a removed row is gone, and its neighbours stay', async (t) => {
    await t.insertRow('k')
    const neighbour = await t.insertRow('k2')
    assert.equal(await t.store.remove('k'), true)
    await t.assertHolds('k', null)
    await t.assertHolds('k2', neighbour)
    assert.deepEqual(await t.allKeys(), ['k2'])
  }),
  it('where a row was removed read and swap see nothing, and insert sees that it is taken', async (t) => {
    const row = await t.insertRow('k')
    await t.store.remove('k')
    assert.equal(await t.store.insert('k', row), false)
    assert.equal(await t.store.insert('k', t.newRow()), false)
    const swap = await t.store.swap('k', row.write, rowAfter(row))
    assert.deepEqual(swap, FOUND_NONE)
    await t.assertHolds('k', null)
  }),
  it('removing a key that held nothing stops the insert that is still on its way', async (t) => {
    assert.equal(await t.store.remove('none'), false)
    assert.equal(await t.store.insert('none', t.newRow()), false)
    await t.assertHolds('none', null)
    assert.deepEqual(await t.allKeys(), [])
  }),
  it('of many removals at once exactly one had the row', async (t) => {
    await t.insertRow('k')
    assertOneDid(await atOnce(RACERS, () => outcomeOf(() => t.store.remove('k'))))
    assert.equal(await t.store.insert('k', t.newRow()), false)
  }),
  it('an insert and a removal at once leave nothing, whichever comes first', async (t) => {
    await atOnce(RACERS, async (n) => {
      const row = t.newRow()
      const insert = () => outcomeOf(() => t.store.insert(`k${n}`, row))
      const remove = () => outcomeOf(() => t.store.remove(`k${n}`))
      const both = n % 2 === 0 ? [insert(), remove()] : [remove(), insert()]
      const [first, second] = await Promise.all(both)
      if (first?.isResent || second?.isResent) return
      const words = 'the row was removed if, and only if, it was inserted first'
      assert.equal(first?.answer, second?.answer, words)
    })
    assert.deepEqual(await t.allKeys(), [])
    await atOnce(RACERS, (n) => t.assertHolds(`k${n}`, null))
  }),
  it('a swap, a touch and a removal at once leave nothing, in whatever order', async (t) => {
    await atOnce(RACERS / 2, async (n) => {
      const key = `k${n}`
      const row = await t.insertRow(key)
      const verbs = [
        () => t.store.swap(key, row.write, rowAfter(row)),
        () => t.store.touch(key, row.expiresAt + 1),
        () => t.store.remove(key),
      ]
      const turned = [...verbs.slice(n % 3), ...verbs.slice(0, n % 3)]
      const outcomes = await Promise.all(turned.map((verb) => outcomeOf<unknown>(verb)))
      const removal = outcomes[(5 - (n % 3)) % 3]!
      assert.ok(removal.answer === true || removal.isResent, 'the removal had a row')
      await t.assertHolds(key, null)
    })
  }),
]
