import { expect, test } from 'vitest'
import { rotate, startFleet, type Visitor } from './rotation.ts'
import { expectAllWell, openWithTheNewestAlone, PLACES } from './rotation-places.ts'

test.each(PLACES)(
  'four processes change their keys each second, and nobody is signed out who has $name; unless the next key signs before it is known everywhere',
  async (place) => {
    const fleet = await startFleet(place)
    const settled = async (step: number, visitors: readonly Visitor[]) => {
      if (step % 4 === 0) await openWithTheNewestAlone(fleet, place, step, visitors)
    }
    const seconds = 13
    const rotated = await rotate(fleet, { rollout: 'prepublished', seconds, seed: 22, settled })
    await expectAllWell(fleet, place, rotated, seconds)

    const { loggedOut } = await rotate(fleet, { rollout: 'at once', seconds: 3, seed: 22 })
    expect(loggedOut).toBeGreaterThan(0)
  },
)
