/** Sockets end with the session, whichever process ends it: real servers, clients and processes. */

import { type ChildProcess, fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { Redis } from 'ioredis'
import { Client, Pool } from 'pg'
import postgres from 'postgres'
import { createClient } from 'redis'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { SessionStore } from '../../src/backends/stored/store.ts'
import { mountUpgrade } from '../../src/adapters/node/node.ts'
import { createSessions } from '../../src/index.ts'
import { postgresStore, type PostgresListener } from '../../src/stores/postgres/postgres.ts'
import { redisStore } from '../../src/stores/redis/redis.ts'
import { open, opened, signIn, upgradeServer } from '../adapters/upgrade-site.ts'

const secret = 'sockets-that-end-e4b1c07d95f3a286'
const redisUrl = process.env['REDIS_URL']!
const postgresUrl = process.env['DATABASE_URL']!

/** A store whose notifications arrive, and how they are cut off for good. */
interface Told {
  store: SessionStore
  cutOff(): Promise<unknown>
}

const KINDS: Record<string, (prefix: string) => Promise<Told>> = {
  async 'redis: ioredis'(prefix) {
    const client = new Redis(redisUrl)
    const subscriber = client.duplicate()
    onTestFinished(() => [client, subscriber].forEach((one) => one.disconnect()))
    const store = redisStore(client, { prefix, subscriber })
    return { store, cutOff: async () => subscriber.disconnect() }
  },
  async 'redis: node-redis'(prefix) {
    const client = await createClient({ url: redisUrl }).connect()
    const subscriber = await client.duplicate().connect()
    onTestFinished(() => client.destroy())
    onTestFinished(() => void (subscriber.isOpen && subscriber.destroy()))
    const store = redisStore(client, { prefix, subscriber })
    return { store, cutOff: async () => subscriber.destroy() }
  },
  'postgres: pg': (prefix) => onPostgres(prefix, () => connected()),
  'postgres: postgres': (prefix) => {
    const sql = postgres(postgresUrl, { onnotice: () => {}, max: 2 })
    onTestFinished(() => sql.end())
    return onPostgres(prefix, sql, () => sql.end())
  },
}

async function connected(): Promise<Client> {
  const client = new Client({ connectionString: postgresUrl, application_name: 'listener' })
  await client.connect()
  onTestFinished(() => client.end())
  return client
}

async function onPostgres(prefix: string, listener: PostgresListener, end?: () => unknown) {
  const pool = new Pool({ connectionString: postgresUrl })
  onTestFinished(() => pool.end())
  const store = postgresStore(pool, { prefix, listener })
  await store.createSchema()
  onTestFinished(async () => {
    const names = ['sessions', 'owners', 'owned', 'meta'].map((name) => `${prefix}${name}`)
    await pool.query(`DROP TABLE ${names.join(', ')}`)
  })
  const cutOff = async () => {
    if (end) return end()
    const listening = `application_name = 'listener' AND query LIKE 'LISTEN ${prefix}%'`
    await pool.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE ${listening}`)
  }
  return { store, cutOff }
}

/** A site whose sockets end with their sessions, and another process on its store. */
async function site(kind: string, pollInterval: string) {
  const prefix = `ends_${randomBytes(4).toString('hex')}_`
  const { store, cutOff } = await KINDS[kind]!(prefix)
  const sessions = createSessions({
    secret,
    store,
    pollInterval: pollInterval as '1s',
    cookie: { name: 'session', secure: false },
  })
  const { port, origin } = await upgradeServer((accept) => async (req, socket, head) => {
    mountUpgrade(sessions, req)
    await sessions.checkCsrf(req)
    const session = await sessions.signedIn(req)
    accept(req, socket, head, (ws) => {
      ws.on(
        'close',
        sessions.onEnded(session.handle, (why) => ws.close(4401, why)),
      )
    })
  })
  const subscribed = watchSubscriptions(store)
  const [engine] = kind.split(':')
  const url = engine === 'redis' ? redisUrl : postgresUrl
  const process = fork(new URL('ending-process.ts', import.meta.url), [
    engine!,
    url,
    prefix,
    secret,
  ])
  onTestFinished(() => void process.kill())
  await once(process, 'message')
  return { sessions, port, origin, process, cutOff, subscribed }
}

/** Resolves with each subscription that is made. */
function watchSubscriptions(store: SessionStore) {
  const { subscribe } = store
  const made: Promise<unknown>[] = []
  store.subscribe = (...args) => {
    const subscribing = subscribe!(...args)
    made.push(subscribing)
    return subscribing
  }
  return made
}

async function revokeIn(process: ChildProcess, user: string): Promise<unknown> {
  process.send(user)
  return (await once(process, 'message'))[0]
}

describe.each(Object.keys(KINDS))('%s', (kind) => {
  test('a socket is closed when another process revokes its user, by the notification alone', async () => {
    const { sessions, port, origin, process, subscribed } = await site(kind, '1h')
    const [ada, bob] = [await signIn(sessions), await signIn(sessions, 'bob')]
    const adas = opened(await open(port, { cookie: ada.cookie, origin }))
    const bobs = opened(await open(port, { cookie: bob.cookie, origin }))
    await Promise.all(subscribed)
    expect(await revokeIn(process, 'ada')).toMatchObject({ ended: 1, marked: true })
    expect(await adas.closed).toBe(4401)
    expect(bobs.ws.readyState).toBe(bobs.ws.OPEN)
    expect(subscribed).toHaveLength(1)
  })

  test('a socket is closed by the poll if the connection for notifications was lost', async () => {
    const { sessions, port, origin, process, subscribed, cutOff } = await site(kind, '1s')
    const { cookie } = await signIn(sessions)
    const { closed } = opened(await open(port, { cookie, origin }))
    await Promise.all(subscribed)
    await cutOff()
    await revokeIn(process, 'ada')
    expect(await closed).toBe(4401)
  })
})

test('a Client of pg that was lost is connected again, and notifies again', async () => {
  const { sessions, port, origin, process, subscribed, cutOff } = await site('postgres: pg', '1s')
  const { cookie } = await signIn(sessions)
  const { closed, ws } = opened(await open(port, { cookie, origin }))
  await Promise.all(subscribed)
  await cutOff()
  while (subscribed.length < 2) await new Promise((turn) => setImmediate(turn))
  await Promise.all(subscribed)
  expect(ws.readyState).toBe(ws.OPEN)
  await revokeIn(process, 'ada')
  expect(await closed).toBe(4401)
})
