/** The load: it finds out a store that breaks the contract in one point, and no sound one. */

import { describe, expect, test } from 'vitest'
import type { Store } from '../../src/backends/stored/store.ts'
import { BROKEN, soundStore } from './broken-stores.ts'
import { checkAll, type Report } from './explain.ts'
import { asLastTold, type Operation } from './history.ts'
import { work } from './load.ts'

const load = { clients: 8, keys: 2, keyMs: 20 }

/** A call that is answered is never unknown, however busy the machine is. In milliseconds. */
const PATIENT = 600_000

/** Loads a store for a quarter of a second, and again until a busy machine has done enough. */
async function loaded(store: Store, deadlineMs = PATIENT): Promise<Report> {
  const operations: Operation[] = []
  const from = process.hrtime.bigint()
  for (let turn = 0; operations.length < 1000; turn += 1) {
    const until = process.hrtime.bigint() + 250_000_000n
    const tell = (operation: Operation) => void operations.push(operation)
    await work(store, { ...load, deadlineMs, name: `p${turn}`, from, until }, tell)
  }
  return checkAll(asLastTold(operations))
}

test('a sound store is never blamed', async () => {
  const { operations, unknown, failures } = await loaded(soundStore())
  expect(failures).toEqual([])
  expect(unknown).toBe(0)
  expect(operations).toBeGreaterThan(200)
})

test('a call that is rejected or takes too long is unknown, and may have been executed', async () => {
  const sound = soundStore()
  const lossy: Store = {
    ...sound,
    async swap(key, ifWrite, row) {
      const answer = await sound.swap(key, ifWrite, row)
      if (row.write.endsWith('1')) throw new Error('The connection was lost.')
      return row.write.endsWith('22') ? new Promise(() => {}) : answer
    },
  }
  const { unknown, failures } = await loaded(lossy, 1000)
  expect(unknown).toBeGreaterThan(5)
  expect(failures).toEqual([])
})

describe('a store is found out that', () => {
  test.each(Object.entries(BROKEN))('%s', async (_, broken) => {
    const failures: string[] = []
    for (let tries = 0; tries < 40 && failures.length === 0; tries++) {
      failures.push(...(await loaded(broken())).failures)
    }
    expect(failures).not.toEqual([])
    expect(failures.filter((failure) => failure.includes('undecided'))).toEqual([])
  })
})
