/** The supported SQLite clients, and the differences between them. */

import { SessionError } from '../../base/errors.ts'

/** The values that the store binds. */
export type SqliteValue = string | number | null

/** A prepared statement. */
export interface SqliteStatement {
  /** Executes it; returns how many rows were changed. */
  run(...values: SqliteValue[]): { readonly changes: number | bigint }
  /** Returns the first row. */
  get(...values: SqliteValue[]): unknown
  /** Returns all rows. */
  all(...values: SqliteValue[]): unknown[]
  /** `node:sqlite` only. */
  setReturnArrays?(enabled: boolean): void
}

/** A database of `node:sqlite` (`DatabaseSync`), `better-sqlite3` or `bun:sqlite` (`Database`). */
export interface SqliteDatabase {
  /** Executes SQL without values. */
  exec(sql: string): unknown
  /** Prepares a statement. */
  prepare(sql: string): SqliteStatement
  /** `node:sqlite`, from Node 22.16. */
  readonly isTransaction?: boolean
  /** `better-sqlite3` and `bun:sqlite`. */
  readonly inTransaction?: boolean
}

/** @throws `ERR_OPTION_INVALID` unless it is a database with a synchronous API. */
export function assertDatabase(db: SqliteDatabase): void {
  const isOne = typeof db?.exec === 'function' && typeof db.prepare === 'function'
  if (isOne && isSynchronous(db)) return
  throw new SessionError(
    'ERR_OPTION_INVALID',
    'db',
    "has to be an open database with a synchronous API: a DatabaseSync of node:sqlite, or better-sqlite3's Database",
  )
}

/** Whether it returns rows synchronously, unlike the packages `sqlite3` and `sqlite`. */
function isSynchronous(db: SqliteDatabase): boolean {
  try {
    const statement = db.prepare('SELECT 1 AS one')
    if (typeof statement.get !== 'function') return false
    const row = statement.get()
    return row !== null && typeof row === 'object' && Number(Object.values(row)[0]) === 1
  } catch {
    // The file may be locked, or not a database: the first call reports that.
    return true
  }
}

/** Whether a transaction is open. Always false with `node:sqlite` before Node 22.16. */
export function isInTransaction(db: SqliteDatabase): boolean {
  return db.isTransaction ?? db.inTransaction ?? false
}

/** Prepares a statement that returns rows as objects, whatever the default of the database. */
export function prepare(db: SqliteDatabase, text: string): SqliteStatement {
  const statement = db.prepare(text)
  statement.setReturnArrays?.(false)
  return statement
}

/** The value of a setting. The statement is not cached: SQLite reads some settings when it compiles it. */
export function pragma(db: SqliteDatabase, name: string): unknown {
  return Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0]
}

/** The text in a blob column. Text is stored as a blob, because SQLite's functions end text at U+0000. */
export function textOf(blob: Uint8Array): string {
  return Buffer.from(blob.buffer, blob.byteOffset, blob.byteLength).toString('utf8')
}
