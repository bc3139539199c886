/** Chooses among several genuine cookies: the newest, even if its session was emptied or has ended. */

import type { Ended } from '../record/lifetime.ts'
import type { SessionRecord } from '../record/record.ts'
import type { Opened, Rejection } from './backend.ts'

/** Whether this is the record of an emptied session. */
export function isEmptied({ data, meta, unmigrated }: SessionRecord): boolean {
  return data.size === 0 && meta.size === 0 && !unmigrated
}

/**
 * A genuine cookie. One of an emptied or ended session has no record, and hides older ones: an ended
 * session must not bring back the one that it has replaced.
 */
export type Found = Pick<Opened, 'record' | 'seen' | 'key' | 'isOutdated'> & {
  ended?: Ended | undefined
  /** Whether it was set with another Domain or Path than ours: then clearing ours does not remove it. */
  isStray?: boolean
}

/** Whether a cookie was accepted: one that is genuine and has not expired. */
export function isValid(outcome: Found | Rejection): boolean {
  return typeof outcome !== 'string' && outcome.ended === undefined
}

/**
 * The newer of two cookies. Within one second: an emptied one; otherwise the one sent later, which
 * the browser received later (RFC 6265bis section 5.8.3).
 */
export function newerOf(one: Found, other: Found): Found {
  if (one.seen === other.seen) return one.record || one === NOBODY ? other : one
  return one.seen > other.seen ? one : other
}

/** The result for a visitor without a session. */
export const NOBODY = { record: undefined, seen: 0, key: 0, isOutdated: false }
