/** The conformance suite itself: a sound store passes, and every broken one is caught. */

import { AssertionError } from 'node:assert'
import { describe, expect, test } from 'vitest'
import { storeConformance, type StoreHarness } from '../../../src/testing/testing.ts'
import type { StoreVerbs } from '../../../src/backends/stored/store.ts'
import { EPOCH_FAULTS } from './epoch-faults.ts'
import { gap, type Fault } from './faults.ts'
import { HEALING_FAULTS } from './healing-faults.ts'
import { LIST_FAULTS } from './list-faults.ts'
import { OWNER_FAULTS } from './owner-faults.ts'
import { plainStore, type Plain } from './plain-store.ts'
import { INSERT_FAULTS, REMOVAL_FAULTS, TOUCH_FAULTS } from './row-faults.ts'
import { SWAP_FAULTS } from './swap-faults.ts'
import { TEXT_FAULTS } from './text-faults.ts'
import { FORGETTING_FAULTS, UPKEEP_FAULTS } from './upkeep-faults.ts'

const FAULTS = [
  ...INSERT_FAULTS,
  ...SWAP_FAULTS,
  ...TOUCH_FAULTS,
  ...REMOVAL_FAULTS,
  ...TEXT_FAULTS,
  ...OWNER_FAULTS,
  ...LIST_FAULTS,
  ...EPOCH_FAULTS,
  ...HEALING_FAULTS,
  ...UPKEEP_FAULTS,
  ...FORGETTING_FAULTS,
]

/** A harness for the plain store with a fault in it. */
function harnessOf(fault: Fault[1]): StoreHarness {
  return {
    open(clock) {
      const plain = plainStore(clock)
      return { store: { ...plain.store, ...fault(plain) } }
    },
    advance: (ms, clock) => clock.advance(ms),
  }
}

describe('a sound store passes', () => {
  for (const { name, run } of storeConformance(harnessOf(() => ({})))) test(name, run)
})

describe('a sound store passes that rejects under contention', () => {
  for (const { name, run } of storeConformance(harnessOf(contended))) test(name, run)
})

describe('a broken store is caught where', () => {
  test.each(FAULTS)('%s', async (_name, fault, words) => {
    const cases = storeConformance(harnessOf(fault)).filter(({ name }) => words.test(name))
    expect(cases).toHaveLength(1)
    await expect(cases[0]!.run()).rejects.toBeInstanceOf(AssertionError)
  })
})

/** Of commands at once it rejects every third: one it has executed, then one it has not. */
function contended({ store }: Plain): Partial<StoreVerbs> {
  let underWay = 0
  let met = 0
  const wrapped =
    (verb: (...given: never[]) => Promise<unknown>) =>
    async (...given: never[]) => {
      underWay += 1
      const turn = underWay > 1 ? (met += 1) % 6 : 1
      try {
        await gap()
        if (turn === 0) throw new Error('not executed')
        const answer = await verb(...given)
        if (turn === 3) throw new Error('executed')
        return answer
      } finally {
        underWay -= 1
      }
    }
  const { engine, pool: _, sharedRead: __, keys, prune, check, ...verbs } = store
  const all = Object.entries(verbs).map(([name, verb]) => [name, wrapped(verb)])
  return { ...Object.fromEntries(all), engine, keys, prune, check } as StoreVerbs
}

describe('the suite', () => {
  test('has a different sentence for each case', () => {
    const names = storeConformance(harnessOf(() => ({}))).map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
  })

  test('leaves out collection where nobody can move the time', () => {
    const { open, advance } = harnessOf(() => ({}))
    const names = storeConformance({ open }).map(({ name }) => name)
    const more = storeConformance({ open, advance: advance! }).map(({ name }) => name)
    expect(more.slice(0, names.length)).toEqual(names)
    expect(more.length).toBeGreaterThan(names.length)
  })

  test('closes what it opened, when a case fails too', async () => {
    const closed: string[] = []
    for (const broken of [{}, { read: () => Promise.reject(new Error('down')) }]) {
      const cases = storeConformance({
        open: (clock) => ({
          store: { ...plainStore(clock).store, ...broken },
          close: async () => void closed.push('closed'),
        }),
      })
      await cases[0]!.run().catch(() => closed.push('failed'))
    }
    expect(closed).toEqual(['closed', 'closed', 'failed'])
  })
})
