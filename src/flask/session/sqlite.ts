/** Flask-Session's table of SQLAlchemy in SQLite: one row for each session. */

import type { ForeignStore } from '../../backends/foreign/foreign-store.ts'
import {
  assertDatabase,
  prepare,
  type SqliteDatabase,
  type SqliteValue,
} from '../../stores/sqlite/client.ts'
import { makeDurable, withoutWaiting } from '../../stores/sqlite/connection.ts'
import { lineUp } from '../../stores/sqlite/lock-queue.ts'
import type { TableOptions } from './table.ts'

/** How long a job waits for the lock of the file. In milliseconds. */
const PATIENCE_MS = 900

interface Row {
  readonly data: Uint8Array | string
  readonly expiry: string
}

/** Makes the store. @throws ERR_OPTION_INVALID if it is not a database of SQLite. */
export function flaskSessionSqlite(
  db: SqliteDatabase,
  { table, prefix, serializer }: TableOptions,
): ForeignStore {
  assertDatabase(db)
  let isDurable = false
  const inLine = lineUp(
    (verb, jobs) =>
      withoutWaiting(db, verb, () => {
        if (!isDurable) makeDurable(db)
        isDurable = true
        jobs()
      }),
    PATIENCE_MS,
  )
  /** Runs a statement, and returns how many rows it has changed. */
  const run = (verb: string, text: string, ...values: (SqliteValue | Uint8Array)[]) =>
    inLine(verb, () => Number(prepare(db, text).run(...(values as SqliteValue[])).changes))

  const READ = `SELECT data, expiry FROM ${table} WHERE session_id = ?
    AND data IS NOT NULL AND expiry IS NOT NULL`
  const INSERT = `INSERT INTO ${table} (session_id, data, expiry) VALUES (?, ?, ?)
    ON CONFLICT (session_id) DO UPDATE SET data = excluded.data, expiry = excluded.expiry`
  const REPLACE = `UPDATE ${table} SET data = ?, expiry = ? WHERE session_id = ? AND data = ?`
  const TOUCH = `UPDATE ${table} SET expiry = ? WHERE session_id = ?`
  const REMOVE = `DELETE FROM ${table} WHERE session_id = ?`

  return {
    engine: 'SQLite, as Flask-Session',
    async read(id) {
      const row = (await inLine('read', () => prepare(db, READ).get(prefix + id))) as
        | Row
        | undefined
      if (!row) return undefined
      const text = serializer.decode(Buffer.from(row.data as Uint8Array))
      if (text === undefined) return 'corrupt'
      return { text, version: row.data, expiresAt: timeOf(row.expiry) }
    },
    async insert(id, { text, expiresAt }) {
      await run('insert', INSERT, prefix + id, serializer.encode(text), dateTime(expiresAt))
    },
    async replace(id, { text, expiresAt }, { version }) {
      const values = [serializer.encode(text), dateTime(expiresAt), prefix + id] as const
      return (await run('save', REPLACE, ...values, version as Uint8Array)) === 1
    },
    async touch(id, { expiresAt }) {
      await run('touch', TOUCH, dateTime(expiresAt), prefix + id)
    },
    async remove(id) {
      await run('remove', REMOVE, prefix + id)
    },
  }
}

// expiry = 4DIGIT "-" 2DIGIT "-" 2DIGIT " " 2DIGIT ":" 2DIGIT ":" 2DIGIT "." 6DIGIT     ; UTC
/** A time as SQLAlchemy's `DateTime` in SQLite, where it is text. */
function dateTime(time: number): string {
  return `${new Date(time).toISOString().slice(0, -1).replace('T', ' ')}000`
}

/** The time in milliseconds; NaN if it is invalid: then the session has expired. */
function timeOf(text: unknown): number {
  return Date.parse(`${String(text).replace(' ', 'T')}Z`)
}
