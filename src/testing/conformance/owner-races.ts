/** Conformance: concurrent changes of an owner's list. */

import assert from 'node:assert/strict'
import { atOnce, it, MINUTE, RACERS, retry, REVOKED, ROOM, type Scenario } from './bench.ts'

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
        ? retry(() => t.store.keep('mona', 'first', 0, t.clock() + (60 + n) * MINUTE))
        : t.admit(`k${n}`),
    )
    const expected = Array.from({ length: HALF }, (_, n) => `k${2 * n + 1}`)
    assert.deepEqual((await t.store.list('mona')).sort(), ['first', ...expected].sort())
  }),
  it('a revocation while the list is kept longer, or keys are forgotten, is stored', async (t) => {
    const until = t.clock() + MINUTE
    await atOnce(RACERS, async (n) => {
      const owner = `mona${n}`
      await retry(() => t.store.admit(owner, 'k', 0, until, ROOM))
      await Promise.all([
        retry(() => t.store.keep(owner, 'k', 0, until + 60 * MINUTE)),
        retry(() => t.store.revoke(owner, 2, until, undefined)),
        retry(() => t.store.forget(owner, ['k'])),
      ])
      assert.equal(await retry(() => t.store.epoch(owner)), 2)
      const late = await retry(() => t.store.admit(owner, 'k', 1, until, ROOM))
      assert.deepEqual(late, REVOKED)
    })
  }),
  it('a revocation while the list learns another epoch from a login leaves the higher one', async (t) => {
    const until = t.clock() + MINUTE
    await atOnce(RACERS, async (n) => {
      const owner = `mona${n}`
      const learnt = n % 2 === 0 ? 4 : 6
      await Promise.all([
        retry(() => t.store.admit(owner, 'k', learnt, until, ROOM)),
        retry(() => t.store.revoke(owner, 5, until, undefined)),
        retry(() => t.store.keep(owner, 'k', learnt, until)),
      ])
      assert.equal(await retry(() => t.store.epoch(owner)), Math.max(5, learnt))
    })
  }),
]
