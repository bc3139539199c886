/** Conformance: how many keys an owner may have, and which owner is meant. */

import assert from 'node:assert/strict'
import type { Admission } from '../../backends/stored/store.ts'
import { assertHolds, insertRow, MINUTE, quoted, type Bench, type Scenario } from './bench.ts'

const ADMITTED: Admission = { admitted: true, over: [] }
const REVOKED: Admission = { admitted: false, why: 'revoked' }
const FULL: Admission = { admitted: false, why: 'limit' }

/** As long as owners may be, and as long as engines like their keys; two each differ at the end. */
const LONG_OWNERS = [255, 256, 1024].flatMap((bytes) => [
  `${'o'.repeat(bytes - 1)}a`,
  `${'o'.repeat(bytes - 1)}b`,
  `${'\u{1f36a}'.repeat(Math.floor(bytes / 4) - 1)}a`,
  `${'\u{1f36a}'.repeat(Math.floor(bytes / 4) - 1)}b`,
])

/** Some are patterns that match others. */
const PATTERNS = ['a_b', 'a%b', 'a*b', 'a?b', 'a[xy]b', 'axb', 'a', '%', '_', '*', '.*', 'a\\_b']

/** What limits promise, and whom they are for. */
export const limits: readonly Scenario[] = [
  {
    name: 'the note of a revocation takes no place under a limit',
    async check(bench) {
      const { store, clock } = bench
      await store.list('mona', clock() - 1)
      assert.deepEqual(await admit(bench, 'a', 1, 'refuse'), ADMITTED)
      assert.deepEqual(await admit(bench, 'b', 1, 'refuse'), FULL)
      assert.deepEqual(await admit(bench, 'b', 2, 'evict'), ADMITTED)
      assert.deepEqual(await admit(bench, 'c', 2, 'evict'), { admitted: true, over: ['a'] })
      assert.deepEqual(await store.list('mona'), ['a', 'b', 'c'])
    },
  },
  {
    name: 'under a limit that was lowered, a key that is listed is in, and the oldest others are over',
    async check(bench) {
      for (const key of ['a', 'b', 'c', 'd', 'e']) await admit(bench, key, 5, 'evict')
      for (const [key, over] of [
        ['a', ['b', 'c', 'd']],
        ['b', ['a', 'c', 'd']],
        ['e', ['a', 'b', 'c']],
      ] as const) {
        assert.deepEqual(await admit(bench, key, 2, 'evict'), { admitted: true, over: [...over] })
        assert.deepEqual(await admit(bench, key, 2, 'refuse'), ADMITTED)
      }
      assert.deepEqual(await admit(bench, 'f', 2, 'refuse'), FULL)
      assert.deepEqual(await bench.store.list('mona'), ['a', 'b', 'c', 'd', 'e'])
    },
  },
  {
    name: 'a limit may be as large as a number',
    async check(bench) {
      for (const most of [2 ** 31, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER]) {
        assert.deepEqual(await admit(bench, `refused over ${most}`, most, 'refuse'), ADMITTED)
        assert.deepEqual(await admit(bench, `evicted over ${most}`, most, 'evict'), ADMITTED)
      }
    },
  },
  {
    name: 'long owners that differ only at their end are not the same',
    async check(bench) {
      const { store, clock } = bench
      const now = clock()
      for (const [n, owner] of LONG_OWNERS.entries()) {
        assert.deepEqual(await store.admit(owner, `k${n}`, now, now + MINUTE), ADMITTED)
        await assertHolds(bench, `k${n}`, await insertRow(bench, `k${n}`, { owner }))
      }
      for (const [n, owner] of LONG_OWNERS.entries()) {
        assert.deepEqual(await store.list(owner, n % 2 === 0 ? now : undefined), [`k${n}`])
      }
      for (const [n, owner] of LONG_OWNERS.entries()) {
        const again = await store.admit(owner, 'late', now, now + MINUTE)
        assert.deepEqual(again, n % 2 === 0 ? REVOKED : ADMITTED)
      }
    },
  },
  {
    name: 'an owner, or a key, that looks like a pattern stands for itself alone',
    async check(bench) {
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
    },
  },
]

function admit({ store, clock }: Bench, key: string, most: number, over: 'refuse' | 'evict') {
  const limit = { most, refuse: over === 'refuse' }
  return store.admit('mona', key, clock(), clock() + 60 * MINUTE, limit)
}
