/** Which of several genuine cookies counts: the newest, that of an emptied or ended session included. */

import type { Ended } from '../record/lifetime.ts'
import type { SessionRecord } from '../record/record.ts'
import type { Opened, Rejection } from './backend.ts'

/** Whether this is the record of an emptied session. */
export function isEmptied({ data, meta, unmigrated }: SessionRecord): boolean {
  return data.size === 0 && meta.size === 0 && !unmigrated
}

/**
 * A genuine cookie. That of an emptied or ended session has no record, and hides older ones: a session
 * that is over must not bring back what it has replaced.
 */
export type Found = Pick<Opened, 'record' | 'seen' | 'key' | 'isOutdated'> & {
  ended?: Ended | undefined
  /** Set with another Domain or Path than ours, so that clearing ours leaves it. */
  isStray?: boolean
}

/** Whether a cookie was accepted: one that is genuine and has not expired. */
export function isValid(outcome: Found | Rejection): boolean {
  return typeof outcome !== 'string' && outcome.ended === undefined
}

/**
 * The newer of two cookies. Of one second it is an emptied one; else the one sent later, which the
 * browser got later (RFC 6265bis section 5.8.3).
 */
export function newerOf(one: Found, other: Found): Found {
  if (one.seen === other.seen) return one.record || one === NOBODY ? other : one
  return one.seen > other.seen ? one : other
}

/** The result for a visitor without a session. */
export const NOBODY = { record: undefined, seen: 0, key: 0, isOutdated: false }
