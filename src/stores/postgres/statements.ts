/** The SQL statements for rows and upkeep in PostgreSQL. */

import { HASHED, LONGEST_NAME } from './row.ts'
import type { Tables } from './schema.ts'
import { after, statement } from './statement.ts'

/** The statements by verb. */
export type Statements = ReturnType<typeof statements>

const LIVE = 'body IS NOT NULL AND collect_at > now()'

/** The statements on these tables. */
export function statements({ sessions, owners, owned, meta, channel }: Tables) {
  // A tombstone keeps the last write and the owner, so that `prune` finds the entry in the owner's
  // list.
  const remove = `
INSERT INTO ${sessions} AS found (key, write, recent, expires_at, owner, body, collect_at)
VALUES ($1, '', '', 0, NULL, NULL, ${after('$2')})
ON CONFLICT (key) DO UPDATE SET
  write = CASE WHEN found.body IS NOT NULL AND found.collect_at > now() THEN found.write ELSE '' END,
  recent = '', expires_at = 0, body = NULL, collect_at = excluded.collect_at
RETURNING write`

  return {
    /** $1 key. */
    row: statement(`
SELECT write, recent, expires_at::text, owner, body FROM ${sessions} WHERE key = $1 AND ${LIVE}`),

    /** $1 keys as JSON. Returns each row's key, then as `row` does. */
    rows: statement(`
SELECT key, write, recent, expires_at::text, owner, body FROM ${sessions}
WHERE key IN (SELECT json_array_elements_text($1::text::json)) AND ${LIVE}`),

    /** $1 key, $2 write, $3 recent, $4 end, $5 owner, $6 body, $7 time to live. */
    insert: statement(`
INSERT INTO ${sessions} AS found (key, write, recent, expires_at, owner, body, collect_at)
VALUES ($1, $2, $3, $4, $5, $6, ${after('$7')})
ON CONFLICT (key) DO UPDATE SET
  write = excluded.write, recent = excluded.recent, expires_at = excluded.expires_at,
  owner = excluded.owner, body = excluded.body, collect_at = excluded.collect_at
WHERE found.collect_at <= now()`),

    /**
     * $1 key, then as for an insert, $8 the write to replace.
     *
     * It does not return the current row: a SELECT in the same statement would see the row as it
     * was when the statement began. If the row has another write, the statement locks nothing. Then
     * it does not wait, and does not fail in stricter isolation levels.
     */
    swap: statement(`
UPDATE ${sessions} SET
  write = $2, recent = $3, expires_at = $4, owner = $5, body = $6, collect_at = ${after('$7')}
WHERE key = $1 AND write = $8 AND ${LIVE}
  AND $2 <> write AND $2 <> ALL (string_to_array(recent, ' '))`),

    /** $1 key, $2 end, $3 time to live. */
    touch: statement(`
UPDATE ${sessions} SET
  expires_at = greatest(expires_at, $2), collect_at = greatest(collect_at, ${after('$3')})
WHERE key = $1 AND ${LIVE}`),

    /** $1 key, $2 time to live. Returns the last write, or '' if there was no row. */
    remove: statement(remove),

    /** The same, and sends the key to listening clients. The cast is there to return only text. */
    removeAndNotify: statement(
      `${remove}, CASE WHEN write <> '' THEN pg_notify('${channel}', key)::text END`,
    ),

    /** $1 key. For a full disk that has no room for a tombstone; returns the same as `remove`. */
    removeWithoutTombstone: statement(`
DELETE FROM ${sessions} WHERE key = $1
RETURNING CASE WHEN ${LIVE} THEN write ELSE '' END`),

    /** $1 the last key of the batch before, or null; $2 how many. Returns a list. */
    keys: statement(`
SELECT json_agg(key ORDER BY key)::text FROM (
  SELECT key FROM ${sessions}
  WHERE ($1::text IS NULL OR key > $1::text) AND ${LIVE} ORDER BY key LIMIT $2::int
) AS batch`),

    /**
     * $1 at most how many. Returns how many. It skips locked rows, and locks entries in order, so
     * that two of these statements cannot deadlock.
     */
    pruneSessions: statement(`
WITH dead AS MATERIALIZED (
  SELECT key FROM ${sessions} WHERE collect_at <= now()
  ORDER BY collect_at LIMIT $1::int FOR UPDATE SKIP LOCKED
), gone AS (
  DELETE FROM ${sessions} AS s USING dead WHERE s.key = dead.key
  RETURNING s.key, ${nameOf('s.owner')} AS owner
), ${cutFrom(owned, 'o.owner = gone.owner AND o.key = gone.key')}
SELECT count(*)::text FROM gone`),

    /** The same for owners whose list has expired. */
    pruneOwners: statement(`
WITH dead AS MATERIALIZED (
  SELECT owner FROM ${owners} WHERE collect_at <= now()
  ORDER BY collect_at LIMIT $1::int FOR UPDATE SKIP LOCKED
), gone AS (
  DELETE FROM ${owners} AS o USING dead WHERE o.owner = dead.owner RETURNING o.owner
), ${cutFrom(owned, 'o.owner = gone.owner')}
SELECT count(*)::text FROM gone`),

    /** $1 anything. */
    version: statement(`
SELECT version::text FROM ${meta} WHERE $1::text IS NOT NULL`),

    /** $1 anything. Returns the rights that the role lacks on tables that exist, as one text. */
    rights: statement(`
SELECT string_agg(wanted || ' on ' || found, ', ' ORDER BY found, wanted) FROM (
  SELECT name AS found, unnest(string_to_array(rights, ' ')) AS wanted
  FROM (VALUES ${[sessions, owners, owned].map((table) => rightsOn(table, ALL)).join(', ')},
    ${rightsOn(meta, 'SELECT')}) AS granted (name, rights)
  WHERE $1::text IS NOT NULL
) AS needed WHERE NOT has_table_privilege(to_regclass(found), wanted)`),

    /** $1 a text that is returned. */
    settings: statement(`
SELECT current_setting('synchronous_commit'), current_setting('fsync'),
  CASE WHEN pg_is_in_recovery() THEN 'yes' ELSE 'no' END,
  current_setting('transaction_read_only'), current_setting('server_encoding'), $1::text`),
  }
}

const ALL = 'SELECT INSERT UPDATE DELETE'

// No quoting is needed: a table's name has no apostrophe.
function rightsOn(table: string, rights: string): string {
  return `('${table}', '${rights}')`
}

// The SQL for `listNameOf` of a row's owner.
function nameOf(owner: string): string {
  const bytes = `convert_to(${owner}, 'UTF8')`
  return `CASE WHEN length(${bytes}) <= ${LONGEST_NAME} THEN ${owner}
    ELSE '${HASHED}' || encode(sha256(${bytes}), 'hex') END`
}

/** Deletes the list entries of deleted rows. */
function cutFrom(owned: string, condition: string): string {
  return `listed AS MATERIALIZED (
  SELECT o.owner, o.key FROM ${owned} AS o JOIN gone ON ${condition}
  ORDER BY o.owner, o.key FOR UPDATE OF o
), cut AS (
  DELETE FROM ${owned} AS o USING listed WHERE o.owner = listed.owner AND o.key = listed.key
)`
}
