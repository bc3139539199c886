/** Whether the file of a database is still where it was when it was opened. */

import { statSync } from 'node:fs'
import { type SqliteDatabase, prepare } from './client.ts'

/** Looks after the file. */
export interface Place {
  /** What the last `look` found. */
  readonly isGone: boolean
  /** Whether the file was deleted or replaced since the first look. Takes some microseconds. */
  look(): boolean
}

/**
 * Remembers the file at the first look. SQLite goes on reading and writing a file that was deleted,
 * and all of it is lost when the process ends.
 */
export function placeOf(db: SqliteDatabase): Place {
  let path: string | undefined
  let inode: bigint | undefined
  let isGone = false

  return {
    get isGone() {
      return isGone
    },
    look() {
      path ??= fileOf(db)
      if (path === '') return false
      const found = statSync(path, { bigint: true, throwIfNoEntry: false })?.ino
      inode ??= found
      isGone = found === undefined || found !== inode
      return isGone
    },
  }
}

/** The path of the main database; empty for one in memory. */
export function fileOf(db: SqliteDatabase): string {
  const main = prepare(db, "SELECT file FROM pragma_database_list WHERE name = 'main'").get()
  return (main as { file?: string | null } | undefined)?.file ?? ''
}
