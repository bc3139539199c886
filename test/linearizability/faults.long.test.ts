/** A store stays linearizable while its connections are cut: what nobody answered stays possible. */

import { setInterval } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Engine, Place } from './open.ts'
import { disconnect } from './places.ts'
import { expectLinearizable } from './runs.ts'

const SECONDS = Number(process.env['LINEARIZABILITY_SECONDS'] ?? 20)
const TIMEOUT = 60_000 + SECONDS * 20_000

test.each([
  { engine: 'redis', keyMs: 60, resends: false },
  { engine: 'ioredis', keyMs: 60, resends: true },
  { engine: 'postgres', keyMs: 200, resends: false },
] as const)(
  '$engine, its connections cut every 200 ms',
  async ({ engine, ...how }) => {
    let cut = 0
    const disturb = async (place: Place, until: bigint) => {
      cut = await cutting(engine, place, until)
    }
    const run = { ...how, processes: 3, seconds: SECONDS, disturb }
    const { unknown } = await expectLinearizable(engine, run)
    expect(cut).toBeGreaterThan(SECONDS)
    // A client that resends answers in the end; the others say that they do not know.
    if (!how.resends) expect(unknown).toBeGreaterThan(SECONDS)
  },
  TIMEOUT,
)

/** @returns how many connections were cut. */
async function cutting(engine: Engine, place: Place, until: bigint): Promise<number> {
  let cut = 0
  for await (const _ of setInterval(200)) {
    if (process.hrtime.bigint() >= until) break
    cut += await disconnect(engine, place)
  }
  return cut
}
