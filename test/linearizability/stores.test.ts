/** Every store is linearizable: clients in several processes see what one at a time could see. */

import { expect, test } from 'vitest'
import { expectLinearizable } from './runs.ts'

const SECONDS = Number(process.env['LINEARIZABILITY_SECONDS'] ?? 3)
const TIMEOUT = 60_000 + SECONDS * 20_000

// The memory's clients do not wait for anything, and so need less time.
test.each([
  { engine: 'memory', processes: 1, keyMs: 10, share: 0.1 },
  { engine: 'sqlite', processes: 3, keyMs: 200, share: 1 },
  { engine: 'redis', processes: 3, keyMs: 60, share: 1 },
  { engine: 'postgres', processes: 3, keyMs: 200, share: 1 },
] as const)(
  '$engine, loaded by $processes processes',
  async ({ engine, share, ...how }) => {
    const { unknown } = await expectLinearizable(engine, { ...how, seconds: share * SECONDS })
    // Nothing is killed here, so every call is answered.
    expect(unknown).toBe(0)
  },
  TIMEOUT,
)
