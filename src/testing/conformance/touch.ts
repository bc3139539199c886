/** Conformance: moving the end of a row. */

import assert from 'node:assert/strict'
import {
  assertHolds,
  atOnce,
  insertRow,
  MINUTE,
  RACERS,
  rowAfter,
  rowBy,
  surely,
  type Scenario,
} from './bench.ts'

/** What `touch` promises. */
export const touching: readonly Scenario[] = [
  {
    name: 'a touch moves the end of a row further away, and changes nothing else',
    async check(bench) {
      const row = await insertRow(bench, 'k', { owner: 'mona', recent: ['w1', 'w2'] })
      for (const ms of [1, MINUTE, 366 * 24 * 60 * MINUTE]) {
        const expiresAt = row.expiresAt + ms
        assert.equal(await bench.store.touch('k', expiresAt), true)
        await assertHolds(bench, 'k', { ...row, expiresAt })
      }
    },
  },
  {
    name: 'a touch never moves the end nearer, but says that the row is there',
    async check(bench) {
      const row = await insertRow(bench, 'k')
      for (const expiresAt of [row.expiresAt - 1, row.expiresAt, bench.clock(), 1, 0]) {
        assert.equal(await bench.store.touch('k', expiresAt), true)
        await assertHolds(bench, 'k', row)
      }
    },
  },
  {
    name: 'a touch never inserts, and leaves nothing where nothing was',
    async check(bench) {
      const { store, clock } = bench
      assert.equal(await store.touch('none', clock() + MINUTE), false)
      await assertHolds(bench, 'none', null)
      assert.equal(await store.insert('none', rowBy(clock)), true)
    },
  },
  {
    name: 'a touch after a removal finds nothing, and brings nothing back',
    async check(bench) {
      const row = await insertRow(bench, 'k')
      await bench.store.remove('k')
      assert.equal(await bench.store.touch('k', row.expiresAt + MINUTE), false)
      await assertHolds(bench, 'k', null)
      assert.equal(await bench.store.insert('k', row), false)
    },
  },
  {
    name: 'a touch does not disturb a swap that was read before it',
    async check(bench) {
      const row = await insertRow(bench, 'k')
      await bench.store.touch('k', row.expiresAt + MINUTE)
      const next = rowAfter(row, { expiresAt: row.expiresAt + 2 * MINUTE })
      assert.deepEqual(await bench.store.swap('k', row.write, next), { won: true })
      await assertHolds(bench, 'k', next)
    },
  },
  {
    name: 'swaps among many touches at once all win, and the touches keep the newest body',
    async check(bench) {
      let row = await insertRow(bench, 'k')
      for (let round = 1; round <= 5; round++) {
        const next = rowAfter(row, { body: `${round}` })
        const expiresAt = row.expiresAt
        const touches = atOnce(8, (n) => surely(() => bench.store.touch('k', expiresAt + n)))
        const before = row.write
        const swap = surely(() => bench.store.swap('k', before, next))
        // Every other round these have nothing to raise: what the first ones did shows.
        const more = atOnce(8, (n) =>
          surely(() => bench.store.touch('k', expiresAt + (round % 2) * n)),
        )
        assert.deepEqual(await swap, { won: true })
        assert.ok([...(await touches), ...(await more)].every(Boolean))
        const read = await bench.store.read('k')
        assert.equal(read?.write, next.write)
        assert.equal(read.body, next.body)
        row = read
      }
    },
  },
  {
    name: 'of many touches at once the furthest end stays',
    async check(bench) {
      const row = await insertRow(bench, 'k')
      const ends = Array.from({ length: RACERS }, (_, n) => row.expiresAt + ((n * 37) % RACERS))
      const found = await atOnce(RACERS, (n) => surely(() => bench.store.touch('k', ends[n]!)))
      assert.ok(found.every(Boolean))
      await assertHolds(bench, 'k', { ...row, expiresAt: Math.max(...ends) })
    },
  },
]
