/** The store in PostgreSQL: one statement a verb, through a pool of your own. */

import { type Clock, systemClock } from '../../base/ports.ts'
import { checkPostgres } from './check.ts'
import { connect, type PostgresClient } from './client.ts'
import { again, creationFailure, isRolledBack, sendTo, versionsIn } from './failures.ts'
import { schemaScript, tablesOf } from './schema.ts'
import { listNameOf, statements } from './statements.ts'
import { schemaFault } from '../schema-version.ts'
import {
  GARBAGE_MS,
  REVOKED_MS,
  type Row,
  type SessionStore,
  type Swap,
} from '../../backends/stored/store.ts'
import { timeToLive } from '../time-to-live.ts'
import { sessionStore } from '../session-store.ts'

export type { PostgresClient } from './client.ts'
export { postgresSchema } from './schema.ts'

/** How a PostgreSQL store is set up. */
export interface PostgresStoreOptions {
  /**
   * What the tables' names begin with, after a schema if you like: `'web.app_'`. Each part has up to
   * 40 small letters (a-z), digits and `_`, no digit first.
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
   *
   * Tables that are newer by one version are left as they are, and worked with.
   *
   * @throws `ERR_STORE_SCHEMA` for tables that are newer still, or a schema that does not exist.
   */
  createSchema(): Promise<void>
}

/**
 * Keeps sessions in PostgreSQL 12 or newer, or in PGlite, through a client you made.
 *
 * The tables have to be there: `createSchema()`, or what `postgresSchema()` answers. What is over
 * is deleted by `prune`.
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
  const connection = connect(client, prepare ? 'named' : 'unnamed')

  const lifeUntil = (until: number) => timeToLive(until, clock())
  const rowValues = (key: string, row: Row) => {
    const { write, recent, expiresAt, owner, body } = row
    const opaque = [owner === null ? null : encodeText(owner), encodeText(body)]
    return [key, write, recent.join(' '), expiresAt, ...opaque, lifeUntil(expiresAt)]
  }
  const send = sendTo(connection, sql.version)

  async function read(key: string): Promise<Row | null> {
    const [found] = await send(sql.read, key)
    return found ? decodeRow(found) : null
  }

  return sessionStore({
    engine: 'PostgreSQL',

    read,

    async insert(key, row) {
      return (await send(sql.insert, ...rowValues(key, row))).length > 0
    },

    async swap(key, ifWrite, row) {
      try {
        const [found] = await send(sql.swap, ...rowValues(key, row), ifWrite)
        if (found?.[0] === 'won') return { won: true }
        return outcome(row, found ? decodeRow(found.slice(1)) : null)
      } catch (error) {
        // Others came first every time: lost for sure, so the newest row settles it.
        if (isRolledBack(error)) return outcome(row, await read(key))
        throw error
      }
    },

    async touch(key, expiresAt) {
      return (await send(sql.touch, key, expiresAt, lifeUntil(expiresAt))).length > 0
    },

    async remove(key) {
      return (await send(sql.remove, key, GARBAGE_MS))[0]?.[0] !== ''
    },

    async admit(owner, key, calledAt, until, limit) {
      const evicting = limit && !limit.refuse ? limit.most : null
      const refusing = limit?.refuse ? limit.most : null
      const wanted = evicting === null ? null : 'list'
      const values = [nameOf(owner), key, calledAt, refusing, lifeUntil(until), wanted]
      const [outcome, list] = (await send(sql.admit, ...values))[0] ?? []
      if (outcome !== 'admitted') {
        return { admitted: false, why: outcome === 'revoked' ? 'revoked' : 'limit' }
      }
      if (evicting === null) return { admitted: true, over: [] }
      const keys = decodeKeys(list)
      const others = keys.filter((one) => one !== key)
      return { admitted: true, over: others.slice(0, Math.max(keys.length - evicting, 0)) }
    },

    async keep(owner, until) {
      await send(sql.keep, nameOf(owner), lifeUntil(until))
    },

    async list(owner, revoking) {
      const name = nameOf(owner)
      const rows =
        revoking === undefined
          ? await send(sql.list, name)
          : await send(sql.revoke, name, revoking, REVOKED_MS)
      return decodeKeys(rows[0]?.[0])
    },

    async forget(owner, keys) {
      if (keys.length > 0) await send(sql.forget, nameOf(owner), JSON.stringify(keys))
    },

    async *keys() {
      let last: unknown = null
      do {
        const batch = decodeKeys((await send(sql.keys, last, BATCH))[0]?.[0])
        if (batch.length > 0) yield batch
        last = batch.length < BATCH ? undefined : batch.at(-1)
      } while (last !== undefined)
    },

    async prune(limit) {
      let pruned = 0
      for (const statement of [sql.pruneSessions, sql.pruneOwners]) {
        for (let found = BATCH, most = BATCH; found === most && pruned < limit;) {
          most = Math.min(BATCH, limit - pruned)
          found = Number((await send(statement, most))[0]?.[0])
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

/** How many rows one statement answers or deletes: its locks are held for as long as it takes. */
const BATCH = 500

function outcome(row: Row, newest: Row | null): Swap {
  const isOurs = newest?.write === row.write || newest?.recent.includes(row.write)
  return isOurs ? { won: true } : { won: false, newest }
}

function decodeRow([write, recent, expiresAt, owner, body]: readonly unknown[]): Row {
  return {
    write: String(write),
    recent: recent === '' ? [] : String(recent).split(' '),
    expiresAt: Number(expiresAt),
    owner: owner === null ? null : decodeText(String(owner)),
    body: decodeText(String(body)),
  }
}

function decodeKeys(list: unknown): string[] {
  return typeof list === 'string' ? (JSON.parse(list) as string[]) : []
}

// PostgreSQL's text cannot hold U+0000 (bytes could, but are twice as long on the wire, and illegible
// in psql), and PGlite takes U+FEFF for a mark and drops it. So U+0001 and a digit stand for both
// and for U+0001 itself.
function encodeText(text: string): string {
  return text.replaceAll('\x01', '\x011').replaceAll('\0', '\x010').replaceAll('\ufeff', '\x012')
}

function decodeText(text: string): string {
  return text.replaceAll('\x012', '\ufeff').replaceAll('\x010', '\0').replaceAll('\x011', '\x01')
}

function nameOf(owner: string): string {
  return listNameOf(encodeText(owner))
}
