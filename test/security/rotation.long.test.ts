import { describe, expect, test } from 'vitest'
import { rotate, startFleet, type Visitor } from './rotation.ts'
import { expectAllWell, openWithTheNewestAlone, PLACES } from './rotation-places.ts'

const HOUR = 3_600

// What an encrypted row shows, of the row and of its id, a plain one shows of the id.
const HOUR_PLACES = [
  ...PLACES.filter(({ store, encrypt }) => store === undefined || encrypt),
  { name: 'an encrypted row in Redis', store: 'Redis', encrypt: true },
  { name: 'a row in Redis and ids that rotate, too', store: 'Redis', rotate: true },
] as const

describe('a virtual hour in which four processes change their keys each second', () => {
  test.each(HOUR_PLACES)(
    'nobody is signed out who has $name',
    async (place) => {
      const fleet = await startFleet(place)
      const settled = async (step: number, visitors: readonly Visitor[]) => {
        if (step % 60 === 0) await openWithTheNewestAlone(fleet, place, step, visitors)
      }
      const rollout = 'prepublished'
      const rotated = await rotate(fleet, { rollout, seconds: HOUR, seed: 22, settled })
      expect(rotated.visits).toBeGreaterThan(HOUR * 8)
      await expectAllWell(fleet, place, rotated, HOUR)
    },
    1_800_000,
  )
})
