/** Conformance: idempotence: commands that are executed twice, or late, because a client resent them. */

import assert from 'node:assert/strict'
import type { Row, StoreVerbs } from '../../backends/stored/store.ts'
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
  rowAfter,
  WON,
  type Scenario,
} from './bench.ts'

/** The scenarios for commands whose answer was lost, and that were sent again. */
export const repeats: readonly Scenario[] = [
  it('every command executed twice in a row has the effect of one', async (bench) => {
    const { store, newRow, assertHolds } = bench
    const row = newRow()
    assert.deepEqual(await twice(() => store.insert('k', row)), [true, false])
    await assertHolds('k', row)
    const next = rowAfter(row, { body: 'next' })
    assert.deepEqual(await twice(() => store.swap('k', row.write, next)), [WON, WON])
    await assertHolds('k', next)
    const expiresAt = next.expiresAt + 1
    assert.deepEqual(await twice(() => store.touch('k', expiresAt)), [true, true])
    await assertHolds('k', { ...next, expiresAt })
    assert.deepEqual(await twice(() => store.remove('k')), [true, false])
    await assertHolds('k', null)
  }),
  it('every command executed twice concurrently has the effect of one', async (bench) => {
    const { store, newRow, assertHolds } = bench
    const row = newRow()
    assertOneDid(await atOnce(2, () => outcomeOf(() => store.insert('k', row))))
    await assertHolds('k', row)
    const next = rowAfter(row)
    const swaps = await atOnce(2, () => retry(() => store.swap('k', row.write, next)))
    assert.deepEqual(swaps, [WON, WON])
    await assertHolds('k', next)
    assertOneDid(await atOnce(2, () => outcomeOf(() => store.remove('k'))))
    await assertHolds('k', null)
  }),
  it('increments whose swaps are all executed twice, by writers at once, count exactly', async (bench) => {
    const { store, insertRow } = bench
    const first = await insertRow('k', { body: '0' })
    await atOnce(4, () => countTwice(store, first, 10))
    assert.equal((await store.read('k'))?.body, '40')
  }),
  it('commands executed late change nothing of what came after them', async (bench) => {
    const { store, insertRow, assertHolds, allKeys } = bench
    const rows = [await insertRow('k', { body: '0' })]
    for (let n = 1; n <= 10; n++) {
      const before = rows.at(-1)!
      rows.push(rowAfter(before, { body: `${n}`, expiresAt: before.expiresAt + 1 }))
      await store.swap('k', before.write, rows.at(-1)!)
    }
    const late = async () => {
      await store.insert('k', rows[0]!)
      for (const [n, row] of rows.entries()) {
        await store.swap('k', rows[n - 1]?.write ?? 'none', row)
        await store.touch('k', row.expiresAt)
      }
    }
    await late()
    await assertHolds('k', rows.at(-1)!)
    await store.remove('k')
    await late()
    await assertHolds('k', null)
    assert.deepEqual(await allKeys(), [])
  }),
  it('an insert executed after the removal that cancelled it does not bring the row back', async (bench) => {
    const { store, newRow, assertHolds } = bench
    const late = newRow()
    assert.equal(await store.remove('k'), false)
    assert.equal(await store.remove('k'), false)
    assert.equal(await store.insert('k', late), false)
    assert.deepEqual(await store.swap('k', late.write, late), FOUND_NONE)
    await assertHolds('k', null)
  }),
  it("an owner's commands executed twice, or late, leave the list as it is", async (bench) => {
    const { store, clock } = bench
    const until = clock() + 60_000
    for (const key of ['a', 'b', 'c']) {
      const both = await twice(() => store.admit('mona', key, 10, until, refusing(3)))
      assert.deepEqual(both, [ADMITTED, ADMITTED])
    }
    await twice(() => store.keep('mona', until + 1))
    await twice(() => store.forget('mona', ['b']))
    assert.deepEqual(await store.list('mona'), ['a', 'c'])
    assert.deepEqual(await twice(() => store.list('mona', 20)), [
      ['a', 'c'],
      ['a', 'c'],
    ])
    assert.deepEqual(await store.admit('mona', 'b', 10, until), REVOKED)
    assert.deepEqual(await store.list('mona'), ['a', 'c'])
  }),
]

async function twice<Answer>(command: () => Promise<Answer>): Promise<Answer[]> {
  return [await command(), await command()]
}

async function countTwice(store: StoreVerbs, known: Row, times: number): Promise<void> {
  let newest = known
  for (let done = 0, tries = 0; done < times; tries++) {
    assert.ok(tries < 10_000, 'a writer that knows the newest row wins sooner or later')
    const next = rowAfter(newest, { body: `${Number(newest.body) + 1}` })
    const before = newest.write
    const send = () => store.swap('k', before, next)
    const swap = await retry(send)
    const again = await retry(send)
    if (swap.won) assert.equal(again.won, true, 'what was won is won when it is sent again')
    const last = again.won ? await retry(() => store.read('k')) : again.newest
    assert.ok(last, 'the row is gone')
    if (swap.won) done++
    newest = last
  }
}
