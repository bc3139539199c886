/** F-17: a million forged cookies of each kind; FORGERIES=100000000 SEED=3 for more, and others. */

import { expect, test } from 'vitest'
import { forge } from './forgeries.ts'
import { KINDS } from './kinds.ts'

const COUNT = Number(process.env['FORGERIES'] ?? 1_000_000)
const SEED = Number(process.env['SEED'] ?? 1)
/** A minute, where the loop takes 20 ms. */
const MINUTE = 3000

/** What the heap may grow by: a leak of two bytes for each forgery would show. */
const MOST_GROWTH = 2 * 2 ** 20

test.each(KINDS)(
  '$name: of a million forged cookies none opens, in a minute and in the same memory',
  { timeout: Math.max(COUNT / 1000, 1000) * 1000 },
  async (kind) => {
    const { failures, calls, grown, cpu, longest } = await forge(kind, { count: COUNT, seed: SEED })
    process.stdout.write(
      `  ${kind.name}: ${COUNT} forgeries, seed ${SEED}, ${cpu.toFixed(1)} loops, heap ${grown} bytes more, longest ${longest.toFixed(4)} loops\n`,
    )
    expect(failures).toEqual([])
    expect(calls).toBe(0)
    expect(longest).toBeLessThan(1 / 4)
    expect(grown).toBeLessThan(MOST_GROWTH)
    expect((cpu * 1_000_000) / COUNT).toBeLessThan(MINUTE)
  },
)
