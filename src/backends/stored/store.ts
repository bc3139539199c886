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
  readonly body: string
}

/** The outcome of a swap. If it failed, `newest` is the current row. */
export type Swap = { won: true } | { won: false; newest: Row | null }

/**
 * Rows under keys. Every verb is atomic for its key, and may be executed late, or twice, since a
 * client resends a command that got no reply.
 *
 * A rejection means "unknown": the command may have been executed, or may be later. If it certainly
 * was not (a serialization failure, say), the store retries it, or returns a lost swap.
 *
 * All times are whole milliseconds since 1970. A store collects a row two minutes after
 * `expiresAt`, no sooner; until then it returns it, expired or not: the library decides whether a
 * session has expired.
 *
 * Keys are well-formed text without U+0000, up to 255 bytes; ours are letters, digits, `-_`.
 */
export interface Store {
  /** The row under the key; null if there is none, or it was removed. */
  read(key: string): Promise<Row | null>

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
  /** `over`: the oldest other keys, as many as the list exceeds `most`; none if `refuse`. */
  | { admitted: true; over: readonly string[] }
  /** `revoked`: the owner's sessions were revoked since `calledAt`. `limit`: the list is full. */
  | { admitted: false; why: 'revoked' | 'limit' }

/**
 * The keys of each owner. Owners are well-formed text of 1 to 1024 bytes, compared character by
 * character. Every verb but `forget` is atomic for its owner; each may be executed late, or twice.
 */
export interface Owners {
  /**
   * Appends a key to an owner's list; a key that is in it stays in its place.
   *
   * Refused, without any change, if `calledAt` is not after the last revoking `list`, and, with
   * `limit.refuse`, if the list is full and the key not in it.
   *
   * @param until when the list may expire at the earliest; an earlier call's later time still
   * holds.
   */
  admit(
    owner: string,
    key: string,
    calledAt: number,
    until: number,
    limit?: Limit,
  ): Promise<Admission>

  /** Extends the list's expiry; never shortens it. */
  keep(owner: string, until: number): Promise<void>

  /**
   * The owner's keys, the oldest first. With `revoking` it also stores that time atomically, for a
   * day at least; of several times the latest counts.
   */
  list(owner: string, revoking?: number): Promise<string[]>

  /** Removes keys from the list: those whose rows are gone. */
  forget(owner: string, keys: readonly string[]): Promise<void>
}

/** Upkeep of a whole store. */
export interface Upkeep {
  /** Every key with a row, in batches, in any order; those added or removed meanwhile may be missing. */
  keys(): AsyncIterable<readonly string[]>

  /**
   * Deletes up to `limit` expired rows, tombstones and list entries.
   *
   * @returns how many; fewer than `limit` if none are left. 0 if the engine does it by itself.
   */
  prune(limit: number): Promise<number>

  /** The engine's settings that can lose sessions, one sentence each. */
  check(): Promise<readonly string[]>
}

/** The verbs of a session store. */
export interface StoreVerbs extends Store, Owners, Upkeep {
  /** The engine's name for messages, such as `'SQLite'`. */
  readonly engine: string
}

/** The option `store` of `createSessions`: `sessionStore` makes it from the verbs. */
export interface SessionStore extends StoreVerbs, BackendStore {}

/** How long an expired row, or a tombstone, stays: longer than any command is in flight. */
export const GARBAGE_MS = 120_000

/** How long the time of a revoking `list` is stored at least. */
export const REVOKED_MS = 86_400_000
