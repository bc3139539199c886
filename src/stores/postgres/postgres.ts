/** The store in PostgreSQL: one statement for each verb, and a second one for a lost swap. */

import { type Clock, systemClock } from '../../base/ports.ts'
import { checkPostgres } from './check.ts'
import { connectPostgres, type PostgresClient } from './client.ts'
import { again, creationFailure, isRolledBack, sendTo, versionsIn } from './failures.ts'
import { schemaScript, tablesOf } from './schema.ts'
import { decodeKeys, decodeRow, encodeRow, listNameOf } from './row.ts'
import { statements } from './statements.ts'
import { schemaFault } from '../schema-version.ts'
import { GARBAGE_MS, REVOKED_MS, type Row, type SessionStore } from '../../backends/stored/store.ts'
import { hasWonBefore, keysOver, timeToLive } from '../verb-rules.ts'
import { sessionStore } from '../session-store.ts'

export type { PostgresClient } from './client.ts'
export { postgresSchema } from './schema.ts'

/** How a PostgreSQL store is set up. */
export interface PostgresStoreOptions {
  /**
   * What the tables' names begin with, after a schema if you like: `'web.app_'`. Each part has up
   * to 40 small letters (a-z), digits and `_`, no digit first.
   *
   * @default 'sojourn_'
   */
  readonly prefix?: string
  /** Tells the time, for how long a row is kept. Tests give their own. @default the machine's */
  readonly clock?: Clock
  /**
   * Whether statements are prepared under a name, once per connection: faster, and with `postgres`
   * half the round trips. A pooler such as PgBouncer may not carry names. @default false
   */
  readonly prepare?: boolean
}

/** A store for sessions in PostgreSQL. */
export interface PostgresStore extends SessionStore {
  /**
   * Makes the store's tables, or upgrades them. It may run twice, and from several processes.
   * Tables that are newer by one version are used as they are.
   *
   * @throws `ERR_STORE_SCHEMA` for tables that are newer still, or a schema that does not exist.
   */
  createSchema(): Promise<void>
}

/**
 * Keeps sessions in PostgreSQL 12 or newer, or in PGlite, through a client you made.
 *
 * Make the tables first: with `createSchema()`, or the SQL of `postgresSchema()`. `prune` deletes
 * expired rows.
 *
 * @example
 * ```ts
 * import { Pool } from 'pg'
 * import { postgresStore } from 'sojourn/stores/postgres'
 *
 * const store = postgresStore(new Pool({ connectionString: process.env.DATABASE_URL }))
 * await store.createSchema()
 * ```
 * @throws `ERR_OPTION_INVALID` for what is no client, or may be inside a transaction of yours.
 */
export function postgresStore(
  client: PostgresClient,
  { prefix = 'sojourn_', clock = systemClock, prepare = false }: PostgresStoreOptions = {},
): PostgresStore {
  const tables = tablesOf(prefix)
  const sql = statements(tables)
  const connection = connectPostgres(client, prepare ? 'named' : 'unnamed')

  const ttlUntil = (until: number) => timeToLive(until, clock())
  const rowValues = (key: string, row: Row) => [key, ...encodeRow(row), ttlUntil(row.expiresAt)]
  const send = sendTo(connection, sql.version)

  async function read(key: string): Promise<Row | null> {
    const [found] = (await send(sql.read, key)).rows
    return found ? decodeRow(found) : null
  }

  return sessionStore({
    engine: 'PostgreSQL',

    read,

    async insert(key, row) {
      return (await send(sql.insert, ...rowValues(key, row))).written > 0
    },

    async swap(key, ifWrite, row) {
      try {
        const { written } = await send(sql.swap, ...rowValues(key, row), ifWrite)
        if (written > 0) return { won: true }
      } catch (error) {
        // Other writes came first at every try, so this swap has certainly lost.
        if (!isRolledBack(error)) throw error
      }
      // A second statement, which sees what the swap may have waited for.
      const newest = await read(key)
      return hasWonBefore(row, newest) ? { won: true } : { won: false, newest }
    },

    async touch(key, expiresAt) {
      return (await send(sql.touch, key, expiresAt, ttlUntil(expiresAt))).written > 0
    },

    async remove(key) {
      return (await send(sql.remove, key, GARBAGE_MS)).rows[0]?.[0] !== ''
    },

    async admit(owner, key, calledAt, until, limit) {
      const evicting = limit && !limit.refuse ? limit.most : null
      const refusing = limit?.refuse ? limit.most : null
      const wanted = evicting === null ? null : 'list'
      const values = [listNameOf(owner), key, calledAt, refusing, ttlUntil(until), wanted]
      const [outcome, list] = (await send(sql.admit, ...values)).rows[0] ?? []
      if (outcome === 'revoked') return { admitted: false, why: 'revoked' }
      if (outcome !== 'admitted') return { admitted: false, why: 'limit' }
      if (evicting === null) return { admitted: true, over: [] }
      return { admitted: true, over: keysOver(decodeKeys(list), key, evicting) }
    },

    async keep(owner, until) {
      await send(sql.keep, listNameOf(owner), ttlUntil(until))
    },

    async list(owner, revoking) {
      const name = listNameOf(owner)
      const { rows } =
        revoking === undefined
          ? await send(sql.list, name)
          : await send(sql.revoke, name, revoking, REVOKED_MS)
      return decodeKeys(rows[0]?.[0])
    },

    async forget(owner, keys) {
      if (keys.length > 0) await send(sql.forget, listNameOf(owner), JSON.stringify(keys))
    },

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

/** How many rows one statement returns or deletes: it holds its locks until it is done. */
const BATCH = 500
