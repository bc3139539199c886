/** Conformance: `read` and `insert`. */

import assert from 'node:assert/strict'
import { assertSameRow, atOnce, it, MINUTE, outcomeOf, RACERS, type Scenario } from './bench.ts'

/** The scenarios for `read` and `insert`. */
export const inserting: readonly Scenario[] = [
  it('a key that was never used holds nothing, and reading it leaves nothing behind', async (bench) => {
    const { store, newRow } = bench
    assert.equal(await store.read('never'), null)
    assert.equal(await store.read('never'), null)
    assert.equal(await store.insert('never', newRow()), true)
  }),
  it('an inserted row is read back whole', async ({ insertRow, assertHolds }) => {
    const recent = Array.from({ length: 32 }, (_, n) => `Writer-${n}_x.${'z'.repeat(n)}`)
    const whole = await insertRow('whole', { recent, owner: 'mona', body: '{"a":[1]}' })
    const bare = await insertRow('bare', { recent: [], owner: null, body: '' })
    await assertHolds('whole', whole)
    await assertHolds('bare', bare)
  }),
  it('insert wins only where no row is, and the row that was first stays as it is', async (bench) => {
    const { store, newRow, insertRow, swapRow, assertHolds } = bench
    const first = await insertRow('taken', { owner: 'mona' })
    assert.equal(await store.insert('taken', newRow()), false)
    await assertHolds('taken', first)
    const second = await swapRow('taken', first)
    assert.equal(await store.insert('taken', first), false)
    await assertHolds('taken', second)
  }),
  it('of many inserts of one key at once exactly one wins, and its row stays', async (bench) => {
    const { store, newRow, assertHolds } = bench
    const rows = Array.from({ length: RACERS }, (_, n) => newRow({ body: `${n}` }))
    const won = await atOnce(RACERS, (n) => outcomeOf(() => store.insert('raced', rows[n]!)))
    const held = await store.read('raced')
    const winner = rows.findIndex(({ write }) => write === held?.write)
    await assertHolds('raced', rows[winner] ?? null)
    for (const [n, { answer, isResent }] of won.entries()) {
      if (answer || !isResent) assert.equal(answer, n === winner, 'one wins, and knows it')
    }
  }),
  it('many keys written at once do not mix', async ({ insertRow, assertHolds }) => {
    const rows = await atOnce(RACERS, (n) =>
      insertRow(`key-${n}`, { owner: `owner-${n}`, body: `body-${n}` }),
    )
    await atOnce(RACERS, (n) => assertHolds(`key-${n}`, rows[n]!))
  }),
  it('a row object that is changed after insert or read does not change the stored row', async (bench) => {
    const { store, insertRow, assertHolds } = bench
    const given = await insertRow('k', { recent: ['w1'] })
    const kept = structuredClone(given)
    Object.assign(given, { body: 'changed' })
    Object.assign(given.recent, ['changed'])
    const got = await store.read('k')
    assert.ok(got)
    assertSameRow(got, kept, 'the row')
    Object.assign(got, { owner: 'changed' })
    Object.assign(got.recent, ['changed'])
    await assertHolds('k', kept)
  }),
  it('an expired row is still returned: the library decides whether it has expired', async (bench) => {
    const { store, clock, newRow, insertRow, swapRow, assertHolds } = bench
    const over = await insertRow('over', { expiresAt: clock() - MINUTE })
    await assertHolds('over', over)
    assert.equal(await store.insert('over', newRow()), false)
    const after = await swapRow('over', over, { expiresAt: clock() - MINUTE + 1 })
    assert.equal(await store.touch('over', clock() + MINUTE), true)
    await assertHolds('over', { ...after, expiresAt: clock() + MINUTE })
  }),
  it('a row of a writer whose clock is an hour ahead, or a minute behind, is like any other', async (bench) => {
    const { clock, insertRow, swapRow, assertHolds } = bench
    for (const [key, skew] of [
      ['ahead', 60 * MINUTE],
      ['behind', -MINUTE],
    ] as const) {
      const row = await insertRow(key, { expiresAt: clock() + skew })
      const next = await swapRow(key, row, { expiresAt: clock() + skew + 1 })
      await assertHolds(key, next)
    }
  }),
  it('a clock that jumps back changes nothing that is kept', async (bench) => {
    const { store, clock, newRow, insertRow, assertHolds } = bench
    const row = await insertRow('kept')
    await insertRow('removed')
    await store.remove('removed')
    clock.advance(-24 * 60 * MINUTE)
    await assertHolds('kept', row)
    assert.equal(await store.insert('removed', newRow()), false)
    assert.equal(await store.touch('kept', row.expiresAt - 1), true)
    await assertHolds('kept', row)
  }),
]
