/** Runs contenders in turn, many rounds, and takes each one's median. */

/** One thing to measure: does its work that many times. */
export type Work = (times: number) => void | Promise<void>

/** Nanoseconds per operation, by name. */
export type Medians = Record<string, number>

/** One operation as a work; it may answer later. */
export function repeat(work: () => unknown): Work {
  if (!(work() instanceof Promise)) {
    return (times) => {
      for (let time = 0; time < times; time++) work()
    }
  }
  return async (times) => {
    for (let time = 0; time < times; time++) await work()
  }
}

const ROUND_MS = 8

/**
 * Measures all of them interleaved: whatever else the machine does meets all alike.
 *
 * The order rotates from round to round, since the first one after a garbage collection is lucky.
 */
export async function medians(
  works: Record<string, Work>,
  rounds: number,
  timed: Timed = processorTime,
): Promise<Medians> {
  const entries = Object.entries(works)
  const taken = new Map(entries.map(([name]) => [name, [] as number[]]))
  const sizes = new Map<string, number>()
  for (const [name, work] of entries) sizes.set(name, await warmUp(work, timed))
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < entries.length; turn++) {
      const [name, work] = entries[(round + turn) % entries.length]!
      taken.get(name)!.push(await timed(work, sizes.get(name)!))
    }
  }
  return Object.fromEntries([...taken].map(([name, times]) => [name, median(times)]))
}

/** Lets the compiler finish, and finds how many operations fill a round. */
async function warmUp(work: Work, timed: Timed): Promise<number> {
  let size = 100
  let perOperation = 0
  const end = performance.now() + 300
  while (performance.now() < end) {
    perOperation = await timed(work, size)
    size = Math.max(20, Math.round((ROUND_MS * 1e6) / perOperation))
  }
  return size
}

/** Nanoseconds per operation of doing the work that many times. */
export type Timed = (work: Work, times: number) => Promise<number>

/** Collecting garbage included: on a shared machine the clock on the wall measures the neighbours. */
export async function processorTime(work: Work, times: number): Promise<number> {
  const start = process.cpuUsage()
  await work(times)
  const { user, system } = process.cpuUsage(start)
  return Math.max(1, (user + system) * 1e3) / times
}

/** How long one waits for it: what is done on other threads counts as well. */
export async function elapsedTime(work: Work, times: number): Promise<number> {
  const start = process.hrtime.bigint()
  await work(times)
  return Number(process.hrtime.bigint() - start) / times
}

export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)]!
}
