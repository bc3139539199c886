/** F-17: forged cookies of each kind. None opens, none throws, no store is asked. */

import { expect, test } from 'vitest'
import { forge } from './forgeries.ts'
import { KINDS } from './kinds.ts'

const COUNT = process.env['QUICK_TESTS'] === '1' ? 5_000 : 50_000

test.each(KINDS)('$name: no forged cookie opens, throws, or asks the store', async (kind) => {
  const { failures, calls, longest, made } = await forge(kind, { count: COUNT, seed: 17 })
  expect(failures).toEqual([])
  expect(calls).toBe(0)
  // About 5 ms: the loop takes 20.
  expect(longest).toBeLessThan(1 / 4)
  // Each way has its share; some of what they make is genuine after all.
  const least = COUNT / made.size / 4
  for (const [way, count] of made) expect(count, way).toBeGreaterThan(least)
})
