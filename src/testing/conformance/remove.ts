/** Conformance: removing rows, and the tombstones that stop late inserts. */

import assert from 'node:assert/strict'
import {
  assertHolds,
  atOnce,
  insertRow,
  keysOf,
  RACERS,
  rowAfter,
  rowBy,
  settled,
  type Scenario,
} from './bench.ts'

/** What `remove` promises. */
export const removing: readonly Scenario[] = [
  {
    name: 'a removed row is gone, and its neighbours stay',
    async check(bench) {
      await insertRow(bench, 'k')
      const neighbour = await insertRow(bench, 'k2')
      assert.equal(await bench.store.remove('k'), true)
      await assertHolds(bench, 'k', null)
      await assertHolds(bench, 'k2', neighbour)
      assert.deepEqual(await keysOf(bench), ['k2'])
    },
  },
  {
    name: 'where a row was removed read and swap see nothing, and insert sees that it is taken',
    async check(bench) {
      const row = await insertRow(bench, 'k')
      await bench.store.remove('k')
      assert.equal(await bench.store.insert('k', row), false)
      assert.equal(await bench.store.insert('k', rowBy(bench.clock)), false)
      const swap = await bench.store.swap('k', row.write, rowAfter(row))
      assert.deepEqual(swap, { won: false, newest: null })
      await assertHolds(bench, 'k', null)
    },
  },
  {
    name: 'removing a key that held nothing stops the insert that is still on its way',
    async check(bench) {
      assert.equal(await bench.store.remove('none'), false)
      assert.equal(await bench.store.insert('none', rowBy(bench.clock)), false)
      await assertHolds(bench, 'none', null)
      assert.deepEqual(await keysOf(bench), [])
    },
  },
  {
    name: 'of many removals at once exactly one had the row',
    async check(bench) {
      await insertRow(bench, 'k')
      const had = await atOnce(RACERS, () => settled(() => bench.store.remove('k')))
      const count = had.filter(({ answer }) => answer).length
      assert.ok(
        count === 1 || (count === 0 && had.some(({ isResent }) => isResent)),
        `${count} had it`,
      )
      assert.equal(await bench.store.insert('k', rowBy(bench.clock)), false)
    },
  },
  {
    name: 'an insert and a removal at once leave nothing, whichever comes first',
    async check(bench) {
      await atOnce(RACERS, async (n) => {
        const row = rowBy(bench.clock)
        const insert = () => settled(() => bench.store.insert(`k${n}`, row))
        const remove = () => settled(() => bench.store.remove(`k${n}`))
        const both = n % 2 === 0 ? [insert(), remove()] : [remove(), insert()]
        const [first, second] = await Promise.all(both)
        if (first?.isResent || second?.isResent) return
        const words = 'the row was removed if, and only if, it was inserted first'
        assert.equal(first?.answer, second?.answer, words)
      })
      assert.deepEqual(await keysOf(bench), [])
      await atOnce(RACERS, (n) => assertHolds(bench, `k${n}`, null))
    },
  },
  {
    name: 'a swap, a touch and a removal at once leave nothing, in whatever order',
    async check(bench) {
      await atOnce(RACERS / 2, async (n) => {
        const key = `k${n}`
        const row = await insertRow(bench, key)
        const verbs = [
          () => bench.store.swap(key, row.write, rowAfter(row)),
          () => bench.store.touch(key, row.expiresAt + 1),
          () => bench.store.remove(key),
        ]
        const turned = [...verbs.slice(n % 3), ...verbs.slice(0, n % 3)]
        const outcomes = await Promise.all(turned.map((verb) => settled<unknown>(verb)))
        const removal = outcomes[(5 - (n % 3)) % 3]!
        assert.ok(removal.answer === true || removal.isResent, 'the removal had a row')
        await assertHolds(bench, key, null)
      })
    },
  },
]
