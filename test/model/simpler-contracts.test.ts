/** The model tells each simpler contract from the real one: so it would tell a mistake in the backend. */

import { describe, expect, test } from 'vitest'
import { firstFailure } from './report.ts'
import { REVOCATION_VARIANTS } from './revocation-variants.ts'
import { backendOf } from './variant.ts'
import { VARIANTS } from './variants.ts'

/** So many schedules at most, to find it. */
const COUNT = 10_000

/**
 * Where the search finds the rarer ones, in order: tried first, since the search takes minutes. If the
 * schedules of these seeds change, the search from the first one decides, as for all others.
 */
const FOUND: ReadonlyMap<string, number> = new Map([
  ['renewed ids that open for ever', 242],
  ['a renewal under any id', 835],
  ['a request told of its deadline, and kept in the group', 3210],
  ['no second look where a work comes to nothing', 1792],
  ['an end believed that a touch has moved', 1792],
  ['no removal in the background', 8830],
  ['keep that heals whatever the epoch', 2941],
  ['a write that does not ask whether it is listed', 2941],
  ['a revocation that lowers the epoch', 492],
  ['an epoch that does not outlive the rows', 6679],
  ['an exception for a session that was revoked', 5524],
  ['an erasure that trusts the list', 803],
  ['expired sessions removed while listing', 4122],
  ['a replay that ends a session without a margin for clocks', 620],
  ['a revocation that needs space', 1408],
  ['a removal that needs space', 1431],
])

describe('a simpler contract breaks a promise, and the model sees it:', () => {
  test.each([...VARIANTS, ...REVOCATION_VARIANTS])('$name', async (variant) => {
    const { name, flaw, breaks: expected } = variant
    const plan = { makeBackend: await backendOf(variant), flaw }
    const search = (from: number, count: number) => firstFailure(plan, { from, count, expected })
    const failure = (await search(FOUND.get(name) ?? 1, 1)) ?? (await search(1, COUNT))
    expect(failure?.violations.join('\n')).toMatch(expected)
  })
})
