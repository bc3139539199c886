/** The tables of the SQLite store, their version, and the way from each version to the next. */

import { SessionError } from '../../base/errors.ts'
import { schemaFault, type Versions } from '../schema-version.ts'
import { pragma, prepare, type SqliteDatabase } from './client.ts'

/** The names of the tables, quoted. */
export interface Tables {
  readonly sessions: string
  readonly owners: string
  readonly owned: string
  readonly meta: string
}

/** @throws `ERR_OPTION_INVALID` for a prefix that could not begin a table's name. */
export function tablesUnder(prefix: string): Tables {
  if (!/^\w{1,32}$/.test(prefix) || /^sqlite_/i.test(prefix)) {
    const why = 'has to be 1 to 32 letters (a-z), digits or "_", and must not begin with "sqlite_"'
    throw new SessionError('ERR_OPTION_INVALID', 'prefix', why)
  }
  const named = (table: string) => `"${prefix}${table}"`
  return {
    sessions: named('sessions'),
    owners: named('owners'),
    owned: named('owned'),
    meta: named('meta'),
  }
}

/** Brings the tables from one version to the next. */
export type Step = (tables: Tables) => string

/**
 * The versions, the first one first. A step that was released is never changed; a new one is added,
 * which takes away nothing that the version before needs: while it is rolled out, both are at work.
 *
 * The sessions have a row id: with bodies inside the key's own tree a read takes twice as long. A
 * session without body is a tombstone. Owner and body are blobs, which U+0000 does not end.
 */
const STEPS: readonly Step[] = [
  ({ sessions, owners, owned, meta }) => `
CREATE TABLE IF NOT EXISTS ${meta} (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  version INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS ${sessions} (
  key TEXT NOT NULL PRIMARY KEY,
  "write" TEXT NOT NULL,
  recent TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  owner BLOB,
  body BLOB
);
CREATE INDEX IF NOT EXISTS ${within(sessions, 'expires_at')} ON ${sessions} (expires_at);
CREATE TABLE IF NOT EXISTS ${owners} (
  owner BLOB NOT NULL PRIMARY KEY,
  until INTEGER NOT NULL,
  revoked_at INTEGER
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS ${within(owners, 'until')} ON ${owners} (until);
CREATE TABLE IF NOT EXISTS ${owned} (
  place INTEGER PRIMARY KEY,
  owner BLOB NOT NULL,
  key TEXT NOT NULL,
  UNIQUE (owner, key)
);`,
]

/**
 * The SQL that makes the tables in a database that has none. `store.createSchema()` runs the same,
 * and brings older tables to this version too.
 *
 * @throws `ERR_OPTION_INVALID` for a prefix that could not begin a table's name.
 */
export function sqliteSchema(prefix = 'sojourn_'): string {
  const tables = tablesUnder(prefix)
  const steps = STEPS.map((_, version) => textOfStep(STEPS, version, tables))
  return `PRAGMA journal_mode = WAL;\nBEGIN IMMEDIATE;${steps.join('')}\nCOMMIT;\n`
}

/**
 * Makes the tables, or takes the steps they lack. To be called in a transaction.
 *
 * @throws `ERR_STORE_SCHEMA` for tables that are newer by more than one version.
 */
export function migrate(db: SqliteDatabase, tables: Tables, steps = STEPS): void {
  assertEncoding(db)
  const found = versionIn(db, tables) ?? 0
  const fault = schemaFault({ engine: 'SQLite', found, own: steps.length })
  if (fault && found > steps.length) throw fault
  for (let version = found; version < steps.length; version++) {
    db.exec(textOfStep(steps, version, tables))
  }
}

/** Switches the file to WAL, which stays: readers and the one writer do not wait for each other. */
export function makeWal(db: SqliteDatabase): void {
  pragma(db, 'journal_mode = WAL')
}

/** @throws `ERR_STORE_SCHEMA` where the tables are missing, or of a version that does not do. */
export function assertSchema(db: SqliteDatabase, tables: Tables): void {
  const fault = schemaFault(versionsIn(db, tables))
  if (fault) throw fault
  assertEncoding(db)
}

/** The version of the tables, and the one this release makes. */
export function versionsIn(db: SqliteDatabase, tables: Tables): Versions {
  return { engine: 'SQLite', found: versionIn(db, tables), own: STEPS.length }
}

/** In another encoding a text that is kept as a blob would come back as other characters. */
function assertEncoding(db: SqliteDatabase): void {
  const encoding = String(pragma(db, 'encoding'))
  if (encoding === 'UTF-8') return
  const what = `are in a database whose encoding is ${encoding}, and can only be in one with UTF-8`
  throw new SessionError('ERR_STORE_SCHEMA', 'SQLite', what)
}

/** Nothing where there are no tables. */
function versionIn(db: SqliteDatabase, { meta }: Tables): number | undefined {
  // SQLite tells no table from another by the case of its name.
  const tables = prepare(
    db,
    "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ? COLLATE NOCASE",
  )
  if (!tables.get(meta.slice(1, -1))) return undefined
  const row = prepare(db, `SELECT version FROM ${meta}`).get() as { version: number } | undefined
  return Number(row?.version ?? 0)
}

/** The statements of one step, the version it comes to noted last, which never goes down. */
function textOfStep(steps: readonly Step[], version: number, tables: Tables): string {
  return `${steps[version]?.(tables)}
INSERT INTO ${tables.meta} (one, version) VALUES (1, ${version + 1})
  ON CONFLICT (one) DO UPDATE SET version = max(version, excluded.version);`
}

function within(table: string, column: string): string {
  return `${table.slice(0, -1)}_${column}"`
}
