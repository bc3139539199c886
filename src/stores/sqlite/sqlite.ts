/** The store in a SQLite file, which several processes may share. */

import { systemClock, type Clock } from '../../base/ports.ts'
import { assertDatabase, textOf, type SqliteDatabase, type SqliteValue } from './client.ts'
import { connectSqlite, inTransaction, type Sql } from './connection.ts'
import { isFull } from './failures.ts'
import { sqliteOwners } from './owners.ts'
import { makeWal, migrate, tablesUnder } from './schema.ts'
import { garbageAt, sqliteUpkeep } from './upkeep.ts'
import {
  CLOCK_MARGIN_MS,
  type FoundRow,
  GARBAGE_MS,
  type Row,
  type SessionStore,
} from '../../backends/stored/store.ts'
import { sessionStore } from '../session-store.ts'

export type { SqliteDatabase, SqliteStatement, SqliteValue } from './client.ts'
export { sqliteSchema } from './schema.ts'

/** Options of `sqliteStore`. */
export interface SqliteStoreOptions {
  /** The beginning of the tables' names: 1 to 32 letters (a-z), digits or `_`. @default 'sojourn_' */
  readonly prefix?: string
  /** Returns the time in milliseconds since 1970, for deleting expired rows. @default Date.now */
  readonly clock?: Clock
}

/** The store that `sqliteStore` returns. */
export interface SqliteStore extends SessionStore {
  /**
   * Makes the tables, or upgrades them, and switches the file to WAL. It may be called at every
   * start, and by several processes. Tables that are newer by one version are used unchanged.
   *
   * @throws `ERR_STORE_SCHEMA` for tables that are newer still, or a database that is not in UTF-8.
   */
  createSchema(): Promise<void>
}

interface StoredRow {
  readonly write: string
  readonly recent: string
  readonly expiresAt: number
  readonly owner: Uint8Array | null
  readonly body: Uint8Array
  readonly epoch: number | null
  readonly isListed: number
}

/**
 * Makes a store in SQLite, from a database of `node:sqlite`, `better-sqlite3` or `bun:sqlite`.
 *
 * Pass a connection of its own: the store raises `synchronous` to FULL on it, and refuses to work
 * inside a transaction of the app. (Before Node 22.16, `node:sqlite` does not say whether a
 * transaction is open; every call then fails in it with SQLite's own error.) While the app iterates
 * a statement on it, the store reads the file as it was when that began.
 *
 * If the file is deleted or replaced, every call fails from the next write on.
 *
 * @throws `ERR_OPTION_INVALID` if it is not such a database, or for an invalid prefix.
 *
 * @example
 * import { DatabaseSync } from 'node:sqlite'
 * import { sqliteStore } from 'sojourn/stores/sqlite'
 * const store = sqliteStore(new DatabaseSync('sessions.db'))
 * await store.createSchema()
 */
export function sqliteStore(
  db: SqliteDatabase,
  { prefix = 'sojourn_', clock = systemClock }: SqliteStoreOptions = {},
): SqliteStore {
  assertDatabase(db)
  const tables = tablesUnder(prefix)
  const { sessions, owned, epochs } = tables
  const connection = connectSqlite(db, tables)
  const { read, write } = connection
  const garbage = () => garbageAt(clock())

  const LIVE = 'key = ? AND expires_at > ? AND body IS NOT NULL'
  // For a row without an owner SQLite skips both searches, because nothing equals NULL.
  const ROW = `
    SELECT "write", recent, CAST(expires_at AS REAL) AS expiresAt, owner, body,
      (SELECT epoch FROM ${epochs} AS its
        WHERE its.owner = found.owner AND its.except_key IS NOT found.key) AS epoch,
      EXISTS (SELECT 1 FROM ${owned} AS its
        WHERE its.owner = found.owner AND its.key = found.key) AS isListed
    FROM ${sessions} AS found WHERE ${LIVE}`
  const WRITES = `SELECT "write", recent FROM ${sessions} WHERE ${LIVE}`
  const INSERT = `
    INSERT INTO ${sessions} ("write", recent, expires_at, owner, body, key)
    VALUES (?, ?, ?, CAST(? AS BLOB), CAST(? AS BLOB), ?)
    ON CONFLICT (key) DO UPDATE SET "write" = excluded."write", recent = excluded.recent,
      expires_at = excluded.expires_at, owner = excluded.owner, body = excluded.body
    WHERE expires_at <= ?`
  const UPDATE = `
    UPDATE ${sessions} SET "write" = ?, recent = ?, expires_at = ?,
      owner = CAST(? AS BLOB), body = CAST(? AS BLOB)
    WHERE key = ?`
  const TOUCH = `
    UPDATE ${sessions} SET expires_at = max(expires_at, ?) WHERE ${LIVE}`
  // The owner stays in the tombstone, so that `prune` finds the entry in the owner's list. The
  // expiry is set back: a tombstone stays for two minutes only, and one index serves all rows to be
  // deleted.
  const BURY = `
    INSERT INTO ${sessions} (key, "write", recent, expires_at) VALUES (?, '', '', ?)
    ON CONFLICT (key) DO UPDATE SET
      "write" = '', recent = '', expires_at = excluded.expires_at, body = NULL`
  const DELETE = `DELETE FROM ${sessions} WHERE key = ?`

  return sessionStore({
    engine: 'SQLite',

    read: (key) => read('read', (sql) => rowUnder(sql, key)),

    insert: (key, row) =>
      write('insert', (sql) => sql.run(INSERT, ...columns(row), key, garbage()) === 1),

    swap: (key, ifWrite, row) =>
      write('swap', (sql) => {
        const now = sql.get<Pick<StoredRow, 'write' | 'recent'>>(WRITES, key, garbage())
        const hasWon = now?.write === row.write || now?.recent.split(' ').includes(row.write)
        if (hasWon) return { won: true }
        if (now?.write !== ifWrite) {
          const found = rowUnder(sql, key)
          return { won: false, newest: found && withoutList(found) }
        }
        sql.run(UPDATE, ...columns(row), key)
        return { won: true }
      }),

    touch: (key, expiresAt) =>
      write('touch', (sql) => sql.run(TOUCH, expiresAt, key, garbage()) === 1),

    async remove(key) {
      const ending = (text: string, ...values: SqliteValue[]) =>
        write('remove', (sql) => {
          const isThere = sql.get(WRITES, key, garbage()) !== undefined
          sql.run(text, key, ...values)
          return isThere
        })
      try {
        return await ending(BURY, clock() - CLOCK_MARGIN_MS + GARBAGE_MS)
      } catch (error) {
        if (!isFull(error)) throw error
        // The disk is full: remove the row without a tombstone, so that the session does end.
        return ending(DELETE)
      }
    },

    ...sqliteOwners(connection, tables),
    ...sqliteUpkeep(db, connection, tables, clock),

    createSchema: () =>
      connection.unchecked('create its tables', () => {
        makeWal(db)
        inTransaction(db, 'BEGIN IMMEDIATE', () => migrate(db, tables))
      }),
  })

  function rowUnder(sql: Sql, key: string): FoundRow | null {
    const row = sql.get<StoredRow>(ROW, key, garbage())
    if (!row) return null
    return {
      write: row.write,
      recent: row.recent === '' ? [] : row.recent.split(' '),
      expiresAt: row.expiresAt,
      owner: row.owner && textOf(row.owner),
      body: textOf(row.body),
      epoch: Number(row.epoch),
      isListed: row.owner === null || Number(row.isListed) === 1,
    }
  }
}

/** Copies only the members that a row has. */
function withoutList({ write, recent, expiresAt, owner, body }: FoundRow): Row {
  return { write, recent, expiresAt, owner, body }
}

/** The columns of a row, in the order of the statements. */
function columns({ write, recent, expiresAt, owner, body }: Row) {
  return [write, recent.join(' '), expiresAt, owner, body] as const
}
