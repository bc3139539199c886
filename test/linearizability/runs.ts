/** One run: several processes load a store, what they saw is checked, and how much it was is said. */

import { expect } from 'vitest'
import { checkAll, type Report } from './explain.ts'
import type { Engine, Place } from './open.ts'
import { placeOf } from './places.ts'
import { record, type Running } from './record.ts'

interface How {
  readonly processes: number
  readonly seconds: number
  /** How long a key is in use: longer for a slower store, so that enough happens to it. */
  readonly keyMs: number
  /** Clients that resend what they had no answer to. */
  readonly resends?: boolean
  readonly disturb?: (place: Place, running: Running) => Promise<void>
}

/** A busy machine may do so little in a run that it says nothing. */
const RUNS = 5

/** Expects no violation, and enough operations for that to mean something. */
export async function expectLinearizable(engine: Engine, how: How): Promise<Report> {
  const enough = 20 * how.seconds
  let report = await runOf(engine, how)
  for (let runs = 1; runs < RUNS && report.operations <= enough; runs += 1) {
    report = await runOf(engine, how)
  }
  expect(report.operations).toBeGreaterThan(enough)
  if (process.env['LINEARIZABILITY_SECONDS']) {
    const { operations, keys, unknown } = report
    process.stdout.write(`${engine}: ${operations} operations, ${keys} keys, ${unknown} unknown\n`)
  }
  return report
}

async function runOf(engine: Engine, how: How): Promise<Report> {
  const { processes, seconds, keyMs, resends = false, disturb } = how
  const place = await placeOf(engine)
  const report = checkAll(
    await record({
      ...place,
      engine,
      processes,
      seconds,
      load: { clients: 6, keys: 3, keyMs, deadlineMs: disturb ? 2000 : 20_000 },
      disturb: async (running) => disturb?.(place, running),
    }),
    { resends },
  )
  expect(report.failures.join('\n')).toBe('')
  return report
}
