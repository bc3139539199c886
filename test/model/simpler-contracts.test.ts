/** The model tells each simpler contract from the real one: so it would tell a mistake in the backend. */

import { describe, expect, test } from 'vitest'
import { firstFailure } from './report.ts'
import { REVOCATION_VARIANTS } from './revocation-variants.ts'
import { backendOf } from './variant.ts'
import { VARIANTS } from './variants.ts'

/** So many schedules at most, to find it. */
const COUNT = 10_000

describe('a simpler contract breaks a promise, and the model sees it:', () => {
  test.each([...VARIANTS, ...REVOCATION_VARIANTS])('$name', async (variant) => {
    const { flaw, breaks: expected } = variant
    const plan = { makeBackend: await backendOf(variant), flaw }
    const failure = await firstFailure(plan, { from: 1, count: COUNT, expected })
    expect(failure?.violations.join('\n')).toMatch(expected)
  })
})
