/** Conformance: what is collected when its time is over. For a harness that can move that time. */

import assert from 'node:assert/strict'
import { GARBAGE_MS, REVOKED_MS } from '../../backends/stored/store.ts'
import {
  assertHolds,
  atOnce,
  insertRow,
  keysOf,
  MINUTE,
  pruneAll,
  rowAfter,
  rowBy,
  surely,
  type Scenario,
} from './bench.ts'

/** Time enough for the commands of a case on an engine whose clock runs. */
const LEEWAY = 15_000

/** What the store forgets, and when. */
export const collection: readonly Scenario[] = [
  {
    name: 'a row is answered until two minutes past its end, and gone once it is collected',
    async check(bench) {
      const { store, clock } = bench
      const row = await insertRow(bench, 'k', { expiresAt: clock() + MINUTE })
      await bench.advance(MINUTE + GARBAGE_MS - LEEWAY)
      await pruneAll(bench)
      await assertHolds(bench, 'k', row)
      await bench.advance(2 * LEEWAY)
      await pruneAll(bench)
      await assertHolds(bench, 'k', null)
      assert.deepEqual(await store.swap('k', row.write, rowAfter(row)), {
        won: false,
        newest: null,
      })
      assert.equal(await store.touch('k', clock() + MINUTE), false)
      assert.deepEqual(await keysOf(bench), [])
      assert.equal(await store.insert('k', rowBy(clock)), true, 'a collected key is free')
    },
  },
  {
    name: 'a row lives as long as its last touch or swap says',
    async check(bench) {
      const { store, clock } = bench
      const start = clock()
      const touched = await insertRow(bench, 'touched', { expiresAt: start + MINUTE })
      const swapped = await insertRow(bench, 'swapped', { expiresAt: start + MINUTE })
      const shortened = await insertRow(bench, 'shortened', { expiresAt: start + 60 * MINUTE })
      const until = start + 30 * MINUTE
      await store.touch('touched', until)
      const longer = rowAfter(swapped, { expiresAt: until })
      await store.swap('swapped', swapped.write, longer)
      await store.swap('shortened', shortened.write, rowAfter(shortened, { expiresAt: start }))
      await bench.advance(20 * MINUTE)
      await pruneAll(bench)
      await assertHolds(bench, 'touched', { ...touched, expiresAt: until })
      await assertHolds(bench, 'swapped', longer)
      await assertHolds(bench, 'shortened', null)
      await bench.advance(10 * MINUTE + GARBAGE_MS + LEEWAY)
      await pruneAll(bench)
      assert.deepEqual(await keysOf(bench), [])
    },
  },
  {
    name: 'a tombstone stands for two minutes, and is gone once it is collected',
    async check(bench) {
      const { store, clock } = bench
      const row = await insertRow(bench, 'k', { expiresAt: clock() - MINUTE })
      await store.remove('k')
      await store.remove('none')
      await bench.advance(GARBAGE_MS - LEEWAY)
      await pruneAll(bench)
      assert.equal(await store.insert('k', row), false)
      assert.equal(await store.insert('none', row), false)
      await bench.advance(2 * LEEWAY)
      await pruneAll(bench)
      assert.equal(await store.insert('k', rowBy(clock)), true)
      assert.equal(await store.insert('none', rowBy(clock)), true)
    },
  },
  {
    name: 'prune goes in batches, says when none are left, and takes only what is over',
    async check(bench) {
      const { store, clock } = bench
      await atOnce(25, (n) => insertRow(bench, `over-${n}`, { expiresAt: clock() + 1000 + n }))
      const live = await insertRow(bench, 'live')
      await bench.advance(2000 + GARBAGE_MS + LEEWAY)
      const pruned = await pruneAll(bench, 10)
      assert.ok(pruned <= 25, `prune deleted ${pruned} of 25`)
      assert.deepEqual(await keysOf(bench), ['live'])
      await assertHolds(bench, 'live', live)
      assert.equal(await store.prune(10), 0)
    },
  },
  {
    name: "an owner's list lives until the furthest time it was given, and is forgotten some day",
    async check(bench) {
      const { store, clock } = bench
      const start = clock()
      await store.admit('mona', 'a', start, start + 30 * MINUTE)
      await store.admit('mona', 'b', start, start + MINUTE)
      await store.keep('mona', start + 2 * MINUTE)
      await store.admit('kept', 'a', start, start + MINUTE)
      await store.keep('kept', start + 30 * MINUTE)
      await store.keep('kept', start)
      await bench.advance(30 * MINUTE - LEEWAY)
      await pruneAll(bench)
      assert.deepEqual(await store.list('mona'), ['a', 'b'])
      assert.deepEqual(await store.list('kept'), ['a'])
      await bench.advance(2 * REVOKED_MS)
      await pruneAll(bench)
      assert.deepEqual(await store.list('mona'), [])
      assert.deepEqual(await store.list('kept'), [])
    },
  },
  {
    name: 'a key that is admitted again lets its list live longer',
    async check(bench) {
      const { store, clock } = bench
      const start = clock()
      await store.admit('mona', 'a', start, start + MINUTE)
      await store.admit('mona', 'a', start, start + 30 * MINUTE)
      await store.admit('mona', 'a', start, start + 2 * MINUTE)
      await bench.advance(30 * MINUTE - LEEWAY)
      await pruneAll(bench)
      assert.deepEqual(await store.list('mona'), ['a'])
    },
  },
  {
    name: 'logins and keeps at once let the list live until the furthest time of all',
    async check(bench) {
      const { store, clock } = bench
      const start = clock()
      await atOnce(16, async (n) => {
        const owner = `mona${n}`
        const untils = [n % 2 === 0 ? 30 : 1, n % 2 === 0 ? 1 : 30, 2]
        await surely(() => store.admit(owner, 'a', start, start + MINUTE))
        const [first, second, third] = untils.map((minutes) => start + minutes * MINUTE)
        await Promise.all([
          surely(() => store.admit(owner, 'b', start, first!)),
          surely(() => store.keep(owner, second!)),
          surely(() => store.admit(owner, 'c', start, third!)),
        ])
      })
      await bench.advance(30 * MINUTE - LEEWAY)
      await pruneAll(bench)
      for (let n = 0; n < 16; n++) {
        assert.deepEqual((await store.list(`mona${n}`)).sort(), ['a', 'b', 'c'])
      }
    },
  },
  {
    name: 'a touch to a nearer time lets nothing be collected sooner',
    async check(bench) {
      const { store, clock } = bench
      const row = await insertRow(bench, 'k', { expiresAt: clock() + 30 * MINUTE })
      assert.equal(await store.touch('k', clock() + MINUTE), true)
      await bench.advance(30 * MINUTE)
      await pruneAll(bench)
      await assertHolds(bench, 'k', row)
    },
  },
  {
    name: 'a list of more than a thousand keys is forgotten whole, whatever one prune may take',
    async check(bench) {
      const { store, clock } = bench
      const until = clock() + MINUTE
      await atOnce(1100, (n) => surely(() => store.admit('mona', `k${n}`, clock(), until)))
      await bench.advance(MINUTE + 2 * GARBAGE_MS)
      await pruneAll(bench, 10_000)
      assert.deepEqual(await store.list('mona'), [])
      await store.admit('mona', 'new', clock(), clock() + MINUTE)
      assert.deepEqual(await store.list('mona'), ['new'])
    },
  },
  {
    name: 'the note of a revocation outlives the list, for a day at least',
    async check(bench) {
      const { store, clock } = bench
      const start = clock()
      await store.admit('mona', 'a', start, start + MINUTE)
      assert.deepEqual(await store.list('mona', start + 1), ['a'])
      await store.forget('mona', ['a'])
      await store.list('other', start + 1)
      await bench.advance(REVOKED_MS - LEEWAY)
      await pruneAll(bench)
      for (const owner of ['mona', 'other']) {
        const late = await store.admit(owner, 'b', start, clock() + MINUTE)
        assert.deepEqual(late, { admitted: false, why: 'revoked' })
      }
    },
  },
]
