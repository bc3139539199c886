/** Conformance: concurrent changes of an owner's list. */

import assert from 'node:assert/strict'
import { ADMITTED, atOnce, it, MINUTE, RACERS, retry, REVOKED, type Scenario } from './bench.ts'

const HALF = RACERS / 2

/** The scenarios for concurrent changes. They hold whichever change comes first. */
export const ownerRaces: readonly Scenario[] = [
  it('logins while other keys are forgotten are all listed, and those are all gone', async (t) => {
    for (let n = 0; n < RACERS; n++) await t.admit(`old${n}`)
    await atOnce<unknown>(RACERS, (n) =>
      n % 2 === 0
        ? retry(() => t.store.forget('mona', [`old${n}`, `old${n + 1}`]))
        : t.admit(`new${n}`),
    )
    const expected = Array.from({ length: HALF }, (_, n) => `new${2 * n + 1}`)
    assert.deepEqual((await t.store.list('mona')).sort(), expected.sort())
  }),
  it('logins while the list is kept longer are all listed', async (t) => {
    await t.admit('first')
    await atOnce<unknown>(RACERS, (n) =>
      n % 2 === 0
        ? retry(() => t.store.keep('mona', t.clock() + (60 + n) * MINUTE))
        : t.admit(`k${n}`),
    )
    const expected = Array.from({ length: HALF }, (_, n) => `k${2 * n + 1}`)
    assert.deepEqual((await t.store.list('mona')).sort(), ['first', ...expected].sort())
  }),
  it('of revocations at once the latest time counts', async (t) => {
    const now = t.clock()
    for (let round = 1; round <= 4; round++) {
      const owner = `mona${round}`
      await atOnce(RACERS, (n) => retry(() => t.store.list(owner, now + ((n * 37) % RACERS))))
      const last = now + RACERS - 1
      const before = await t.store.admit(owner, 'k', last, now + MINUTE)
      assert.deepEqual(before, REVOKED)
      const after = await t.store.admit(owner, 'k', last + 1, now + MINUTE)
      assert.deepEqual(after, ADMITTED)
    }
  }),
  it('a revocation while the list is kept longer, or keys are forgotten, is noted', async (t) => {
    const now = t.clock()
    await atOnce(RACERS, async (n) => {
      const owner = `mona${n}`
      await retry(() => t.store.admit(owner, 'k', now, now + MINUTE))
      await Promise.all([
        retry(() => t.store.keep(owner, now + 60 * MINUTE)),
        retry(() => t.store.list(owner, now + 1)),
        retry(() => t.store.forget(owner, ['k'])),
      ])
      const late = await retry(() => t.store.admit(owner, 'k', now + 1, now + MINUTE))
      assert.deepEqual(late, REVOKED)
      assert.deepEqual(await retry(() => t.store.list(owner)), [])
    })
  }),
]
