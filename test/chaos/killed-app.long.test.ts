/** The same with an app of its own for each store call: nothing else is under way when it is killed. */

import { expect, test } from 'vitest'
import { expectOldOrNew, killedApp, placeOn, wholeLife } from './killed-app.ts'

/** Each n-th store call only, for a short run. */
const EACH = Number(process.env['CHAOS_EACH'] ?? 1)

test.each(['SQLite', 'Redis', 'PostgreSQL'] as const)(
  'on %s every session is whole, old or new, whichever call its app was killed at',
  async (engine) => {
    const place = placeOn(engine)
    const reference = await wholeLife(place)
    let killed = 0
    for (let stopAt = 1; stopAt <= reference.calls; stopAt += EACH) {
      for (const when of ['before', 'after', 'during'] as const) {
        const told = await killedApp({ place, lives: [stopAt], when })
        await expectOldOrNew(place, told, reference)
        killed += told.length
      }
    }
    expect(killed).toBeGreaterThanOrEqual((3 * reference.calls) / EACH)
  },
)
