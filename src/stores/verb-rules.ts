/** Rules for verbs that several stores share: repeated swaps, and time to live. */

import { GARBAGE_MS, type Row } from '../backends/stored/store.ts'

/** Whether the swap to `row` has won before: a client resends a command that got no reply. */
export function hasWonBefore(row: Row, newest: Row | null): boolean {
  return newest !== null && (newest.write === row.write || newest.recent.includes(row.write))
}

/** A century, the longest time to live: stores add it to the current time, which has to stay valid. */
const LONGEST_MS = 3_155_760_000_000

/** The milliseconds after which a store with its own clock may delete what expires at a time. */
export function timeToLive(until: number, now: number): number {
  return Math.min(Math.ceil(Math.max(until - now, 0)) + GARBAGE_MS, LONGEST_MS)
}
