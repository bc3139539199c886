/** Conformance: idempotence: commands that are executed twice, or late, because a client resent them. */

import assert from 'node:assert/strict'
import {
  ADMITTED,
  assertOneDid,
  atOnce,
  FOUND_NONE,
  it,
  outcomeOf,
  refusing,
  retry,
  REVOKED,
  ROOM,
  rowAfter,
  WON,
  type Scenario,
} from './bench.ts'
import { countTo } from './swap.ts'

/** The scenarios for commands whose answer was lost, and that were sent again. */
export const repeats: readonly Scenario[] = [
  it('every command executed twice in a row has the effect of one', async (t) => {
    const row = t.newRow()
    assert.deepEqual(await twice(() => t.store.insert('k', row)), [true, false])
    await t.assertHolds('k', row)
    const next = rowAfter(row, { body: 'next' })
    assert.deepEqual(await twice(() => t.store.swap('k', row.write, next)), [WON, WON])
    await t.assertHolds('k', next)
    const expiresAt = next.expiresAt + 1
    assert.deepEqual(await twice(() => t.store.touch('k', expiresAt)), [true, true])
    await t.assertHolds('k', { ...next, expiresAt })
    assert.deepEqual(await twice(() => t.store.remove('k')), [true, false])
    await t.assertHolds('k', null)
  }),
  it('every command executed twice concurrently has the effect of one', async (t) => {
    const row = t.newRow()
    assertOneDid(await atOnce(2, () => outcomeOf(() => t.store.insert('k', row))))
    await t.assertHolds('k', row)
    const next = rowAfter(row)
    const swaps = await atOnce(2, () => retry(() => t.store.swap('k', row.write, next)))
    assert.deepEqual(swaps, [WON, WON])
    await t.assertHolds('k', next)
    assertOneDid(await atOnce(2, () => outcomeOf(() => t.store.remove('k'))))
    await t.assertHolds('k', null)
  }),
  it('increments whose swaps are all executed twice, by writers at once, count exactly', async (t) => {
    const first = await t.insertRow('k', { body: '0' })
    await atOnce(4, () => countTo(t.store, first, 10, 2))
    assert.equal((await t.store.read('k'))?.body, '40')
  }),
  it('commands executed late change nothing of what came after them', async (t) => {
    const rows = [await t.insertRow('k', { body: '0' })]
    for (let n = 1; n <= 10; n++) {
      const before = rows.at(-1)!
      rows.push(rowAfter(before, { body: `${n}`, expiresAt: before.expiresAt + 1 }))
      await t.store.swap('k', before.write, rows.at(-1)!)
    }
    const late = async () => {
      await t.store.insert('k', rows[0]!)
      for (const [n, row] of rows.entries()) {
        await t.store.swap('k', rows[n - 1]?.write ?? 'none', row)
        await t.store.touch('k', row.expiresAt)
      }
    }
    await late()
    await t.assertHolds('k', rows.at(-1)!)
    await t.store.remove('k')
    await late()
    await t.assertHolds('k', null)
    assert.deepEqual(await t.allKeys(), [])
  }),
  it('an insert executed after the removal that cancelled it does not bring the row back', async (t) => {
    const late = t.newRow()
    assert.equal(await t.store.remove('k'), false)
    assert.equal(await t.store.remove('k'), false)
    assert.equal(await t.store.insert('k', late), false)
    assert.deepEqual(await t.store.swap('k', late.write, late), FOUND_NONE)
    await t.assertHolds('k', null)
  }),
  it("an owner's commands executed twice, or late, leave the list as it is", async (t) => {
    const until = t.clock() + 60_000
    for (const key of ['a', 'b', 'c']) {
      assert.deepEqual(await twice(() => t.admit(key, refusing(3))), [ADMITTED, ADMITTED])
    }
    assert.deepEqual(await twice(() => t.keep('c')), [true, true])
    await twice(() => t.store.forget('mona', ['b']))
    assert.deepEqual(await t.store.list('mona'), ['a', 'c'])
    const revoked = { epoch: 20, keys: ['a', 'c'] }
    assert.deepEqual(await twice(() => t.revoke(20, 'a')), [revoked, revoked])
    assert.deepEqual(await t.admit('b', ROOM, 10), REVOKED)
    assert.equal(await t.keep('b', 10), false)
    assert.deepEqual(await t.store.list('mona'), ['a', 'c'])
    await twice(() => t.store.erase('other'))
    await t.store.admit('other', 'x', 0, until, ROOM)
    await twice(() => t.store.erase('other'))
    assert.deepEqual(await t.store.list('other'), [])
  }),
  it('a revocation executed late, after the next one, does not touch what came after it', async (t) => {
    const late = () => t.revoke(20, 'a')
    await t.admitEach(['a', 'b'])
    await late()
    await t.revoke(30, 'b')
    assert.deepEqual(await t.admit('c', ROOM, 30), ADMITTED)
    assert.deepEqual(await late(), { epoch: 30, keys: ['a', 'b', 'c'] })
    assert.equal(await t.store.epoch('mona'), 30)
    assert.equal(await t.keep('c', 30), true)
    assert.equal(await t.keep('b', 0), true)
    assert.equal(await t.keep('a', 20), false)
  }),
]

async function twice<Answer>(command: () => Promise<Answer>): Promise<Answer[]> {
  return [await command(), await command()]
}
