/** The interface of a backend: opens and commits session records, in a cookie or a store. */

import type { Maybe } from '../base/ports.ts'
import type { Change } from '../record/changes.ts'
import type { Layout, SessionRecord } from '../record/record.ts'

/** Why a cookie was rejected: the `reason` of the event `rejected`. */
export type Rejection =
  | 'malformed'
  | 'signature'
  /** An encrypted cookie whose key id matches no configured secret. */
  | 'unknown-key'
  | 'payload'
  | 'expired'
  | 'expired-absolute'
  | 'future'
  /** No session of that id is in the store: it was ended, or has expired. */
  | 'gone'
  /** The user's sessions were revoked after the login, and this one was in no list. */
  | 'revoked'
  /** The id from before a recent login: sent by a concurrent request. */
  | 'superseded'
  /** A renewed id was sent again: it may have been stolen. */
  | 'replayed'
  /** The store's value for that id was not written by this library. */
  | 'corrupt'

/** The result of opening a session. A cookie that does not verify is not an error. */
export interface Opened {
  /** The record; `undefined` for a visitor without a valid session. */
  readonly record: SessionRecord | undefined
  /** Whether the browser now has a session cookie, valid or not. */
  readonly hasCookie: boolean
  /** The values of session cookies that were sent, without repetitions. */
  readonly presented: readonly string[]
  /** Why cookies were rejected, one reason for each. */
  readonly rejected: readonly Rejection[]
  /** Of those, the cookies that named a session: its handle, and the reason. Stores only. */
  readonly refused?: readonly { readonly handle: string; readonly reason: Rejection }[]
  /** How many cookies verified. If more than one, the newest is used. */
  readonly verified: number
  /** The time from which the idle timeout is counted, in seconds since 1970. */
  readonly seen: number
  /**
   * Whether the browser holds another valid cookie than the one that is set or cleared: several were
   * sent (the same one twice included), or one that was set with another Domain or Path.
   */
  readonly hasRivals?: true
  /** The index of the secret that verified it: 0 is the current one. */
  readonly key: number
  /** Whether it is rewritten even without changes: under the current secret, or encrypted. */
  readonly isOutdated: boolean
  /** Public session identifier, safe to log: it cannot be used to authenticate. Stores only. */
  readonly handle?: string | undefined
}

/** A request to save a record. */
export interface CommitRequest {
  opened: Opened
  /** The changes of the request; empty if it only read. */
  changes: readonly Change[]
  /** The record including the changes. */
  next: SessionRecord
  /** The time in milliseconds since 1970. */
  now: number
  /** The request moves a former session, and concurrent ones may do the same. Stores only. */
  once?: Once | undefined
}

/** What makes concurrent requests begin one session, and not one each. */
export interface Once {
  /** 48 bytes that nobody can guess, the same for each of them: the session's id is made of it. */
  readonly seed: Uint8Array
  /** The request's own changes: another request may have saved the others. */
  readonly own: readonly Change[]
}

/** The result of a commit. */
export interface Committed {
  /** The session as the browser now has it, with the record that was saved. */
  opened: Opened
  /** The Set-Cookie line to send, if any. */
  setCookie: string | undefined
  /** Further lines that go with it, in a format with more than one cookie. */
  also?: readonly string[] | undefined
  /** Whether the line only renews the cookie, so that nothing is lost if it is not sent. */
  isRenewal?: boolean
  /** Set-Cookie lines of former sessions: see the option `formerly`. */
  former?: readonly string[]
  /** Events to emit. */
  notes?: readonly Note[] | undefined
}

/** Events of a commit; see the events. */
export type Note =
  /** `count` flash messages that nobody had read were dropped, the oldest ones: they did not fit. */
  | { type: 'flashes-dropped'; count: number }
  /** A change in place overwrote the value that a concurrent request had written to the key. */
  | { type: 'overwrote'; key: string }
  /** The session was ended during the request, which had no changes to save. */
  | { type: 'ended-meanwhile' }
  /** The session has a new id. */
  | { type: 'renewed' }
  /** A login ended `count` older sessions of the user (`maxSessionsPerUser`): those `handles`. */
  | { type: 'evicted'; count: number; handles: readonly string[] }
  /** A visit could not renew the session's expiration; the next visit tries again. */
  | { type: 'touch-failed' }

/** The event of messages that were dropped so that the record fits. */
export function notesOf({ dropped }: { dropped: number }): readonly Note[] {
  return dropped > 0 ? [{ type: 'flashes-dropped', count: dropped }] : NO_NOTES
}

const NO_NOTES: readonly Note[] = []

/** Opens and saves session records. Times are in milliseconds since 1970. */
export interface Backend {
  readonly layout: Layout
  /** The most bytes of a session; Infinity for no limit. */
  readonly maxBytes: number
  /** Opens the session of the cookie's values, in the order they were sent. */
  open(values: readonly string[], now: number): Maybe<Opened>
  /** Saves a record, all or nothing. @throws ERR_COOKIE_TOO_LARGE, and a store's errors */
  commit(request: CommitRequest): Maybe<Committed>
  /** Reads the newest record of an opened session. The cookie backend returns it unchanged. */
  reopen(opened: Opened, now: number): Maybe<Opened>
}
