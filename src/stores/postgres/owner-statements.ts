/** The SQL statements for owners' lists in PostgreSQL. */

import { OVER_AT_ONCE } from '../../backends/stored/store.ts'
import type { Tables } from './schema.ts'
import { after, statement } from './statement.ts'

// Each admission locks its owner's row before it takes the entry's place from a sequence. So places
// are in the order of admission, and a statement that sees an entry sees all earlier ones.

/** The statements on these tables. */
export function ownerStatements({ sessions, owners, owned }: Tables) {
  return {
    /** $1 owner, $2 key. Returns the owner's epoch for this key, and 'listed' if the list has it. */
    standing: statement(standingIn(owners, owned)),

    /** $1 the owner of each key, as a JSON object. Returns each key, then as `standing` does. */
    standings: statement(`
SELECT asked.key, CASE WHEN found.excepted = asked.key THEN '0' ELSE coalesce(found.epoch, 0)::text END,
  (SELECT 'listed' FROM ${owned} AS o WHERE o.owner = asked.owner AND o.key = asked.key)
FROM json_each_text($1::text::json) AS asked (key, owner)
LEFT JOIN ${owners} AS found ON found.owner = asked.owner`),

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
  }
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
