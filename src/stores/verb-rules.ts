/** Rules of the verbs that several engines follow: repeated swaps, and time to live. */

import { GARBAGE_MS, type Row } from '../backends/stored/store.ts'

/** Whether the swap to `row` has won before: a client resends what it had no answer to. */
export function hasWonBefore(row: Row, newest: Row | null): boolean {
  return newest !== null && (newest.write === row.write || newest.recent.includes(row.write))
}

/** A century: engines add it to the time of day, and the sum has to be a valid time. */
const LONGEST_MS = 3_155_760_000_000

/** The milliseconds after which an engine with its own clock may collect what expires then. */
export function timeToLive(until: number, now: number): number {
  return Math.min(Math.ceil(Math.max(until - now, 0)) + GARBAGE_MS, LONGEST_MS)
}
