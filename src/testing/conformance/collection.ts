/** Conformance: expired rows, tombstones and lists are deleted, and none too early. Needs `advance`. */

import assert from 'node:assert/strict'
import { GARBAGE_MS, REVOKED_MS } from '../../backends/stored/store.ts'
import { atOnce, FOUND_NONE, it, MINUTE, retry, REVOKED, rowAfter, type Scenario } from './bench.ts'

/** In milliseconds: more than the commands of a case take, on an engine whose own clock runs. */
const LEEWAY = 15_000

/** What the store deletes, and when. */
export const collection: readonly Scenario[] = [
  it('an expired row is returned for two minutes more, and then pruned', async (t) => {
    const row = await t.insertRow('k', { expiresAt: t.clock() + MINUTE })
    await t.pruneAfter(MINUTE + GARBAGE_MS - LEEWAY)
    await t.assertHolds('k', row)
    await t.pruneAfter(2 * LEEWAY)
    await t.assertHolds('k', null)
    assert.deepEqual(await t.store.swap('k', row.write, rowAfter(row)), FOUND_NONE)
    assert.equal(await t.store.touch('k', t.clock() + MINUTE), false)
    assert.deepEqual(await t.allKeys(), [])
    assert.equal(await t.store.insert('k', t.newRow()), true, 'a collected key is free')
  }),
  it('a row lives as long as its last touch or swap says', async (t) => {
    const start = t.clock()
    const touched = await t.insertRow('touched', { expiresAt: start + MINUTE })
    const swapped = await t.insertRow('swapped', { expiresAt: start + MINUTE })
    const shortened = await t.insertRow('shortened', { expiresAt: start + 60 * MINUTE })
    const until = start + 30 * MINUTE
    await t.store.touch('touched', until)
    const longer = await t.swapRow('swapped', swapped, { expiresAt: until })
    await t.store.swap('shortened', shortened.write, rowAfter(shortened, { expiresAt: start }))
    await t.pruneAfter(20 * MINUTE)
    await t.assertHolds('touched', { ...touched, expiresAt: until })
    await t.assertHolds('swapped', longer)
    await t.assertHolds('shortened', null)
    await t.pruneAfter(10 * MINUTE + GARBAGE_MS + LEEWAY)
    assert.deepEqual(await t.allKeys(), [])
  }),
  it('a tombstone stays for two minutes, and is then pruned', async (t) => {
    const row = await t.insertRow('k', { expiresAt: t.clock() - MINUTE })
    await t.store.remove('k')
    await t.store.remove('none')
    await t.pruneAfter(GARBAGE_MS - LEEWAY)
    assert.equal(await t.store.insert('k', row), false)
    assert.equal(await t.store.insert('none', row), false)
    await t.pruneAfter(2 * LEEWAY)
    assert.equal(await t.store.insert('k', t.newRow()), true)
    assert.equal(await t.store.insert('none', t.newRow()), true)
  }),
  it('prune works in batches, reports when none are left, and deletes only expired rows', async (t) => {
    await atOnce(25, (n) => t.insertRow(`over-${n}`, { expiresAt: t.clock() + 1000 + n }))
    const live = await t.insertRow('live')
    const pruned = await t.pruneAfter(2000 + GARBAGE_MS + LEEWAY, 10)
    assert.ok(pruned <= 25, `prune deleted ${pruned} of 25`)
    assert.deepEqual(await t.allKeys(), ['live'])
    await t.assertHolds('live', live)
    assert.equal(await t.store.prune(10), 0)
  }),
  it("an owner's list expires at the latest time that it was given, and is then deleted", async (t) => {
    const start = t.clock()
    await t.store.admit('mona', 'a', start, start + 30 * MINUTE)
    await t.store.admit('mona', 'b', start, start + MINUTE)
    await t.store.keep('mona', start + 2 * MINUTE)
    await t.store.admit('kept', 'a', start, start + MINUTE)
    await t.store.keep('kept', start + 30 * MINUTE)
    await t.store.keep('kept', start)
    await t.pruneAfter(30 * MINUTE - LEEWAY)
    assert.deepEqual(await t.store.list('mona'), ['a', 'b'])
    assert.deepEqual(await t.store.list('kept'), ['a'])
    await t.pruneAfter(2 * REVOKED_MS)
    assert.deepEqual(await t.store.list('mona'), [])
    assert.deepEqual(await t.store.list('kept'), [])
  }),
  it('a key that is admitted again lets its list live longer', async (t) => {
    const start = t.clock()
    await t.store.admit('mona', 'a', start, start + MINUTE)
    await t.store.admit('mona', 'a', start, start + 30 * MINUTE)
    await t.store.admit('mona', 'a', start, start + 2 * MINUTE)
    await t.pruneAfter(30 * MINUTE - LEEWAY)
    assert.deepEqual(await t.store.list('mona'), ['a'])
  }),
  it('after concurrent logins and keeps the list expires at the latest time of all', async (t) => {
    const start = t.clock()
    await atOnce(16, async (n) => {
      const owner = `mona${n}`
      const untils = [n % 2 === 0 ? 30 : 1, n % 2 === 0 ? 1 : 30, 2]
      await retry(() => t.store.admit(owner, 'a', start, start + MINUTE))
      const [first, second, third] = untils.map((minutes) => start + minutes * MINUTE)
      await Promise.all([
        retry(() => t.store.admit(owner, 'b', start, first!)),
        retry(() => t.store.keep(owner, second!)),
        retry(() => t.store.admit(owner, 'c', start, third!)),
      ])
    })
    await t.pruneAfter(30 * MINUTE - LEEWAY)
    for (let n = 0; n < 16; n++) {
      assert.deepEqual((await t.store.list(`mona${n}`)).sort(), ['a', 'b', 'c'])
    }
  }),
  it('a touch to an earlier time lets nothing be deleted sooner', async (t) => {
    const row = await t.insertRow('k', { expiresAt: t.clock() + 30 * MINUTE })
    assert.equal(await t.store.touch('k', t.clock() + MINUTE), true)
    await t.pruneAfter(30 * MINUTE)
    await t.assertHolds('k', row)
  }),
  it('a list of more than a thousand keys is forgotten whole, whatever one prune may take', async (t) => {
    const until = t.clock() + MINUTE
    await atOnce(1100, (n) => retry(() => t.store.admit('mona', `k${n}`, t.clock(), until)))
    await t.pruneAfter(MINUTE + 2 * GARBAGE_MS, 10_000)
    assert.deepEqual(await t.store.list('mona'), [])
    await t.store.admit('mona', 'new', t.clock(), t.clock() + MINUTE)
    assert.deepEqual(await t.store.list('mona'), ['new'])
  }),
  it('the note of a revocation outlives the list, for a day at least', async (t) => {
    const start = t.clock()
    await t.store.admit('mona', 'a', start, start + MINUTE)
    assert.deepEqual(await t.store.list('mona', start + 1), ['a'])
    await t.store.forget('mona', ['a'])
    await t.store.list('other', start + 1)
    await t.pruneAfter(REVOKED_MS - LEEWAY)
    for (const owner of ['mona', 'other']) {
      const late = await t.store.admit(owner, 'b', start, t.clock() + MINUTE)
      assert.deepEqual(late, REVOKED)
    }
  }),
]
