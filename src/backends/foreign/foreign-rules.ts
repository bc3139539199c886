/** The rules of a backend for another library's store, and the result of opening a session. */

import type { Clock, Timer } from '../../base/ports.ts'
import type { SetCookieWriter } from '../../http/set-cookie.ts'
import type { Layout, SessionRecord } from '../../record/record.ts'
import type { Opened, Rejection } from '../backend.ts'
import type { ForeignEntry, ForeignIds, ForeignStore } from './foreign-store.ts'

/** When a session expires, and when the store and the cookie are written: the other library's rules. */
export interface ForeignLifetime {
  /** Why a session is not accepted, although the store has it. Times in milliseconds since 1970. */
  ended(record: SessionRecord, entry: ForeignEntry, now: number): Rejection | undefined
  /**
   * When a session that is written now expires in the store, in milliseconds since 1970; and for how
   * many milliseconds the browser stores the cookie, `undefined`: until it is closed.
   */
  of(record: SessionRecord, now: number): { expiresAt: number; keepFor: number | undefined }
  /** Whether a visit without changes extends the session in the store. */
  extends(record: SessionRecord, entry: ForeignEntry, now: number): boolean
  /** Whether the cookie of a session that keeps its id is sent again. */
  setsCookie(record: SessionRecord, isChanged: boolean): boolean
  /** Writes these times into a record whose format contains them. @default nothing */
  stamp?(record: SessionRecord, now: number): void
}

/** The parts and rules of the backend. */
export interface ForeignRules {
  readonly store: ForeignStore
  readonly ids: ForeignIds
  readonly layout: Layout
  readonly writer: SetCookieWriter
  readonly lifetime: ForeignLifetime
  /** Whether a record has no data: it is not saved, and removed if it was saved before. */
  isEmpty(record: SessionRecord): boolean
  /**
   * For the drop-in replacement: the key of `data` that shows the session id. If it is set, the
   * session is saved under that id. The layout must not encode it. @default none
   */
  readonly idKey?: string | undefined
  /** The most bytes of a session's text. */
  readonly maxBytes: number
  /** How long one call of the store may take, in milliseconds. */
  readonly deadline: number
  readonly clock: Clock
  readonly timer: Timer
}

/** The session that a request opened. */
export interface ForeignSlot {
  readonly id: string
  readonly entry: ForeignEntry
}

/** The result of opening. */
export interface ForeignOpened extends Opened {
  readonly slot: ForeignSlot | undefined
  /** The session ids of further valid cookies: a logout ends those sessions, too. */
  readonly others: readonly string[]
}
