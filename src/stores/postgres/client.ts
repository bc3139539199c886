/** The supported PostgreSQL clients, recognized by their shape, behind one interface. */

import type { ClientPool } from '../../backends/stored/store.ts'
import { SessionError } from '../../base/errors.ts'
import type { Statement } from './statement.ts'

/** The `Pool` of `pg`, or one like it. */
export interface PgPool {
  readonly totalCount: number
  /** How many calls wait for a connection. */
  readonly waitingCount?: number
  listenerCount?(event: 'error'): number
  query(config: {
    text: string
    values?: unknown[]
    rowMode: 'array'
    name?: string
    query_timeout?: number
  }): Promise<{ rows: unknown[][]; rowCount: number | null }>
}

/** The result of `postgres(url)`; or `Bun.sql`, `new SQL(url)`. */
export interface PostgresSql {
  /** Does not exist on a handle inside a transaction. */
  begin(work: (sql: Pick<PostgresSql, 'unsafe'>) => PromiseLike<unknown>): PromiseLike<unknown>
  unsafe(text: string, values?: never[], options?: { prepare?: boolean }): PostgresQuery
}

interface PostgresQuery extends PromiseLike<unknown> {
  /** An array with a `count`, which Bun's types leave out. */
  values(): PromiseLike<unknown>
}

/** A `PGlite` of `@electric-sql/pglite`. */
export interface PgLite {
  readonly transaction: unknown
  query(
    text: string,
    values?: unknown[],
    options?: { rowMode?: 'array' },
  ): Promise<{ rows: unknown[]; affectedRows?: number }>
  exec(text: string): Promise<unknown>
}

/** A pool of `pg`, a client of `postgres` or of Bun, or a PGlite database. */
export type PostgresClient = PgPool | PostgresSql | PgLite

/** The reply to a statement. */
export interface Reply {
  /** Each row as a list of values. */
  readonly rows: unknown[][]
  /** How many rows were written by a statement that returns none. */
  readonly written: number
}

/** A client of any of these libraries. */
export interface PostgresConnection {
  readonly isEmbedded: boolean
  /** The pool, if each of its connections executes one statement at a time. */
  readonly pool?: ClientPool | undefined
  /** A sentence for each setting of the client that can lose sessions. */
  check(): string[]
  /** Sends one statement. */
  query(statement: Statement, values?: readonly unknown[]): Promise<Reply>
  /** Sends several statements without parameters: all take effect, or none. */
  script(text: string): Promise<void>
}

/**
 * @param prepare whether statements may get names.
 * @throws `ERR_OPTION_INVALID` if it is not such a client, or may be inside a transaction of the app.
 */
export function connectPostgres(
  client: PostgresClient,
  prepare: 'named' | 'unnamed',
): PostgresConnection {
  if (client === null || (typeof client !== 'object' && typeof client !== 'function')) {
    throw refused(UNKNOWN)
  }
  const isVerb = (name: string) => typeof Reflect.get(client, name) === 'function'
  if (isVerb('unsafe')) {
    // Bun's handle inside a transaction has `begin`, too.
    const isHandle = !isVerb('begin') || isVerb('savepoint') || isVerb('release')
    if (isHandle) throw refused(POSTGRES_HANDLE)
    // Bun's client also connects to other databases.
    const { adapter = 'postgres' } = (client as { options?: { adapter?: unknown } }).options ?? {}
    if (adapter !== 'postgres') throw refused(UNKNOWN)
    return postgres(client as PostgresSql, prepare)
  }
  if (!isVerb('query')) throw refused(UNKNOWN)
  if (typeof Reflect.get(client, 'totalCount') === 'number') return pool(client as PgPool, prepare)
  if (isVerb('exec')) {
    if (!isVerb('transaction')) throw refused(PGLITE_TRANSACTION)
    return pglite(client as PgLite)
  }
  throw refused(isVerb('connect') ? PG_CLIENT : UNKNOWN)
}

/**
 * The timeout of a query in a pool. By default `pg` has none: if the server's machine fails, all
 * connections of the pool would wait until the app is restarted.
 */
const PATIENCE_MS = 30_000

function pool(client: PgPool, prepare: 'named' | 'unnamed'): PostgresConnection {
  const { options } = client as { options?: { query_timeout?: unknown; max?: unknown } }
  const limit = options?.query_timeout ? {} : { query_timeout: PATIENCE_MS }
  const size = Number(options?.max)
  return {
    isEmbedded: false,
    pool: size >= 1 ? { size, isFull: () => (client.waitingCount ?? 0) > 0 } : undefined,
    check: () => (client.listenerCount?.('error') === 0 ? [NO_LISTENER] : []),
    async query({ name, text }, values = []) {
      const named = prepare === 'named' ? { name } : {}
      const config = { text, values: [...values], rowMode: 'array' as const, ...named, ...limit }
      const { rows, rowCount } = await client.query(config)
      return { rows, written: counted(rowCount) }
    },
    async script(text) {
      await client.query({ text, rowMode: 'array' })
    },
  }
}

function postgres(client: PostgresSql, prepare: 'named' | 'unnamed'): PostgresConnection {
  const options = { prepare: prepare === 'named' }
  return {
    isEmbedded: false,
    check: () => [],
    // Columns are read by position: the client's `transform` may have renamed them.
    async query({ text }, values = []) {
      const reply = await client.unsafe(text, values as never[], options).values()
      const rows = reply as unknown[][] & { count: number }
      return { rows, written: counted(rows.count) }
    },
    async script(text) {
      // Reserves a connection: nothing may be pipelined after a text without parameters.
      await client.begin((sql) => sql.unsafe(text))
    },
  }
}

function pglite(client: PgLite): PostgresConnection {
  return {
    isEmbedded: true,
    check: () => (process.env['NODE_ENV'] === 'production' ? [ONE_PROCESS] : []),
    async query({ text }, values = []) {
      const reply = await client.query(text, [...values], { rowMode: 'array' })
      return { rows: reply.rows as unknown[][], written: counted(reply.affectedRows) }
    },
    async script(text) {
      await client.exec(text)
    },
  }
}

function refused(why: string): SessionError {
  return new SessionError('ERR_OPTION_INVALID', 'client', why)
}

const INSIDE =
  'may be inside a transaction of the app, and a session that is saved there is lost if it is rolled back'

const UNKNOWN =
  'has to be a Pool of pg, a client of postgres, the SQL of Bun for PostgreSQL, or a PGlite database'
const PG_CLIENT = `is a single connection of pg: it ${INSIDE}. Pass the Pool`
const POSTGRES_HANDLE = `was made by sql.begin or sql.reserve: it ${INSIDE}. Pass the sql that postgres(url) returned`
const PGLITE_TRANSACTION = `is a transaction of PGlite: it ${INSIDE}. Pass the database`

const NO_LISTENER =
  "The pool has no listener for the event 'error': if the server closes an idle connection, this process ends. Add pool.on('error', ...)."
const ONE_PROCESS =
  'PGlite runs inside this process: other processes cannot use its sessions, and they are lost with its folder.'

/** Throws if the client did not say how many rows were written: that must not count as none. */
function counted(rows: number | null | undefined): number {
  if (rows === undefined) throw new Error('the client did not say how many rows were written')
  return rows ?? 0
}
