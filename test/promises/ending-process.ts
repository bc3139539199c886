/** Another process of the app: it ends sessions, and watches none. */

import { Redis } from 'ioredis'
import { Pool } from 'pg'
import { createSessions } from '../../src/index.ts'
import { postgresStore } from '../../src/stores/postgres/postgres.ts'
import { redisStore } from '../../src/stores/redis/redis.ts'

const [engine, url, prefix, secret] = process.argv.slice(2) as [string, string, string, string]

function storeOf() {
  if (engine === 'redis') return redisStore(new Redis(url), { prefix })
  const listener = () => {
    throw new Error('Nothing is watched here.')
  }
  return postgresStore(new Pool({ connectionString: url }), { prefix, listener })
}

const sessions = createSessions({ secret, store: storeOf(), cookie: { name: 'session' } })
process.on('message', async (user: string) => {
  process.send!(await sessions.revokeUser(user))
})
process.send!('ready')
