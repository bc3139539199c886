import { describe, expect, it } from 'vitest'
import { makeShelf, PRUNE_STEP } from '../../../src/stores/memory/bounded-map.ts'

/** A shelf that counts how many strings it has looked at; those that begin with `-` are due. */
function countingShelf(entries: number) {
  const looks = { count: 0 }
  const shelf = makeShelf({
    entries,
    bytes: 1e9,
    weightOf: (text) => text.length,
    isDue(text) {
      looks.count += 1
      return text.startsWith('-')
    },
  })
  return { shelf, looks }
}

describe('a prune of a memory store', () => {
  it.each([10_000, 100_000])(
    'of %i sessions looks at a thousand at a time: requests are served in between',
    (size) => {
      const { shelf, looks } = countingShelf(2 * size)
      for (let at = 0; at < size; at += 1) shelf.put(`key${at}`, at % 100 === 0 ? '-' : '+')
      looks.count = 0
      let dropped = 0
      let steps = 0
      for (const count of shelf.prune(size)) {
        expect(looks.count).toBeLessThanOrEqual(PRUNE_STEP)
        looks.count = 0
        dropped += count
        steps += 1
      }
      expect(PRUNE_STEP).toBe(1000)
      expect(dropped).toBe(size / 100)
      expect(steps).toBeLessThanOrEqual(size / PRUNE_STEP + 1)
    },
  )

  it('that is told to stop goes on there the next time, and not from the beginning', () => {
    const size = 50_000
    const { shelf, looks } = countingShelf(2 * size)
    for (let at = 0; at < size; at += 1) shelf.put(`key${at}`, at % 10 === 0 ? '-' : '+')
    looks.count = 0
    let dropped = 0
    for (let call = 0; call < 51; call += 1) {
      for (const count of shelf.prune(100)) dropped += count
    }
    expect(dropped).toBe(size / 10)
    // Twice around, and a part once more for each call.
    expect(looks.count).toBeLessThan(4 * size)
  })
})
