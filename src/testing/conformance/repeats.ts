/** Conformance: commands that are executed twice, or late, as clients resend them. */

import assert from 'node:assert/strict'
import type { Row } from '../../backends/stored/store.ts'
import {
  assertHolds,
  atOnce,
  insertRow,
  keysOf,
  rowAfter,
  rowBy,
  settled,
  surely,
  type Bench,
  type Scenario,
  type Settled,
} from './bench.ts'

/** What holds when the answer to a command is lost, and it is sent again. */
export const repeats: readonly Scenario[] = [
  {
    name: 'every command executed twice in a row comes to the same as once',
    async check(bench) {
      const { store, clock } = bench
      const row = rowBy(clock)
      assert.deepEqual(await twice(() => store.insert('k', row)), [true, false])
      await assertHolds(bench, 'k', row)
      const next = rowAfter(row, { body: 'next' })
      const won = { won: true }
      assert.deepEqual(await twice(() => store.swap('k', row.write, next)), [won, won])
      await assertHolds(bench, 'k', next)
      const expiresAt = next.expiresAt + 1
      assert.deepEqual(await twice(() => store.touch('k', expiresAt)), [true, true])
      await assertHolds(bench, 'k', { ...next, expiresAt })
      assert.deepEqual(await twice(() => store.remove('k')), [true, false])
      await assertHolds(bench, 'k', null)
    },
  },
  {
    name: 'every command executed twice at once comes to the same as once',
    async check(bench) {
      const { store, clock } = bench
      const row = rowBy(clock)
      const inserts = await atOnce(2, () => settled(() => store.insert('k', row)))
      assertOneOf(inserts)
      await assertHolds(bench, 'k', row)
      const next = rowAfter(row)
      const swaps = await atOnce(2, () => surely(() => store.swap('k', row.write, next)))
      assert.deepEqual(swaps, [{ won: true }, { won: true }])
      await assertHolds(bench, 'k', next)
      assertOneOf(await atOnce(2, () => settled(() => store.remove('k'))))
      await assertHolds(bench, 'k', null)
    },
  },
  {
    name: 'increments whose swaps are all executed twice, by writers at once, count exactly',
    async check(bench) {
      const first = await insertRow(bench, 'k', { body: '0' })
      await atOnce(4, () => countTwice(bench, first, 10))
      assert.equal((await bench.store.read('k'))?.body, '40')
    },
  },
  {
    name: 'commands executed late change nothing of what came after them',
    async check(bench) {
      const { store } = bench
      const rows = [await insertRow(bench, 'k', { body: '0' })]
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
      await assertHolds(bench, 'k', rows.at(-1)!)
      await store.remove('k')
      await late()
      await assertHolds(bench, 'k', null)
      assert.deepEqual(await keysOf(bench), [])
    },
  },
  {
    name: 'an insert executed after the removal that gave it up does not bring the row back',
    async check(bench) {
      const { store, clock } = bench
      const late = rowBy(clock)
      assert.equal(await store.remove('k'), false)
      assert.equal(await store.remove('k'), false)
      assert.equal(await store.insert('k', late), false)
      assert.deepEqual(await store.swap('k', late.write, late), { won: false, newest: null })
      await assertHolds(bench, 'k', null)
    },
  },
  {
    name: "an owner's commands executed twice, or late, leave the list as it is",
    async check({ store, clock }) {
      const until = clock() + 60_000
      for (const key of ['a', 'b', 'c']) {
        const admitted = { admitted: true, over: [] }
        const both = await twice(() => store.admit('mona', key, 10, until, limitOf(3)))
        assert.deepEqual(both, [admitted, admitted])
      }
      await twice(() => store.keep('mona', until + 1))
      await twice(() => store.forget('mona', ['b']))
      assert.deepEqual(await store.list('mona'), ['a', 'c'])
      assert.deepEqual(await twice(() => store.list('mona', 20)), [
        ['a', 'c'],
        ['a', 'c'],
      ])
      assert.deepEqual(await store.admit('mona', 'b', 10, until), {
        admitted: false,
        why: 'revoked',
      })
      assert.deepEqual(await store.list('mona'), ['a', 'c'])
    },
  },
]

/** Fails unless one of the commands did it; which one, a rejection may have hidden. */
function assertOneOf(outcomes: readonly Settled<boolean>[]): void {
  const did = outcomes.filter(({ answer }) => answer).length
  assert.ok(did === 1 || (did === 0 && outcomes.some(({ isResent }) => isResent)), `${did} did it`)
}

const limitOf = (most: number) => ({ most, refuse: true })

async function twice<Outcome>(command: () => Promise<Outcome>): Promise<Outcome[]> {
  return [await command(), await command()]
}

async function countTwice({ store }: Bench, known: Row, times: number): Promise<void> {
  let newest = known
  for (let done = 0, tries = 0; done < times; tries++) {
    assert.ok(tries < 10_000, 'a writer that knows the newest row wins sooner or later')
    const next = rowAfter(newest, { body: `${Number(newest.body) + 1}` })
    const before = newest.write
    const send = () => store.swap('k', before, next)
    const swap = await surely(send)
    const again = await surely(send)
    if (swap.won) assert.equal(again.won, true, 'what was won is won when it is sent again')
    const last = again.won ? await surely(() => store.read('k')) : again.newest
    assert.ok(last, 'the row is gone')
    if (swap.won) done++
    newest = last
  }
}
