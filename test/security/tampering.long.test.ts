/** A-01 to the end: any two characters exchanged, too, in each of a thousand cookies of each kind. */

import { expect, test } from 'vitest'
import { KINDS } from './kinds.ts'
import { tamperWith } from './tampering.ts'

/** Some twenty million cookies of each kind. */
const PATIENCE = { timeout: 1_800_000 }

test.each(KINDS)('$name: no changed form of a thousand cookies opens', PATIENCE, async (kind) => {
  const { tried, opened, calls } = await tamperWith(kind.app(), {
    seed: 5,
    sessions: 1000,
    effort: () => ({ insertions: 6, pairs: 'all' }),
  })
  expect(opened).toEqual([])
  expect(tried).toBeGreaterThan(4_000_000)
  expect(calls).toBe(0)
})
