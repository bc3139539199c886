/** Flask-Session's table of SQLAlchemy in PostgreSQL: one row for each session. */

import type { ForeignStore } from '../../backends/foreign/foreign-store.ts'
import { connectPostgres, type PostgresClient } from '../../stores/postgres/client.ts'
import { again } from '../../stores/postgres/failures.ts'
import { type Statement, statement } from '../../stores/postgres/statement.ts'
import type { TableOptions } from './table.ts'

/** A time in milliseconds as SQLAlchemy's `DateTime`: without a zone, in UTC. */
const at = (parameter: string) => `to_timestamp(${parameter}::float8 / 1000) AT TIME ZONE 'UTC'`

/** Bytes are sent as hexadecimal text, because an application may have its own parser for `bytea`. */
const bytes = (parameter: string) => `decode(${parameter}::text, 'hex')`

/** Makes the store. @throws ERR_OPTION_INVALID if it is not a client of PostgreSQL. */
export function flaskSessionPostgres(
  client: PostgresClient,
  { table, prefix, serializer }: TableOptions,
): ForeignStore {
  const connection = connectPostgres(client, 'unnamed')
  const send = (text: Statement, ...values: string[]) => again(() => connection.query(text, values))

  const READ = statement(`
    SELECT encode(data, 'hex'), (extract(epoch FROM expiry) * 1000)::text
    FROM ${table} WHERE session_id = $1::text AND data IS NOT NULL AND expiry IS NOT NULL`)
  const INSERT = statement(`
    INSERT INTO ${table} (session_id, data, expiry)
    VALUES ($1::text, ${bytes('$2')}, ${at('$3')})
    ON CONFLICT (session_id) DO UPDATE SET data = EXCLUDED.data, expiry = EXCLUDED.expiry`)
  const REPLACE = statement(`
    UPDATE ${table} SET data = ${bytes('$2')}, expiry = ${at('$3')}
    WHERE session_id = $1::text AND data = ${bytes('$4')}`)
  const TOUCH = statement(`
    UPDATE ${table} SET expiry = ${at('$2')} WHERE session_id = $1::text`)
  const REMOVE = statement(`DELETE FROM ${table} WHERE session_id = $1::text`)

  return {
    engine: 'PostgreSQL, as Flask-Session',
    async read(id) {
      const [row] = (await send(READ, prefix + id)).rows as [string, string][]
      if (!row) return undefined
      const [version, expiresAt] = row
      const text = serializer.decode(Buffer.from(version, 'hex'))
      return text === undefined ? 'corrupt' : { text, version, expiresAt: Number(expiresAt) }
    },
    async insert(id, { text, expiresAt }) {
      await send(INSERT, prefix + id, hexOf(text), String(expiresAt))
    },
    async replace(id, { text, expiresAt }, { version }) {
      const values = [hexOf(text), String(expiresAt), version as string]
      return (await send(REPLACE, prefix + id, ...values)).written === 1
    },
    async touch(id, { expiresAt }) {
      await send(TOUCH, prefix + id, String(expiresAt))
    },
    async remove(id) {
      await send(REMOVE, prefix + id)
    },
  }

  function hexOf(text: string): string {
    return serializer.encode(text).toString('hex')
  }
}
