/** The Redis store through ioredis with its default options, which resend what had no answer. */

import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect as connectSocket, createServer, type AddressInfo, type Socket } from 'node:net'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createSessions } from '../../../src/index.ts'
import { redisStore } from '../../../src/stores/redis/redis.ts'
import type { SessionStore } from '../../../src/backends/stored/store.ts'
import { startRedis, type Redis as Server } from '../../servers/redis.ts'
import { conformance, increment, LIMIT, onTheServer, rowOf } from './suite.ts'

const open = (url: () => string | undefined) => async (connectionName: string) => {
  const client = new Redis(url() ?? '', { connectionName })
  client.on('error', () => {})
  return { client, close: () => client.quit() }
}

conformance(open(() => process.env['REDIS_URL']))

let server: Server
beforeAll(async () => {
  server = await startRedis({ appendonly: 'everysec' })
})
afterAll(() => server.stop())

describe('on the server', () => {
  onTheServer(open(() => server.url))
})

test('a command that was executed and is sent again, for want of its answer, is applied once', async () => {
  const line = await unreliableLine(server.port)
  const client = new Redis(line.port).on('error', () => {})
  const direct = new Redis(server.url)
  const store = redisStore(client, { prefix: 'resent:' })
  await store.insert('k', rowOf(null, 'w0', '0'))
  await increment(store, 'k', 'first')
  await direct.config('RESETSTAT')
  for (let n = 0; n < 5; n++) {
    const row = await store.read('k')
    line.loseNextAnswer()
    const next = { ...rowOf(null, `next-${n}`, `${Number(row?.body) + 1}`), recent: ['first-0'] }
    expect(await store.swap('k', row?.write ?? '', next)).toEqual({ won: true })
  }
  expect(await direct.info('commandstats')).toMatch(/cmdstat_evalsha:calls=10,/)
  expect((await store.read('k'))?.body).toBe('6')
  client.disconnect()
  direct.disconnect()
  await line.close()
})

async function keysOf(store: SessionStore): Promise<string[]> {
  const found: string[] = []
  for await (const batch of store.keys()) found.push(...batch)
  return found.sort()
}

/** A proxy that can keep an answer to itself, and end the connection instead. */
async function unreliableLine(to: number) {
  let loses = false
  const sockets = new Set<Socket>()
  const proxy = createServer((near) => {
    const far = connectSocket(to, '127.0.0.1')
    for (const socket of [near, far]) sockets.add(socket.on('error', () => {}))
    near.pipe(far)
    far.on('data', (answer) => {
      if (!loses) return void near.write(answer)
      loses = false
      near.destroy()
      far.destroy()
    })
    near.on('close', () => far.destroy())
  }).listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  return {
    port: (proxy.address() as AddressInfo).port,
    loseNextAnswer() {
      loses = true
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      proxy.close()
      await once(proxy, 'close')
    },
  }
}

describe('keys', () => {
  test('a session whose key looks like a list of sessions is not one', async () => {
    const client = new Redis(server.url)
    const store = redisStore(client, { prefix: 'alike' })
    const keys = ['@mona', '#mona', '#', 'mona', 'alike@mona']
    await store.admit('mona', 'k', 0, Date.now(), LIMIT)
    for (const key of keys) expect(await store.insert(key, rowOf(null, 'w', key))).toBe(true)
    for (const key of keys) expect((await store.read(key))?.body).toBe(key)
    expect(await store.list('mona')).toEqual(['k'])
    expect(await keysOf(store)).toEqual(keys.sort())
    client.disconnect()
  })

  test("the application's own values under the prefix are no sessions", async () => {
    const client = new Redis(server.url)
    const store = redisStore(client, { prefix: 'shared' })
    const texts = ['12', 'a b c d\n', '3 blind mice', '3 blind mice ran\n', '3 blind ', '1 a b 2']
    for (const text of texts) await client.set(`shared#${text}`, text)
    await client.set('shared@text', '1 w  -\n')
    await client.hset('shared#hash', { a: 1 })
    const recent = Array.from({ length: 32 }, (_, n) => `${'r'.repeat(60)}${n}`)
    await store.insert('k', { ...rowOf(null, 'w', ''), recent })
    await store.insert('mine', rowOf('mona', 'w', ''))
    expect(await keysOf(store)).toEqual(['k', 'mine'])
    await expect(store.read('hash')).rejects.toThrow('WRONGTYPE')
    client.disconnect()
  })

  test('who ends every session under a prefix ends none under one that begins with it', async () => {
    const client = new Redis(server.url)
    const stores = ['nested', 'nested:', 'nested:admin', 'nested:admin:'].map((prefix) =>
      redisStore(client, { prefix }),
    )
    for (const store of stores) await store.insert('k', rowOf(null, 'w', ''))
    for (const store of stores) expect(await keysOf(store)).toEqual(['k'])
    client.disconnect()
  })

  test.each([
    'x',
    '\n',
    'a b c d\n',
    'a w r -\n{}',
    '1 w r\n{}',
    '1 w r 2 3\n{}',
    '1 w  99\n{}',
    '1 w  x\n{}',
    '1  r -\n{}',
    `1 w${'\0'}`,
  ])('what is damaged, as %j, is a row that nobody wrote: not an outage', async (value) => {
    const client = new Redis(server.url)
    const store = redisStore(client, { prefix: 'damaged' })
    await client.set('damaged#k', value, 'PX', 60_000)
    const newest = { write: '', recent: [], expiresAt: 0, owner: null, body: value }
    const found = { ...newest, epoch: 0, isListed: true }
    expect(await store.read('k')).toEqual(found)
    const swap = await store.swap('k', '', rowOf(null, 'x', ''))
    expect(swap).toEqual({ won: false, newest })
    expect(await store.insert('k', rowOf(null, 'x', ''))).toBe(false)
    expect(await store.touch('k', 1)).toBe(true)
    expect(await store.read('k')).toEqual(found)
    expect(await store.remove('k')).toBe(true)
    expect(await store.read('k')).toBe(null)
    expect(await store.insert('k', rowOf(null, 'x', ''))).toBe(false)
    client.disconnect()
  })

  test('a session that ends in a million years is kept', async () => {
    const client = new Redis(server.url)
    const store = redisStore(client, { prefix: 'far' })
    const row = { ...rowOf(null, 'w', ''), expiresAt: 1e17 }
    expect(await store.insert('k', row)).toBe(true)
    expect(await store.touch('k', 1e21)).toBe(true)
    expect(await store.read('k')).toMatchObject({ ...row, expiresAt: 1e21 })
    expect(await client.pttl('far#k')).toBeGreaterThan(3e12)
    client.disconnect()
  })

  test('a session whose values take 204 bytes as JSON takes 392 bytes of memory', async () => {
    const client = new Redis(server.url)
    const sessions = createSessions<{ values: string }>({
      secret: randomBytes(32),
      store: redisStore(client),
    })
    const session = await sessions.open(null)
    session.set('values', 'v'.repeat(204 - '{"values":""}'.length))
    await session.commit()
    const bytes = Number(await client.call('MEMORY', 'USAGE', `session#${session.handle}`))
    expect(bytes).toBeLessThanOrEqual(392)
    client.disconnect()
  })

  test('a session of 330 characters takes 456 bytes, of which 126 are the price of Redis', async () => {
    const client = new Redis(server.url)
    const store = redisStore(client)
    const body = 'x'.repeat(330)
    await store.insert('k'.repeat(22), rowOf(null, 'w'.repeat(16), body))
    const bytes = Number(await client.call('MEMORY', 'USAGE', `session#${'k'.repeat(22)}`))
    expect(bytes).toBe(456)
    client.disconnect()
  })
})
