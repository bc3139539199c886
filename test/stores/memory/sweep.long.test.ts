/** The memory store with a million sessions: bytes for each, and how long its sweep blocks. */

import { PerformanceObserver } from 'node:perf_hooks'
import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { memoryStore } from '../../../src/stores/memory/memory.ts'
import { fakeClock } from '../../../src/testing/testing.ts'
import { heapAfterCollection } from './heap.ts'

const MILLION = 1_000_000
const HOUR = 3_600_000

/** Measures how long turns of the loop take, without what V8's collector or other processes take. */
function watchTurns() {
  const pauses: { startTime: number; duration: number }[] = []
  const observer = new PerformanceObserver((list) => pauses.push(...list.getEntries()))
  observer.observe({ entryTypes: ['gc'] })
  const turns: { start: number; end: number; cpu: number }[] = []

  const pausedIn = (start: number, end: number) =>
    pauses
      .map((pause) => [pause.startTime, pause.startTime + pause.duration] as const)
      .map(([from, to]) => Math.max(0, Math.min(end, to) - Math.max(start, from)))
      .reduce((all, overlap) => all + overlap, 0)

  return {
    async turn(work: () => Promise<unknown>) {
      const [start, before] = [performance.now(), process.threadCpuUsage()]
      await work()
      const { user, system } = process.threadCpuUsage(before)
      const end = performance.now()
      if (end - start > 1) turns.push({ start, end, cpu: (user + system) / 1000 })
    },
    async longest() {
      await setImmediate()
      observer.disconnect()
      return Math.max(
        ...turns.map(({ start, end, cpu }) => Math.min(cpu, end - start - pausedIn(start, end))),
      )
    },
  }
}

/** Fills a store, lets all of it expire, and sweeps it. */
async function sweep() {
  const clock = fakeClock()
  const store = memoryStore({ entries: MILLION, bytes: 2 ** 30, clock })
  const before = heapAfterCollection()
  for (let n = 0; n < MILLION; n++) {
    await store.insert(String(n).padStart(22, 'k'), {
      write: `write-id-${n + 1e6}`,
      recent: [],
      expiresAt: clock() + HOUR,
      owner: null,
      body: `{"n":"${String(n).padStart(197, '0')}"`,
    })
  }
  const bytes = (heapAfterCollection() - before) / MILLION

  clock.advance(HOUR + 120_000)
  const watch = watchTurns()
  for (let n = 0; n < MILLION / 8; n++) await watch.turn(() => store.read('nobody'))
  const pruned: number[] = []
  const pruning = store.prune(MILLION).then((count) => pruned.push(count))
  while (pruned.length === 0) await watch.turn(() => setImmediate())
  await pruning
  expect(pruned[0]).toBeGreaterThan(MILLION / 3)
  const longest = await watch.longest()
  expect(await store.prune(1)).toBe(0)
  return { bytes, longest }
}

test('a million sessions cost at most 350 bytes each, and their sweep blocks for at most 20 ms', async () => {
  let { bytes, longest } = await sweep()
  expect(bytes).toBeLessThanOrEqual(350)
  // A busy machine may hold up a sweep, but not each one.
  for (let more = 0; more < 5 && longest > 20; more += 1) ({ longest } = await sweep())
  expect(longest).toBeLessThanOrEqual(20)
})
