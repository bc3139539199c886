/** The verbs for upkeep of the SQLite store: `keys`, `prune` in small steps, `check`. */

import { setTimeout as pause } from 'node:timers/promises'
import { sentenceOf } from '../../base/errors.ts'
import type { Clock } from '../../base/ports.ts'
import { pragma, prepare, textOf, type SqliteDatabase } from './client.ts'
import { FULL, makeDurable, type SqliteConnection, type Sql } from './connection.ts'
import { isLocked, unusable } from './failures.ts'
import { fileOf } from './place.ts'
import { encodingFault, type Tables, versionsIn } from './schema.ts'
import { schemaFinding } from '../schema-version.ts'
import { CLOCK_MARGIN_MS, type Upkeep } from '../../backends/stored/store.ts'

/** How many keys are in a batch. */
const BATCH = 500

/** How long one transaction of `prune` takes, and the pause after it, in which others get the lock. */
const WORK_MS = 2
const REST_MS = 6

/**
 * Rows that expired before this time count as deleted, even if they are still in the table. This
 * process's clock decides, which may be ahead of that of the process whose session it is.
 */
export function garbageAt(now: number): number {
  return now - CLOCK_MARGIN_MS
}

/** The verbs for upkeep. */
export function sqliteUpkeep(
  db: SqliteDatabase,
  connection: SqliteConnection,
  tables: Tables,
  clock: Clock,
): Upkeep {
  const { sessions, owners, owned, epochs } = tables
  const OWNER = 'CAST(? AS BLOB)'
  const KEYS = `
    SELECT key, body IS NOT NULL AND expires_at > ? AS isLive
    FROM ${sessions} WHERE key > ? ORDER BY key LIMIT ${BATCH}`
  const ENDED = `
    SELECT key, owner FROM ${sessions} WHERE expires_at <= ? ORDER BY expires_at LIMIT ?`
  const DELETE_ROW = `DELETE FROM ${sessions} WHERE key = ?`
  const DELETE_ENTRY = `DELETE FROM ${owned} WHERE owner = ${OWNER} AND key = ?`
  const ENDED_LISTS = `SELECT owner FROM ${owners} WHERE until <= ? ORDER BY until LIMIT ?`
  const ENTRIES = `SELECT key FROM ${owned} WHERE owner = ${OWNER} LIMIT ?`
  const DELETE_EPOCH = `DELETE FROM ${epochs} WHERE owner = ${OWNER}`
  const DELETE_LIST = `DELETE FROM ${owners} WHERE owner = ${OWNER}`

  return {
    async *keys() {
      let after = ''
      for (;;) {
        const batch = await connection.read('list its keys', (sql) =>
          sql.all<{ key: string; isLive: number }>(KEYS, garbageAt(clock()), after),
        )
        const last = batch.at(-1)
        if (!last) return
        after = last.key
        const live = batch.filter(({ isLive }) => Number(isLive) === 1)
        if (live.length > 0) yield live.map(({ key }) => key)
      }
    },

    async prune(limit) {
      let deleted = 0
      while (deleted < limit) {
        const some = await connection.write('prune', (sql) => pruneSome(sql, limit - deleted))
        if (some === 0) break
        deleted += some
        await pause(REST_MS)
      }
      return deleted
    },

    check: () =>
      connection.unchecked('check', () => {
        try {
          if (connection.place.look()) return [GONE]
          assertWritable(db)
          return checkSqlite(db, tables)
        } catch (error) {
          const sentence = unusable(error)
          if (sentence === undefined) throw error
          return [sentence]
        }
      }),
  }

  /** Deletes for as long as one transaction may take. Returns 0 if nothing is left. */
  function pruneSome(sql: Sql, most: number): number {
    const until = garbageAt(clock())
    const end = performance.now() + WORK_MS
    let deleted = 0
    // Deletes at least one row, however slow that is: 0 means that nothing is left.
    const isOver = () => deleted >= most || (deleted > 0 && performance.now() > end)
    const batch = Math.min(most, BATCH)

    const ended = sql.all<{ key: string; owner: Uint8Array | null }>(ENDED, until, batch)
    for (const { key, owner } of ended) {
      if (isOver()) return deleted
      // Deletes the list's entry first, because the row says who the owner is.
      if (owner) deleted += sql.run(DELETE_ENTRY, textOf(owner), key)
      if (deleted < most) deleted += sql.run(DELETE_ROW, key)
    }
    for (const { owner } of sql.all<{ owner: Uint8Array }>(ENDED_LISTS, until, batch)) {
      if (isOver()) return deleted
      const name = textOf(owner)
      const entries = sql.all<{ key: string }>(ENTRIES, name, batch)
      for (const { key } of entries) {
        if (isOver()) return deleted
        deleted += sql.run(DELETE_ENTRY, name, key)
      }
      // Deletes a list only when it has no entries left: otherwise they would never be found.
      if (entries.length < batch && deleted < most) {
        sql.run(DELETE_EPOCH, name)
        deleted += sql.run(DELETE_LIST, name)
      }
    }
    return deleted
  }
}

const GONE =
  'The SQLite file was deleted or replaced while this process has it open: no session can be opened ' +
  'or saved until the app is restarted.'

/** Tries a write and rolls it back. BEGIN IMMEDIATE alone succeeds on a read-only file. */
function assertWritable(db: SqliteDatabase): void {
  const version = Number(pragma(db, 'user_version'))
  try {
    prepare(db, 'BEGIN IMMEDIATE').run()
  } catch (error) {
    // Another connection has the lock, so the file can be written.
    if (isLocked(error)) return
    throw error
  }
  try {
    prepare(db, `PRAGMA user_version = ${version}`).run()
  } finally {
    db.exec('ROLLBACK')
  }
}

/** A sentence for each setting that can lose sessions. */
function checkSqlite(db: SqliteDatabase, tables: Tables): string[] {
  makeDurable(db)
  const journal = String(pragma(db, 'journal_mode'))
  const isInMemory = fileOf(db) === ''
  const found: string[] = []
  if (isInMemory && process.env['NODE_ENV'] === 'production') {
    found.push('The SQLite database is in memory: every session ends when this process does.')
  }
  if (!isInMemory && journal !== 'wal') {
    found.push(
      `The SQLite file is in journal mode "${journal}", in which readers and writers wait for ` +
        'each other. `await store.createSchema()` switches it to WAL.',
    )
  }
  if (Number(pragma(db, 'synchronous')) < FULL) {
    found.push(
      'SQLite\'s "synchronous" is below FULL on this connection: a power failure can undo logins ' +
        'and logouts that were acknowledged.',
    )
  }
  const wrongEncoding = encodingFault(db)
  const finding =
    schemaFinding(versionsIn(db, tables)) ?? (wrongEncoding && sentenceOf(wrongEncoding))
  return finding === undefined ? found : [...found, finding]
}
