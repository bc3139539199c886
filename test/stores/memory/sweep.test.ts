/** The memory store's sweep, and what a session costs in memory. */

import { setImmediate } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { memoryStore } from '../../../src/stores/memory/memory.ts'
import type { SessionStore } from '../../../src/backends/stored/store.ts'
import { fakeClock } from '../../../src/testing/testing.ts'
import { heapAfterCollection } from './heap.ts'
import { HOUR, insertMany, keysOf, row, START } from './rows.ts'

describe("the memory store's sweep", () => {
  /** Counts how often the time is looked at: once for each row that is looked at. */
  function countingClock(start: number) {
    const clock = fakeClock(start)
    const counter = { looks: 0, advance: clock.advance }
    return { counter, clock: () => (counter.looks++, clock()) }
  }

  test('takes a few rows with each call, of whatever kind, until all that are due are gone', async () => {
    const { counter, clock } = countingClock(START)
    const store = memoryStore({ clock })
    await insertMany(store, 20_000)
    await store.insert('live', row({ expiresAt: START + 24 * HOUR }))
    counter.advance(HOUR + 120_000)
    const calls = [
      () => store.read('live'),
      () => store.touch('live', START),
      () => store.swap('live', 'x', row()),
      () => store.insert('live', row()),
      () => store.remove('gone'),
    ]
    let most = 0
    for (let n = 0; n < 5250; n++) {
      counter.looks = 0
      await calls[n % calls.length]!()
      most = Math.max(most, counter.looks)
    }
    expect(most).toBeLessThanOrEqual(5)
    expect(await keysOf(store)).toEqual(['live'])
    expect(await store.prune(10)).toBe(0)
  })

  test('never takes a row early', async () => {
    const { counter, clock } = countingClock(START)
    const store = memoryStore({ clock })
    await insertMany(store, 100)
    counter.advance(HOUR + 119_999)
    for (let n = 0; n < 100; n++) await store.read('k0')
    expect(await keysOf(store)).toHaveLength(100)
  })

  test('by prune takes no more than it was told', async () => {
    const { counter, clock } = countingClock(START)
    const store = memoryStore({ entries: 100, clock })
    await insertMany(store, 50)
    counter.advance(HOUR + 120_000)
    expect([await store.prune(30), await store.prune(30), await store.prune(30)]).toEqual([
      30, 20, 0,
    ])
  })

  test('by prune lets the loop turn after at most a part, though all the rows are due', async () => {
    const { counter, clock } = countingClock(START)
    const store = memoryStore({ entries: 30_000, clock })
    await insertMany(store, 30_000)
    counter.advance(HOUR + 120_000)
    counter.looks = 0
    let most = 0
    const pruned: number[] = []
    const pruning = store.prune(100_000).then((count) => pruned.push(count))
    while (pruned.length === 0) {
      most = Math.max(most, counter.looks)
      counter.looks = 0
      await setImmediate()
    }
    await pruning
    expect(pruned).toEqual([30_000])
    expect(most).toBeLessThan(5000)
  })
})

describe('what a session costs in memory', () => {
  test('at most 350 bytes for 204 bytes of text, the id included', async () => {
    const store = memoryStore({ clock: () => START })
    const before = heapAfterCollection()
    await heapFilledWith(store, 20_000)
    expect((heapAfterCollection() - before) / 20_000).toBeLessThanOrEqual(350)
    expect(await store.read('nobody')).toBeNull()
  })
})

/** Sessions whose ids are cut out of long Cookie headers, as in a server. */
async function heapFilledWith(store: SessionStore, count: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    const id = String(n).padStart(22, 'k')
    const header = `theme=dark; session=${id}.${'v'.repeat(60)}; other=${'o'.repeat(300)}${n}`
    const body = `{"n":"${String(n).padStart(197, '0')}"`
    await store.insert(header.slice(20, 42), row({ write: `write-id-${n + 1e6}`, body }))
  }
}
