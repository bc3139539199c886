import { expect, test } from 'vitest'
import { andThen, systemClock, systemRandom } from '../../src/base/ports.ts'

test('the system clock tells milliseconds since 1970', () => {
  const before = Date.now()
  expect(systemClock()).toBeGreaterThanOrEqual(before)
  expect(systemClock()).toBeLessThanOrEqual(Date.now())
})

test('the system generator gives as many bytes as asked, and never the same ones', () => {
  expect(systemRandom(32)).toHaveLength(32)
  expect(systemRandom(32)).not.toEqual(systemRandom(32))
})

test('a value that is here goes on at once, one that will come goes on later', async () => {
  expect(andThen(1, (value) => value + 1)).toBe(2)
  const later = andThen(Promise.resolve(1), (value) => value + 1)
  expect(later).toBeInstanceOf(Promise)
  expect(await later).toBe(2)
})
