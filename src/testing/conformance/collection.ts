/** Conformance: expired rows, tombstones and lists are deleted, and none too early. Needs `advance`. */

import assert from 'node:assert/strict'
import { CLOCK_MARGIN_MS, GARBAGE_MS } from '../../backends/stored/store.ts'
import {
  ADMITTED,
  atOnce,
  FOUND_NONE,
  it,
  MINUTE,
  retry,
  REVOKED,
  ROOM,
  rowAfter,
  type Scenario,
} from './bench.ts'

/** In milliseconds: more than the commands of a case take, on an engine whose own clock runs. */
const LEEWAY = 15_000

/** After this time even a store that allows for clocks that differ has to delete. */
const MARGIN = Math.max(CLOCK_MARGIN_MS, GARBAGE_MS) + LEEWAY

const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** What the store deletes, and when. */
export const collection: readonly Scenario[] = [
  it('an expired row is returned for two minutes more, and then pruned', async (t) => {
    const row = await t.insertRow('k', { expiresAt: t.clock() + MINUTE })
    await t.pruneAfter(MINUTE + GARBAGE_MS - LEEWAY)
    await t.assertHolds('k', row)
    await t.pruneAfter(MARGIN)
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
    const shortened = await t.insertRow('shortened', { expiresAt: start + 9 * HOUR })
    const until = start + 3 * HOUR
    await t.store.touch('touched', until)
    const longer = await t.swapRow('swapped', swapped, { expiresAt: until })
    await t.store.swap('shortened', shortened.write, rowAfter(shortened, { expiresAt: start }))
    await t.pruneAfter(2 * HOUR)
    await t.assertHolds('touched', { ...touched, expiresAt: until })
    await t.assertHolds('swapped', longer)
    await t.assertHolds('shortened', null)
    await t.pruneAfter(HOUR + MARGIN)
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
    const pruned = await t.pruneAfter(2000 + MARGIN, 10)
    assert.ok(pruned <= 25, `prune deleted ${pruned} of 25`)
    assert.deepEqual(await t.allKeys(), ['live'])
    await t.assertHolds('live', live)
    assert.equal(await t.store.prune(10), 0)
  }),
  it("an owner's list expires at the latest time that it was given, and is then deleted", async (t) => {
    const start = t.clock()
    await t.store.admit('mona', 'a', 0, start + 3 * HOUR, ROOM)
    await t.store.admit('mona', 'b', 0, start + MINUTE, ROOM)
    await t.store.keep('mona', 'b', 0, start + 2 * MINUTE)
    await t.store.revoke('mona', 1, start + MINUTE, undefined)
    await t.store.admit('kept', 'a', 0, start + MINUTE, ROOM)
    await t.store.keep('kept', 'a', 0, start + 3 * HOUR)
    await t.store.keep('kept', 'a', 0, start)
    await t.pruneAfter(3 * HOUR - LEEWAY)
    assert.deepEqual(await t.store.list('mona'), ['a', 'b'])
    assert.deepEqual(await t.store.list('kept'), ['a'])
    await t.pruneAfter(DAY)
    assert.deepEqual(await t.store.list('mona'), [])
    assert.deepEqual(await t.store.list('kept'), [])
    assert.equal(await t.store.epoch('mona'), 0)
  }),
  it('a key that is admitted again lets its list live longer', async (t) => {
    const start = t.clock()
    for (const minutes of [1, 180, 2]) {
      await t.store.admit('mona', 'a', 0, start + minutes * MINUTE, ROOM)
    }
    await t.pruneAfter(3 * HOUR - LEEWAY)
    assert.deepEqual(await t.store.list('mona'), ['a'])
  }),
  it('a session that is refused does not let the list live longer', async (t) => {
    const start = t.clock()
    await t.store.revoke('mona', 5, start + MINUTE, undefined)
    await t.store.keep('mona', 'a', 4, start + 9 * DAY)
    await t.store.admit('mona', 'a', 4, start + 9 * DAY, ROOM)
    await t.pruneAfter(DAY)
    assert.equal(await t.store.epoch('mona'), 0)
  }),
  it('after concurrent logins and keeps the list expires at the latest time of all', async (t) => {
    const start = t.clock()
    await atOnce(16, async (n) => {
      const owner = `mona${n}`
      const untils = [n % 2 === 0 ? 180 : 1, n % 2 === 0 ? 1 : 180, 2]
      await retry(() => t.store.admit(owner, 'a', 0, start + MINUTE, ROOM))
      const [first, second, third] = untils.map((minutes) => start + minutes * MINUTE)
      await Promise.all([
        retry(() => t.store.admit(owner, 'b', 0, first!, ROOM)),
        retry(() => t.store.keep(owner, 'a', 0, second!)),
        retry(() => t.store.admit(owner, 'c', 0, third!, ROOM)),
      ])
    })
    await t.pruneAfter(3 * HOUR - LEEWAY)
    for (let n = 0; n < 16; n++) {
      assert.deepEqual((await t.store.list(`mona${n}`)).sort(), ['a', 'b', 'c'])
    }
  }),
  it('a session in use stays in its list, however long ago it signed in', async (t) => {
    const start = t.clock()
    await t.insertRow('a', { owner: 'mona', expiresAt: start + 3 * HOUR })
    await t.insertRow('b', { owner: 'mona', expiresAt: start + 3 * HOUR })
    for (const key of ['a', 'b']) await t.store.admit('mona', key, 0, start + 3 * HOUR, ROOM)
    await t.store.touch('a', start + 9 * HOUR)
    await t.store.keep('mona', 'a', 0, start + 9 * HOUR)
    await t.pruneAfter(8 * HOUR)
    assert.deepEqual(await t.stateOf('a'), [0, true])
  }),
  it('a touch to an earlier time lets nothing be deleted sooner', async (t) => {
    const row = await t.insertRow('k', { expiresAt: t.clock() + 3 * HOUR })
    assert.equal(await t.store.touch('k', t.clock() + MINUTE), true)
    await t.pruneAfter(3 * HOUR)
    await t.assertHolds('k', row)
  }),
  it('a list of more than a thousand keys is forgotten whole, whatever one prune may take', async (t) => {
    const until = t.clock() + MINUTE
    await atOnce(1100, (n) => retry(() => t.store.admit('mona', `k${n}`, 0, until, ROOM)))
    await t.pruneAfter(MINUTE + MARGIN + GARBAGE_MS, 10_000)
    assert.deepEqual(await t.store.list('mona'), [])
    await t.admit('new')
    assert.deepEqual(await t.store.list('mona'), ['new'])
  }),
  it('an epoch lives for as long as its revocation says, also without keys', async (t) => {
    const start = t.clock()
    await t.store.admit('mona', 'a', 0, start + MINUTE, ROOM)
    for (const owner of ['mona', 'other']) {
      await t.store.revoke(owner, 5, start + 30 * DAY, 'x')
    }
    await t.store.forget('mona', ['a'])
    await t.pruneAfter(30 * DAY - LEEWAY)
    for (const owner of ['mona', 'other']) {
      assert.equal(await t.store.epoch(owner), 5)
      assert.deepEqual(await t.store.admit(owner, 'b', 4, t.clock() + MINUTE, ROOM), REVOKED)
      assert.deepEqual(await t.store.admit(owner, 'x', 4, t.clock() + MINUTE, ROOM), ADMITTED)
    }
  }),
]
