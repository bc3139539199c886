/** How long an engine with a clock of its own keeps what ends at a time of ours. */

import { GARBAGE_MS } from '../backends/stored/store.ts'

/** A century: engines add it to the time of day, and what comes of that has to be a time. */
const LONGEST_MS = 3_155_760_000_000

/** The whole milliseconds from now until what ends then may be collected. */
export function timeToLive(until: number, now: number): number {
  return Math.min(Math.ceil(Math.max(until - now, 0)) + GARBAGE_MS, LONGEST_MS)
}
