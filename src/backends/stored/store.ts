/** The contract of a store: rows under keys, compare-and-swap, and who owns which. */

import type { BackendStore } from '../store-backend.ts'

/**
 * What a store keeps under a key.
 *
 * `write`, `recent` and `expiresAt` are for the store to compare; `owner` and `body` are opaque
 * text: any well-formed Unicode, U+0000 included, the owner up to 1024 bytes, the body up to 1 MiB.
 */
export interface Row {
  /** The id of the write that made this row; no two writes have the same. Letters, digits, `-_.`. */
  readonly write: string
  /** The last write of each other writer, the newest first, at most 32. */
  readonly recent: readonly string[]
  /** When the row is over, by the library's clock. */
  readonly expiresAt: number
  /** Whose row it is, or null for a visitor who is not signed in. */
  readonly owner: string | null
  readonly body: string
}

/** The outcome of a swap. If it failed, `newest` is the current row. */
export type Swap = { won: true } | { won: false; newest: Row | null }

/**
 * A place for rows. Every verb is atomic for its key, and may be executed late, or twice: a client
 * resends what it had no answer to.
 *
 * A rejection means "unknown": the command may have been executed, or may be later. What certainly
 * was not executed (a serialization failure, say) the store settles itself, as a swap that lost.
 *
 * Time: all times are whole milliseconds since 1970. A store collects a row once two minutes have passed since `expiresAt`, no sooner; until
 * then it answers it, expired or not. Whether a session is over is for the library to say.
 *
 * Keys are any well-formed text without U+0000, of up to 255 bytes; ours are letters, digits, `-_`.
 */
export interface Store {
  /** The row under the key; null where there is none, or it was removed. */
  read(key: string): Promise<Row | null>

  /** Keeps a row under a key that holds none. `false` where one is, or was removed of late. */
  insert(key: string, row: Row): Promise<boolean>

  /**
   * Puts `row` in the place of the row whose `write` is `ifWrite`. Never inserts.
   *
   * Idempotent: where `row.write` already is the row's `write` or among its `recent`, this swap has
   * won before, and answers so without another change.
   */
  swap(key: string, ifWrite: string, row: Row): Promise<Swap>

  /**
   * Moves the end of a row further away; never nearer, and never inserts. It is no write: `write`
   * and all else stay, and a swap under way is not disturbed.
   *
   * @returns whether there is such a row.
   */
  touch(key: string, expiresAt: number): Promise<boolean>

  /**
   * Ends a row, and leaves a tombstone for two minutes, so that an insert that is executed late
   * cannot bring it back: `read` and `swap` see nothing, `insert` sees that the key is taken. A key
   * that holds nothing gets a tombstone too: the insert it has to stop may still be on its way.
   *
   * @returns whether there was a row.
   */
  remove(key: string): Promise<boolean>
}

/** How many sessions one owner may have. */
export interface Limit {
  /** The most keys in the list. */
  readonly most: number
  /** Refuse the newcomer; otherwise it is admitted, and the oldest are named. */
  readonly refuse: boolean
}

/** What a login came to. */
export type Admission =
  /**
   * In the list. `over` are, of the other keys, the first admitted, as many as the list has more
   * than `most`: none where the limit refuses, and never the key itself, however old it is.
   */
  | { admitted: true; over: readonly string[] }
  /** `revoked`: the owner's sessions were revoked after the login was called. `limit`: too many. */
  | { admitted: false; why: 'revoked' | 'limit' }

/**
 * Which keys an owner has. Owners are well-formed text of 1 to 1024 bytes, two of them the same only
 * if every character is.
 *
 * Every verb is atomic for its owner, and may be executed late, or twice. Only `forget` may go in
 * steps.
 */
export interface Owners {
  /**
   * Puts a key into an owner's list, once; a key that is there keeps its place.
   *
   * Refused where `calledAt` is not after the last revoking `list`, and, if the limit says so, where
   * the list is full and the key not in it; a refusal changes nothing.
   *
   * @param until when the list may be forgotten at the earliest, unless a later time was given.
   */
  admit(
    owner: string,
    key: string,
    calledAt: number,
    until: number,
    limit?: Limit,
  ): Promise<Admission>

  /** Lets the list live at least until then. Never shortens. */
  keep(owner: string, until: number): Promise<void>

  /**
   * The owner's keys, the first admitted first.
   *
   * With `revoking` the same step notes that time, the latest one given; the note lives for a day at
   * least, and is no key of the list.
   */
  list(owner: string, revoking?: number): Promise<string[]>

  /** Takes keys off the list, those whose rows are gone. */
  forget(owner: string, keys: readonly string[]): Promise<void>
}

/** What keeps a store in order. */
export interface Upkeep {
  /** Every key that holds a row, in batches, in any order. One that comes or goes meanwhile may be missed. */
  keys(): AsyncIterable<readonly string[]>

  /**
   * Deletes up to that many rows, tombstones and dead list entries whose time is over.
   *
   * @returns how many; fewer than `limit` where none are left. 0 where the engine does it by itself.
   */
  prune(limit: number): Promise<number>

  /** Looks at the engine's settings, and says in a sentence each what endangers sessions. */
  check(): Promise<readonly string[]>
}

/** The verbs of a store for sessions. */
export interface StoreVerbs extends Store, Owners, Upkeep {
  /** The engine, for messages: `'SQLite'`. */
  readonly engine: string
}

/** A store for sessions as `createSessions` takes it: `sessionStore` makes it of the verbs. */
export interface SessionStore extends StoreVerbs, BackendStore {}

/** How long past its end a row, and a tombstone, is kept: longer than any command is under way. */
export const GARBAGE_MS = 120_000

/** How long the note of a revoking `list` lives at least. */
export const REVOKED_MS = 86_400_000
