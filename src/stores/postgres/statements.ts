/** The SQL of the PostgreSQL store: exact under each isolation level. */

import { createHash } from 'node:crypto'
import { OVER_AT_ONCE } from '../../backends/stored/store.ts'
import { HASHED, LONGEST_NAME } from './row.ts'
import type { Tables } from './schema.ts'

/**
 * A statement, and its name if it is prepared. Each has a parameter: `postgres` sends one without
 * through the simple protocol, and PgBouncer, in transaction mode, loses its place if the client
 * pipelines another behind it.
 */
export interface Statement {
  readonly name: string
  readonly text: string
}

/** What each verb sends. */
export type Statements = ReturnType<typeof statements>

const LIVE = 'body IS NOT NULL AND collect_at > now()'

// In READ COMMITTED a statement that waits for a row's lock continues with the newest version of
// that row, and of that row alone: everything else it reads is as old as the statement. So whatever
// has to be exact is decided from the locked row, or by a second statement, which sees all that the
// first one waited for. In stricter levels such a statement fails instead, and is retried.
//
// Each admission locks its owner's row before it draws the entry's place: so places are in the order
// of admission, and a statement that sees an entry sees every earlier one.
//
// No statement returns anything but text: an application may have set its client to parse other
// types in its own way. Whether a row was written is in the server's reply anyway; a RETURNING costs
// the client a tenth of the query. Each statement has a parameter: see `Statement`.

/** The statements on these tables. */
export function statements({ sessions, owners, owned, meta }: Tables) {
  return {
    /** $1 key. */
    row: statement(`
SELECT write, recent, expires_at::text, owner, body FROM ${sessions} WHERE key = $1 AND ${LIVE}`),

    /** $1 owner, $2 key. Returns the owner's epoch for this key, and 'listed' if the list has it. */
    standing: statement(standingIn(owners, owned)),

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

    /** $1 key. For a disk so full that it cannot hold a tombstone; returns as `remove` does. */
    removeWithoutTombstone: statement(`
DELETE FROM ${sessions} WHERE key = $1
RETURNING CASE WHEN ${LIVE} THEN write ELSE '' END`),

    /**
     * As `standing`, then $3 the limit. Returns also the version of the owner's row, and how many
     * keys the list has, at most so many.
     */
    room: statement(
      standingIn(
        owners,
        owned,
        `, found.xmin::text,
  (SELECT count(*)::text FROM (SELECT FROM ${owned} WHERE owner = $1 LIMIT $3::bigint) AS up_to)`,
      ),
    ),

    /**
     * $1 owner, $2 key, $3 epoch, $4 time to live, $5 the version of the owner's row, or null for
     * any. Returns '1', or '0' if it changed nothing: the epoch is higher, or the version another.
     */
    admit: statement(
      entering(owners, owned, 'true', 'AND ($5::text IS NULL OR found.xmin::text = $5)'),
    ),

    /**
     * $1 owner, $2 key, $3 epoch, $4 time to live. Returns '0' also if there was nothing to change;
     * then it locked nothing.
     */
    keep: statement(
      entering(
        owners,
        owned,
        `NOT EXISTS (
    SELECT FROM ${owners} AS o JOIN ${owned} AS e ON e.owner = o.owner AND e.key = $2
    WHERE o.owner = $1 AND o.epoch >= $3::bigint AND o.collect_at >= ${after('$4')})`,
      ),
    ),

    /** $1 owner, $2 key, $3 the limit. Returns a list. Reads no more entries than the limit, and 64. */
    over: statement(`
WITH before AS MATERIALIZED (
  SELECT key, place FROM ${owned}
  WHERE owner = $1 AND place < (SELECT place FROM ${owned} WHERE owner = $1 AND key = $2)
  ORDER BY place LIMIT $3::bigint + ${OVER_AT_ONCE - 1}
)
SELECT json_agg(key)::text FROM (
  SELECT key FROM before ORDER BY place
  LIMIT (SELECT least(greatest(count(*) + 1 - $3::bigint, 0), ${OVER_AT_ONCE}) FROM before)
) AS over`),

    /** $1 owner. */
    epoch: statement(`
SELECT epoch::text FROM ${owners} WHERE owner = $1`),

    /** $1 owner, $2 the last place of the batch before, $3 how many. Returns a list, and its last place. */
    list: statement(`
SELECT json_agg(key)::text, max(place)::text FROM (
  SELECT key, place FROM ${owned} WHERE owner = $1 AND place > $2::bigint
  ORDER BY place LIMIT $3::bigint
) AS batch`),

    /** $1 owner, $2 epoch, $3 the excepted key, $4 time to live. Returns the epoch. */
    revoke: statement(`
INSERT INTO ${owners} AS found (owner, epoch, excepted, collect_at)
VALUES ($1, $2::bigint, $3, ${after('$4')})
ON CONFLICT (owner) DO UPDATE SET
  epoch = greatest(found.epoch, excluded.epoch),
  excepted = CASE WHEN found.epoch < excluded.epoch THEN excluded.excepted ELSE found.excepted END,
  collect_at = greatest(found.collect_at, excluded.collect_at)
RETURNING epoch::text`),

    /**
     * $1 owner, $2 keys as JSON. Entries are locked in order: two of these cannot deadlock. Each key
     * is looked up by itself, since a prepared plan might read the whole list instead.
     */
    forget: statement(`
WITH listed AS MATERIALIZED (
  SELECT found.owner, found.key FROM (
    SELECT key FROM json_array_elements_text($2::text::json) AS key ORDER BY key COLLATE "C"
  ) AS given CROSS JOIN LATERAL (
    SELECT owner, key FROM ${owned} WHERE owner = $1 AND key = given.key FOR UPDATE
  ) AS found
)
DELETE FROM ${owned} AS o USING listed WHERE o.owner = listed.owner AND o.key = listed.key`),

    /** $1 owner. */
    erase: statement(`
WITH list AS (DELETE FROM ${owners} WHERE owner = $1 RETURNING owner),
listed AS MATERIALIZED (
  SELECT owner, key FROM ${owned} WHERE owner = $1 AND (SELECT count(*) FROM list) >= 0
  ORDER BY owner, key FOR UPDATE
)
DELETE FROM ${owned} AS o USING listed WHERE o.owner = listed.owner AND o.key = listed.key`),

    /** $1 the owner as a row has it. */
    eraseName: statement(`
WITH named AS MATERIALIZED (
  SELECT key FROM ${sessions} WHERE owner = $1 AND body IS NULL ORDER BY key FOR UPDATE
)
UPDATE ${sessions} AS s SET owner = NULL FROM named WHERE s.key = named.key`),

    /** $1 the last key of the batch before, or null; $2 how many. Returns a list. */
    keys: statement(`
SELECT json_agg(key ORDER BY key)::text FROM (
  SELECT key FROM ${sessions}
  WHERE ($1::text IS NULL OR key > $1::text) AND ${LIVE} ORDER BY key LIMIT $2::int
) AS batch`),

    /**
     * $1 at most how many. Returns how many. It skips locked rows; it locks entries in order, so
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

function statement(text: string): Statement {
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 16)
  return { name: `sojourn_${digest}`, text: text.trim() }
}

const ALL = 'SELECT INSERT UPDATE DELETE'

// A table's name has no apostrophe.
function rightsOn(table: string, rights: string): string {
  return `('${table}', '${rights}')`
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

/** The epoch that counts for a key, and whether the list has it; one row, found or not. */
function standingIn(owners: string, owned: string, more = ''): string {
  return `
SELECT CASE WHEN found.excepted = $2 THEN '0' ELSE coalesce(found.epoch, 0)::text END,
  (SELECT 'listed' FROM ${owned} WHERE owner = $1 AND key = $2)${more}
FROM (SELECT $1::text AS owner) AS asked LEFT JOIN ${owners} AS found ON found.owner = asked.owner`
}

/** Adds an entry if the owner's row allows it. */
function entering(owners: string, owned: string, ifBefore: string, ifLocked = ''): string {
  return `
WITH list AS (
  INSERT INTO ${owners} AS found (owner, epoch, collect_at)
  SELECT $1, $3::bigint, ${after('$4')} WHERE ${ifBefore}
  ON CONFLICT (owner) DO UPDATE SET
    epoch = greatest(found.epoch, excluded.epoch),
    excepted = CASE WHEN found.epoch >= excluded.epoch THEN found.excepted END,
    collect_at = greatest(found.collect_at, excluded.collect_at)
  WHERE (found.epoch <= excluded.epoch OR found.excepted = $2) ${ifLocked}
  RETURNING owner
), entry AS (
  INSERT INTO ${owned} (owner, key) SELECT owner, $2 FROM list ON CONFLICT (owner, key) DO NOTHING
)
SELECT count(*)::text FROM list`
}

/** Deletes the entries of what is gone. */
function cutFrom(owned: string, condition: string): string {
  return `listed AS MATERIALIZED (
  SELECT o.owner, o.key FROM ${owned} AS o JOIN gone ON ${condition}
  ORDER BY o.owner, o.key FOR UPDATE OF o
), cut AS (
  DELETE FROM ${owned} AS o USING listed WHERE o.owner = listed.owner AND o.key = listed.key
)`
}
