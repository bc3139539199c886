/** The tables of the PostgreSQL store: their names, and the SQL that makes and upgrades them. */

import { SessionError } from '../../base/errors.ts'

/** The tables' names, quoted. */
export interface Tables {
  readonly prefix: string
  /** One row per session or tombstone. */
  readonly sessions: string
  /** One row per user who has signed in. */
  readonly owners: string
  /** One row, which says what version the tables have. */
  readonly meta: string
  /** An index's name: PostgreSQL puts it into its table's schema. */
  index(name: string): string
}

/**
 * The tables under a prefix.
 *
 * @throws `ERR_OPTION_INVALID` for a prefix that would need quoting, or gives names too long.
 */
export function tablesOf(prefix: string): Tables {
  const [, schema = '', stem = ''] = PREFIX.exec(prefix) ?? []
  if (stem === '' || schema.length > LONGEST || stem.length > LONGEST) {
    const why = `has to be up to ${LONGEST} small letters, digits and "_", such as "app_"; with a schema: "web.app_"`
    throw new SessionError('ERR_OPTION_INVALID', 'prefix', why)
  }
  const table = (name: string) => `${schema && `"${schema}".`}"${stem}${name}"`
  return {
    prefix,
    sessions: table('sessions'),
    owners: table('owners'),
    meta: table('meta'),
    index: (name) => `"${stem}${name}"`,
  }
}

const PREFIX = /^(?:([a-z_][a-z0-9_]*)\.)?([a-z_][a-z0-9_]*)$/

/** PostgreSQL silently truncates identifiers over 63 bytes. */
const LONGEST = 40

/**
 * One migration for each version, the first from nothing. Every statement may run twice, and none
 * may remove what the version before needs, since both run during a rollout.
 */
const MIGRATIONS: readonly ((tables: Tables) => string)[] = [
  // A tombstone has no body. `expires_at` is by the library's clock, `collect_at` by the server's.
  // A hash index takes owners of any length. The fill factor leaves room for a row's new version in
  // the same page, which spares an index update.
  ({ sessions, owners, index }) => `
CREATE TABLE IF NOT EXISTS ${sessions} (
  key text COLLATE "C" PRIMARY KEY,
  write text NOT NULL,
  recent text NOT NULL,
  expires_at double precision NOT NULL,
  owner text,
  body text,
  collect_at timestamptz NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX IF NOT EXISTS ${index('sessions_collect_at')} ON ${sessions} (collect_at);
CREATE INDEX IF NOT EXISTS ${index('sessions_owner')} ON ${sessions} USING hash (owner);

CREATE TABLE IF NOT EXISTS ${owners} (
  owner text COLLATE "C" PRIMARY KEY,
  keys text[] NOT NULL,
  revoked_at double precision NOT NULL,
  collect_at timestamptz NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX IF NOT EXISTS ${index('owners_collect_at')} ON ${owners} (collect_at);
`,
]

/** The version of the tables that this library reads and writes. */
export const SCHEMA_VERSION = MIGRATIONS.length

/**
 * The SQL that makes or upgrades the store's tables: for `psql`, or a migration of your own. It may
 * run twice, and from several processes at once.
 *
 * @param prefix as given to `postgresStore`. @default 'sojourn_'
 * @throws `ERR_OPTION_INVALID` for a prefix that `postgresStore` would refuse.
 */
export function postgresSchema(prefix = 'sojourn_'): string {
  return `BEGIN;\n${schemaScript(tablesOf(prefix))}COMMIT;\n`
}

/** The same without BEGIN and COMMIT: one simple query is a transaction, which ends if it fails. */
export function schemaScript(tables: Tables): string {
  const { meta, prefix } = tables
  return `-- Sojourn's tables, version ${SCHEMA_VERSION}. The lock makes racing processes take turns.
SELECT pg_advisory_xact_lock(hashtext('sojourn schema ${prefix}'));
${MIGRATIONS.map((migration) => migration(tables)).join('')}
CREATE TABLE IF NOT EXISTS ${meta} (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  version integer NOT NULL
);
INSERT INTO ${meta} AS found (version) VALUES (${SCHEMA_VERSION})
ON CONFLICT (only_row) DO UPDATE SET version = greatest(found.version, excluded.version);
`
}
