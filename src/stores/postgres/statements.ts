/** The SQL of the PostgreSQL store: exact under each isolation level. */

import { createHash } from 'node:crypto'
import { HASHED, LONGEST_NAME } from './row.ts'
import type { Tables } from './schema.ts'

/** A statement, and its name if it is prepared. */
export interface Statement {
  readonly name: string
  readonly text: string
}

/** What each verb sends. */
export type Statements = ReturnType<typeof statements>

const LIVE = 'body IS NOT NULL AND collect_at > now()'

/** Whether `admit` refuses, from the parameters and the row. */
const IS_REFUSED = `($3::float8 <= found.revoked_at
      OR $2::text <> ALL (found.keys) AND coalesce(cardinality(found.keys) >= $4::float8, false))`

// In READ COMMITTED a statement that waits for a row's lock continues with the newest version of
// that row, and of that row alone: everything else it reads is as old as the statement. So whatever
// has to be exact is decided from the locked row; for this reason an owner's list is one row. In
// stricter levels such a statement fails instead, and is retried.
//
// No statement returns a boolean: an application may have set its client to parse those in another
// way. Whether a row was written is in the server's reply anyway; a RETURNING costs the client a
// tenth of the query.

/** The statements on these tables. */
export function statements({ sessions, owners, meta }: Tables) {
  return {
    /** $1 key. */
    read: statement(`
SELECT write, recent, expires_at, owner, body FROM ${sessions} WHERE key = $1 AND ${LIVE}`),

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
     * It does not return the current row: a SELECT beside the UPDATE would see the row as it was
     * when the statement began. If the row's write is another one, the statement locks nothing, so
     * that it neither waits nor fails in stricter isolation levels.
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

    /**
     * $1 key, $2 time to live. Returns the last write, or '' if there was no row. The tombstone has
     * both it and the owner, so that `prune` also finds the entry in the owner's list.
     */
    remove: statement(`
INSERT INTO ${sessions} AS found (key, write, recent, expires_at, owner, body, collect_at)
VALUES ($1, '', '', 0, NULL, NULL, ${after('$2')})
ON CONFLICT (key) DO UPDATE SET
  write = CASE WHEN found.body IS NOT NULL AND found.collect_at > now() THEN found.write ELSE '' END,
  recent = '', expires_at = 0, body = NULL, collect_at = excluded.collect_at
RETURNING write`),

    /**
     * $1 owner, $2 key, $3 the time of the call, $4 the limit if more keys are refused, $5 time to
     * live, $6 'list' to get the keys. Returns 'revoked', 'admitted' or 'limit', and the keys.
     */
    admit: statement(`
INSERT INTO ${owners} AS found (owner, keys, revoked_at, collect_at)
VALUES ($1, CASE WHEN $4::float8 < 1 THEN '{}' ELSE ARRAY[$2::text] END, '-Infinity', ${after('$5')})
ON CONFLICT (owner) DO UPDATE SET
  keys = CASE
    WHEN ${IS_REFUSED} OR $2::text = ANY (found.keys) THEN found.keys
    ELSE found.keys || $2::text
  END,
  collect_at = CASE
    WHEN ${IS_REFUSED} THEN found.collect_at
    ELSE greatest(found.collect_at, excluded.collect_at)
  END
RETURNING CASE
    WHEN $3::float8 <= found.revoked_at THEN 'revoked'
    WHEN $2::text = ANY (found.keys) THEN 'admitted'
    ELSE 'limit'
  END,
  CASE WHEN $6::text = 'list' THEN array_to_json(found.keys)::text END`),

    /** $1 owner, $2 time to live. Does not write to a list that lives as long already. */
    keep: statement(`
UPDATE ${owners} SET collect_at = ${after('$2')} WHERE owner = $1 AND collect_at < ${after('$2')}`),

    /** $1 owner. */
    list: statement(`
SELECT array_to_json(keys)::text FROM ${owners} WHERE owner = $1`),

    /** $1 owner, $2 the time of the call, $3 time to live. */
    revoke: statement(`
INSERT INTO ${owners} AS found (owner, keys, revoked_at, collect_at)
VALUES ($1, '{}', $2, ${after('$3')})
ON CONFLICT (owner) DO UPDATE SET
  revoked_at = greatest(found.revoked_at, excluded.revoked_at),
  collect_at = greatest(found.collect_at, excluded.collect_at)
RETURNING array_to_json(found.keys)::text`),

    /** $1 owner, $2 keys as JSON. */
    forget: statement(`
UPDATE ${owners} SET keys = ${without('keys', 'SELECT json_array_elements_text($2::text::json)')}
WHERE owner = $1 AND keys && ARRAY(SELECT json_array_elements_text($2::text::json))`),

    /** $1 the last key of the batch before, or null; $2 how many. Returns a list. */
    keys: statement(`
SELECT json_agg(key ORDER BY key)::text FROM (
  SELECT key FROM ${sessions}
  WHERE ($1::text IS NULL OR key > $1::text) AND ${LIVE} ORDER BY key LIMIT $2::int
) AS batch`),

    /**
     * $1 at most how many. Returns how many. It skips locked rows; it locks owners in order, so
     * that two of these statements cannot deadlock.
     */
    pruneSessions: statement(`
WITH dead AS MATERIALIZED (
  SELECT key FROM ${sessions} WHERE collect_at <= now()
  ORDER BY collect_at LIMIT $1::int FOR UPDATE SKIP LOCKED
), gone AS (
  DELETE FROM ${sessions} AS s USING dead WHERE s.key = dead.key
  RETURNING s.key, ${nameOf('s.owner')} AS owner
), listed AS MATERIALIZED (
  SELECT owner FROM ${owners} WHERE owner IN (SELECT owner FROM gone) ORDER BY owner FOR UPDATE
), cut AS (
  UPDATE ${owners} AS o
  SET keys = ${without('o.keys', 'SELECT key FROM gone WHERE gone.owner = o.owner')}
  FROM listed WHERE o.owner = listed.owner
)
SELECT count(*)::int FROM gone`),

    /** $1 at most how many. Returns how many. */
    pruneOwners: statement(`
WITH dead AS MATERIALIZED (
  SELECT owner FROM ${owners} WHERE collect_at <= now()
  ORDER BY collect_at LIMIT $1::int FOR UPDATE SKIP LOCKED
), gone AS (
  DELETE FROM ${owners} AS o USING dead WHERE o.owner = dead.owner RETURNING true
)
SELECT count(*)::int FROM gone`),

    version: statement(`
SELECT version FROM ${meta}`),

    settings: statement(`
SELECT current_setting('synchronous_commit'), current_setting('fsync'),
  CASE WHEN pg_is_in_recovery() THEN 'yes' ELSE 'no' END,
  current_setting('transaction_read_only'), current_setting('server_encoding')`),
  }
}

function statement(text: string): Statement {
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 16)
  return { name: `sojourn_${digest}`, text: text.trim() }
}

// Rounded up to ten seconds: PostgreSQL updates an index only if the value changes, and otherwise
// every write of a session in use would change it.
function after(milliseconds: string): string {
  return `to_timestamp(ceil((extract(epoch FROM now()) + ${milliseconds}::float8 / 1000) / 10) * 10)`
}

// The name that `listNameOf` makes of a row's owner.
function nameOf(owner: string): string {
  const bytes = `convert_to(${owner}, 'UTF8')`
  return `CASE WHEN length(${bytes}) <= ${LONGEST_NAME} THEN ${owner}
    ELSE '${HASHED}' || encode(sha256(${bytes}), 'hex') END`
}

function without(keys: string, query: string): string {
  return `ARRAY(
  SELECT key FROM unnest(${keys}) WITH ORDINALITY AS listed (key, place)
  WHERE key NOT IN (${query}) ORDER BY place
)`
}
