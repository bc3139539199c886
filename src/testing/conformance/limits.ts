/** Conformance: limits on the keys of an owner, and owners that are easily confused. */

import assert from 'node:assert/strict'
import {
  ADMITTED,
  evicting,
  FULL,
  it,
  MINUTE,
  quoted,
  refusing,
  REVOKED,
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
  it('the note of a revocation takes no place under a limit', async (t) => {
    await t.store.list('mona', t.clock() - 1)
    assert.deepEqual(await t.admit('a', refusing(1)), ADMITTED)
    assert.deepEqual(await t.admit('b', refusing(1)), FULL)
    assert.deepEqual(await t.admit('b', evicting(2)), ADMITTED)
    assert.deepEqual(await t.admit('c', evicting(2)), { admitted: true, over: ['a'] })
    assert.deepEqual(await t.store.list('mona'), ['a', 'b', 'c'])
  }),
  it('under a limit that was lowered, a key that is listed is in, and the oldest others are over', async (t) => {
    for (const key of ['a', 'b', 'c', 'd', 'e']) await t.admit(key, evicting(5))
    for (const [key, over] of [
      ['a', ['b', 'c', 'd']],
      ['b', ['a', 'c', 'd']],
      ['e', ['a', 'b', 'c']],
    ] as const) {
      assert.deepEqual(await t.admit(key, evicting(2)), { admitted: true, over: [...over] })
      assert.deepEqual(await t.admit(key, refusing(2)), ADMITTED)
    }
    assert.deepEqual(await t.admit('f', refusing(2)), FULL)
    assert.deepEqual(await t.store.list('mona'), ['a', 'b', 'c', 'd', 'e'])
  }),
  it('a limit may be as large as a number', async (t) => {
    for (const most of [2 ** 31, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER]) {
      assert.deepEqual(await t.admit(`refused over ${most}`, refusing(most)), ADMITTED)
      assert.deepEqual(await t.admit(`evicted over ${most}`, evicting(most)), ADMITTED)
    }
  }),
  it('long owners that differ only at their end are not the same', async (t) => {
    const now = t.clock()
    for (const [n, owner] of LONG_OWNERS.entries()) {
      assert.deepEqual(await t.store.admit(owner, `k${n}`, now, now + MINUTE), ADMITTED)
      await t.assertHolds(`k${n}`, await t.insertRow(`k${n}`, { owner }))
    }
    for (const [n, owner] of LONG_OWNERS.entries()) {
      assert.deepEqual(await t.store.list(owner, n % 2 === 0 ? now : undefined), [`k${n}`])
    }
    for (const [n, owner] of LONG_OWNERS.entries()) {
      const again = await t.store.admit(owner, 'late', now, now + MINUTE)
      assert.deepEqual(again, n % 2 === 0 ? REVOKED : ADMITTED)
    }
  }),
  it('an owner, or a key, that looks like a pattern stands for itself alone', async (t) => {
    const now = t.clock()
    for (const owner of PATTERNS) {
      for (const key of PATTERNS) await t.store.admit(owner, key, now, now + MINUTE)
    }
    for (const [n, pattern] of PATTERNS.entries()) {
      await t.store.forget(pattern, [pattern])
      await t.store.list(pattern, now)
      for (const [m, other] of PATTERNS.entries()) {
        const expected = PATTERNS.filter((key) => m > n || key !== other)
        assert.deepEqual(await t.store.list(other), expected, quoted(other))
      }
      const next = PATTERNS[n + 1]
      if (next) assert.deepEqual(await t.store.admit(next, next, now, now + MINUTE), ADMITTED)
    }
  }),
]
