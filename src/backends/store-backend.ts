/** The contract between `session/` and a store: options, set-up, and the verbs of its backend. */

import type { Duration } from '../base/duration.ts'
import type { Clock } from '../base/ports.ts'
import type { Scope } from '../crypto/keys.ts'
import type { EncryptionSchedule } from '../crypto/sealer.ts'
import type { SetCookieWriter } from '../http/set-cookie.ts'
import type { Lifetime } from '../record/lifetime.ts'
import type { Layout } from '../record/record.ts'
import type { Backend, Opened } from './backend.ts'

/** Options that need a store. Durations are `'15m'`, or milliseconds. */
export interface StoreOptions {
  /**
   * Renews the session id at the first request after the id is this old, so that a stolen id is
   * usable for a short time only. A login always renews it; this does not end the session. @default
   * never
   */
  rotate?: Duration
  /**
   * How long the previous id is still accepted after the browser first sent the new one, for
   * concurrent requests. It does not apply across a login. @default '10s'
   */
  grace?: Duration
  /**
   * What a replayed id does, that is one sent after it was renewed and `grace` has passed, perhaps
   * because the cookie was stolen. 'report': a `replayed` event; 'end': also ends the session, if its
   * `grace` has been over for a minute (clocks of servers differ).
   *
   * @default 'report'
   */
  onReplay?: 'report' | 'end'
  /**
   * At most this many sessions per user at a time, up to 1 000 000. A login does work in proportion
   * to it. @default 1_000
   */
  maxSessionsPerUser?: number
  /**
   * What a login beyond `maxSessionsPerUser` does. 'reject': it throws ERR_SESSION_LIMIT;
   * 'evict-oldest': it ends the user's oldest session. @default 'evict-oldest'
   */
  onLimit?: 'reject' | 'evict-oldest'
  /**
   * What opening a session does while the store is unavailable. 'error': it throws
   * ERR_STORE_UNAVAILABLE (503); 'anonymous-readonly': it returns an empty session that cannot be
   * changed, for public pages. @default 'error'
   */
  onUnavailable?: 'error' | 'anonymous-readonly'
  /**
   * Timeouts of one read, of one write, and of a whole commit, which includes waiting for
   * concurrent requests that change the same session. At most `'1m'` each.
   *
   * They measure the store: the time of a call begins when it is sent, and replies that arrived while
   * this process was busy are read first. `queue` is how long a call waits before it is sent, until
   * fewer than `concurrency` are in flight (of a pool: the acquire or checkout timeout).
   *
   * @default { read: '250ms', write: '500ms', commit: '1s', queue: '5s' }
   */
  deadlines?: {
    /** Of a call that reads. @default '250ms' */
    read?: Duration
    /** Of a call that writes. @default '500ms' */
    write?: Duration
    /** Of a commit, with its retries. @default '1s' */
    commit?: Duration
    /** Of waiting to be sent. @default '5s' */
    queue?: Duration
  }
  /**
   * How many calls of the store are in flight at a time. Further ones wait for at most
   * `deadlines.queue`, first in, first out; more than 4096 are refused. With `postgresStore`, reads that
   * wait share a call, and may overtake writes. This is not the size of the
   * client's pool, which you set at the client.
   *
   * @default the size of the pool (`pg`), otherwise 1024
   */
  concurrency?: number
  /**
   * How often the sessions that `sessions.onEnded` watches are read, in batches, to find those that
   * have expired, or that another process has ended while the store's notification was lost, or it
   * has none. `'1s'` to `'1h'`. Nothing is read while nothing is watched. @default '30s'
   */
  pollInterval?: Duration
}

/** The resolved store options. Durations are in milliseconds. */
export interface StoreRules {
  readonly rotate: number | undefined
  readonly grace: number
  readonly onReplay: 'report' | 'end'
  readonly limit: SessionLimit
  readonly deadlines: Record<'read' | 'write' | 'commit' | 'queue', number>
  readonly concurrency?: number | undefined
  readonly pollInterval: number
}

/** The resolved options for sessions in a store. Durations are in seconds; `null` for never or none. */
export interface StorePolicy {
  /** The age of a session id at which it is renewed. */
  readonly rotate: number | null
  /** How long the previous id is still accepted. */
  readonly grace: number
  /** What a replayed id does. */
  readonly onReplay: 'report' | 'end'
  /** The most sessions of one user. */
  readonly maxSessionsPerUser: number
  /** What a login beyond that does. */
  readonly onLimit: 'reject' | 'evict-oldest'
  /** What opening a session does while the store is unavailable. */
  readonly onUnavailable: 'error' | 'anonymous-readonly'
  /** The timeouts of a read, a write, a commit, and of waiting to be sent. */
  readonly deadlines: Readonly<Record<'read' | 'write' | 'commit' | 'queue', number>>
  /** How many calls are in flight at a time; `null` if the store decides. */
  readonly concurrency: number | null
  /** How often watched sessions are read. */
  readonly pollInterval: number
}

/** The calls of a store in this process, for metrics. */
export interface StoreLoad {
  /** Calls that were sent and not answered, those past their deadline included. */
  readonly inFlight: number
  /** Calls that wait for their turn. */
  readonly waiting: number
  /** Calls that were refused before they were sent, since the process started. */
  readonly refused: number
}

/** How many sessions a user may have, and what a login beyond that does. */
export interface SessionLimit {
  most: number
  onLimit: 'reject' | 'evict-oldest'
}

/** What `createSessions` passes to `store.backend()`. */
export interface StoreSetup {
  /** The app's options, unchecked: the backend checks them. */
  options: StoreOptions & { readonly maxBytes?: number }
  /** The decoded secrets, the current one first. */
  secrets: readonly Uint8Array[]
  scope: Scope
  layout: Layout
  lifetime: Lifetime
  writer: SetCookieWriter
  /** From when on rows are encrypted; `undefined` for never. */
  encryption: EncryptionSchedule | undefined
  clock: Clock
  /**
   * Called when a session that was to be ended stays valid until it expires: the store did not
   * confirm its removal, and it is not retried any more.
   */
  onDropped?: ((why: DropCause, handle: string) => void) | undefined
}

/** Why a session has ended, for `sessions.onEnded`. */
export type EndCause =
  /** `logout()` or `clear()`. If the store did not confirm it, it is retried. */
  | 'logout'
  /** Another user signed in in the same browser, or the login that began the session failed. */
  | 'login'
  /** `revoke`, `revokeUser`, `revokeAll` or `erase`. */
  | 'revoked'
  /** The user had more sessions than `maxSessionsPerUser`. */
  | 'evicted'
  /** A renewed id was replayed, with `onReplay: 'end'`. */
  | 'replayed'
  /** The idle timeout, a minute ago at least: a request from before it may still extend the session. */
  | 'expired'
  /** The absolute timeout. */
  | 'expired-absolute'
  /** It is not in the store any more: another process has ended it, for an unknown reason. */
  | 'gone'

/** Why a removal is not retried any more: too many are waiting, or it has failed too often. */
export type DropCause = 'full' | 'gave-up'

/** A store for `createSessions`. It makes its own backend, so that an app without a store does not load it. */
export interface BackendStore {
  /** The engine's name for messages, such as `'SQLite'`. */
  readonly engine: string
  /** Makes the backend. @throws ERR_OPTION_INVALID */
  backend(setup: StoreSetup): StoredBackend
}

/** One session of a user, for a device list. */
export interface SessionInfo {
  /** Public session identifier, for `sessions.revoke`. Safe to show and to log: it cannot be used to authenticate. */
  handle: string
  /** When it began; `undefined` if that is not known. */
  createdAt: Date | undefined
  /** The time of the last login. */
  authenticatedAt: Date | undefined
  /** The time of the last request, accurate to a tenth of `lifetime.idle`. */
  lastSeenAt: Date
  /** What the app set as `session.label`, such as the device. */
  label: string | undefined
}

/** The result of `revokeUser`. */
export interface Revocation {
  /** How many sessions were ended. */
  ended: number
  /**
   * Whether the revocation itself was stored. `false` if the store is full: logins in flight may
   * remain, and sessions that the user's list had lost. Make room, and revoke again.
   */
  marked: boolean
}

/** A backend on a store. Each verb may throw ERR_STORE_UNAVAILABLE, and can then be retried. */
export interface StoredBackend extends Backend {
  /** The options as they are in force, for `describePolicy`. */
  readonly policy: StorePolicy
  /** Each purpose and its algorithm, for `describePolicy`. */
  readonly algorithms: Readonly<Record<string, string>>
  /** The sessions of a user, the oldest login first. */
  list(userId: string, signal?: AbortSignal): Promise<SessionInfo[]>
  /** Ends one session of a user; returns whether it existed. */
  revoke(userId: string, handle: string): Promise<boolean>
  /** Opens the session that a concurrent request has begun with the same seed, within `grace`. */
  openOnce(seed: Uint8Array, now: number): Promise<Opened | undefined>
  /** Starts reading the user's epoch: which revocation a login comes after. */
  epoch(userId: string): Promise<number>
  /** Ends all sessions of a user except one. */
  revokeUser(userId: string, except: string | undefined): Promise<Revocation>
  /**
   * Remembers revocations until then at least, in milliseconds since 1970: until when former sessions
   * are accepted, which may be older than any of the store.
   */
  rememberRevocations(until: number): void
  /** Ends all sessions of a user, and deletes the user id from the store; returns how many. */
  erase(userId: string): Promise<number>
  /** Ends every session, in batches; returns how many. Stops after a batch if it is aborted. */
  revokeAll(signal?: AbortSignal): Promise<number>
  /** Deletes expired rows, in batches; returns how many. Stops after a batch if it is aborted. */
  prune(signal?: AbortSignal): Promise<number>
  /** The engine's settings that can lose sessions, one sentence each. */
  check(): Promise<readonly string[]>
  /** Calls `listener` once when the session ends. Returns a function that stops that. */
  onEnded(handle: string, listener: (why: EndCause) => void): () => void
  /** Drops those listeners, and ends the connection that serves them. */
  unwatch(): Promise<void>
  /** The calls in flight, waiting and refused. */
  load(): StoreLoad
  /** How many sessions wait to be ended: the store did not confirm it, and it is retried. */
  readonly unconfirmed: number
  /** Retries those at once, until none is left or the signal is aborted; returns how many are. */
  drain(signal: AbortSignal): Promise<number>
}
