/** The interface of another library's session store: the data of each session under its id. */

import type { Rejection } from '../backend.ts'

/** A session as it is in the store. */
export interface ForeignEntry {
  /** The data, as a JSON object in the spelling of the preset's layout. */
  readonly text: string
  /** When it expires, in milliseconds since 1970. @default undefined: the store does not say */
  readonly expiresAt?: number | undefined
  /** The version that `replace` compares, if the store has compare-and-swap. Opaque. */
  readonly version?: unknown
}

/** What is written to the store. */
export interface ForeignWrite {
  readonly text: string
  /** When the store may delete it, in milliseconds since 1970. */
  readonly expiresAt: number
}

/**
 * Another library's session store. That library may read and write it at the same time.
 *
 * If a method rejects, the outcome is unknown: the command may have been executed.
 */
export interface ForeignStore {
  /** Its name for messages and `describePolicy`, such as `'connect-redis'`. */
  readonly engine: string
  /** The session under an id; `undefined` if there is none, or it has expired. */
  read(id: string): Promise<ForeignEntry | 'corrupt' | undefined>
  /** Saves a new session, under an id that was never used. */
  insert(id: string, entry: ForeignWrite): Promise<void>
  /**
   * Replaces the entry that was read.
   *
   * @returns false, without any change, if it was changed or removed since. A store without
   * compare-and-swap returns true; it then overwrites a concurrent write of another process.
   */
  replace(id: string, entry: ForeignWrite, before: ForeignEntry): Promise<boolean>
  /** Extends the expiry of the entry that was read. @default calls `replace` with the same data */
  touch?(id: string, entry: ForeignWrite, before: ForeignEntry): Promise<void>
  remove(id: string): Promise<void>
}

/** How the cookie contains the session id. */
export interface ForeignIds {
  /** Makes a random id. */
  create(): string
  /** Reads a cookie's value. `key`: the index of the secret that verified it. */
  parse(value: string): { readonly id: string; readonly key: number } | Rejection
  /** The value of the cookie. */
  spell(id: string): string
}
