/** Checks whether a database's file was deleted or replaced since it was opened. */

import { statSync } from 'node:fs'
import { type SqliteDatabase, prepare } from './client.ts'

/** The check of one file. */
export interface Place {
  /** The result of the last `look`. */
  readonly isGone: boolean
  /** Whether the file was deleted or replaced since the first look. Takes a few microseconds. */
  look(): boolean
}

/**
 * Makes the check, which remembers the file at the first look. SQLite continues to read and write a
 * deleted file, and everything is lost when the process ends.
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
