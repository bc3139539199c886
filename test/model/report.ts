/** Runs many schedules, and shows a failed one so that a reader can follow it. */

import { run } from './schedule.ts'
import type { Plan } from './world.ts'

/** A schedule that broke a promise. */
export interface Failure {
  readonly seed: number
  readonly violations: readonly string[]
}

/** Runs the schedules of these seeds, until one fails. With `expected`, other failures do not count. */
export async function firstFailure(
  plan: Omit<Plan, 'seed'>,
  { from, count, expected }: { from: number; count: number; expected?: RegExp },
): Promise<Failure | undefined> {
  const unhandled: string[] = []
  const hear = (error: unknown) => void unhandled.push(`unhandled rejection: ${String(error)}`)
  process.on('unhandledRejection', hear)
  try {
    for (let seed = from; seed < from + count; seed += 1) {
      const outcome = await run({ ...plan, seed })
      const violations = [...outcome.violations, ...unhandled.splice(0)]
      const isWanted = expected ? violations.some((text) => expected.test(text)) : true
      if (violations.length > 0 && isWanted) return { seed, violations }
    }
  } finally {
    process.off('unhandledRejection', hear)
  }
  return undefined
}

/** The story of a failed schedule: everything that happened, in order. */
export async function told(plan: Omit<Plan, 'seed'>, { seed, violations }: Failure) {
  const trace: string[] = []
  await run({ ...plan, seed, trace })
  return [`seed ${seed}`, ...trace, ...violations.map((text) => `VIOLATION ${text}`)].join('\n')
}
