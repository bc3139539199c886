/** Conformance: expired rows, tombstones and lists are deleted, and none too early. Needs `advance`. */

import assert from 'node:assert/strict'
import { GARBAGE_MS, REVOKED_MS } from '../../backends/stored/store.ts'
import { atOnce, FOUND_NONE, it, MINUTE, retry, REVOKED, rowAfter, type Scenario } from './bench.ts'

/** In milliseconds: more than the commands of a case take, on an engine whose own clock runs. */
const LEEWAY = 15_000

/** What the store deletes, and when. */
export const collection: readonly Scenario[] = [
  it('an expired row is returned for two minutes more, and then pruned', async (bench) => {
    const { store, clock, newRow, insertRow, assertHolds, allKeys, pruneAfter } = bench
    const row = await insertRow('k', { expiresAt: clock() + MINUTE })
    await pruneAfter(MINUTE + GARBAGE_MS - LEEWAY)
    await assertHolds('k', row)
    await pruneAfter(2 * LEEWAY)
    await assertHolds('k', null)
    assert.deepEqual(await store.swap('k', row.write, rowAfter(row)), FOUND_NONE)
    assert.equal(await store.touch('k', clock() + MINUTE), false)
    assert.deepEqual(await allKeys(), [])
    assert.equal(await store.insert('k', newRow()), true, 'a collected key is free')
  }),
  it('a row lives as long as its last touch or swap says', async (bench) => {
    const { store, clock, insertRow, swapRow, assertHolds, allKeys, pruneAfter } = bench
    const start = clock()
    const touched = await insertRow('touched', { expiresAt: start + MINUTE })
    const swapped = await insertRow('swapped', { expiresAt: start + MINUTE })
    const shortened = await insertRow('shortened', { expiresAt: start + 60 * MINUTE })
    const until = start + 30 * MINUTE
    await store.touch('touched', until)
    const longer = await swapRow('swapped', swapped, { expiresAt: until })
    await store.swap('shortened', shortened.write, rowAfter(shortened, { expiresAt: start }))
    await pruneAfter(20 * MINUTE)
    await assertHolds('touched', { ...touched, expiresAt: until })
    await assertHolds('swapped', longer)
    await assertHolds('shortened', null)
    await pruneAfter(10 * MINUTE + GARBAGE_MS + LEEWAY)
    assert.deepEqual(await allKeys(), [])
  }),
  it('a tombstone stays for two minutes, and is then pruned', async (bench) => {
    const { store, clock, newRow, insertRow, pruneAfter } = bench
    const row = await insertRow('k', { expiresAt: clock() - MINUTE })
    await store.remove('k')
    await store.remove('none')
    await pruneAfter(GARBAGE_MS - LEEWAY)
    assert.equal(await store.insert('k', row), false)
    assert.equal(await store.insert('none', row), false)
    await pruneAfter(2 * LEEWAY)
    assert.equal(await store.insert('k', newRow()), true)
    assert.equal(await store.insert('none', newRow()), true)
  }),
  it('prune works in batches, reports when none are left, and deletes only expired rows', async (bench) => {
    const { store, clock, insertRow, assertHolds, allKeys, pruneAfter } = bench
    await atOnce(25, (n) => insertRow(`over-${n}`, { expiresAt: clock() + 1000 + n }))
    const live = await insertRow('live')
    const pruned = await pruneAfter(2000 + GARBAGE_MS + LEEWAY, 10)
    assert.ok(pruned <= 25, `prune deleted ${pruned} of 25`)
    assert.deepEqual(await allKeys(), ['live'])
    await assertHolds('live', live)
    assert.equal(await store.prune(10), 0)
  }),
  it("an owner's list expires at the latest time that it was given, and is then deleted", async (bench) => {
    const { store, clock, pruneAfter } = bench
    const start = clock()
    await store.admit('mona', 'a', start, start + 30 * MINUTE)
    await store.admit('mona', 'b', start, start + MINUTE)
    await store.keep('mona', start + 2 * MINUTE)
    await store.admit('kept', 'a', start, start + MINUTE)
    await store.keep('kept', start + 30 * MINUTE)
    await store.keep('kept', start)
    await pruneAfter(30 * MINUTE - LEEWAY)
    assert.deepEqual(await store.list('mona'), ['a', 'b'])
    assert.deepEqual(await store.list('kept'), ['a'])
    await pruneAfter(2 * REVOKED_MS)
    assert.deepEqual(await store.list('mona'), [])
    assert.deepEqual(await store.list('kept'), [])
  }),
  it('a key that is admitted again lets its list live longer', async (bench) => {
    const { store, clock, pruneAfter } = bench
    const start = clock()
    await store.admit('mona', 'a', start, start + MINUTE)
    await store.admit('mona', 'a', start, start + 30 * MINUTE)
    await store.admit('mona', 'a', start, start + 2 * MINUTE)
    await pruneAfter(30 * MINUTE - LEEWAY)
    assert.deepEqual(await store.list('mona'), ['a'])
  }),
  it('after concurrent logins and keeps the list expires at the latest time of all', async (bench) => {
    const { store, clock, pruneAfter } = bench
    const start = clock()
    await atOnce(16, async (n) => {
      const owner = `mona${n}`
      const untils = [n % 2 === 0 ? 30 : 1, n % 2 === 0 ? 1 : 30, 2]
      await retry(() => store.admit(owner, 'a', start, start + MINUTE))
      const [first, second, third] = untils.map((minutes) => start + minutes * MINUTE)
      await Promise.all([
        retry(() => store.admit(owner, 'b', start, first!)),
        retry(() => store.keep(owner, second!)),
        retry(() => store.admit(owner, 'c', start, third!)),
      ])
    })
    await pruneAfter(30 * MINUTE - LEEWAY)
    for (let n = 0; n < 16; n++) {
      assert.deepEqual((await store.list(`mona${n}`)).sort(), ['a', 'b', 'c'])
    }
  }),
  it('a touch to an earlier time lets nothing be deleted sooner', async (bench) => {
    const { store, clock, insertRow, assertHolds, pruneAfter } = bench
    const row = await insertRow('k', { expiresAt: clock() + 30 * MINUTE })
    assert.equal(await store.touch('k', clock() + MINUTE), true)
    await pruneAfter(30 * MINUTE)
    await assertHolds('k', row)
  }),
  it('a list of more than a thousand keys is forgotten whole, whatever one prune may take', async (bench) => {
    const { store, clock, pruneAfter } = bench
    const until = clock() + MINUTE
    await atOnce(1100, (n) => retry(() => store.admit('mona', `k${n}`, clock(), until)))
    await pruneAfter(MINUTE + 2 * GARBAGE_MS, 10_000)
    assert.deepEqual(await store.list('mona'), [])
    await store.admit('mona', 'new', clock(), clock() + MINUTE)
    assert.deepEqual(await store.list('mona'), ['new'])
  }),
  it('the note of a revocation outlives the list, for a day at least', async (bench) => {
    const { store, clock, pruneAfter } = bench
    const start = clock()
    await store.admit('mona', 'a', start, start + MINUTE)
    assert.deepEqual(await store.list('mona', start + 1), ['a'])
    await store.forget('mona', ['a'])
    await store.list('other', start + 1)
    await pruneAfter(REVOKED_MS - LEEWAY)
    for (const owner of ['mona', 'other']) {
      const late = await store.admit(owner, 'b', start, clock() + MINUTE)
      assert.deepEqual(late, REVOKED)
    }
  }),
]
