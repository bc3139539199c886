/** How long work takes beside other work in the same run: the clock alone decides no assertion. */

import { expect } from 'vitest'

/** Work that may be repeated. */
type Work = () => unknown

/** A busy machine makes work slow many times, but not every time. */
const TURNS = 50

/** Enough to be measured well where the clock of a thread only ticks every few milliseconds. */
const LONG_ENOUGH_MS = 10

/** Milliseconds of processor time of this thread, from an arbitrary beginning. */
export function processorTime(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

/**
 * Expects that `much` takes less than `limit` times as long as `little`. They are measured in turn,
 * so that a machine that slows down slows both, until one turn says so or all turns say the opposite.
 */
export async function expectGrowthBelow(
  limit: number,
  { little, much }: Record<'little' | 'much', Work>,
  what = 'growth',
): Promise<void> {
  await little()
  await much()
  let least = Infinity
  for (let turn = 0; turn < TURNS && least >= limit; turn += 1) {
    const one = await timeOfOne(little)
    least = Math.min(least, (await timeOfOne(much)) / one)
  }
  expect(least, what).toBeLessThan(limit)
}

/**
 * Expects that work takes less than so many times as long as a fixed loop, which takes about 20 ms
 * on the machine this was written on. Work that seems slow is repeated beside the loop.
 */
export async function expectQuick(work: Work, what = 'loops', { loops = 50 } = {}): Promise<void> {
  usual ??= loopTime()
  let least = (await timeOf(work)) / usual
  for (let turn = 1; turn < TURNS && least >= loops; turn += 1) {
    const loop = loopTime()
    least = Math.min(least, (await timeOf(work)) / loop)
  }
  expect(least, what).toBeLessThan(loops)
}

let usual: number | undefined

/** How long the fixed loop takes now, in milliseconds of processor time. */
export function loopTime(): number {
  const before = processorTime()
  let sum = 0
  for (let n = 0; n < 20_000_000; n += 1) sum = (Math.imul(sum, 31) + n) | 0
  const spent = processorTime() - before
  // The sum is used, so the compiler cannot leave the loop out.
  expect(sum).toBe(1_818_990_208)
  return spent
}

async function timeOf(work: Work): Promise<number> {
  const before = processorTime()
  await work()
  return processorTime() - before
}

/** The time of one of as many runs as can be measured well. */
async function timeOfOne(work: Work): Promise<number> {
  let runs = 0
  const spent = await timeOf(async () => {
    for (const end = processorTime() + LONG_ENOUGH_MS; processorTime() < end; runs += 1)
      await work()
  })
  return spent / runs
}
