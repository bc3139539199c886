/** What happened to sessions and why: for logs and counters, never with a value, an id or a secret. */

import type { Note, Rejection } from '../../backends/backend.ts'
import type { SessionErrorCode } from '../../base/errors.ts'

/** What made a request look like another site's. */
export type CsrfRefusal = 'cross-site' | 'origin' | 'token'

/** Something that happened. `type` tells them apart. */
export type SessionEvent =
  /** A cookie of ours did not open, and the visitor is treated as new. */
  | { type: 'rejected'; reason: Rejection }
  /** Several cookies of our name were sent; `verified` of them are genuine. */
  | { type: 'duplicates'; count: number; verified: number }
  /** A cookie or its row still under an old secret: `key` is its index in the list. */
  | { type: 'old-secret'; key: number }
  /** A request was refused that another site may have sent. */
  | { type: 'csrf-refused'; why: CsrfRefusal }
  /** A first cookie is being set. */
  | { type: 'created' }
  | { type: 'login' }
  | { type: 'logout' }
  /** A session could not be kept, and the response became an error. */
  | { type: 'commit-failed'; code: SessionErrorCode | 'UNKNOWN' }
  /** A session was first asked for after the headers had left: no `Vary` tells caches of it. */
  | { type: 'opened-late' }
  /** The store did not answer when a session was to be opened. */
  | { type: 'open-failed'; code: SessionErrorCode | 'UNKNOWN' }
  /** An id was shown that had been renewed since: perhaps a stolen cookie. Only with a store. */
  | { type: 'replayed' }
  /** What the store's settings endanger, in a sentence. Once, after the first call. */
  | { type: 'store-finding'; finding: string }
  | Note

/** Receives events as they happen. What it throws is not caught: keep it simple. */
export type EventListener = (event: SessionEvent) => void
