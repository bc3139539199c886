/** The contract of a backend on a store, and of the store that brings it: `session/` knows no more. */

import type { Duration } from '../base/duration.ts'
import type { Clock } from '../base/ports.ts'
import type { Scope } from '../crypto/keys.ts'
import type { EncryptionSchedule } from '../crypto/sealer.ts'
import type { SetCookieWriter } from '../http/set-cookie.ts'
import type { Lifetime } from '../record/lifetime.ts'
import type { Layout } from '../record/record.ts'
import type { Backend } from './backend.ts'

/** The options that only sessions in a store can have. Durations are `'15m'`, or milliseconds. */
export interface StoreOptions {
  /**
   * Gives a session a new id, with the next request, once its id is this old: a stolen id is then
   * of use for a short time only. @default never
   */
  rotate?: Duration
  /**
   * How long the previous id is still accepted after the new one was first presented, for requests
   * that were sent with the old one. It does not apply across a login. @default '10s'
   */
  grace?: Duration
  /**
   * What happens when an id that was renewed is presented after its grace, which may mean that the
   * cookie was stolen: a `replayed` event, or the event and the end of the session. @default 'report'
   */
  onReplay?: 'report' | 'end'
  /** The most sessions that one user may have at a time. @default no limit */
  maxSessionsPerUser?: number
  /**
   * What a login over `maxSessionsPerUser` does: fails with ERR_SESSION_LIMIT, or ends the user's
   * oldest session. @default 'evict-oldest'
   */
  onLimit?: 'reject' | 'evict-oldest'
  /**
   * What opening a session does while the store is unavailable: fails with ERR_STORE_UNAVAILABLE
   * (503), or gives an empty session that cannot be written, for pages that anybody may see.
   * @default 'error'
   */
  onUnavailable?: 'error' | 'anonymous-readonly'
  /**
   * The timeouts: of one read, of one write, and of a whole commit, which includes waiting for other
   * requests that change the same session. At most `'1m'`.
   *
   * @default { read: '250ms', write: '500ms', commit: '1s' }
   */
  deadlines?: { read?: Duration; write?: Duration; commit?: Duration }
}

/** What these options come to. Times are in milliseconds. */
export interface StoreRules {
  readonly rotate: number | undefined
  readonly grace: number
  readonly onReplay: 'report' | 'end'
  readonly limit: { most: number; onLimit: 'reject' | 'evict-oldest' } | undefined
  readonly deadlines: { read: number; write: number; commit: number }
}

/** What `createSessions` gives a store to make its backend of. */
export interface StoreSetup {
  /** As the app wrote them: the backend checks them. */
  options: StoreOptions
  /** The decoded secrets, the current one first. */
  secrets: readonly Uint8Array[]
  scope: Scope
  layout: Layout
  lifetime: Lifetime
  writer: SetCookieWriter
  /** When rows are encrypted; `undefined`: never. */
  encryption: EncryptionSchedule | undefined
  clock: Clock
}

/** A place on a server for sessions, which brings its backend along. */
export interface BackendStore {
  /** The engine, for messages: `'SQLite'`. */
  readonly engine: string
  /** Makes the backend. @throws ERR_OPTION_INVALID */
  backend(setup: StoreSetup): StoredBackend
}

/** One session of a user, as a device list shows it. */
export interface SessionInfo {
  /** Public session identifier, for `sessions.revoke`. Safe to show and to log: it cannot be used to authenticate. */
  handle: string
  createdAt: Date | undefined
  /** The time of the last login. */
  authenticatedAt: Date | undefined
  /** To within a tenth of `idle`. */
  lastSeenAt: Date
  /** The app's name for it, such as the device. */
  label: string | undefined
}

/** A backend on a store. All verbs throw ERR_STORE_UNAVAILABLE, and may then be called again. */
export interface StoredBackend extends Backend {
  readonly storeRules: StoreRules
  /** What is used for what, for `describePolicy`. */
  readonly algorithms: Readonly<Record<string, string>>
  /** The sessions of a user, the first to sign in first. */
  list(userId: string): Promise<SessionInfo[]>
  /** Ends one session of a user; answers whether there was one. */
  revoke(userId: string, handle: string): Promise<boolean>
  /** Ends all sessions of a user but one; answers how many. */
  revokeUser(userId: string, except: string | undefined): Promise<number>
  /** Ends every session, a batch at a time; answers how many. */
  revokeAll(): Promise<number>
  /** Deletes what has expired, a batch at a time; answers how many rows. */
  prune(): Promise<number>
  /** The engine's settings that can lose sessions, in a sentence each. */
  check(): Promise<readonly string[]>
}
