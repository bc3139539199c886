/** Sessions in PostgreSQL on Express: ours, also with prepared statements, and connect-pg-simple. */

import { createRequire } from 'node:module'
import expressSession, { type Store } from 'express-session'
import pg from 'pg'
import { postgresStore } from 'sojourn/stores/postgres'
import { withExpressSession, withoutSessions, withSojourn } from '../http/express.ts'
import type { Servers } from '../http/serve.ts'
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

export const servers: Servers = {
  none: withoutSessions,
  sojourn: () => ours('plain'),
  'sojourn, prepare': () => ours('prepare'),
  'express-session, connect-pg-simple'() {
    const PgStore = connectPgSimple(expressSession)
    const options = { tableName: 'bench_theirs', createTableIfMissing: true }
    return withExpressSession(new PgStore({ pool: pool(), ...options }))
  },
}
