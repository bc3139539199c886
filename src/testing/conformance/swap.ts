/** Conformance: `swap`, the compare-and-swap on rows. */

import assert from 'node:assert/strict'
import type { Row, StoreVerbs, Swap } from '../../backends/stored/store.ts'
import {
  assertSameRow,
  atOnce,
  it,
  MINUTE,
  RACERS,
  retry,
  rowAfter,
  WON,
  writeId,
  type Scenario,
} from './bench.ts'

/** The scenarios for `swap`. */
export const swapping: readonly Scenario[] = [
  it('a swap replaces the whole row that it names', async (t) => {
    const first = await t.insertRow('k', { owner: null })
    const second = await t.swapRow('k', first, {
      owner: 'mona',
      body: 'b',
      expiresAt: t.clock() + 1,
    })
    await t.assertHolds('k', second)
    const third = await t.swapRow('k', second, { owner: null, body: '', recent: [] })
    await t.assertHolds('k', third)
  }),
  it('a swap that names another write loses, changes nothing, and returns the current row', async (t) => {
    const first = await t.insertRow('k', { owner: 'mona' })
    const newest = await t.swapRow('k', first, {
      body: 'newest',
      expiresAt: t.clock() + 9 * MINUTE,
    })
    for (const ifWrite of [first.write, writeId(), `${newest.write}x`, newest.write.slice(1)]) {
      assertLost(await t.store.swap('k', ifWrite, t.newRow()), newest)
    }
    await t.assertHolds('k', newest)
  }),
  it('write ids are compared exactly, capitals and all', async (t) => {
    const row = await t.insertRow('k', { write: 'aB-_.9', recent: ['cD'] })
    assertLost(await t.store.swap('k', 'ab-_.9', t.newRow()), row)
    assertLost(await t.store.swap('k', 'x', t.newRow({ write: 'AB-_.9' })), row)
    assertLost(await t.store.swap('k', 'x', t.newRow({ write: 'cd' })), row)
    assertLost(await t.store.swap('k', 'x', t.newRow({ write: 'c' })), row)
  }),
  it('a swap never inserts, and leaves nothing where nothing was', async (t) => {
    for (const ifWrite of ['', 'null', 'undefined', writeId()]) {
      assertLost(await t.store.swap('none', ifWrite, t.newRow()), null)
    }
    await t.assertHolds('none', null)
    assert.equal(await t.store.insert('none', t.newRow()), true)
  }),
  it('of many swaps at once exactly one wins, and the others return the row that won', async (t) => {
    const first = await t.insertRow('k')
    const rows = Array.from({ length: RACERS }, (_, n) => rowAfter(first, { body: `${n}` }))
    const swaps = await atOnce(RACERS, (n) => retry(() => t.store.swap('k', first.write, rows[n]!)))
    assert.equal(swaps.filter(({ won }) => won).length, 1)
    const winner = rows[swaps.findIndex(({ won }) => won)]!
    for (const swap of swaps) if (!swap.won) assertLost(swap, winner)
    await t.assertHolds('k', winner)
  }),
  it('writers that retry with the row a lost swap returns lose no update', async (t) => {
    const first = await t.insertRow('k', { body: '0' })
    await atOnce(8, () => countTo(t.store, first, 15))
    assert.equal((await t.store.read('k'))?.body, '120')
  }),
  it('the row a lost swap returns expires as the last touch says', async (t) => {
    const row = await t.insertRow('k')
    const expiresAt = row.expiresAt + MINUTE
    assert.equal(await t.store.touch('k', expiresAt), true)
    assertLost(await t.store.swap('k', 'x', t.newRow()), { ...row, expiresAt })
  }),
  it('a swap that has won before wins again, without another change', async (t) => {
    const first = await t.insertRow('k')
    const second = rowAfter(first, { body: 'second' })
    for (let sent = 1; sent <= 3; sent++) {
      assert.deepEqual(await t.store.swap('k', first.write, second), WON)
      await t.assertHolds('k', second)
    }
    const otherBody = { ...second, body: 'not this', expiresAt: second.expiresAt + 1 }
    assert.deepEqual(await t.store.swap('k', first.write, otherBody), WON)
    assert.deepEqual(await t.store.swap('k', second.write, otherBody), WON)
    await t.assertHolds('k', second)
  }),
  it('a swap that later swaps have built upon still wins, and their rows stay', async (t) => {
    const rows = [await t.insertRow('k')]
    for (let n = 1; n <= 32; n++) {
      const before = rows.at(-1)!
      rows.push(rowAfter(before, { body: `${n}` }))
      await t.store.swap('k', before.write, rows.at(-1)!)
    }
    const newest = rows.at(-1)!
    for (const [n, row] of rows.entries()) {
      if (n === 0) continue
      assert.deepEqual(await t.store.swap('k', rows[n - 1]!.write, row), WON)
      assert.deepEqual(await t.store.swap('k', newest.write, row), WON)
      await t.assertHolds('k', newest)
    }
  }),
  it('a swap after a removal loses and returns no row, even if it had won before', async (t) => {
    const first = await t.insertRow('k')
    const second = await t.swapRow('k', first)
    await t.store.remove('k')
    assertLost(await t.store.swap('k', first.write, second), null)
    assertLost(await t.store.swap('k', second.write, rowAfter(second)), null)
    await t.assertHolds('k', null)
  }),
]

function assertLost(swap: Swap, newest: Row | null): void {
  assert.equal(swap.won, false, 'this swap has to lose')
  if (!swap.won) assertSameRow(swap.newest, newest, 'the newest row')
}

/** Adds 1 to the row's body `times` times, starting from a known row. Each swap is sent `sends` times. */
export async function countTo(store: StoreVerbs, known: Row, times: number, sends = 1) {
  let newest = known
  for (let done = 0, tries = 0; done < times; tries++) {
    assert.ok(tries < 10_000, 'a writer that knows the newest row wins sooner or later')
    const next = rowAfter(newest, { body: `${Number(newest.body) + 1}` })
    const before = newest.write
    const swaps: Swap[] = []
    while (swaps.length < sends) swaps.push(await retry(() => store.swap('k', before, next)))
    const [first, last] = [swaps[0]!, swaps.at(-1)!]
    if (first.won) done++
    if (first.won) assert.equal(last.won, true, 'what was won is won when it is sent again')
    const found = last.won ? next : last.newest
    assert.ok(found, 'the row is gone')
    newest = found
  }
}
