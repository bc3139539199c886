/** What a section measures: figures, and how to find one again. */

/** What a figure counts. `us` is processor time of the server for one request. */
export type Unit = 'ns' | 'us' | 'ms' | 's' | 'per second' | 'bytes' | 'MB' | 'count'

/** One measured quantity: the median of several rounds, and the lowest and the highest of them. */
export interface Figure {
  /** What was done: `signed small open`, `Express read`. */
  task: string
  /** Who did it: `sojourn`, `bare`, or the name of another library. */
  by: string
  unit: Unit
  median: number
  low: number
  high: number
}

/** How long a section may measure. */
export type Effort = 'full' | 'quick'

/** Measures, and returns the figures. Throws `Unavailable` if the machine lacks what it needs. */
export type Section = (effort: Effort) => Promise<Figure[]>

/** The machine lacks something this section needs. The message says what. */
export class Unavailable extends Error {}

/** The figure of several rounds. */
export function figure(task: string, by: string, unit: Unit, rounds: readonly number[]): Figure {
  const sorted = rounds.toSorted((a, b) => a - b)
  const median = sorted[Math.floor(sorted.length / 2)]!
  return { task, by, unit, median, low: sorted[0]!, high: sorted.at(-1)! }
}

/** Finds a median, or nothing if it was not measured. */
export function medianOf(
  figures: readonly Figure[],
  task: string,
  by: string,
  unit?: Unit,
): number | undefined {
  return figures.find(
    (one) => one.task === task && one.by === by && (unit === undefined || one.unit === unit),
  )?.median
}

/** How many times as much `by` takes as `other` in the same task. */
export function ratioOf(
  figures: readonly Figure[],
  task: string,
  by: string,
  other: string,
  unit?: Unit,
): number | undefined {
  const one = medianOf(figures, task, by, unit)
  const base = medianOf(figures, task, other, unit)
  return one === undefined || base === undefined ? undefined : one / base
}
