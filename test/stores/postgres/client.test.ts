/** Whom the PostgreSQL store speaks to, and how: which clients, which statements, which settings. */

import { randomBytes } from 'node:crypto'
import { Client, Pool, type PoolConfig, types } from 'pg'
import postgres from 'postgres'
import { expect, onTestFinished, test } from 'vitest'
import {
  postgresStore,
  type PostgresClient,
  type PostgresListener,
} from '../../../src/stores/postgres/postgres.ts'
import type { Row } from '../../../src/backends/stored/store.ts'
import { createSessions } from '../../../src/index.ts'
import { SECRET } from '../../session/visitor.ts'
import { connectPool, emptyStore, MANY, sqlOf, url } from './tables.ts'

const pool = connectPool()
const NAME = 'client'

/** Any time: none of these tests lets it come. */
const SOON = Date.UTC(2100, 0, 1)
const ROW: Row = { write: 'a', recent: [], expiresAt: SOON, owner: null, body: '' }

/** An empty store, and what it sends. */
async function counted(client = pool) {
  await emptyStore(pool, sqlOf(pool), NAME)
  const sent: string[] = []
  const counting = new Proxy(client, {
    get(target, name) {
      if (name !== 'query') return Reflect.get(target, name)
      return (config: { text: string }) => {
        sent.push(config.text)
        return target.query(config)
      }
    },
  })
  return { store: postgresStore(counting, { prefix: `${NAME}_` }), sent }
}

/** What a plain JavaScript caller can hand over. */
const given = (client: unknown) => () => postgresStore(client as PostgresClient)

const refused = (why: RegExp) =>
  expect.objectContaining({ code: 'ERR_OPTION_INVALID', message: expect.stringMatching(why) })

test('a pool of pg and a postgres client are taken as they are', async () => {
  const sql = postgres(url)
  onTestFinished(() => sql.end())
  expect(postgresStore(new Pool()).engine).toBe('PostgreSQL')
  expect(postgresStore(sql).engine).toBe('PostgreSQL')
})

test('a logout does not fail because nobody reads the notifications, and their queue is full', async () => {
  await emptyStore(pool, sqlOf(pool), NAME)
  const sent: string[] = []
  const full = new Proxy(pool, {
    get(target, name) {
      if (name !== 'query') return Reflect.get(target, name)
      return async (config: { text: string }) => {
        sent.push(config.text)
        if (!config.text.includes('pg_notify')) return target.query(config)
        throw Object.assign(new Error('too many notifications'), { code: '54000' })
      }
    },
  })
  const store = postgresStore(full, { prefix: `${NAME}_`, listener: () => pool.connect() })
  await store.insert('k', ROW)
  expect(await store.remove('k')).toBe(true)
  expect(await store.read('k')).toBeNull()
  expect(sent.filter((text) => text.includes('pg_notify'))).toHaveLength(1)
})

test('a listener is a client, a function or postgres, and no pool', () => {
  const listener = (one: unknown) => () =>
    postgresStore(pool, { listener: one as PostgresListener })
  for (const good of [new Client(), () => new Client(), postgres(url)]) {
    expect(listener(good)).not.toThrow()
  }
  expect(listener(pool)).toThrow(refused(/is a pool.*Pass a function that connects a Client/))
  for (const bad of [{}, 'url', 5]) expect(listener(bad)).toThrow(refused(/has to be a Client/))
})

test('a connection of pg is refused, which may be inside a transaction', async () => {
  const checkedOut = await pool.connect()
  onTestFinished(() => checkedOut.release())
  expect(given(new Client())).toThrow(refused(/inside a transaction of the app.*Pass the Pool/))
  expect(given(checkedOut)).toThrow(refused(/Pass the Pool/))
})

test('what sql.begin, sql.savepoint and sql.reserve give is refused', async () => {
  const sql = postgres(url)
  onTestFinished(() => sql.end())
  await sql.begin(async (inside) => {
    expect(given(inside)).toThrow(refused(/Pass the sql that postgres\(url\) returned/))
    await inside.savepoint(async (deeper) => {
      expect(given(deeper)).toThrow(refused(/sql\.begin/))
    })
  })
  const reserved = await sql.reserve()
  expect(given(reserved)).toThrow(refused(/sql\.reserve/))
  reserved.release()
})

test.for([undefined, null, url, {}, { query: () => {} }, () => {}])(
  'what is no client is refused: %o',
  (client) => {
    expect(given(client)).toThrow(refused(/has to be a Pool of pg/))
  },
)

test('no statement keeps a connection of a pool for ever, and a limit of your own stands', async () => {
  const limitsOf = async (options: PoolConfig) => {
    const own = connectPool(options)
    const limits: unknown[] = []
    const seen = new Proxy(own, {
      get(target, name) {
        if (name !== 'query') return Reflect.get(target, name)
        return (config: { text: string; query_timeout?: number }) => {
          limits.push(config.query_timeout)
          return target.query(config)
        }
      },
    })
    await postgresStore(seen, { prefix: `${NAME}_` }).read('k')
    return limits
  }
  await emptyStore(pool, sqlOf(pool), NAME)
  expect(new Set(await limitsOf({}))).toEqual(new Set([30_000]))
  expect(new Set(await limitsOf({ query_timeout: 700 }))).toEqual(new Set([undefined]))
})

test('every verb is one statement, sent once, and only a swap that lost sends a second', async () => {
  const { store: counting, sent } = await counted()
  const row = ROW
  const verbs = [
    () => counting.read('k'),
    () => counting.insert('k', row),
    () => counting.swap('k', 'a', { ...row, write: 'b' }),
    () => counting.touch('k', SOON),
    () => counting.remove('k'),
    () => counting.epoch('ada'),
    () => counting.keep('ada', 'k', 1, SOON),
    () => counting.list('ada'),
    () => counting.list('ada', 1),
    () => counting.forget('ada', ['k']),
  ]
  await counting.read('k')
  // The first look is at the tables' version.
  expect(sent.splice(0)).toHaveLength(2)
  for (const verb of verbs) await verb()
  expect(sent.splice(0)).toHaveLength(verbs.length)
  await counting.forget('ada', [])
  expect(sent).toEqual([])
  await counting.insert('l', { ...row, write: 'b' })
  const lost = await counting.swap('l', 'a', { ...row, write: 'c' })
  expect(lost).toMatchObject({ won: false, newest: { write: 'b' } })
  expect(sent).toHaveLength(3)
})

test('a login, a revocation and the read of a signed-in session take two statements', async () => {
  const { store, sent } = await counted()
  await store.insert('k', { ...ROW, owner: 'ada' })
  sent.splice(0)
  await store.read('k')
  expect(sent.splice(0)).toHaveLength(2)
  await store.admit('ada', 'k', 1, 1, { most: 1, refuse: false })
  expect(sent.splice(0)).toHaveLength(2)
  await store.admit('ada', 'l', 1, 1, { most: 2, refuse: true })
  expect(sent.splice(0)).toHaveLength(2)
  await store.revoke('ada', 2, 1, undefined)
  expect(sent.splice(0)).toHaveLength(2)
})

test('sessions that wait for a connection are read in one statement, each as if it were alone', async () => {
  const { store, sent } = await counted(connectPool({ max: 2 }))
  const sessions = createSessions<{ n: number }>({ secret: SECRET, store })
  const cookies: string[] = []
  for (let n = 0; n < 18; n++) {
    const session = await sessions.open('')
    session.set('n', n)
    // Every third visitor is signed in, the later ones of them on a device that was signed out.
    if (n % 3 === 0) session.login(n < 10 ? 'ada' : 'bob')
    const headers = await session.commit()
    cookies.push(headers.getSetCookie()[0]!.split(';')[0]!)
  }
  await sessions.revokeUser('bob')
  const seen = async (cookie: string) => (await sessions.open(cookie)).get('n')
  const alone: unknown[] = []
  for (const cookie of cookies) alone.push(await seen(cookie))
  expect(alone.filter((n) => n === undefined)).toHaveLength(2)
  sent.splice(0)
  expect(await Promise.all(cookies.map(seen))).toEqual(alone)
  // The two that need not wait, and the two that are missing, since only their own read says so.
  expect(sent.filter((text) => text.includes('WHERE key = $1'))).toHaveLength(4)
  expect(sent.filter((text) => text.includes('json_array_elements_text'))).toHaveLength(1)
  // And the lists of the signed-in users: of the first visitor, and of all who waited.
  expect(sent).toHaveLength(7)
})

test('a client that does not say how many rows it wrote is a failure, not a lost session', async () => {
  await emptyStore(pool, sqlOf(pool), NAME)
  const silent = new Proxy(pool, {
    get(target, name) {
      if (name !== 'query') return Reflect.get(target, name)
      return async (config: { text: string }) => ({
        ...(await target.query(config)),
        rowCount: undefined,
      })
    },
  })
  const row = { write: 'a', recent: [], expiresAt: SOON, owner: null, body: '' }
  const store = postgresStore(silent as PostgresClient, { prefix: `${NAME}_` })
  await expect(store.insert('silent', row)).rejects.toThrow(/did not say how many rows/)
  await expect(store.touch('silent', SOON)).rejects.toThrow(/did not say how many rows/)
})

/** Clients whose numbers, booleans and times are no such thing. */
const ODD: Record<string, () => PostgresClient> = {
  pg: () =>
    connectPool({
      types: {
        getTypeParser: (type, ...format) =>
          type === types.builtins.TEXT ? types.getTypeParser(type, ...format) : () => null,
      },
    }),
  postgres() {
    const from = [16, 20, 21, 23, 114, 700, 701, 1114, 1184, 1700]
    const odd = { to: 0, from, serialize: String, parse: () => null }
    const sql = postgres(url, { types: { odd }, onnotice: () => {} })
    onTestFinished(() => sql.end())
    return sql
  },
}

test.for(Object.keys(ODD))(
  'a client of %s that parses all but text in its own way is understood all the same',
  async (name) => {
    const own = ODD[name]!()
    const store = await emptyStore(own, sqlOf(pool), NAME)
    expect(await store.insert('k', ROW)).toBe(true)
    expect(await store.swap('k', 'a', { ...ROW, write: 'b' })).toEqual({ won: true })
    expect(await store.swap('k', 'a', { ...ROW, write: 'c' })).toMatchObject({ won: false })
    expect(await store.touch('k', 1)).toBe(true)
    expect(await store.read('k')).toMatchObject({ ...ROW, write: 'b' })
    expect(await store.remove('k')).toBe(true)
    expect(await store.remove('k')).toBe(false)
    const limit = { most: 1, refuse: true }
    expect(await store.admit('ada', 'k', 1, 1, limit)).toEqual({ admitted: true, over: [] })
    expect(await store.admit('ada', 'l', 1, 1, limit)).toEqual({ admitted: false, why: 'limit' })
    expect(await store.admit('ada', 'l', 1, 1, { ...limit, refuse: false })).toMatchObject({
      over: ['k'],
    })
    expect(await store.revoke('ada', 2, 1, undefined)).toEqual({ epoch: 2, keys: ['k', 'l'] })
    expect(await store.epoch('ada')).toBe(2)
    expect(await store.admit('ada', 'k', 1, 1, limit)).toMatchObject({ why: 'revoked' })
    expect(await store.keep('ada', 'k', 1, 1)).toBe(false)
    expect(await store.keep('ada', 'k', 3, 1)).toBe(true)
    await pool.query(`UPDATE ${NAME}_sessions SET collect_at = now()`)
    expect(await store.prune(10)).toBe(1)
    expect(await store.check()).toEqual(
      await emptyStore(pool, sqlOf(pool), NAME).then((one) => one.check()),
    )
  },
)

test('check says that a client does not return texts as they are', async () => {
  await emptyStore(pool, sqlOf(pool), NAME)
  const trimming = connectPool({
    types: {
      getTypeParser: (type, ...format) =>
        type === types.builtins.TEXT
          ? (text: string) => text.trim()
          : types.getTypeParser(type, ...format),
    },
  })
  expect(await postgresStore(trimming, { prefix: `${NAME}_` }).check()).toContainEqual(
    expect.stringMatching(/^The client changes text that it returns/),
  )
})

test('no statement has a name that a pooler would lose, unless asked', async () => {
  const single = connectPool({ max: 1 })
  const names = async () =>
    (await single.query<{ name: string }>('SELECT name FROM pg_prepared_statements')).rows
  const plain = await emptyStore(single, sqlOf(single), NAME)
  await plain.read('k')
  await plain.remove('k')
  expect(await names()).toEqual([])
  const other = await emptyStore(single, sqlOf(single), `${NAME}_2`, { prepare: true })
  const prepared = postgresStore(single, { prefix: `${NAME}_`, prepare: true })
  for (const store of [prepared, other, prepared]) expect(await store.read('k')).toBe(null)
  const named = (await names()).filter(({ name }) => name.startsWith('sojourn_'))
  expect(named.length).toBeGreaterThanOrEqual(2)
})

test('check says what in the settings endangers sessions', async () => {
  const findings = async (settings: string) => {
    const store = postgresStore(connectPool({ options: settings }), { prefix: `${NAME}_` })
    return (await store.check()).filter((sentence) => !sentence.startsWith('fsync is off'))
  }
  await emptyStore(pool, sqlOf(pool), NAME)
  expect(await findings('')).toEqual([])
  expect(await findings('-c synchronous_commit=off')).toEqual([
    expect.stringMatching(/^synchronous_commit is off: .*Set it to on/),
  ])
  expect(await findings('-c default_transaction_read_only=on')).toEqual([
    expect.stringMatching(/read-only here/),
  ])
  const deaf = new Pool({ connectionString: url })
  onTestFinished(() => deaf.end())
  expect(await postgresStore(deaf, { prefix: `${NAME}_` }).check()).toContainEqual(
    expect.stringMatching(/^The pool has no listener for the event 'error'/),
  )
})

test('an owner with a very long name has a list of its own', async () => {
  const store = await emptyStore(pool, sqlOf(pool), NAME)
  const long = randomBytes(50_000).toString('hex')
  const names = [`${long}x`, `${long}y`, '\u0001#', '\u0000']
  for (const [index, name] of names.entries()) await store.admit(name, `k${index}`, 0, SOON, MANY)
  const lists = await Promise.all(names.map((name) => store.list(name)))
  expect(lists).toEqual([['k0'], ['k1'], ['k2'], ['k3']])
  const row = { write: 'a', recent: [], expiresAt: SOON, owner: names[0] ?? '', body: '' }
  expect(await store.insert('k', row)).toBe(true)
  expect(await store.read('k')).toEqual({ ...row, epoch: 0, isListed: false })
})
