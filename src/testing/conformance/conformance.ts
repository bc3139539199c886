/** The conformance suite: what every store for sessions has to do, for any test runner. */

import type { Maybe } from '../../base/ports.ts'
import type { StoreVerbs } from '../../backends/stored/store.ts'
import { fakeClock, type FakeClock } from '../time/clock.ts'
import type { Scenario } from './bench.ts'
import { collection } from './collection.ts'
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

/** A store that was opened for one case. */
export interface OpenedStore {
  readonly store: StoreVerbs
  /** Closes what `open` opened. */
  close?(): Maybe<void>
}

/** How the suite gets at a store. */
export interface StoreHarness {
  /**
   * Opens an empty store, for one case. The clock stands at the machine's time: a store that takes a
   * clock is given it.
   */
  open(clock: FakeClock): Maybe<OpenedStore>
  /**
   * Moves the time by which the store that was opened last collects: for a store that takes the
   * clock, `(ms, clock) => clock.advance(ms)`. The cases on collection come only with it.
   */
  advance?(ms: number, clock: FakeClock): Maybe<void>
}

/** One case, for a test runner: `test(name, run)`. */
export interface ConformanceCase {
  /** A sentence, different in every case. */
  readonly name: string
  run(): Promise<void>
}

/**
 * The cases that a store has to pass. Run them one after another; each opens a store of its own.
 *
 * @example
 * import { test } from 'node:test'
 * import { storeConformance } from 'sojourn/testing'
 *
 * const cases = storeConformance({
 *   open: async () => {
 *     const client = await connect()
 *     return { store: myStore(client), close: () => client.close() }
 *   },
 * })
 * for (const { name, run } of cases) test(name, run)
 */
export function storeConformance(harness: StoreHarness): ConformanceCase[] {
  const rows = [inserting, swapping, touching, removing, texts, repeats]
  const always = [...rows, owners, limits, ownerRaces, upkeep]
  const rooms = harness.advance ? [...always, collection] : always
  return rooms.flat().map((scenario) => ({
    name: scenario.name,
    run: () => runScenario(harness, scenario),
  }))
}

async function runScenario(harness: StoreHarness, scenario: Scenario): Promise<void> {
  const clock = fakeClock()
  const { store, close } = await harness.open(clock)
  try {
    await scenario.check({
      store,
      clock,
      advance: async (ms) => harness.advance?.(ms, clock),
    })
  } finally {
    await close?.()
  }
}
