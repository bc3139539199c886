import { Redis } from 'ioredis'
import pg from 'pg'
import postgres from 'postgres'
import { createClient } from 'redis'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createSessions } from '../../src/index.ts'
import { postgresStore } from '../../src/stores/postgres/postgres.ts'
import { redisStore } from '../../src/stores/redis/redis.ts'
import type { SessionStore } from '../../src/backends/stored/store.ts'
import { faces } from './canary.ts'
import { PLANTED, planted } from './canary-planted.ts'

const { password, secret, value } = PLANTED

/** An address with a planted password: on the tests' own servers a wrong one, elsewhere nobody listens. */
function address(scheme: string, listening: boolean): string {
  const given = process.env[scheme === 'redis' ? 'REDIS_URL' : 'DATABASE_URL'] ?? ''
  const { host, pathname } = listening ? new URL(given) : { host: '127.0.0.1:1', pathname: '' }
  return `${scheme}://somebody:${password}@${host}${pathname}`
}

const CLIENTS: Readonly<Record<string, (listening: boolean) => SessionStore>> = {
  pg(listening) {
    const pool = new pg.Pool({ connectionString: address('postgres', listening) })
    pool.on('error', () => {})
    onTestFinished(() => pool.end())
    return postgresStore(pool)
  },
  postgres(listening) {
    const sql = postgres(address('postgres', listening), { connect_timeout: 5, onnotice: () => {} })
    onTestFinished(() => sql.end({ timeout: 0 }))
    return postgresStore(sql)
  },
  redis(listening) {
    const url = address('redis', listening)
    const client = createClient({
      url,
      disableOfflineQueue: true,
      socket: { reconnectStrategy: false },
    })
    client.on('error', () => {})
    void client.connect().catch(() => {})
    onTestFinished(() => {
      if (client.isOpen) client.destroy()
    })
    return redisStore(client)
  },
  ioredis(listening) {
    const url = address('redis', listening)
    const client = new Redis(url, { maxRetriesPerRequest: 0, retryStrategy: () => null })
    client.on('error', () => {})
    onTestFinished(() => client.disconnect())
    return redisStore(client)
  },
}

const cases = Object.keys(CLIENTS).flatMap((client) => [
  [client, 'where nobody listens', false] as const,
  [client, 'where the password is wrong', true] as const,
])

test.each(cases)(
  'the password in the address of %s, %s, stands in no error, event or line',
  async (client, _, listening) => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
    onTestFinished(() => warn.mockRestore())
    const watching = planted()
    const sessions = createSessions<any>({
      secret,
      store: CLIENTS[client]!(listening),
      onEvent: (event) => watching.shown('an event', JSON.stringify(event)),
      deadlines: { read: '5s', write: '5s', commit: '5s' },
    })
    const session = await sessions.open(undefined)
    session.set('kept', value)
    const error: unknown = await session.commit().catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'ERR_STORE_UNAVAILABLE', cause: expect.any(Error) })
    for (const face of faces(error)) watching.shown('an error', face)
    for (const face of faces(sessions)) watching.shown('the sessions', face)
    for (const [line] of warn.mock.calls) watching.shown('the console', String(line))
    expect(watching.leaks()).toEqual([])
  },
)
