/** Conformance: reading and inserting. */

import assert from 'node:assert/strict'
import {
  assertHolds,
  assertSameRow,
  atOnce,
  insertRow,
  MINUTE,
  RACERS,
  rowAfter,
  rowBy,
  settled,
  type Scenario,
} from './bench.ts'

/** What `read` and `insert` promise. */
export const inserting: readonly Scenario[] = [
  {
    name: 'a key that was never used holds nothing, and reading it leaves nothing behind',
    async check({ store, clock }) {
      assert.equal(await store.read('never'), null)
      assert.equal(await store.read('never'), null)
      assert.equal(await store.insert('never', rowBy(clock)), true)
    },
  },
  {
    name: 'an inserted row is read back whole',
    async check(bench) {
      const recent = Array.from({ length: 32 }, (_, n) => `Writer-${n}_x.${'z'.repeat(n)}`)
      const whole = await insertRow(bench, 'whole', { recent, owner: 'mona', body: '{"a":[1]}' })
      const bare = await insertRow(bench, 'bare', { recent: [], owner: null, body: '' })
      await assertHolds(bench, 'whole', whole)
      await assertHolds(bench, 'bare', bare)
    },
  },
  {
    name: 'insert wins only where no row is, and the row that was first stays as it is',
    async check(bench) {
      const first = await insertRow(bench, 'taken', { owner: 'mona' })
      assert.equal(await bench.store.insert('taken', rowBy(bench.clock)), false)
      await assertHolds(bench, 'taken', first)
      const second = rowAfter(first)
      assert.deepEqual(await bench.store.swap('taken', first.write, second), { won: true })
      assert.equal(await bench.store.insert('taken', first), false)
      await assertHolds(bench, 'taken', second)
    },
  },
  {
    name: 'of many inserts of one key at once exactly one wins, and its row stays',
    async check(bench) {
      const rows = Array.from({ length: RACERS }, (_, n) => rowBy(bench.clock, { body: `${n}` }))
      const won = await atOnce(RACERS, (n) => settled(() => bench.store.insert('raced', rows[n]!)))
      const held = await bench.store.read('raced')
      const winner = rows.findIndex(({ write }) => write === held?.write)
      await assertHolds(bench, 'raced', rows[winner] ?? null)
      for (const [n, { answer, isResent }] of won.entries()) {
        if (answer || !isResent) assert.equal(answer, n === winner, 'one wins, and knows it')
      }
    },
  },
  {
    name: 'many keys written at once do not mix',
    async check(bench) {
      const rows = await atOnce(RACERS, (n) =>
        insertRow(bench, `key-${n}`, { owner: `owner-${n}`, body: `body-${n}` }),
      )
      await atOnce(RACERS, (n) => assertHolds(bench, `key-${n}`, rows[n]!))
    },
  },
  {
    name: 'what is done to a row afterwards, by who gave it or got it, changes nothing that is kept',
    async check(bench) {
      const given = await insertRow(bench, 'k', { recent: ['w1'] })
      const kept = structuredClone(given)
      Object.assign(given, { body: 'changed' })
      Object.assign(given.recent, ['changed'])
      const got = await bench.store.read('k')
      assert.ok(got)
      assertSameRow(got, kept, 'the row')
      Object.assign(got, { owner: 'changed' })
      Object.assign(got.recent, ['changed'])
      await assertHolds(bench, 'k', kept)
    },
  },
  {
    name: 'a row that is over is still answered: whether it is over is for the library to say',
    async check(bench) {
      const { store, clock } = bench
      const over = await insertRow(bench, 'over', { expiresAt: clock() - MINUTE })
      await assertHolds(bench, 'over', over)
      assert.equal(await store.insert('over', rowBy(clock)), false)
      const after = rowAfter(over, { expiresAt: clock() - MINUTE + 1 })
      assert.deepEqual(await store.swap('over', over.write, after), { won: true })
      assert.equal(await store.touch('over', clock() + MINUTE), true)
      await assertHolds(bench, 'over', { ...after, expiresAt: clock() + MINUTE })
    },
  },
  {
    name: 'a row of a writer whose clock is an hour ahead, or a minute behind, is like any other',
    async check(bench) {
      for (const [key, skew] of [
        ['ahead', 60 * MINUTE],
        ['behind', -MINUTE],
      ] as const) {
        const row = await insertRow(bench, key, { expiresAt: bench.clock() + skew })
        const next = rowAfter(row, { expiresAt: bench.clock() + skew + 1 })
        assert.deepEqual(await bench.store.swap(key, row.write, next), { won: true })
        await assertHolds(bench, key, next)
      }
    },
  },
  {
    name: 'a clock that jumps back changes nothing that is kept',
    async check(bench) {
      const { store, clock } = bench
      const row = await insertRow(bench, 'kept')
      await insertRow(bench, 'removed')
      await store.remove('removed')
      clock.advance(-24 * 60 * MINUTE)
      await assertHolds(bench, 'kept', row)
      assert.equal(await store.insert('removed', rowBy(clock)), false)
      assert.equal(await store.touch('kept', row.expiresAt - 1), true)
      await assertHolds(bench, 'kept', row)
    },
  },
]
