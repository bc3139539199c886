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
  it('a swap replaces the whole row that it names', async (bench) => {
    const { clock, insertRow, swapRow, assertHolds } = bench
    const first = await insertRow('k', { owner: null })
    const second = await swapRow('k', first, { owner: 'mona', body: 'b', expiresAt: clock() + 1 })
    await assertHolds('k', second)
    const third = await swapRow('k', second, { owner: null, body: '', recent: [] })
    await assertHolds('k', third)
  }),
  it('a swap that names another write loses, changes nothing, and returns the current row', async (bench) => {
    const { store, clock, newRow, insertRow, swapRow, assertHolds } = bench
    const first = await insertRow('k', { owner: 'mona' })
    const newest = await swapRow('k', first, { body: 'newest', expiresAt: clock() + 9 * MINUTE })
    for (const ifWrite of [first.write, writeId(), `${newest.write}x`, newest.write.slice(1)]) {
      assertLost(await store.swap('k', ifWrite, newRow()), newest)
    }
    await assertHolds('k', newest)
  }),
  it('write ids are compared exactly, capitals and all', async ({ store, newRow, insertRow }) => {
    const row = await insertRow('k', { write: 'aB-_.9', recent: ['cD'] })
    assertLost(await store.swap('k', 'ab-_.9', newRow()), row)
    assertLost(await store.swap('k', 'x', newRow({ write: 'AB-_.9' })), row)
    assertLost(await store.swap('k', 'x', newRow({ write: 'cd' })), row)
    assertLost(await store.swap('k', 'x', newRow({ write: 'c' })), row)
  }),
  it('a swap never inserts, and leaves nothing where nothing was', async (bench) => {
    const { store, newRow, assertHolds } = bench
    for (const ifWrite of ['', 'null', 'undefined', writeId()]) {
      assertLost(await store.swap('none', ifWrite, newRow()), null)
    }
    await assertHolds('none', null)
    assert.equal(await store.insert('none', newRow()), true)
  }),
  it('of many swaps at once exactly one wins, and the others return the row that won', async (bench) => {
    const { store, insertRow, assertHolds } = bench
    const first = await insertRow('k')
    const rows = Array.from({ length: RACERS }, (_, n) => rowAfter(first, { body: `${n}` }))
    const swaps = await atOnce(RACERS, (n) => retry(() => store.swap('k', first.write, rows[n]!)))
    assert.equal(swaps.filter(({ won }) => won).length, 1)
    const winner = rows[swaps.findIndex(({ won }) => won)]!
    for (const swap of swaps) if (!swap.won) assertLost(swap, winner)
    await assertHolds('k', winner)
  }),
  it('writers that retry with the row a lost swap returns lose no update', async (bench) => {
    const { store, insertRow } = bench
    const first = await insertRow('k', { body: '0' })
    await atOnce(8, () => countTo(store, first, 15))
    assert.equal((await store.read('k'))?.body, '120')
  }),
  it('the row a lost swap returns expires as the last touch says', async (bench) => {
    const { store, newRow, insertRow } = bench
    const row = await insertRow('k')
    const expiresAt = row.expiresAt + MINUTE
    assert.equal(await store.touch('k', expiresAt), true)
    assertLost(await store.swap('k', 'x', newRow()), { ...row, expiresAt })
  }),
  it('a swap that has won before wins again, without another change', async (bench) => {
    const { store, insertRow, assertHolds } = bench
    const first = await insertRow('k')
    const second = rowAfter(first, { body: 'second' })
    for (let sent = 1; sent <= 3; sent++) {
      assert.deepEqual(await store.swap('k', first.write, second), WON)
      await assertHolds('k', second)
    }
    const otherBody = { ...second, body: 'not this', expiresAt: second.expiresAt + 1 }
    assert.deepEqual(await store.swap('k', first.write, otherBody), WON)
    assert.deepEqual(await store.swap('k', second.write, otherBody), WON)
    await assertHolds('k', second)
  }),
  it('a swap that later swaps have built upon still wins, and their rows stay', async (bench) => {
    const { store, insertRow, assertHolds } = bench
    const rows = [await insertRow('k')]
    for (let n = 1; n <= 32; n++) {
      const before = rows.at(-1)!
      rows.push(rowAfter(before, { body: `${n}` }))
      await store.swap('k', before.write, rows.at(-1)!)
    }
    const newest = rows.at(-1)!
    for (const [n, row] of rows.entries()) {
      if (n === 0) continue
      assert.deepEqual(await store.swap('k', rows[n - 1]!.write, row), WON)
      assert.deepEqual(await store.swap('k', newest.write, row), WON)
      await assertHolds('k', newest)
    }
  }),
  it('a swap after a removal loses and returns no row, even if it had won before', async (bench) => {
    const { store, insertRow, swapRow, assertHolds } = bench
    const first = await insertRow('k')
    const second = await swapRow('k', first)
    await store.remove('k')
    assertLost(await store.swap('k', first.write, second), null)
    assertLost(await store.swap('k', second.write, rowAfter(second)), null)
    await assertHolds('k', null)
  }),
]

function assertLost(swap: Swap, newest: Row | null): void {
  assert.equal(swap.won, false, 'this swap has to lose')
  if (!swap.won) assertSameRow(swap.newest, newest, 'the newest row')
}

async function countTo(store: StoreVerbs, known: Row, times: number): Promise<void> {
  let newest = known
  for (let done = 0, tries = 0; done < times; tries++) {
    assert.ok(tries < 10_000, 'a writer that knows the newest row wins sooner or later')
    const next = rowAfter(newest, { body: `${Number(newest.body) + 1}` })
    const before = newest.write
    const swap = await retry(() => store.swap('k', before, next))
    if (swap.won) done++
    else assert.ok(swap.newest, 'the row is gone')
    newest = swap.won ? next : swap.newest!
  }
}
