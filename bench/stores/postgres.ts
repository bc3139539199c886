/** Sessions in PostgreSQL on Express: ours, also with prepared statements, and connect-pg-simple. */

import { createRequire } from 'node:module'
import expressSession, { type Store } from 'express-session'
import pg from 'pg'
import { postgresStore } from 'sojourn/stores/postgres'
import { withExpressSession, withoutSessions, withSojourn } from '../http/express.ts'
import type { Servers } from '../http/serve.ts'
import { bare } from './bare.ts'
import { sessionsIn } from './sessions-in.ts'

const require = createRequire(import.meta.url)
const connectPgSimple = require('connect-pg-simple') as (
  session: typeof expressSession,
) => new (options: object) => Store

const pool = () => new pg.Pool({ connectionString: process.env['DATABASE_URL'] })

async function ours(prepare: 'prepare' | 'plain') {
  const store = postgresStore(pool(), {
    prefix: `bench_${prepare}_`,
    prepare: prepare === 'prepare',
  })
  await store.createSchema()
  return withSojourn(sessionsIn(store))
}

async function byHand(prepare: 'prepare' | 'plain') {
  const client = pool()
  const table = `bench_bare_${prepare}`
  await client.query(`CREATE TABLE IF NOT EXISTS ${table} (key text PRIMARY KEY, body text)`)
  const send = (name: string, text: string, values: string[]) =>
    client.query<string[]>({
      text,
      values,
      rowMode: 'array',
      ...(prepare === 'prepare' ? { name } : {}),
    })
  return bare({
    async read(key) {
      const sent = await send('bare_read', `SELECT body FROM ${table} WHERE key = $1`, [key])
      return sent.rows[0]![0]!
    },
    write: (key, value, before) =>
      before === ''
        ? send('bare_new', `INSERT INTO ${table} VALUES ($1, $2)`, [key, value])
        : send('bare_write', `UPDATE ${table} SET body = $2 WHERE key = $1 AND body = $3`, [
            key,
            value,
            before,
          ]),
  })
}

export const servers: Servers = {
  none: withoutSessions,
  bare: () => byHand('plain'),
  'bare, prepare': () => byHand('prepare'),
  sojourn: () => ours('plain'),
  'sojourn, prepare': () => ours('prepare'),
  'express-session, connect-pg-simple'() {
    const PgStore = connectPgSimple(expressSession)
    const options = { tableName: 'bench_theirs', createTableIfMissing: true }
    return withExpressSession(new PgStore({ pool: pool(), ...options }))
  },
}
