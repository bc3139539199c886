/**
 * A store stays linearizable while connections and processes end: what nobody answered is open.
 *
 * A busy machine does less in a second, so rounds are repeated until enough was cut or killed.
 */

import { setInterval } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { disconnect } from './places.ts'
import type { Running } from './record.ts'
import { expectLinearizable } from './runs.ts'

const SECONDS = Number(process.env['LINEARIZABILITY_SECONDS'] ?? 20)
const TIMEOUT = 60_000 + SECONDS * 20_000

test.each([
  { engine: 'redis', keyMs: 60, resends: false },
  { engine: 'ioredis', keyMs: 60, resends: true },
  { engine: 'postgres', keyMs: 200, resends: false },
  { engine: 'postgres-serializable', keyMs: 200, resends: false },
] as const)(
  '$engine, its connections cut every 200 ms',
  async ({ engine, ...how }) => {
    let cut = 0
    let unknown = 0
    // A client that resends answers in the end; the others say that they do not know.
    const isEnough = () => cut > SECONDS && (how.resends || unknown > SECONDS)
    while (!isEnough()) {
      const report = await expectLinearizable(engine, {
        ...how,
        processes: 3,
        seconds: SECONDS,
        disturb: (place, running) =>
          every(200, running, async () => {
            cut += await disconnect(engine, place)
          }),
      })
      unknown += report.unknown
    }
    expect(cut).toBeGreaterThan(SECONDS)
    if (!how.resends) expect(unknown).toBeGreaterThan(SECONDS)
  },
  TIMEOUT,
)

test.each([
  { engine: 'sqlite', keyMs: 200 },
  { engine: 'redis', keyMs: 60 },
  { engine: 'postgres', keyMs: 200 },
] as const)(
  '$engine, a process of three killed twice a second',
  async ({ engine, keyMs }) => {
    let killed = 0
    let unknown = 0
    const isEnough = () => killed > SECONDS / 5 && unknown > killed
    while (!isEnough()) {
      const report = await expectLinearizable(engine, {
        keyMs,
        processes: 3,
        seconds: SECONDS,
        disturb: (_, running) =>
          every(500, running, async () => {
            await running.crash()
            killed++
          }),
      })
      unknown += report.unknown
    }
    expect(killed).toBeGreaterThan(SECONDS / 5)
    expect(unknown).toBeGreaterThan(killed)
  },
  TIMEOUT,
)

async function every(ms: number, { until }: Running, act: () => Promise<void>): Promise<void> {
  for await (const _ of setInterval(ms)) {
    if (process.hrtime.bigint() >= until) return
    await act()
  }
}
