/** The contract of a backend: where records live between requests. */

import type { Maybe } from '../base/ports.ts'
import type { Change } from '../record/changes.ts'
import type { Layout, SessionRecord } from '../record/record.ts'

/** Why a cookie did not open. */
export type Rejection =
  | 'malformed'
  | 'signature'
  | 'payload'
  | 'expired'
  | 'expired-absolute'
  | 'future'

/** What opening came to. A cookie that does not verify is an outcome, never an error. */
export interface Opened {
  /** The record, or `undefined` for a visitor without one. */
  readonly record: SessionRecord | undefined
  /** Whether the browser holds a cookie of our name now, valid or not. */
  readonly hasCookie: boolean
  /** The cookies of our name that were sent, each once. */
  readonly presented: readonly string[]
  /** Why each cookie that did not open did not. */
  readonly rejected: readonly Rejection[]
  /** How many verified. Where it is more than one, the newest was taken. */
  readonly verified: number
  /** When the cookie was signed, in seconds since 1970. */
  readonly seen: number
  /** Which secret signed it: 0 is the current one. */
  readonly key: number
}

/** What is to be kept. */
export interface CommitRequest {
  opened: Opened
  /** What the request did; empty for a visit that only read. */
  changes: readonly Change[]
  /** The record with the changes already in it. */
  next: SessionRecord
  now: number
}

/** What committing came to. */
export interface Committed {
  /** What the browser holds from now on. */
  opened: Opened
  /** The Set-Cookie line to send, if any. */
  setCookie: string | undefined
}

/** Opens and keeps records. */
export interface Backend {
  readonly layout: Layout
  /** Reads the values of our cookie, in the order they were sent. */
  open(values: readonly string[], now: number): Maybe<Opened>
  /** Keeps a record, all or nothing. @throws ERR_COOKIE_TOO_LARGE */
  commit(request: CommitRequest): Maybe<Committed>
}
