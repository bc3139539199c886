/** The fake clock. */

import { expect, test } from 'vitest'
import { fakeClock } from '../../../src/testing/testing.ts'

test('the fake clock stands still until it is told to move, and moves back too', () => {
  const clock = fakeClock(1000)
  expect([clock(), clock()]).toEqual([1000, 1000])
  clock.advance(500)
  expect(clock()).toBe(1500)
  clock.advance(-1000)
  expect(clock()).toBe(500)
  clock.set(7)
  expect(clock()).toBe(7)
})

test("the fake clock starts at the machine's time, so that engines with their own clock agree", () => {
  const before = Date.now()
  const started = fakeClock()()
  expect(started).toBeGreaterThanOrEqual(before)
  expect(started).toBeLessThanOrEqual(Date.now())
})
