/** The SQL of the PostgreSQL store: exact under each isolation level. */

import { createHash } from 'node:crypto'
import { HASHED, LONGEST_NAME } from './row.ts'
import type { Tables } from './schema.ts'

/** A statement, and the name it has when it is prepared. */
export interface Statement {
  readonly name: string
  readonly text: string
}

/** What each verb sends. */
export type Statements = ReturnType<typeof statements>

const LIVE = 'body IS NOT NULL AND collect_at > now()'

/** What `admit` turns away, from the parameters and the row. */
const IS_REFUSED = `($3::float8 <= found.revoked_at
      OR $2::text <> ALL (found.keys) AND coalesce(cardinality(found.keys) >= $4::float8, false))`

// In READ COMMITTED a statement that waits for a row's lock goes on with the newest version of that
// row, and of that row alone: everything else it reads is as old as the statement. So whatever has
// to be exact is decided from the locked row (an owner's list is one row for this reason). In the
// stricter levels such a statement fails instead, and is sent again.

// Nothing is answered as a boolean: an application may have told its client to parse those its own way.

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
WHERE found.collect_at <= now()
RETURNING true`),

    /**
     * $1 key, then as for an insert, $8 the write to replace. Answers a row if it was replaced.
     *
     * It never answers the row that was in the way: a SELECT beside the UPDATE would see the row as
     * it was when the statement began. Where the row's write is another one already, nothing is
     * locked, so it does not wait, and does not fail in the stricter isolation levels.
     */
    swap: statement(`
UPDATE ${sessions} SET
  write = $2, recent = $3, expires_at = $4, owner = $5, body = $6, collect_at = ${after('$7')}
WHERE key = $1 AND write = $8 AND ${LIVE}
  AND $2 <> write AND $2 <> ALL (string_to_array(recent, ' '))
RETURNING true`),

    /** $1 key, $2 end, $3 time to live. */
    touch: statement(`
UPDATE ${sessions} SET
  expires_at = greatest(expires_at, $2), collect_at = greatest(collect_at, ${after('$3')})
WHERE key = $1 AND ${LIVE}
RETURNING true`),

    /**
     * $1 key, $2 time to live. Answers the last write, or '' where there was no row: the tombstone
     * keeps it, and the owner, so that what is left in the owner's list can be collected with it.
     */
    remove: statement(`
INSERT INTO ${sessions} AS found (key, write, recent, expires_at, owner, body, collect_at)
VALUES ($1, '', '', 0, NULL, NULL, ${after('$2')})
ON CONFLICT (key) DO UPDATE SET
  write = CASE WHEN found.body IS NOT NULL AND found.collect_at > now() THEN found.write ELSE '' END,
  recent = '', expires_at = 0, body = NULL, collect_at = excluded.collect_at
RETURNING write`),

    /**
     * $1 owner, $2 key, $3 the time of the call, $4 the most keys when more are refused, $5 time to
     * live, $6 'list' where the keys are asked for. Answers 'revoked', 'admitted' or 'limit', and
     * the list.
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

    /** $1 owner, $2 time to live. A list that lives as long already is left alone. */
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

    /** $1 the last key of the batch before, or null; $2 how many. Answers a list. */
    keys: statement(`
SELECT json_agg(key ORDER BY key)::text FROM (
  SELECT key FROM ${sessions}
  WHERE ($1::text IS NULL OR key > $1::text) AND ${LIVE} ORDER BY key LIMIT $2::int
) AS batch`),

    /**
     * $1 how many. Answers how many. Rows that are in use are left for the next time; owners are
     * locked in order, so that two of these never wait for each other.
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

    /** $1 how many. Answers how many. */
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

// Up to the next ten seconds: an index is left alone unless a value in it changes, and a session
// that is in use would change this one with every write.
function after(milliseconds: string): string {
  return `to_timestamp(ceil((extract(epoch FROM now()) + ${milliseconds}::float8 / 1000) / 10) * 10)`
}

// As `listNameOf` makes it of a row's owner: the index of the lists takes no more than 2700 bytes.
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
