/** Runs several pieces of work in turn, for many rounds, and keeps what each round took. */

/** One piece of work: does its operation that many times. */
export type Work = (times: number) => void | Promise<void>

/** Nanoseconds per operation, one number for each round, by the name of the work. */
export type Rounds = Record<string, number[]>

/** How many rounds, and how long each work runs before the first one. */
export interface Schedule {
  rounds: number
  warmUpMs: number
}

/** Makes a work of one operation, which may return a promise. */
export function repeat(operation: () => unknown): Work {
  if (!(operation() instanceof Promise)) {
    return (times) => {
      for (let time = 0; time < times; time++) operation()
    }
  }
  return async (times) => {
    for (let time = 0; time < times; time++) await operation()
  }
}

/** How long one round of one work should take. */
const ROUND_MS = 8

/**
 * Measures all works interleaved (A B C, B C A, ...), so that other load on the machine affects all alike.
 *
 * The order rotates, since the first work after a garbage collection has an advantage.
 */
export async function interleaved(
  works: Record<string, Work>,
  { rounds, warmUpMs }: Schedule,
): Promise<Rounds> {
  const entries = Object.entries(works)
  const taken: Rounds = Object.fromEntries(entries.map(([name]) => [name, []]))
  const sizes = new Map<string, number>()
  for (const [name, work] of entries) sizes.set(name, await warmUp(work, warmUpMs))
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < entries.length; turn++) {
      const [name, work] = entries[(round + turn) % entries.length]!
      taken[name]!.push(await processorTime(work, sizes.get(name)!))
    }
  }
  return taken
}

/** Lets the compiler finish, and finds how many operations fill a round. */
async function warmUp(work: Work, milliseconds: number): Promise<number> {
  let size = 10
  const end = performance.now() + milliseconds
  do {
    const perOperation = await processorTime(work, size)
    size = Math.max(5, Math.min(size * 10, Math.round((ROUND_MS * 1e6) / perOperation)))
  } while (performance.now() < end)
  return size
}

/**
 * Nanoseconds of processor time for one operation, with garbage collection and all threads.
 *
 * Not the time on the clock: on a shared machine that measures the other programs as well.
 */
async function processorTime(work: Work, times: number): Promise<number> {
  const start = process.cpuUsage()
  await work(times)
  const { user, system } = process.cpuUsage(start)
  return Math.max(1, (user + system) * 1e3) / times
}
