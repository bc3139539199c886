/** A SQLite file for tests, in a folder of its own that goes with the test. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { sqliteStore, type SqliteStore } from '../../../src/stores/sqlite/sqlite.ts'
import type { Limit, Row } from '../../../src/backends/stored/store.ts'

export interface SqliteFile {
  readonly path: string
  /** Opens one more connection. */
  open(): DatabaseSync
  /** Closes every connection and deletes the file. */
  remove(): void
}

export function sqliteFile(): SqliteFile {
  const folder = mkdtempSync(join(tmpdir(), 'sojourn-sqlite-'))
  const path = join(folder, 'sessions.db')
  const connections: DatabaseSync[] = []
  return {
    path,
    open() {
      const db = new DatabaseSync(path)
      connections.push(db)
      return db
    },
    remove() {
      for (const db of connections) if (db.isOpen) db.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** A store with its tables, on a connection of its own. */
export async function storeIn(file: SqliteFile): Promise<{ db: DatabaseSync; store: SqliteStore }> {
  const db = file.open()
  const store = sqliteStore(db)
  await store.createSchema()
  return { db, store }
}

/** A limit that is never reached. */
export const MANY: Limit = { most: 1_000_000, refuse: false }

/** A row that ends in an hour. */
export function someRow(parts: Partial<Row> = {}): Row {
  const expiresAt = Date.now() + 3_600_000
  return { write: 'w1', recent: [], expiresAt, owner: null, body: '{"n":0}', ...parts }
}
