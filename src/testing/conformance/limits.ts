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
  it('the note of a revocation takes no place under a limit', async ({ store, clock, admit }) => {
    await store.list('mona', clock() - 1)
    assert.deepEqual(await admit('a', refusing(1)), ADMITTED)
    assert.deepEqual(await admit('b', refusing(1)), FULL)
    assert.deepEqual(await admit('b', evicting(2)), ADMITTED)
    assert.deepEqual(await admit('c', evicting(2)), { admitted: true, over: ['a'] })
    assert.deepEqual(await store.list('mona'), ['a', 'b', 'c'])
  }),
  it('under a limit that was lowered, a key that is listed is in, and the oldest others are over', async (bench) => {
    const { store, admit } = bench
    for (const key of ['a', 'b', 'c', 'd', 'e']) await admit(key, evicting(5))
    for (const [key, over] of [
      ['a', ['b', 'c', 'd']],
      ['b', ['a', 'c', 'd']],
      ['e', ['a', 'b', 'c']],
    ] as const) {
      assert.deepEqual(await admit(key, evicting(2)), { admitted: true, over: [...over] })
      assert.deepEqual(await admit(key, refusing(2)), ADMITTED)
    }
    assert.deepEqual(await admit('f', refusing(2)), FULL)
    assert.deepEqual(await store.list('mona'), ['a', 'b', 'c', 'd', 'e'])
  }),
  it('a limit may be as large as a number', async ({ admit }) => {
    for (const most of [2 ** 31, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER]) {
      assert.deepEqual(await admit(`refused over ${most}`, refusing(most)), ADMITTED)
      assert.deepEqual(await admit(`evicted over ${most}`, evicting(most)), ADMITTED)
    }
  }),
  it('long owners that differ only at their end are not the same', async (bench) => {
    const { store, clock, insertRow, assertHolds } = bench
    const now = clock()
    for (const [n, owner] of LONG_OWNERS.entries()) {
      assert.deepEqual(await store.admit(owner, `k${n}`, now, now + MINUTE), ADMITTED)
      await assertHolds(`k${n}`, await insertRow(`k${n}`, { owner }))
    }
    for (const [n, owner] of LONG_OWNERS.entries()) {
      assert.deepEqual(await store.list(owner, n % 2 === 0 ? now : undefined), [`k${n}`])
    }
    for (const [n, owner] of LONG_OWNERS.entries()) {
      const again = await store.admit(owner, 'late', now, now + MINUTE)
      assert.deepEqual(again, n % 2 === 0 ? REVOKED : ADMITTED)
    }
  }),
  it('an owner, or a key, that looks like a pattern stands for itself alone', async (bench) => {
    const { store, clock } = bench
    const now = clock()
    for (const owner of PATTERNS) {
      for (const key of PATTERNS) await store.admit(owner, key, now, now + MINUTE)
    }
    for (const [n, pattern] of PATTERNS.entries()) {
      await store.forget(pattern, [pattern])
      await store.list(pattern, now)
      for (const [m, other] of PATTERNS.entries()) {
        const expected = PATTERNS.filter((key) => m > n || key !== other)
        assert.deepEqual(await store.list(other), expected, quoted(other))
      }
      const next = PATTERNS[n + 1]
      if (next) assert.deepEqual(await store.admit(next, next, now, now + MINUTE), ADMITTED)
    }
  }),
]
