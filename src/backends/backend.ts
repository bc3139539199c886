/** The contract of a backend: where records live between requests. */

import type { Maybe } from '../base/ports.ts'
import type { Change } from '../record/changes.ts'
import type { Layout, SessionRecord } from '../record/record.ts'

/** Why a cookie did not open. */
export type Rejection =
  | 'malformed'
  | 'signature'
  /** An encrypted cookie that names none of our keys. */
  | 'unknown-key'
  | 'payload'
  | 'expired'
  | 'expired-absolute'
  | 'future'
  /** No session of that id in the store: it was ended, or it is long over. */
  | 'gone'
  /** An id from before a login a moment ago: a request that was under way. */
  | 'superseded'
  /** An id that was renewed since, and is shown again: perhaps a stolen one. */
  | 'replayed'
  /** The store holds something else under that id than this library wrote there. */
  | 'corrupt'

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
  /** Whether a commit writes it anew although nothing changed: under the first secret, encrypted. */
  readonly isOutdated: boolean
  /** Names the session in logs and lists; alone it opens nothing. A cookie has none. */
  readonly handle?: string | undefined
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
  /** What the browser holds from now on; its record is the one that was written. */
  opened: Opened
  /** The Set-Cookie line to send, if any. */
  setCookie: string | undefined
  /** What else is worth telling. */
  notes?: readonly Note[]
}

/** Something that happened to a session in a store. */
export type Note =
  /** A nested change took the place of what another request had written to the key meanwhile. */
  | { type: 'overwrote'; key: string }
  /** The session ended while the request was under way; it had nothing of its own to lose. */
  | { type: 'ended-meanwhile' }
  /** The session has a new id. */
  | { type: 'renewed' }
  /** A login ended that many older sessions of the user, for `maxSessionsPerUser`. */
  | { type: 'evicted'; count: number }
  /** A visit could not push the session's end further away; the next one will. */
  | { type: 'touch-failed' }

/** Opens and keeps records. */
export interface Backend {
  readonly layout: Layout
  /** Reads the values of our cookie, in the order they were sent. */
  open(values: readonly string[], now: number): Maybe<Opened>
  /** Keeps a record, all or nothing. @throws ERR_COOKIE_TOO_LARGE */
  commit(request: CommitRequest): Maybe<Committed>
  /** Looks again at a session that was opened or committed. A cookie says what it said before. */
  reopen(opened: Opened, now: number): Maybe<Opened>
}
