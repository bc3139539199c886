/** Classifies SQLite's errors, for all clients. */

/** Whether another connection held the lock: nothing was executed. */
export function isLocked(error: unknown): boolean {
  return ['BUSY', 'LOCKED', 'PROTOCOL'].includes(primaryOf(codeOf(error)))
}

/**
 * Whether the connection reads an old snapshot. Only a statement that the application is still
 * iterating can cause that: our own transactions begin with a new snapshot.
 */
export function isOldSnapshot(error: unknown): boolean {
  return codeOf(error) === 'BUSY_SNAPSHOT'
}

/** Whether the statement does not match the tables, for example because one is missing. */
export function isMisfit(error: unknown): boolean {
  return primaryOf(codeOf(error)) === 'ERROR'
}

/** Whether the disk is full, or the file's quota reached: nothing was executed. */
export function isFull(error: unknown): boolean {
  // A quota or a limit on the file's size is an error of the write, or of the sync after it.
  return ['FULL', 'IOERR_WRITE', 'IOERR_FSYNC'].includes(codeOf(error))
}

/** A sentence for a file that cannot be used; `undefined` for any other error. */
export function unusable(error: unknown): string | undefined {
  const fault = UNUSABLE[primaryOf(codeOf(error))]
  return fault && `The SQLite file ${fault}`
}

const DAMAGED =
  'is damaged, or not a database: its sessions cannot be opened. `PRAGMA integrity_check` shows ' +
  'details. Restore a copy.'

const UNUSABLE: Record<string, string> = {
  READONLY: 'is read-only for this process: sessions can be opened, but not changed or ended.',
  CORRUPT: DAMAGED,
  NOTADB: DAMAGED,
  IOERR: 'cannot be read or written: the disk, or its file system, reports an error.',
  CANTOPEN: 'cannot be opened, or the files beside it, "-wal" and "-shm", cannot be made.',
}

/** SQLite's result codes; those above 255 are extended codes. */
const CODES: Record<number, string> = {
  1: 'ERROR',
  5: 'BUSY',
  6: 'LOCKED',
  8: 'READONLY',
  10: 'IOERR',
  11: 'CORRUPT',
  13: 'FULL',
  14: 'CANTOPEN',
  15: 'PROTOCOL',
  26: 'NOTADB',
  517: 'BUSY_SNAPSHOT',
  778: 'IOERR_WRITE',
  1034: 'IOERR_FSYNC',
}

/** The code without `SQLITE_`: `node:sqlite` has a number, `better-sqlite3` a name. */
function codeOf(error: unknown): string {
  const { errcode, code } = (error ?? {}) as { errcode?: unknown; code?: unknown }
  if (typeof errcode === 'number') return CODES[errcode] ?? CODES[errcode & 0xff] ?? ''
  return /^SQLITE_(\w+)$/.exec(String(code))?.[1] ?? ''
}

function primaryOf(code: string): string {
  return code.split('_')[0]!
}
