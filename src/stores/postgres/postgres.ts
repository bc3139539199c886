/** The store in PostgreSQL. Each verb is one statement, or two; none needs a transaction. */

import { type Clock, systemClock } from '../../base/ports.ts'
import { checkPostgres } from './check.ts'
import { connectPostgres, type PostgresClient } from './client.ts'
import {
  again,
  creationFailure,
  isFull,
  isQueueFull,
  isRolledBack,
  sendTo,
  versionsIn,
} from './failures.ts'
import { listeningOn, type PostgresListener } from './listen.ts'
import { postgresOwners } from './owners.ts'
import { schemaScript, tablesOf } from './schema.ts'
import { decodeKeys, decodeRow, encodeRow } from './row.ts'
import { statements } from './statements.ts'
import { schemaFault } from '../schema-version.ts'
import {
  type FoundRow,
  GARBAGE_MS,
  type Row,
  type SessionStore,
} from '../../backends/stored/store.ts'
import { hasWonBefore, timeToLive } from '../verb-rules.ts'
import { sessionStore } from '../session-store.ts'

export type { PostgresClient } from './client.ts'
export type { PostgresListener } from './listen.ts'
export { postgresSchema } from './schema.ts'

/** Options of `postgresStore`. */
export interface PostgresStoreOptions {
  /**
   * The beginning of the tables' names, optionally with a schema: `'web.app_'`. Each part has up to
   * 40 small letters (a-z), digits and `_`, and does not begin with a digit.
   *
   * @default 'sojourn_'
   */
  readonly prefix?: string
  /** Returns the time in milliseconds since 1970, for the expiry of rows. @default Date.now */
  readonly clock?: Clock
  /**
   * Whether statements are prepared under a name, once per connection. That is faster, and with
   * `postgres` needs half the round trips. PgBouncer supports it from version 1.21 on, with
   * `max_prepared_statements`.
   * @default false
   */
  readonly prepare?: boolean
  /**
   * A connection for LISTEN, by which `sessions.onEnded` learns at once of sessions that other
   * processes end: `postgres`; or, with `pg`, a function that connects a `Client`. The function is
   * called while a session is watched, and again if the connection has ended. Not through PgBouncer.
   * Without this option such sessions are found by polling (`pollInterval`).
   *
   * Set it in every process of the app: only then a process also sends NOTIFY, with the session's
   * handle, in the statement that ends a session. It is not sent by default because PostgreSQL
   * commits such transactions one after another.
   *
   * @default none
   */
  readonly listener?: PostgresListener | undefined
}

/** The store that `postgresStore` returns. */
export interface PostgresStore extends SessionStore {
  /**
   * Makes the store's tables, or upgrades them. It may be called repeatedly, and by several
   * processes. Tables that are newer by one version are used unchanged.
   *
   * @throws `ERR_STORE_SCHEMA` for tables that are newer still, or a schema that does not exist.
   */
  createSchema(): Promise<void>
}

/**
 * Makes a store in PostgreSQL 12 or newer, or in PGlite, from a client that you have made.
 *
 * Make the tables first, with `createSchema()` or the SQL of `postgresSchema()`. Call
 * `sessions.prune()` from time to time: it deletes expired rows.
 *
 * @throws `ERR_OPTION_INVALID` if it is not such a client, or may be inside a transaction of the app.
 *
 * @example
 * import { Pool } from 'pg'
 * import { postgresStore } from 'sojourn/stores/postgres'
 * const store = postgresStore(new Pool({ connectionString: process.env.DATABASE_URL }))
 * await store.createSchema()
 */
export function postgresStore(
  client: PostgresClient,
  options: PostgresStoreOptions = {},
): PostgresStore {
  const { prefix = 'sojourn_', clock = systemClock, prepare = false, listener } = options
  const tables = tablesOf(prefix)
  const sql = statements(tables)
  const connection = connectPostgres(client, prepare ? 'named' : 'unnamed')

  const ttlUntil = (until: number) => timeToLive(until, clock())
  const rowValues = (key: string, row: Row) => [key, ...encodeRow(row), ttlUntil(row.expiresAt)]
  const send = sendTo(connection, sql.version)
  const subscribe = listener && listeningOn(tables.channel, listener)
  const { standingOf, standingsOf, ...owners } = postgresOwners(send, tables, ttlUntil)

  async function rowAt(key: string): Promise<Row | null> {
    const [found] = (await send(sql.row, key)).rows
    return found ? decodeRow(found) : null
  }

  async function read(key: string): Promise<FoundRow | null> {
    const row = await rowAt(key)
    if (row === null || row.owner === null) return row && { ...row, ...NO_OWNER }
    return { ...row, ...(await standingOf(row.owner, key)) }
  }

  function removeRow(key: string) {
    if (!subscribe) return send(sql.remove, key, GARBAGE_MS)
    return send(sql.removeAndNotify, key, GARBAGE_MS).catch((error: unknown) => {
      if (isQueueFull(error)) return send(sql.remove, key, GARBAGE_MS)
      throw error
    })
  }

  return sessionStore({
    engine: 'PostgreSQL',
    pool: connection.pool,

    read,
    sharedRead: read,

    async readMany(keys) {
      const { rows } = await send(sql.rows, JSON.stringify(keys))
      const found = new Map(rows.map(([key, ...row]) => [String(key), decodeRow(row)]))
      const owned = [...found].flatMap(([key, { owner }]): [string, string][] =>
        owner === null ? [] : [[key, owner]],
      )
      const standings = await standingsOf(new Map(owned))
      return keys.map((key) => {
        const row = found.get(key)
        return row ? { ...row, ...(standings.get(key) ?? NO_OWNER) } : null
      })
    },

    async insert(key, row) {
      return (await send(sql.insert, ...rowValues(key, row))).written > 0
    },

    async swap(key, ifWrite, row) {
      let failure: unknown
      try {
        const { written } = await send(sql.swap, ...rowValues(key, row), ifWrite)
        if (written > 0) return { won: true }
      } catch (error) {
        if (!isRolledBack(error)) throw error
        failure = error
      }
      // A second statement, because it sees the write that the swap may have waited for.
      const newest = await rowAt(key)
      if (hasWonBefore(row, newest)) return { won: true }
      // Each attempt was rolled back, but one that was sent earlier may still win: outcome unknown.
      if (failure && newest?.write === ifWrite) throw failure
      return { won: false, newest }
    },

    async touch(key, expiresAt) {
      return (await send(sql.touch, key, expiresAt, ttlUntil(expiresAt))).written > 0
    },

    async remove(key) {
      const { rows } = await removeRow(key).catch((error: unknown) => {
        if (isFull(error)) return send(sql.removeWithoutTombstone, key)
        throw error
      })
      return (rows[0]?.[0] ?? '') !== ''
    },

    ...owners,

    async *keys() {
      let last: unknown = null
      do {
        const batch = decodeKeys((await send(sql.keys, last, BATCH)).rows[0]?.[0])
        if (batch.length > 0) yield batch
        last = batch.length < BATCH ? undefined : batch.at(-1)
      } while (last !== undefined)
    },

    async prune(limit) {
      let pruned = 0
      for (const statement of [sql.pruneSessions, sql.pruneOwners]) {
        for (let found = BATCH, most = BATCH; found === most && pruned < limit;) {
          most = Math.min(BATCH, limit - pruned)
          found = Number((await send(statement, most)).rows[0]?.[0])
          pruned += found
        }
      }
      return pruned
    },

    check: () => checkPostgres(connection, sql),

    ...(subscribe && { subscribe }),

    async createSchema() {
      const versions = await versionsIn(connection, sql.version)
      const { found = 0, own } = versions
      const fault = schemaFault(versions)
      if (fault && found > own) throw fault
      if (found >= own) return
      await again(() => connection.script(schemaScript(tables))).catch((error: unknown) => {
        throw creationFailure(error)
      })
    },
  })
}

/** The owner's part of `read` for a row without an owner. */
const NO_OWNER = { epoch: 0, isListed: true }

/** How many rows one statement returns or deletes. It holds its locks until it is done. */
const BATCH = 500
