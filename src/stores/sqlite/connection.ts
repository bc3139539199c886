/** How the SQLite store uses the app's connection: transactions, settings, statements. */

import { SessionError } from '../../base/errors.ts'
import {
  isInTransaction,
  pragma,
  prepare,
  type SqliteDatabase,
  type SqliteStatement,
  type SqliteValue,
} from './client.ts'
import { isFull, isMisfit } from './failures.ts'
import { lineUp } from './lock-queue.ts'
import { type Place, placeOf } from './place.ts'
import { assertSchema, type Tables } from './schema.ts'

/** Executes statements. Each is prepared once. */
export interface Sql {
  /** The first row, if any. */
  get<Found>(text: string, ...values: SqliteValue[]): Found | undefined
  all<Found>(text: string, ...values: SqliteValue[]): Found[]
  /** @returns how many rows it changed. */
  run(text: string, ...values: SqliteValue[]): number
}

/** Runs jobs on the app's connection. Only `unchecked` works without our tables. */
export interface SqliteConnection {
  /** Runs a job that only reads. It sees everything that was committed before, and may run twice. */
  read<Answer>(verb: string, job: (sql: Sql) => Answer): Promise<Answer>
  /**
   * Runs a job in a transaction that has the write lock from its first statement, and is committed
   * before the promise resolves. The job may run again after a rollback, also after one for a full
   * disk, once the WAL's space was freed.
   */
  write<Answer>(verb: string, job: (sql: Sql) => Answer): Promise<Answer>
  unchecked<Answer>(verb: string, job: () => Answer): Promise<Answer>
  readonly place: Place
}

/**
 * Jobs are synchronous from the lock to the commit, so that no statement of the application can come
 * between. While they run, `busy_timeout` is 0: a wait inside SQLite would block the event loop and
 * every deadline. If `synchronous` is below FULL, it is raised to FULL permanently: otherwise a power
 * failure could lose an acknowledged session.
 */
export function connectSqlite(db: SqliteDatabase, tables: Tables): SqliteConnection {
  const sql = cachedStatements(db)
  const place = placeOf(db)
  let isReady = false
  // Under WAL, readers do not wait and do not make others wait, so reads have their own queue. Reads
  // that share a transaction lock the file only once.
  const transactions = (begin: 'BEGIN' | 'BEGIN IMMEDIATE') =>
    lineUp((verb, jobs) =>
      withoutWaiting(db, verb, () => {
        if (begin === 'BEGIN IMMEDIATE' || place.isGone) assertInPlace(place, verb)
        checked(() => inTransaction(db, begin, jobs, sql.run))
      }),
    )
  const readers = transactions('BEGIN')
  const writers = transactions('BEGIN IMMEDIATE')
  const others = lineUp((verb, jobs) => withoutWaiting(db, verb, jobs))

  return {
    read: (verb, job) => readers(verb, () => job(sql)),
    async write(verb, job) {
      const written = () => writers(verb, () => job(sql))
      try {
        return await written()
      } catch (error) {
        if (!isFull(error)) throw error
        await others(verb, () => reuseWal(db))
        return written()
      }
    },
    unchecked: others,
    place,
  }

  function checked(jobs: () => void): void {
    if (!isReady) {
      assertSchema(db, tables)
      makeDurable(db)
      isReady = true
    }
    try {
      jobs()
    } catch (error) {
      if (isMisfit(error)) {
        isReady = false
        assertSchema(db, tables)
      }
      throw error
    }
  }
}

/**
 * Copies the WAL into the file, so that the next write begins at the WAL's start and reuses its space
 * on the disk. Does nothing while another connection reads or writes.
 */
function reuseWal(db: SqliteDatabase): void {
  try {
    pragma(db, 'wal_checkpoint(RESTART)')
  } catch {
    // The file itself cannot grow. The job may still fit.
  }
}

/** @throws `ERR_STORE_UNAVAILABLE` if the file was deleted or replaced. */
function assertInPlace(place: Place, verb: string): void {
  if (!place.look()) return
  const why =
    'its file was deleted or replaced while this process has it open, so everything that is written ' +
    'now would be lost (restart the app)'
  throw new SessionError('ERR_STORE_UNAVAILABLE', verb, why)
}

/** Raises `synchronous` to FULL. The default of better-sqlite3 is NORMAL for files in WAL mode. */
export function makeDurable(db: SqliteDatabase): void {
  if (Number(pragma(db, 'synchronous')) < FULL) db.exec('PRAGMA synchronous = FULL')
}

/** `PRAGMA synchronous` as a number. */
export const FULL = 2

/**
 * Runs a job in a transaction. If it throws, nothing has changed. Jobs that write begin IMMEDIATE.
 *
 * @param run executes a statement. `exec` is not used, because its errors have no code in Deno.
 */
export function inTransaction<Answer>(
  db: SqliteDatabase,
  begin: 'BEGIN' | 'BEGIN IMMEDIATE',
  job: () => Answer,
  run: (text: string) => unknown = (text) => prepare(db, text).run(),
): Answer {
  run(begin)
  try {
    const answer = job()
    run('COMMIT')
    return answer
  } catch (error) {
    try {
      run('ROLLBACK')
    } catch {
      // SQLite has rolled back by itself, for example for a full disk. Throw the first error.
    }
    throw error
  }
}

/** Runs jobs outside the application's transactions. SQLite itself does not wait for the lock. */
export function withoutWaiting(db: SqliteDatabase, verb: string, jobs: () => void): void {
  if (isInTransaction(db)) {
    const why =
      'its database connection is inside a transaction of the application, and a rollback of that would ' +
      'undo changes of sessions (pass a connection of its own to sqliteStore)'
    throw new SessionError('ERR_STORE_UNAVAILABLE', verb, why)
  }
  const usual = Number(pragma(db, 'busy_timeout'))
  if (usual === 0) return jobs()
  db.exec('PRAGMA busy_timeout = 0')
  try {
    jobs()
  } finally {
    db.exec(`PRAGMA busy_timeout = ${usual}`)
  }
}

function cachedStatements(db: SqliteDatabase): Sql {
  const statements = new Map<string, SqliteStatement>()

  return {
    // bun:sqlite returns null for no row.
    get: <Found>(text: string, ...values: SqliteValue[]) =>
      (prepared(text).get(...values) ?? undefined) as Found | undefined,
    all: <Found>(text: string, ...values: SqliteValue[]) =>
      prepared(text).all(...values) as Found[],
    run: (text, ...values) => Number(prepared(text).run(...values).changes),
  }

  function prepared(text: string): SqliteStatement {
    const known = statements.get(text)
    if (known) return known
    const statement = prepare(db, text)
    statements.set(text, statement)
    return statement
  }
}
