/** The settings of SQLite that can lose sessions. */

import { pragma, prepare, type SqliteDatabase } from './client.ts'
import { FULL, makeDurable } from './connection.ts'
import { encodingFault, type Tables, versionsIn } from './schema.ts'
import { schemaFinding } from '../schema-version.ts'

/** Asks the connection. @returns a sentence for each setting that can lose sessions. */
export function checkSqlite(db: SqliteDatabase, tables: Tables): string[] {
  makeDurable(db)
  const journal = String(pragma(db, 'journal_mode'))
  const main = prepare(db, "SELECT file FROM pragma_database_list WHERE name = 'main'").get()
  const isInMemory = !(main as { file?: string } | undefined)?.file
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
      'SQLite\'s "synchronous" is below FULL on this connection: a power cut can undo logins ' +
        'and logouts that were acknowledged.',
    )
  }
  const finding = schemaFinding(versionsIn(db, tables)) ?? encodingFault(db)?.message
  return finding === undefined ? found : [...found, finding]
}
