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
  it('a removed row is gone, and its neighbours stay', async (bench) => {
    const { store, insertRow, assertHolds, allKeys } = bench
    await insertRow('k')
    const neighbour = await insertRow('k2')
    assert.equal(await store.remove('k'), true)
    await assertHolds('k', null)
    await assertHolds('k2', neighbour)
    assert.deepEqual(await allKeys(), ['k2'])
  }),
  it('where a row was removed read and swap see nothing, and insert sees that it is taken', async (bench) => {
    const { store, newRow, insertRow, assertHolds } = bench
    const row = await insertRow('k')
    await store.remove('k')
    assert.equal(await store.insert('k', row), false)
    assert.equal(await store.insert('k', newRow()), false)
    const swap = await store.swap('k', row.write, rowAfter(row))
    assert.deepEqual(swap, FOUND_NONE)
    await assertHolds('k', null)
  }),
  it('removing a key that held nothing stops the insert that is still on its way', async (bench) => {
    const { store, newRow, assertHolds, allKeys } = bench
    assert.equal(await store.remove('none'), false)
    assert.equal(await store.insert('none', newRow()), false)
    await assertHolds('none', null)
    assert.deepEqual(await allKeys(), [])
  }),
  it('of many removals at once exactly one had the row', async ({ store, newRow, insertRow }) => {
    await insertRow('k')
    assertOneDid(await atOnce(RACERS, () => outcomeOf(() => store.remove('k'))))
    assert.equal(await store.insert('k', newRow()), false)
  }),
  it('an insert and a removal at once leave nothing, whichever comes first', async (bench) => {
    const { store, newRow, assertHolds, allKeys } = bench
    await atOnce(RACERS, async (n) => {
      const row = newRow()
      const insert = () => outcomeOf(() => store.insert(`k${n}`, row))
      const remove = () => outcomeOf(() => store.remove(`k${n}`))
      const both = n % 2 === 0 ? [insert(), remove()] : [remove(), insert()]
      const [first, second] = await Promise.all(both)
      if (first?.isResent || second?.isResent) return
      const words = 'the row was removed if, and only if, it was inserted first'
      assert.equal(first?.answer, second?.answer, words)
    })
    assert.deepEqual(await allKeys(), [])
    await atOnce(RACERS, (n) => assertHolds(`k${n}`, null))
  }),
  it('a swap, a touch and a removal at once leave nothing, in whatever order', async (bench) => {
    const { store, insertRow, assertHolds } = bench
    await atOnce(RACERS / 2, async (n) => {
      const key = `k${n}`
      const row = await insertRow(key)
      const verbs = [
        () => store.swap(key, row.write, rowAfter(row)),
        () => store.touch(key, row.expiresAt + 1),
        () => store.remove(key),
      ]
      const turned = [...verbs.slice(n % 3), ...verbs.slice(0, n % 3)]
      const outcomes = await Promise.all(turned.map((verb) => outcomeOf<unknown>(verb)))
      const removal = outcomes[(5 - (n % 3)) % 3]!
      assert.ok(removal.answer === true || removal.isResent, 'the removal had a row')
      await assertHolds(key, null)
    })
  }),
]
