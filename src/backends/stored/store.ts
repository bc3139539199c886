/** The contract of a store: rows under keys, compare-and-swap, and each owner's list of keys. */

import type { BackendStore } from '../store-backend.ts'

/**
 * What a store saves under a key. It compares `write`, `recent` and `expiresAt`; `owner` and `body`
 * are opaque: any well-formed Unicode, U+0000 included, up to 1024 bytes and 1 MiB.
 */
export interface Row {
  /** The id of the write that made this row, unique to it. Letters, digits, `-_.`. */
  readonly write: string
  /** The last write of each other writer, the newest first, at most 32. */
  readonly recent: readonly string[]
  /** When the row expires, by the library's clock. */
  readonly expiresAt: number
  /** The user who is signed in; null for an anonymous visitor. */
  readonly owner: string | null
  /** The session as text, possibly encrypted. */
  readonly body: string
}

/** A row as `read` returns it, with what the list of its owner says of it. */
export interface FoundRow extends Row {
  /**
   * The epoch of the row's owner: a session whose login is of another one was revoked. 0 without an
   * owner, for one who was never revoked, and if the last revocation excepted this key.
   */
  readonly epoch: number
  /** Whether the owner's list has the key; true without an owner. A list can be lost in a failover. */
  readonly isListed: boolean
}

/** The outcome of a swap. If it failed, `newest` is the current row. */
export type Swap =
  /** The row was replaced. */
  | { won: true }
  /** It was not: `newest` is the current row, or null if there is none. */
  | { won: false; newest: Row | null }

/**
 * Rows under keys. Every verb is atomic for its key, and may be executed late, or twice, since a
 * client resends a command that got no reply.
 *
 * If a verb rejects, the outcome is unknown: the command may have been executed, or may be executed
 * later. If it certainly was not (for example a serialization failure), the store retries it, or
 * returns a lost swap.
 *
 * All times are whole milliseconds since 1970. A store deletes a row two minutes after `expiresAt` at
 * the earliest. Until then it returns the row even if it has expired: the library decides whether a
 * session has expired.
 *
 * Keys are well-formed text without U+0000, up to 255 bytes; ours are letters, digits, `-_`.
 */
export interface Store {
  /**
   * The row under the key, and the state of its owner's list; null if there is none, or it was
   * removed. The two may be read one after the other.
   */
  read(key: string): Promise<FoundRow | null>

  /** Saves a row under a key without one. `false` if there is a row, or a tombstone. */
  insert(key: string, row: Row): Promise<boolean>

  /**
   * Replaces the row whose `write` is `ifWrite`. Never inserts. If the swap fails, it returns the
   * current row.
   *
   * Idempotent: if `row.write` already is the current row's `write`, or in its `recent`, this swap
   * has won before: it returns that, and changes nothing.
   */
  swap(key: string, ifWrite: string, row: Row): Promise<Swap>

  /**
   * Extends a row's expiry; never shortens it, never inserts. `write` and all else stay, so that a
   * concurrent swap does not fail.
   *
   * @returns whether there is such a row.
   */
  touch(key: string, expiresAt: number): Promise<boolean>

  /**
   * Removes a row, and leaves a tombstone for two minutes, so that an insert that is executed late
   * cannot bring it back: `read` and `swap` find nothing, `insert` fails. A key without a row gets
   * a tombstone too, since its insert may still be in flight.
   *
   * It has to work on a full store: there it removes the row, if necessary without a tombstone.
   *
   * @returns whether there was a row.
   */
  remove(key: string): Promise<boolean>
}

/** How many sessions one owner may have. */
export interface Limit {
  /** The most keys in the list. */
  readonly most: number
  /** Whether more keys are refused; otherwise they are admitted, and the oldest are returned. */
  readonly refuse: boolean
}

/** The result of `admit`. */
export type Admission =
  /**
   * `over`: of the keys before this one, the oldest, as many as the list up to this key exceeds
   * `most`, and at most 64 (`OVER_AT_ONCE`); none if `refuse`.
   */
  | { admitted: true; over: readonly string[] }
  /** `revoked`: the owner's epoch is higher. `limit`: the list is full. */
  | { admitted: false; why: 'revoked' | 'limit' }

/** The result of `revoke`. */
export interface Revoked {
  /** The owner's epoch after the call. Below the one that was asked for if the store is full. */
  readonly epoch: number
  /** The owner's keys, the oldest first. */
  readonly keys: readonly string[]
}

/**
 * The list of each owner: its keys in the order of admission, and its epoch, a whole number that
 * each revocation raises. An owner without a list has the epoch 0.
 *
 * Owners are well-formed text of 1 to 1024 bytes, compared character by character. Every verb but
 * `forget` and `erase` is atomic for its owner; each may be executed late, or twice.
 *
 * `until`: the earliest time at which the list and its epoch may expire, in milliseconds since
 * 1970. The latest time of all calls applies.
 */
export interface Owners {
  /** The owner's epoch. */
  epoch(owner: string): Promise<number>

  /**
   * Appends a key to an owner's list; a key that is in it stays in its place. Raises the owner's
   * epoch to `epoch` if it is lower, as after a failover that lost it; the exception, of an earlier
   * revocation, then ends.
   *
   * Refused, without any change: if the owner's epoch is higher, unless the last revocation excepted
   * this key; and, with `limit.refuse`, if the list is full and the key not in it.
   *
   * The work is bounded by `limit.most`, not by the length of the list.
   *
   * @param epoch the owner's epoch when the login was called.
   */
  admit(owner: string, key: string, epoch: number, until: number, limit: Limit): Promise<Admission>

  /**
   * The same for a session in use, without a limit: extends the list's expiry, and puts the key back
   * if the list has lost it. Writes nothing if there is nothing to change.
   *
   * @returns false, without any change, if the owner's epoch is higher, and the last revocation did
   * not except this key.
   */
  keep(owner: string, key: string, epoch: number, until: number): Promise<boolean>

  /** The owner's keys, the oldest first; at most the `most` oldest. */
  list(owner: string, most?: number): Promise<string[]>

  /**
   * Raises the owner's epoch to `epoch` and stores the exception, both only if the epoch is lower:
   * so a call that is executed again later changes nothing. Returns the keys in any case.
   *
   * If the store is full, and cannot store the epoch, it still returns the keys.
   *
   * @param except the key of the one session that stays valid, whatever the epoch of its login.
   */
  revoke(owner: string, epoch: number, until: number, except: string | undefined): Promise<Revoked>

  /** Removes keys from the list: those whose rows are gone. Works on a store that is full. */
  forget(owner: string, keys: readonly string[]): Promise<void>

  /** Removes the list, epoch included, and the owner's name from tombstones. */
  erase(owner: string): Promise<void>
}

/** Upkeep of a whole store. */
export interface Upkeep {
  /** Every key with a row, in batches, in any order; those added or removed meanwhile may be missing. */
  keys(): AsyncIterable<readonly string[]>

  /**
   * Deletes up to `limit` expired rows, tombstones and list entries: rows whose `expiresAt` is an
   * hour ago (`CLOCK_MARGIN_MS`) if the clock of one process decides, since that clock may be ahead.
   *
   * @returns how many; fewer than `limit` if none are left. 0 if the engine does it by itself.
   */
  prune(limit: number): Promise<number>

  /** The engine's settings that can lose sessions, one sentence each. */
  check(): Promise<readonly string[]>
}

/** Optional verbs for `sessions.onEnded`. Without them it polls, one row at a time. */
export interface Watching {
  /** For each key what `read` returns, in the same order. At most 256 keys (`READ_AT_ONCE`). */
  readMany?(keys: readonly string[]): Promise<readonly (FoundRow | null)[]>

  /**
   * The store's own `read`, if reads that wait for a connection shall share a call of `readMany`. A
   * copy with another `read` does not share. @default each row is read alone
   */
  readonly sharedRead?: Store['read'] | undefined

  /**
   * Calls `removed` with each key whose row any process removes, from when the promise resolves
   * until the function is called that it resolves to.
   *
   * A call says that the row may be gone: the library reads it. Calls may be late, repeated or lost,
   * since the library also polls. A notification holds the key and nothing else.
   *
   * @param lost called if the connection has ended for good: the library then subscribes again.
   */
  subscribe?(removed: (key: string) => void, lost: () => void): Promise<() => Promise<void>>
}

/** The pool of connections that a store's client has. */
export interface ClientPool {
  /** How many connections it has at most. */
  readonly size: number
  /** Whether calls wait for a connection, those of the app included. */
  isFull(): boolean
}

/** The verbs of a session store. */
export interface StoreVerbs extends Store, Owners, Upkeep, Watching {
  /** The engine's name for messages, such as `'SQLite'`. */
  readonly engine: string
  /**
   * The client's pool, if it sends one call at a time through each connection. At most `size` calls
   * are then sent concurrently (option `concurrency`), and waiting for a connection has a time limit
   * of its own (`deadlines.queue`).
   */
  readonly pool?: ClientPool | undefined
}

/** The option `store` of `createSessions`: `sessionStore` makes it from the verbs. */
export interface SessionStore extends StoreVerbs, BackendStore {}

/** How long an expired row or a tombstone stays: longer than any command is in flight. */
export const GARBAGE_MS = 120_000

/** How far the clocks of two servers may differ: a session that is newer than that is rejected. */
export const CLOCK_DIFFERENCE_MS = 600_000

/** How far a server's clock may be ahead before its deletions end sessions that are still valid. */
export const CLOCK_MARGIN_MS = 3_600_000

/** How many keys one `readMany` gets at most. */
export const READ_AT_ONCE = 256

/** How many keys over the limit one `admit` returns at most. */
export const OVER_AT_ONCE = 64
