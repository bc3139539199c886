/** Conformance: swapping a row for the next. */

import assert from 'node:assert/strict'
import type { Row, Swap } from '../../backends/stored/store.ts'
import {
  assertHolds,
  assertSameRow,
  atOnce,
  insertRow,
  MINUTE,
  RACERS,
  rowAfter,
  rowBy,
  surely,
  writeId,
  type Bench,
  type Scenario,
} from './bench.ts'

/** What `swap` promises. */
export const swapping: readonly Scenario[] = [
  {
    name: 'a swap puts the whole new row in the place of the one it names',
    async check(bench) {
      const first = await insertRow(bench, 'k', { owner: null })
      const second = rowAfter(first, { owner: 'mona', body: 'b', expiresAt: bench.clock() + 1 })
      assert.deepEqual(await bench.store.swap('k', first.write, second), { won: true })
      await assertHolds(bench, 'k', second)
      const third = rowAfter(second, { owner: null, body: '', recent: [] })
      assert.deepEqual(await bench.store.swap('k', second.write, third), { won: true })
      await assertHolds(bench, 'k', third)
    },
  },
  {
    name: 'a swap that names another write loses, changes nothing, and learns the newest row',
    async check(bench) {
      const first = await insertRow(bench, 'k', { owner: 'mona' })
      const newest = rowAfter(first, { body: 'newest', expiresAt: bench.clock() + 9 * MINUTE })
      assert.deepEqual(await bench.store.swap('k', first.write, newest), { won: true })
      for (const ifWrite of [first.write, writeId(), `${newest.write}x`, newest.write.slice(1)]) {
        assertLost(await bench.store.swap('k', ifWrite, rowBy(bench.clock)), newest)
      }
      await assertHolds(bench, 'k', newest)
    },
  },
  {
    name: 'write ids are compared exactly, capitals and all',
    async check(bench) {
      const row = await insertRow(bench, 'k', { write: 'aB-_.9', recent: ['cD'] })
      assertLost(await bench.store.swap('k', 'ab-_.9', rowBy(bench.clock)), row)
      assertLost(await bench.store.swap('k', 'x', rowBy(bench.clock, { write: 'AB-_.9' })), row)
      assertLost(await bench.store.swap('k', 'x', rowBy(bench.clock, { write: 'cd' })), row)
      assertLost(await bench.store.swap('k', 'x', rowBy(bench.clock, { write: 'c' })), row)
    },
  },
  {
    name: 'a swap never inserts, and leaves nothing where nothing was',
    async check(bench) {
      const { store, clock } = bench
      for (const ifWrite of ['', 'null', 'undefined', writeId()]) {
        assertLost(await store.swap('none', ifWrite, rowBy(clock)), null)
      }
      await assertHolds(bench, 'none', null)
      assert.equal(await store.insert('none', rowBy(clock)), true)
    },
  },
  {
    name: 'of many swaps at once exactly one wins, and every loser learns the row that won',
    async check(bench) {
      const first = await insertRow(bench, 'k')
      const rows = Array.from({ length: RACERS }, (_, n) => rowAfter(first, { body: `${n}` }))
      const swaps = await atOnce(RACERS, (n) =>
        surely(() => bench.store.swap('k', first.write, rows[n]!)),
      )
      assert.equal(swaps.filter(({ won }) => won).length, 1)
      const winner = rows[swaps.findIndex(({ won }) => won)]!
      for (const swap of swaps) if (!swap.won) assertLost(swap, winner)
      await assertHolds(bench, 'k', winner)
    },
  },
  {
    name: 'writers that go on from the newest row they learn lose none of their changes',
    async check(bench) {
      const first = await insertRow(bench, 'k', { body: '0' })
      await atOnce(8, () => countTo(bench, first, 15))
      assert.equal((await bench.store.read('k'))?.body, '120')
    },
  },
  {
    name: 'the newest row a loser learns shows the end as touches have moved it',
    async check(bench) {
      const row = await insertRow(bench, 'k')
      const expiresAt = row.expiresAt + MINUTE
      assert.equal(await bench.store.touch('k', expiresAt), true)
      assertLost(await bench.store.swap('k', 'x', rowBy(bench.clock)), { ...row, expiresAt })
    },
  },
  {
    name: 'a swap that has won before wins again, without another change',
    async check(bench) {
      const first = await insertRow(bench, 'k')
      const second = rowAfter(first, { body: 'second' })
      for (let sent = 1; sent <= 3; sent++) {
        assert.deepEqual(await bench.store.swap('k', first.write, second), { won: true })
        await assertHolds(bench, 'k', second)
      }
      const otherBody = { ...second, body: 'not this', expiresAt: second.expiresAt + 1 }
      assert.deepEqual(await bench.store.swap('k', first.write, otherBody), { won: true })
      assert.deepEqual(await bench.store.swap('k', second.write, otherBody), { won: true })
      await assertHolds(bench, 'k', second)
    },
  },
  {
    name: 'a swap that others have built upon since still wins, and their rows stay',
    async check(bench) {
      const rows = [await insertRow(bench, 'k')]
      for (let n = 1; n <= 32; n++) {
        const before = rows.at(-1)!
        rows.push(rowAfter(before, { body: `${n}` }))
        await bench.store.swap('k', before.write, rows.at(-1)!)
      }
      const newest = rows.at(-1)!
      for (const [n, row] of rows.entries()) {
        if (n === 0) continue
        assert.deepEqual(await bench.store.swap('k', rows[n - 1]!.write, row), { won: true })
        assert.deepEqual(await bench.store.swap('k', newest.write, row), { won: true })
        await assertHolds(bench, 'k', newest)
      }
    },
  },
  {
    name: 'a swap that a removal came before loses to nothing, even if it had won before',
    async check(bench) {
      const first = await insertRow(bench, 'k')
      const second = rowAfter(first)
      await bench.store.swap('k', first.write, second)
      await bench.store.remove('k')
      assertLost(await bench.store.swap('k', first.write, second), null)
      assertLost(await bench.store.swap('k', second.write, rowAfter(second)), null)
      await assertHolds(bench, 'k', null)
    },
  },
]

function assertLost(swap: Swap, newest: Row | null): void {
  assert.equal(swap.won, false, 'this swap has to lose')
  if (!swap.won) assertSameRow(swap.newest, newest, 'the newest row')
}

async function countTo({ store }: Bench, known: Row, times: number): Promise<void> {
  let newest = known
  for (let done = 0, tries = 0; done < times; tries++) {
    assert.ok(tries < 10_000, 'a writer that knows the newest row wins sooner or later')
    const next = rowAfter(newest, { body: `${Number(newest.body) + 1}` })
    const before = newest.write
    const swap = await surely(() => store.swap('k', before, next))
    if (swap.won) done++
    else assert.ok(swap.newest, 'the row is gone')
    newest = swap.won ? next : swap.newest!
  }
}
