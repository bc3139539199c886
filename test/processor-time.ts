/** How long this thread has worked: what other programs do meanwhile does not count. */

/** Milliseconds of processor time of this thread, from an arbitrary beginning. */
export function processorTime(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

/** Enough to be measured well where the clock of a thread only ticks every few milliseconds. */
const LONG_ENOUGH = 50

/** How many times as long `much` takes as `little`: in turn, so that a machine that slows down slows both. */
export function growth(little: () => unknown, much: () => unknown): number {
  little()
  much()
  const spent = { little: 0, much: 0 }
  const runs = { little: 0, much: 0 }
  const run = (which: 'little' | 'much', work: () => unknown) => {
    const before = processorTime()
    const end = before + LONG_ENOUGH / 5
    do {
      work()
      runs[which] += 1
    } while (processorTime() < end)
    spent[which] += processorTime() - before
  }
  for (let turn = 0; turn < 5; turn += 1) {
    run('little', little)
    run('much', much)
  }
  return spent.much / runs.much / (spent.little / runs.little)
}
