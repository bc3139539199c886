/** `storeConformance`: the conformance suite that every session store has to pass, for any test runner. */

import type { Maybe } from '../../base/ports.ts'
import type { StoreVerbs } from '../../backends/stored/store.ts'
import { fakeClock, type FakeClock } from '../time/clock.ts'
import { benchOn } from './bench.ts'
import { collection } from './collection.ts'
import { epochs } from './epochs.ts'
import { healing } from './healing.ts'
import { inserting } from './insert.ts'
import { limits } from './limits.ts'
import { ownerRaces } from './owner-races.ts'
import { owners } from './owners.ts'
import { removing } from './remove.ts'
import { repeats } from './repeats.ts'
import { swapping } from './swap.ts'
import { texts } from './text.ts'
import { touching } from './touch.ts'
import { upkeep } from './upkeep.ts'
import { watching } from './watching.ts'

/** A store that is open for one case. */
export interface OpenedStore {
  /** The verbs of the store, such as `sessionStore` returns. */
  readonly store: StoreVerbs
  /** Closes what `open` opened. */
  close?(): Maybe<void>
}

/** How the suite opens a store. */
export interface StoreHarness {
  /**
   * Opens an empty store for one case. If your store takes a clock, pass this one; it starts at the
   * current time.
   */
  open(clock: FakeClock): Maybe<OpenedStore>
  /**
   * Moves the time by which the last opened store deletes expired rows. For a store that takes the
   * clock: `(ms, clock) => clock.advance(ms)`. Without it the cases on expired rows are left out.
   */
  advance?(ms: number, clock: FakeClock): Maybe<void>
}

/** One case, for a test runner: `test(name, run)`. */
export interface ConformanceCase {
  /** A sentence, different in every case. */
  readonly name: string
  /** Runs the case. Rejects with an `AssertionError` if the store does not pass. */
  run(): Promise<void>
}

/**
 * Returns the cases that a store has to pass. Run them one after another; each opens its own store.
 *
 * @example
 * import { test } from 'node:test'
 * import { DatabaseSync } from 'node:sqlite'
 * import { sqliteStore } from 'sojourn/stores/sqlite'
 * import { storeConformance } from 'sojourn/testing'
 * const cases = storeConformance({
 *   async open(clock) {
 *     const db = new DatabaseSync(':memory:')
 *     const store = sqliteStore(db, { clock })
 *     await store.createSchema()
 *     return { store, close: () => db.close() }
 *   },
 * })
 * for (const { name, run } of cases) test(name, run)
 */
export function storeConformance(harness: StoreHarness): ConformanceCase[] {
  const onRows = [inserting, swapping, touching, removing, texts, repeats]
  const onOwners = [owners, limits, epochs, healing, ownerRaces]
  const always = [...onRows, ...onOwners, upkeep, watching]
  const rooms = harness.advance ? [...always, collection] : always
  return rooms.flat().map(({ name, check }) => ({
    name,
    async run() {
      const clock = fakeClock()
      const { store, close } = await harness.open(clock)
      try {
        await check(benchOn(store, clock, async (ms) => harness.advance?.(ms, clock)))
      } finally {
        await close?.()
      }
    },
  }))
}
