/** The tables of the SQLite store, their version, and the migrations. */

import { SessionError } from '../../base/errors.ts'
import { schemaFault, type Versions } from '../schema-version.ts'
import { pragma, prepare, type SqliteDatabase } from './client.ts'

/** The names of the tables, quoted. */
export interface Tables {
  readonly sessions: string
  readonly owners: string
  readonly owned: string
  readonly epochs: string
  readonly meta: string
}

/** @throws `ERR_OPTION_INVALID` for a prefix that cannot be the beginning of a table's name. */
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
    epochs: named('epochs'),
    meta: named('meta'),
  }
}

/** The SQL that brings the tables from one version to the next. */
export type Migration = (tables: Tables) => string

/**
 * One migration for each version; the first makes the tables. A released one is never changed. A new
 * one removes nothing that the version before needs, because both versions run during a rollout.
 *
 * The table of sessions has a row id: with the bodies in the key's own tree (WITHOUT ROWID) a read
 * takes twice as long. A session without a body is a tombstone. Owner and body are blobs, because
 * U+0000 ends a text. Epochs have a table of their own, because few owners are ever revoked; only
 * version 1 uses `revoked_at`.
 */
const MIGRATIONS: readonly Migration[] = [
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
CREATE INDEX IF NOT EXISTS ${indexOn(sessions, 'expires_at')} ON ${sessions} (expires_at);
CREATE TABLE IF NOT EXISTS ${owners} (
  owner BLOB NOT NULL PRIMARY KEY,
  until INTEGER NOT NULL,
  revoked_at INTEGER
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS ${indexOn(owners, 'until')} ON ${owners} (until);
CREATE TABLE IF NOT EXISTS ${owned} (
  place INTEGER PRIMARY KEY,
  owner BLOB NOT NULL,
  key TEXT NOT NULL,
  UNIQUE (owner, key)
);`,
  // An index ends with the row id, which is the place: it lists each owner's entries in order.
  // `erase` finds tombstones by their owner, and removes the owner's name from them.
  ({ sessions, owned, epochs }) => `
CREATE INDEX IF NOT EXISTS ${indexOn(sessions, 'owner')} ON ${sessions} (owner) WHERE body IS NULL;
CREATE INDEX IF NOT EXISTS ${indexOn(owned, 'owner')} ON ${owned} (owner);
CREATE TABLE IF NOT EXISTS ${epochs} (
  owner BLOB NOT NULL PRIMARY KEY,
  epoch INTEGER NOT NULL,
  except_key TEXT
) WITHOUT ROWID;`,
]

/**
 * The SQL that makes the tables in a database without them. `store.createSchema()` does the same, and
 * also upgrades older tables.
 *
 * @throws `ERR_OPTION_INVALID` for a prefix that cannot be the beginning of a table's name.
 *
 * @example
 * import { sqliteSchema } from 'sojourn/stores/sqlite'
 * console.log(sqliteSchema())
 */
export function sqliteSchema(prefix = 'sojourn_'): string {
  const tables = tablesUnder(prefix)
  const sql = MIGRATIONS.map((_, version) => migrationSql(MIGRATIONS, version, tables))
  return `PRAGMA journal_mode = WAL;\nBEGIN IMMEDIATE;${sql.join('')}\nCOMMIT;\n`
}

/**
 * Makes the tables, or applies missing migrations. Call it in a transaction.
 *
 * @throws `ERR_STORE_SCHEMA` for tables that are newer by more than one version.
 */
export function migrate(db: SqliteDatabase, tables: Tables, migrations = MIGRATIONS): void {
  const found = versionIn(db, tables) ?? 0
  const schema = schemaFault({ engine: 'SQLite', found, own: migrations.length })
  const fault = encodingFault(db) ?? (found > migrations.length ? schema : undefined)
  if (fault) throw fault
  for (let version = found; version < migrations.length; version++) {
    db.exec(migrationSql(migrations, version, tables))
  }
}

/** Switches the file to WAL permanently: readers and the writer then do not wait for each other. */
export function makeWal(db: SqliteDatabase): void {
  pragma(db, 'journal_mode = WAL')
}

/** @throws `ERR_STORE_SCHEMA` if the tables are missing or have a version that is not supported. */
export function assertSchema(db: SqliteDatabase, tables: Tables): void {
  const fault = schemaFault(versionsIn(db, tables)) ?? encodingFault(db)
  if (fault) throw fault
}

/** The version of the tables, and the one this release makes. */
export function versionsIn(db: SqliteDatabase, tables: Tables): Versions {
  return { engine: 'SQLite', found: versionIn(db, tables), own: MIGRATIONS.length }
}

/** The error for a database that is not in UTF-8: text that is stored as a blob would be misread. */
export function encodingFault(db: SqliteDatabase): SessionError | undefined {
  const encoding = String(pragma(db, 'encoding'))
  if (encoding === 'UTF-8') return undefined
  const what = `are in a database with the encoding ${encoding}, but need one with UTF-8`
  return new SessionError('ERR_STORE_SCHEMA', 'SQLite', what)
}

/** The version of the tables; `undefined` if there are none. */
function versionIn(db: SqliteDatabase, { meta }: Tables): number | undefined {
  // SQLite ignores the case of tables' names.
  const tables = prepare(
    db,
    "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ? COLLATE NOCASE",
  )
  if (!tables.get(meta.slice(1, -1))) return undefined
  const row = prepare(db, `SELECT version FROM ${meta}`).get() as { version: number } | undefined
  return Number(row?.version ?? 0)
}

/** The SQL of one migration. It ends by storing its version, which never decreases. */
function migrationSql(migrations: readonly Migration[], version: number, tables: Tables): string {
  return `${migrations[version]?.(tables)}
INSERT INTO ${tables.meta} (one, version) VALUES (1, ${version + 1})
  ON CONFLICT (one) DO UPDATE SET version = max(version, excluded.version);`
}

function indexOn(table: string, column: string): string {
  return `${table.slice(0, -1)}_${column}"`
}
