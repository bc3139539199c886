/** What every Redis client has to show: the conformance suite, and what the server says of it. */

import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import {
  connectRedis,
  type RedisConnection,
  type RedisClient,
  type SendCommand,
} from '../../../src/stores/redis/client.ts'
import { type RedisSubscriber, redisStore } from '../../../src/stores/redis/redis.ts'
import type { Limit, Row, Store } from '../../../src/backends/stored/store.ts'
import { storeConformance } from '../../../src/testing/conformance/conformance.ts'

/** A client that is connected under this name, and how it is closed. */
export type OpenClient = (name: string) => Promise<{ client: RedisClient; close(): unknown }>

/** The conformance suite, on a server that others may use too. */
export function conformance(open: OpenClient): void {
  const all = `conformance-${randomBytes(6).toString('hex')}:`
  let opened: Awaited<ReturnType<OpenClient>>
  let listening: Awaited<ReturnType<OpenClient>>
  let connection: RedisConnection
  let prefix = all
  let stores = 0
  beforeAll(async () => {
    opened = await open('conformance')
    listening = await open('subscriber')
    connection = connectRedis(opened.client)
  })
  afterAll(async () => {
    await opened.close()
    await listening.close()
  })

  const cases = storeConformance({
    open(clock) {
      prefix = `${all}${++stores}:`
      // A pool cannot subscribe.
      const subscriber =
        'subscribe' in listening.client
          ? (listening.client as unknown as RedisSubscriber)
          : undefined
      return { store: redisStore(opened.client, { prefix, clock, subscriber }) }
    },
    async advance(ms, clock) {
      clock.advance(ms)
      await Promise.all(
        (await keysUnder(connection, prefix)).map((key) => age(connection, key, ms)),
      )
    },
  })
  for (const { name, run } of cases) test(name, run)

  test('after all that no key is without a time to live', async () => {
    const keys = await keysUnder(connection, all)
    expect(keys.length).toBeGreaterThan(1000)
    const left = await Promise.all(keys.map((key) => connection.send(key, ['PTTL', key])))
    expect(left.filter((ms) => !(Number(ms) > 0))).toEqual([])
    await Promise.all(keys.map((key) => connection.send(key, ['UNLINK', key])))
  })
}

/** What is seen on the server: one that this client has for itself. */
export function onTheServer(open: OpenClient): void {
  const own = `${randomBytes(6).toString('hex')}:`
  let opened: Awaited<ReturnType<OpenClient>>
  let other: Awaited<ReturnType<OpenClient>>
  let admin: RedisConnection
  beforeAll(async () => {
    opened = await open('sessions')
    other = await open('admin')
    admin = connectRedis(other.client)
  })
  afterAll(async () => {
    await opened.close()
    await other.close()
  })

  test('a verb is one command; a read of a signed-in row, and only that, is two', async () => {
    const store = redisStore(opened.client, { prefix: `${own}counted` })
    const row = rowOf('counted', 'w1', '')
    const verbs = {
      insert: () => store.insert('k', row),
      read: () => store.read('k'),
      'read, anonymous': () => store.read('a'),
      swap: () => store.swap('k', 'w1', { ...row, write: 'w2' }),
      touch: () => store.touch('k', row.expiresAt + 1),
      remove: () => store.remove('k'),
      epoch: () => store.epoch('mona'),
      admit: () => store.admit('mona', 'k', 0, row.expiresAt, LIMIT),
      keep: () => store.keep('mona', 'k', 0, row.expiresAt),
      list: () => store.list('mona'),
      revoke: () => store.revoke('mona', 1, row.expiresAt, 'k'),
      forget: () => store.forget('mona', ['k']),
      erase: () => store.erase('mona'),
    }
    await store.insert('a', rowOf(null, 'w1', ''))
    // The first time of all a script is sent by its text.
    for (const run of Object.values(verbs)) await run()
    await admin.send(`${own}counted#k`, ['UNLINK', `${own}counted#k`])
    const servers = await admin.primaries()
    const counts: Record<string, string> = {}
    for (const [name, run] of Object.entries(verbs)) {
      for (const server of servers) await server(['CONFIG', 'RESETSTAT'])
      await run()
      counts[name] = await sentSince(servers)
    }
    expect(counts).toEqual({
      insert: 'set',
      read: 'get zmscore',
      'read, anonymous': 'get',
      swap: 'evalsha',
      touch: 'evalsha',
      remove: 'evalsha',
      epoch: 'zscore',
      admit: 'evalsha',
      keep: 'evalsha',
      list: 'zrangebyscore',
      revoke: 'evalsha',
      forget: 'zrem',
      erase: 'del',
    })
  })

  test('no command leaves a timer behind', async () => {
    const store = redisStore(opened.client, { prefix: `${own}timers` })
    const row = rowOf(null, 'w1', '')
    await store.insert('k', row)
    const timeouts = vi.spyOn(AbortSignal, 'timeout')
    await store.read('k')
    await store.swap('k', 'w1', { ...row, write: 'w2' })
    await store.touch('k', row.expiresAt + 1)
    await store.remove('k')
    await store.list('mona')
    expect(timeouts).not.toHaveBeenCalled()
    timeouts.mockRestore()
  })

  test('scripts that the server has forgotten are sent again', async () => {
    const store = redisStore(opened.client, { prefix: `${own}flushed:` })
    const row = rowOf('flushed', 'w1', '')
    const forget = async () => {
      for (const server of await admin.primaries()) await server(['SCRIPT', 'FLUSH'])
    }
    await store.insert('k', row)
    await forget()
    expect(await store.swap('k', 'w1', { ...row, write: 'w2' })).toEqual({ won: true })
    await forget()
    expect(await store.touch('k', row.expiresAt + 1)).toBe(true)
    await forget()
    expect(await store.admit('mona', 'k', 0, row.expiresAt, LIMIT)).toEqual({
      admitted: true,
      over: [],
    })
    await forget()
    const revoked = { epoch: 7, keys: ['k'] }
    expect(await store.revoke('mona', 7, row.expiresAt, undefined)).toEqual(revoked)
    await forget()
    expect(await store.remove('k')).toBe(true)
  })

  test('increments are exact while connections are cut under them', async () => {
    const store = redisStore(opened.client, { prefix: `${own}cut:` })
    await surely(() => store.insert('k', rowOf('cut', 'w0', '0')))
    let won = 0
    let cuts = 0
    const writers = Array.from({ length: 8 }, async (_, writer) => {
      for (let n = 0; n < 25; n++) {
        await increment(store, 'k', `${writer}-${n}`)
        if (++won % 20 === 0) cuts += await cutConnections(admin, 'sessions')
      }
    })
    await Promise.all(writers)
    expect(cuts).toBeGreaterThan(5)
    expect((await surely(() => store.read('k')))?.body).toBe('200')
  })
}

/** A limit that nothing in these tests reaches. */
export const LIMIT: Limit = { most: 1000, refuse: false }

/** A row that ends in an hour. */
export function rowOf(owner: string | null, write: string, body: string): Row {
  return { write, recent: [], expiresAt: Date.now() + 3_600_000, owner, body }
}

/** Adds one, however often others were faster. Returns the most times a command was refused. */
export async function increment(store: Store, key: string, id: string): Promise<number> {
  let most = 0
  const noting = async <Answer>(send: () => Promise<Answer>) => {
    const { answer, refusals } = await sent(send)
    most = Math.max(most, refusals)
    return answer
  }
  let newest: Row | null = await noting(() => store.read(key))
  for (let attempt = 0; newest; attempt++) {
    const { write: before, recent } = newest
    const next = {
      ...newest,
      write: `${id}-${attempt}`,
      recent: [before, ...recent].slice(0, 32),
      body: `${Number(newest.body) + 1}`,
    }
    const swap = await noting(() => store.swap(key, before, next))
    if (swap.won) return most
    newest = swap.newest
  }
  throw new Error('the row is gone')
}

/** More than a failover takes, at one every 10 ms. */
const MOST_REFUSALS = 3000

async function surely<Answer>(send: () => Promise<Answer>): Promise<Answer> {
  return (await sent(send)).answer
}

/** What had no answer is sent again, as it was. */
async function sent<Answer>(send: () => Promise<Answer>) {
  for (let refusals = 0; ; refusals += 1) {
    try {
      return { answer: await send(), refusals }
    } catch (error) {
      if (refusals === MOST_REFUSALS) throw error
      // Servers that elect a new master need the processor more than we do.
      await pause(10)
    }
  }
}

async function cutConnections(admin: RedisConnection, name: string): Promise<number> {
  let cut = 0
  for (const server of await admin.primaries()) {
    const list = String(await server(['CLIENT', 'LIST']))
    for (const [, id = ''] of list.matchAll(new RegExp(`^id=(\\d+) .* name=${name} `, 'gm'))) {
      cut += Number(await server(['CLIENT', 'KILL', 'ID', id]))
    }
  }
  return cut
}

/** What replicas, Sentinels and connecting clients send at times of their own. */
const OF_OTHERS = /^(?:client|cluster|config|hello|info|ping|psync|publish|readonly|replconf|role)/

/** The commands since the last reset, but for those of scripts, of servers, and of whoever asks. */
async function sentSince(servers: readonly SendCommand[]): Promise<string> {
  const sent: string[] = []
  for (const server of servers) {
    const stats = String(await server(['INFO', 'commandstats']))
    const calls = [...stats.matchAll(/^cmdstat_(\S+):calls=(\d+),/gm)].map(([, name = '', n]) =>
      Array.from({ length: Number(n) }, () => name),
    )
    const names = calls.flat().filter((name) => !OF_OTHERS.test(name))
    const scripts = names.filter((name) => name.startsWith('eval'))
    // What a script calls is counted beside it.
    sent.push(...(scripts.length > 0 ? scripts : names))
  }
  return sent.sort().join(' ')
}

async function keysUnder(connection: RedisConnection, prefix: string): Promise<string[]> {
  const keys: string[] = []
  for (const server of await connection.primaries()) {
    let cursor = '0'
    do {
      const args = ['SCAN', cursor, 'MATCH', `${prefix}*`, 'COUNT', '1000']
      const [next, found] = (await server(args)) as [string, string[]]
      cursor = String(next)
      keys.push(...found.map(String))
    } while (cursor !== '0')
  }
  return [...new Set(keys)]
}

/** Lets a key be as old as it will be after that time. */
async function age(connection: RedisConnection, key: string, ms: number): Promise<void> {
  const left = Number(await connection.send(key, ['PTTL', key])) - ms
  await connection.send(key, left > 0 ? ['PEXPIRE', key, `${left}`] : ['UNLINK', key])
}
