/** Conformance: what the verbs that change an owner's list come to at once. */

import assert from 'node:assert/strict'
import { atOnce, MINUTE, RACERS, surely, type Bench, type Scenario } from './bench.ts'

const HALF = RACERS / 2

/** What holds whichever of them comes first. */
export const ownerRaces: readonly Scenario[] = [
  {
    name: 'logins while other keys are forgotten are all listed, and those are all gone',
    async check(bench) {
      const { store } = bench
      for (let n = 0; n < RACERS; n++) await admit(bench, `old${n}`)
      await atOnce<unknown>(RACERS, (n) =>
        n % 2 === 0
          ? surely(() => store.forget('mona', [`old${n}`, `old${n + 1}`]))
          : admit(bench, `new${n}`),
      )
      const expected = Array.from({ length: HALF }, (_, n) => `new${2 * n + 1}`)
      assert.deepEqual((await store.list('mona')).sort(), expected.sort())
    },
  },
  {
    name: 'logins while the list is kept longer are all listed',
    async check(bench) {
      const { store, clock } = bench
      await admit(bench, 'first')
      await atOnce<unknown>(RACERS, (n) =>
        n % 2 === 0
          ? surely(() => store.keep('mona', clock() + (60 + n) * MINUTE))
          : admit(bench, `k${n}`),
      )
      const expected = Array.from({ length: HALF }, (_, n) => `k${2 * n + 1}`)
      assert.deepEqual((await store.list('mona')).sort(), ['first', ...expected].sort())
    },
  },
  {
    name: 'of revocations at once the latest time counts',
    async check(bench) {
      const { store, clock } = bench
      const now = clock()
      for (let round = 1; round <= 4; round++) {
        const owner = `mona${round}`
        await atOnce(RACERS, (n) => surely(() => store.list(owner, now + ((n * 37) % RACERS))))
        const last = now + RACERS - 1
        const before = await store.admit(owner, 'k', last, now + MINUTE)
        assert.deepEqual(before, { admitted: false, why: 'revoked' })
        const after = await store.admit(owner, 'k', last + 1, now + MINUTE)
        assert.deepEqual(after, { admitted: true, over: [] })
      }
    },
  },
  {
    name: 'a revocation while the list is kept longer, or keys are forgotten, is noted',
    async check(bench) {
      const { store, clock } = bench
      const now = clock()
      await atOnce(RACERS, async (n) => {
        const owner = `mona${n}`
        await surely(() => store.admit(owner, 'k', now, now + MINUTE))
        await Promise.all([
          surely(() => store.keep(owner, now + 60 * MINUTE)),
          surely(() => store.list(owner, now + 1)),
          surely(() => store.forget(owner, ['k'])),
        ])
        const late = await surely(() => store.admit(owner, 'k', now + 1, now + MINUTE))
        assert.deepEqual(late, { admitted: false, why: 'revoked' })
        assert.deepEqual(await surely(() => store.list(owner)), [])
      })
    },
  },
]

function admit({ store, clock }: Bench, key: string) {
  return surely(() => store.admit('mona', key, clock(), clock() + 60 * MINUTE))
}
