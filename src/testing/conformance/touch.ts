/** Conformance: `touch`, which makes a row expire later. */

import assert from 'node:assert/strict'
import { atOnce, it, MINUTE, RACERS, retry, rowAfter, WON, type Scenario } from './bench.ts'

/** The scenarios for `touch`. */
export const touching: readonly Scenario[] = [
  it('a touch makes a row expire later, and changes nothing else', async (t) => {
    const row = await t.insertRow('k', { owner: 'mona', recent: ['w1', 'w2'] })
    for (const ms of [1, MINUTE, 366 * 24 * 60 * MINUTE]) {
      const expiresAt = row.expiresAt + ms
      assert.equal(await t.store.touch('k', expiresAt), true)
      await t.assertHolds('k', { ...row, expiresAt })
    }
  }),
  it('a touch never makes a row expire earlier, but reports that the row is there', async (t) => {
    const row = await t.insertRow('k')
    for (const expiresAt of [row.expiresAt - 1, row.expiresAt, t.clock(), 1, 0]) {
      assert.equal(await t.store.touch('k', expiresAt), true)
      await t.assertHolds('k', row)
    }
  }),
  it('a touch never inserts, and leaves nothing where nothing was', async (t) => {
    assert.equal(await t.store.touch('none', t.clock() + MINUTE), false)
    await t.assertHolds('none', null)
    assert.equal(await t.store.insert('none', t.newRow()), true)
  }),
  it('a touch after a removal finds nothing, and brings nothing back', async (t) => {
    const row = await t.insertRow('k')
    await t.store.remove('k')
    assert.equal(await t.store.touch('k', row.expiresAt + MINUTE), false)
    await t.assertHolds('k', null)
    assert.equal(await t.store.insert('k', row), false)
  }),
  it('a touch does not disturb a swap that was read before it', async (t) => {
    const row = await t.insertRow('k')
    await t.store.touch('k', row.expiresAt + MINUTE)
    const next = await t.swapRow('k', row, { expiresAt: row.expiresAt + 2 * MINUTE })
    await t.assertHolds('k', next)
  }),
  it('swaps among many touches at once all win, and the touches keep the newest body', async (t) => {
    let row = await t.insertRow('k')
    for (let round = 1; round <= 5; round++) {
      const next = rowAfter(row, { body: `${round}` })
      const expiresAt = row.expiresAt
      const touches = atOnce(8, (n) => retry(() => t.store.touch('k', expiresAt + n)))
      const before = row.write
      const swap = retry(() => t.store.swap('k', before, next))
      // Every other round these have nothing to raise: what the first ones did shows.
      const more = atOnce(8, (n) => retry(() => t.store.touch('k', expiresAt + (round % 2) * n)))
      assert.deepEqual(await swap, WON)
      assert.ok([...(await touches), ...(await more)].every(Boolean))
      const read = await t.store.read('k')
      assert.equal(read?.write, next.write)
      assert.equal(read.body, next.body)
      row = read
    }
  }),
  it('of many touches at once the latest expiry stays', async (t) => {
    const row = await t.insertRow('k')
    const ends = Array.from({ length: RACERS }, (_, n) => row.expiresAt + ((n * 37) % RACERS))
    const found = await atOnce(RACERS, (n) => retry(() => t.store.touch('k', ends[n]!)))
    assert.ok(found.every(Boolean))
    await t.assertHolds('k', { ...row, expiresAt: Math.max(...ends) })
  }),
]
