/** Conformance: limits on the keys of an owner, and owners that are easily confused. */

import assert from 'node:assert/strict'
import { OVER_AT_ONCE } from '../../backends/stored/store.ts'
import {
  ADMITTED,
  atOnce,
  evicting,
  FULL,
  it,
  MINUTE,
  quoted,
  RACERS,
  refusing,
  REVOKED,
  ROOM,
  type Scenario,
} from './bench.ts'

/** As long as owners may be, and as long as the keys of engines may be; two each differ at the end. */
const LONG_OWNERS = [255, 256, 1024].flatMap((bytes) => [
  `${'o'.repeat(bytes - 1)}a`,
  `${'o'.repeat(bytes - 1)}b`,
  `${'\u{1f36a}'.repeat(Math.floor(bytes / 4) - 1)}a`,
  `${'\u{1f36a}'.repeat(Math.floor(bytes / 4) - 1)}b`,
])

/** Some are patterns that match others. */
const PATTERNS = ['a_b', 'a%b', 'a*b', 'a?b', 'a[xy]b', 'axb', 'a', '%', '_', '*', '.*', 'a\\_b']

/** The scenarios for limits. */
export const limits: readonly Scenario[] = [
  it('over the limit the newcomer is admitted, and the oldest are named but stay listed', async (t) => {
    const limit = evicting(2)
    for (const key of ['a', 'b']) assert.deepEqual(await t.admit(key, limit), ADMITTED)
    assert.deepEqual(await t.admit('c', limit), { admitted: true, over: ['a'] })
    assert.deepEqual(await t.admit('d', limit), { admitted: true, over: ['a', 'b'] })
    assert.deepEqual(await t.admit('d', limit), { admitted: true, over: ['a', 'b'] })
    assert.deepEqual(await t.store.list('mona'), ['a', 'b', 'c', 'd'])
    await t.store.forget('mona', ['a', 'b'])
    assert.deepEqual(await t.admit('d', limit), ADMITTED)
  }),
  it('of a key that is admitted again only older ones are named, as at the first time', async (t) => {
    for (const key of ['a', 'b', 'c', 'd', 'e']) await t.admit(key, evicting(5))
    for (const [key, over] of [
      ['a', []],
      ['b', []],
      ['c', ['a']],
      ['e', ['a', 'b', 'c']],
    ] as const) {
      assert.deepEqual(await t.admit(key, evicting(2)), { admitted: true, over: [...over] })
      assert.deepEqual(await t.admit(key, refusing(2)), ADMITTED)
    }
    assert.deepEqual(await t.admit('c', evicting(1)), { admitted: true, over: ['a', 'b'] })
    assert.deepEqual(await t.store.list('mona'), ['a', 'b', 'c', 'd', 'e'])
  }),
  it('at most the 64 oldest are named at once, then the next', async (t) => {
    const keys = Array.from({ length: 100 }, (_, n) => `k${n}`)
    await t.admitEach(keys)
    const first = { admitted: true, over: keys.slice(0, OVER_AT_ONCE) }
    assert.deepEqual(await t.admit('new', evicting(2)), first)
    await t.store.forget('mona', first.over)
    const next = { admitted: true, over: keys.slice(OVER_AT_ONCE, 99) }
    assert.deepEqual(await t.admit('new', evicting(2)), next)
  }),
  it('where the limit refuses, a newcomer to a full list is refused, and nothing changes', async (t) => {
    const limit = refusing(2)
    for (const key of ['a', 'b']) assert.deepEqual(await t.admit(key, limit), ADMITTED)
    assert.deepEqual(await t.admit('c', limit), FULL)
    assert.deepEqual(await t.admit('c', limit, 4), FULL)
    assert.equal(await t.store.epoch('mona'), 0)
    assert.deepEqual(await t.admit('a', limit), ADMITTED, 'a key that is there is in')
    assert.deepEqual(await t.store.list('mona'), ['a', 'b'])
    await t.store.forget('mona', ['a'])
    assert.deepEqual(await t.admit('c', limit), ADMITTED)
    assert.deepEqual(await t.store.list('mona'), ['b', 'c'])
    assert.deepEqual(await t.admit('d', refusing(1)), FULL, 'under a limit that was lowered')
  }),
  it('a session in use is put back into a list that is full', async (t) => {
    for (const key of ['a', 'b']) await t.admit(key, refusing(2))
    assert.equal(await t.keep('c'), true)
    assert.deepEqual(await t.store.list('mona'), ['a', 'b', 'c'])
  }),
  it('of many logins at once a limit that refuses admits exactly as many as it says', async (t) => {
    const limit = refusing(5)
    const admissions = await atOnce(RACERS, (n) => t.admit(`k${n}`, limit))
    assert.equal(admissions.filter(({ admitted }) => admitted).length, 5)
    for (const admission of admissions) {
      assert.deepEqual(admission, admission.admitted ? ADMITTED : FULL)
    }
    assert.equal((await t.store.list('mona')).length, 5)
  }),
  it('of many logins at once a limit that evicts names all but as many as it says', async (t) => {
    const admissions = await atOnce(RACERS, (n) => t.admit(`k${n}`, evicting(5)))
    const over = new Set(admissions.flatMap((each) => (each.admitted ? each.over : [])))
    const oldest = (await t.store.list('mona')).slice(0, RACERS - 5)
    assert.deepEqual([...over].sort(), oldest.sort())
  }),
  it('an epoch and an exception take no place under a limit', async (t) => {
    await t.revoke(3, 'x')
    assert.deepEqual(await t.admit('a', refusing(1), 3), ADMITTED)
    assert.deepEqual(await t.admit('b', refusing(1), 3), FULL)
    assert.deepEqual(await t.admit('b', evicting(2), 3), ADMITTED)
    assert.deepEqual(await t.admit('c', evicting(2), 3), { admitted: true, over: ['a'] })
    assert.deepEqual(await t.store.list('mona'), ['a', 'b', 'c'])
    assert.deepEqual(await t.store.list('mona', 2), ['a', 'b'])
  }),
  it('a limit may be as large as a number', async (t) => {
    for (const most of [2 ** 31, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER]) {
      assert.deepEqual(await t.admit(`refused over ${most}`, refusing(most)), ADMITTED)
      assert.deepEqual(await t.admit(`evicted over ${most}`, evicting(most)), ADMITTED)
    }
  }),
  it('long owners that differ only at their end are not the same', async (t) => {
    const until = t.clock() + MINUTE
    for (const [n, owner] of LONG_OWNERS.entries()) {
      assert.deepEqual(await t.store.admit(owner, `k${n}`, 0, until, ROOM), ADMITTED)
      await t.assertHolds(`k${n}`, await t.insertRow(`k${n}`, { owner }))
    }
    for (const [n, owner] of LONG_OWNERS.entries()) {
      assert.deepEqual(await t.store.list(owner), [`k${n}`])
      if (n % 2 === 0) await t.store.revoke(owner, 1, until, undefined)
    }
    for (const [n, owner] of LONG_OWNERS.entries()) {
      const again = await t.store.admit(owner, 'late', 0, until, ROOM)
      assert.deepEqual(again, n % 2 === 0 ? REVOKED : ADMITTED)
      assert.deepEqual(await t.stateOf(`k${n}`), [n % 2 === 0 ? 1 : 0, true])
    }
  }),
  it('an owner, or a key, that looks like a pattern stands for itself alone', async (t) => {
    const until = t.clock() + MINUTE
    for (const owner of PATTERNS) {
      for (const key of PATTERNS) await t.store.admit(owner, key, 0, until, ROOM)
    }
    for (const [n, pattern] of PATTERNS.entries()) {
      await t.store.forget(pattern, [pattern])
      await t.store.revoke(pattern, 1, until, undefined)
      for (const [m, other] of PATTERNS.entries()) {
        const expected = PATTERNS.filter((key) => m > n || key !== other)
        assert.deepEqual(await t.store.list(other), expected, quoted(other))
      }
      const next = PATTERNS[n + 1]
      if (next) assert.deepEqual(await t.store.admit(next, next, 0, until, ROOM), ADMITTED)
    }
    await t.store.erase('a_b')
    assert.deepEqual(await t.store.list('a_b'), [])
    for (const other of PATTERNS.slice(1)) {
      assert.equal((await t.store.list(other)).length, PATTERNS.length - 1, quoted(other))
    }
  }),
]
