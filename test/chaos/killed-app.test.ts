/** An app that is killed between any two of its store calls: the old state or the new, never half of it. */

import { expect, test } from 'vitest'
import { expectOldOrNew, killedApp, placeOn, wholeLife } from './killed-app.ts'
import { report } from './visitors.ts'

test.each(['SQLite', 'Redis', 'PostgreSQL'] as const)(
  'on %s every session is whole, old or new, wherever its app was killed',
  async (engine) => {
    const place = placeOn(engine)
    const reference = await wholeLife(place)
    const { calls, later } = reference
    // The life is one in which an old id has opened, and opens no more once its grace is over.
    expect(later[4]?.opens).toMatchObject({ A1: { user: 'the user' }, A2: { user: 'the user' } })
    expect(later[5]?.opens).toMatchObject({ A1: { user: 'nobody' }, A2: { user: 'the user' } })
    const lives = Array.from({ length: calls }, (_, n) => n + 1)
    for (const when of ['before', 'after', 'during'] as const) {
      await expectOldOrNew(place, await killedApp({ place, lives, when }), reference)
    }
    report(`${engine}: an app killed at each of ${calls} store calls, before, after and during it`)
  },
)
