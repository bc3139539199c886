/** The store in PostgreSQL: each verb is one statement, or two, and none needs a transaction. */

import { type Clock, systemClock } from '../../base/ports.ts'
import { checkPostgres } from './check.ts'
import { connectPostgres, type PostgresClient } from './client.ts'
import { again, creationFailure, isFull, isRolledBack, sendTo, versionsIn } from './failures.ts'
import { schemaScript, tablesOf } from './schema.ts'
import { decodeKeys, decodeRow, encodeRow, encodeText, listNameOf } from './row.ts'
import { statements } from './statements.ts'
import { schemaFault } from '../schema-version.ts'
import {
  type Admission,
  GARBAGE_MS,
  type Row,
  type SessionStore,
} from '../../backends/stored/store.ts'
import { hasWonBefore, timeToLive } from '../verb-rules.ts'
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
   * half the round trips. PgBouncer supports this from 1.21 on, with `max_prepared_statements`.
   * @default false
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

  async function rowAt(key: string): Promise<Row | null> {
    const [found] = (await send(sql.row, key)).rows
    return found ? decodeRow(found) : null
  }

  /** The owner's epoch for this key, and whether the list has it. */
  async function standingOf(owner: string, key: string) {
    const [[epoch, listed] = []] = (await send(sql.standing, listNameOf(owner), key)).rows
    return { epoch: Number(epoch), isListed: listed === 'listed' }
  }

  async function epochOf(owner: string): Promise<number> {
    return Number((await send(sql.epoch, listNameOf(owner))).rows[0]?.[0] ?? 0)
  }

  /** In batches, which fit into the server's memory: sorting more would need its disk. */
  async function listOf(owner: string, most = Infinity): Promise<string[]> {
    const found: string[] = []
    for (let last: unknown = 0; last !== null && found.length < most;) {
      const size = Math.min(LIST_BATCH, most - found.length)
      const [list, place] = (await send(sql.list, listNameOf(owner), last, size)).rows[0] ?? []
      const batch = decodeKeys(list)
      found.push(...batch)
      last = batch.length < size ? null : place
    }
    return found
  }

  /**
   * Admits a key only if the list has room: counts, then admits if the owner's row is the one that it
   * counted with, since each admission writes a new one.
   */
  async function admitIfRoom(values: readonly unknown[], most: number): Promise<Admission> {
    const [owner, key, epoch] = values
    for (;;) {
      const [found = []] = (await send(sql.room, owner, key, most)).rows
      const [current, listed, version, count] = found
      if (Number(current) > Number(epoch)) return { admitted: false, why: 'revoked' }
      const isListed = listed === 'listed'
      if (!isListed && Number(count) >= most) return { admitted: false, why: 'limit' }
      if (await enter(sql.admit, ...values, isListed ? null : (version ?? ''))) {
        return { admitted: true, over: [] }
      }
    }
  }

  /** Whether the statement found the owner's row as it must be. */
  async function enter(...statement: Parameters<typeof send>): Promise<boolean> {
    return (await send(...statement)).rows[0]?.[0] === '1'
  }

  return sessionStore({
    engine: 'PostgreSQL',
    pool: connection.pool,

    async read(key) {
      const row = await rowAt(key)
      if (row === null || row.owner === null) return row && { ...row, epoch: 0, isListed: true }
      return { ...row, ...(await standingOf(row.owner, key)) }
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
      // A second statement, which sees what the swap may have waited for.
      const newest = await rowAt(key)
      if (hasWonBefore(row, newest)) return { won: true }
      // Rolled back at every try, but an earlier sending of it can still win: unknown.
      if (failure && newest?.write === ifWrite) throw failure
      return { won: false, newest }
    },

    async touch(key, expiresAt) {
      return (await send(sql.touch, key, expiresAt, ttlUntil(expiresAt))).written > 0
    },

    async remove(key) {
      const { rows } = await send(sql.remove, key, GARBAGE_MS).catch((error: unknown) => {
        if (isFull(error)) return send(sql.removeWithoutTombstone, key)
        throw error
      })
      return (rows[0]?.[0] ?? '') !== ''
    },

    epoch: epochOf,

    async admit(owner, key, epoch, until, { most, refuse }) {
      const values = [listNameOf(owner), key, epoch, ttlUntil(until)]
      const limit = Math.min(most, MOST)
      if (refuse) return admitIfRoom(values, limit)
      if (!(await enter(sql.admit, ...values, null))) return { admitted: false, why: 'revoked' }
      const [over] = (await send(sql.over, values[0], key, limit)).rows
      return { admitted: true, over: decodeKeys(over?.[0]) }
    },

    async keep(owner, key, epoch, until) {
      if (await enter(sql.keep, listNameOf(owner), key, epoch, ttlUntil(until))) return true
      return (await standingOf(owner, key)).epoch <= epoch
    },

    list: listOf,

    async revoke(owner, epoch, until, except) {
      const values = [listNameOf(owner), epoch, except ?? null, ttlUntil(until)]
      const reached = await send(sql.revoke, ...values).catch((error: unknown) => {
        if (!isFull(error)) throw error
      })
      const current = reached ? Number(reached.rows[0]?.[0]) : await epochOf(owner)
      // A second statement, which sees every login that was admitted before.
      return { epoch: current, keys: await listOf(owner) }
    },

    async forget(owner, keys) {
      if (keys.length > 0) await send(sql.forget, listNameOf(owner), JSON.stringify(keys))
    },

    async erase(owner) {
      await send(sql.erase, listNameOf(owner))
      await send(sql.eraseName, encodeText(owner))
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

/** How many keys of one owner a statement returns. */
const LIST_BATCH = 10_000

/** The highest limit: PostgreSQL has no number for "unlimited". */
const MOST = 1_000_000_000
