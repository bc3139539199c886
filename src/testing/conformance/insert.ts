/** Conformance: `read` and `insert`. */

import assert from 'node:assert/strict'
import { assertSameRow, atOnce, it, MINUTE, outcomeOf, RACERS, type Scenario } from './bench.ts'

/** The scenarios for `read` and `insert`. */
export const inserting: readonly Scenario[] = [
  it('a key that was never used holds nothing, and reading it leaves nothing behind', async (t) => {
    assert.equal(await t.store.read('never'), null)
    assert.equal(await t.store.read('never'), null)
    assert.equal(await t.store.insert('never', t.newRow()), true)
  }),
  it('an inserted row is read back whole', async (t) => {
    const recent = Array.from({ length: 32 }, (_, n) => `Writer-${n}_x.${'z'.repeat(n)}`)
    const whole = await t.insertRow('whole', { recent, owner: 'mona', body: '{"a":[1]}' })
    const bare = await t.insertRow('bare', { recent: [], owner: null, body: '' })
    await t.assertHolds('whole', whole)
    await t.assertHolds('bare', bare)
  }),
  it('insert wins only where no row is, and the row that was first stays as it is', async (t) => {
    const first = await t.insertRow('taken', { owner: 'mona' })
    assert.equal(await t.store.insert('taken', t.newRow()), false)
    await t.assertHolds('taken', first)
    const second = await t.swapRow('taken', first)
    assert.equal(await t.store.insert('taken', first), false)
    await t.assertHolds('taken', second)
  }),
  it('of many inserts of one key at once exactly one wins, and its row stays', async (t) => {
    const rows = Array.from({ length: RACERS }, (_, n) => t.newRow({ body: `${n}` }))
    const won = await atOnce(RACERS, (n) => outcomeOf(() => t.store.insert('raced', rows[n]!)))
    const held = await t.store.read('raced')
    const winner = rows.findIndex(({ write }) => write === held?.write)
    await t.assertHolds('raced', rows[winner] ?? null)
    for (const [n, { answer, isResent }] of won.entries()) {
      if (answer || !isResent) assert.equal(answer, n === winner, 'one wins, and knows it')
    }
  }),
  it('many keys written at once do not mix', async (t) => {
    const rows = await atOnce(RACERS, (n) =>
      t.insertRow(`key-${n}`, { owner: `owner-${n}`, body: `body-${n}` }),
    )
    await atOnce(RACERS, (n) => t.assertHolds(`key-${n}`, rows[n]!))
  }),
  it('a row object that is changed after insert or read does not change the stored row', async (t) => {
    const given = await t.insertRow('k', { recent: ['w1'] })
    const kept = structuredClone(given)
    Object.assign(given, { body: 'changed' })
    Object.assign(given.recent, ['changed'])
    const got = await t.store.read('k')
    assert.ok(got)
    assertSameRow(got, kept, 'the row')
    Object.assign(got, { owner: 'changed' })
    Object.assign(got.recent, ['changed'])
    await t.assertHolds('k', kept)
  }),
  it('an expired row is still returned: the library decides whether it has expired', async (t) => {
    const over = await t.insertRow('over', { expiresAt: t.clock() - MINUTE })
    await t.assertHolds('over', over)
    assert.equal(await t.store.insert('over', t.newRow()), false)
    const after = await t.swapRow('over', over, { expiresAt: t.clock() - MINUTE + 1 })
    assert.equal(await t.store.touch('over', t.clock() + MINUTE), true)
    await t.assertHolds('over', { ...after, expiresAt: t.clock() + MINUTE })
  }),
  it('a row of a writer whose clock is an hour ahead, or a minute behind, is like any other', async (t) => {
    for (const [key, skew] of [
      ['ahead', 60 * MINUTE],
      ['behind', -MINUTE],
    ] as const) {
      const row = await t.insertRow(key, { expiresAt: t.clock() + skew })
      const next = await t.swapRow(key, row, { expiresAt: t.clock() + skew + 1 })
      await t.assertHolds(key, next)
    }
  }),
  it('a clock that jumps back changes nothing that is kept', async (t) => {
    const row = await t.insertRow('kept')
    await t.insertRow('removed')
    await t.store.remove('removed')
    t.clock.advance(-24 * 60 * MINUTE)
    await t.assertHolds('kept', row)
    assert.equal(await t.store.insert('removed', t.newRow()), false)
    assert.equal(await t.store.touch('kept', row.expiresAt - 1), true)
    await t.assertHolds('kept', row)
  }),
]
