/** The promises of the stored backend hold in every random schedule; MODEL_SEED=n tells one of them. */

import { expect, test } from 'vitest'
import { storedBackend } from '../../src/backends/stored/stored.ts'
import { firstFailure, told } from './report.ts'
import { run } from './schedule.ts'

// As many as find each simpler contract; the long test runs 100 000 others.
const COUNT = process.env['QUICK_TESTS'] === '1' ? 1_000 : 10_000
const seed = process.env['MODEL_SEED']

const real = { makeBackend: storedBackend }

test.runIf(seed === undefined)(
  `${COUNT} schedules of lost, late and doubled commands, crashes and reordered responses break no promise`,
  async () => {
    const failure = await firstFailure(real, { from: 1, count: COUNT })
    expect(failure && (await told(real, failure))).toBeUndefined()
  },
)

test.runIf(seed !== undefined)(`the schedule of seed ${seed} breaks no promise`, async () => {
  const failure = await firstFailure(real, { from: Number(seed), count: 1 })
  expect(failure && (await told(real, failure))).toBeUndefined()
})

test('a seed gives the same schedule each time', async () => {
  const [first, second]: string[][] = [[], []]
  await run({ ...real, seed: 7, trace: first })
  await run({ ...real, seed: 7, trace: second })
  expect(first?.length).toBeGreaterThan(20)
  expect(second).toEqual(first)
})
