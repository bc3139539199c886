/** The Redis store through ioredis with its default options, which resend what had no answer. */

import { once } from 'node:events'
import { connect as connectSocket, createServer, type AddressInfo, type Socket } from 'node:net'
import { Cluster, Redis } from 'ioredis'
import { createClient, createCluster } from 'redis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { redisStore } from '../../src/stores/redis.ts'
import { startRedis, type Redis as Server } from '../servers/redis.ts'
import { conformance, increment, onTheServer, rowOf } from './redis-suite.ts'

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
    const store = redisStore(client, { prefix: 'alike:' })
    const keys = ['owner:mona', 'owner_:mona', 'owner__:mona', 'owner', 'owners:mona']
    await store.admit('mona', 'k', 1, Date.now())
    for (const key of keys) expect(await store.insert(key, rowOf(null, 'w', key))).toBe(true)
    for (const key of keys) expect((await store.read(key))?.body).toBe(key)
    expect(await store.list('mona')).toEqual(['k'])
    const found: string[] = []
    for await (const batch of store.keys()) found.push(...batch)
    expect(found.sort()).toEqual(keys.sort())
    client.disconnect()
  })

  test("the application's own values under the prefix are no sessions", async () => {
    const client = new Redis(server.url)
    const store = redisStore(client, { prefix: 'shared:' })
    await client.set('shared:count', '12')
    await client.set('shared:text', 'a b c d\n')
    await client.hset('shared:hash', { a: 1 })
    await store.insert('k', rowOf(null, 'w', ''))
    const found: string[] = []
    for await (const batch of store.keys()) found.push(...batch)
    expect(found).toEqual(['k'])
    for (const key of ['count', 'text', 'hash'])
      await expect(store.read(key)).rejects.toThrow(/not a session|WRONGTYPE/)
    await expect(store.swap('count', 'w', rowOf(null, 'x', ''))).rejects.toThrow('not a session')
    client.disconnect()
  })

  test.for(['app[1]:', ''])('the prefix of the client, %j, is kept', async (keyPrefix) => {
    const plain = new Redis(server.url)
    const io = new Redis(server.url, { keyPrefix })
    const node = createClient({ url: server.url, keyPrefix })
    await node.connect()
    for (const [prefix, client] of [
      [`io*${keyPrefix}:`, io],
      [`node*${keyPrefix}:`, node],
    ] as const) {
      const store = redisStore(client, { prefix })
      await store.insert('k', rowOf(null, 'w1', ''))
      await store.swap('k', 'w1', rowOf(null, 'w2', ''))
      await store.admit('mona', 'k', 1, Date.now())
      expect((await store.read('k'))?.write).toBe('w2')
      expect(await plain.exists(`${keyPrefix}${prefix}k`, `${keyPrefix}${prefix}owner:mona`)).toBe(
        2,
      )
      const found: string[] = []
      for await (const batch of store.keys()) found.push(...batch)
      expect(found).toEqual(['k'])
    }
    plain.disconnect()
    io.disconnect()
    await node.close()
  })

  test('a session that ends in a million years is kept', async () => {
    const client = new Redis(server.url)
    const store = redisStore(client, { prefix: 'far:' })
    const row = { ...rowOf(null, 'w', ''), expiresAt: 1e17 }
    expect(await store.insert('k', row)).toBe(true)
    expect(await store.touch('k', 1e21)).toBe(true)
    expect(await store.read('k')).toEqual({ ...row, expiresAt: 1e21 })
    expect(await client.pttl('far:k')).toBeGreaterThan(1e15)
    client.disconnect()
  })

  test('a session of 330 characters takes 456 bytes, of which 126 are the price of Redis', async () => {
    const client = new Redis(server.url)
    const store = redisStore(client)
    const body = 'x'.repeat(330)
    await store.insert('k'.repeat(22), rowOf(null, 'w'.repeat(16), body))
    const bytes = Number(await client.call('MEMORY', 'USAGE', `session:${'k'.repeat(22)}`))
    expect(bytes).toBe(456)
    client.disconnect()
  })
})

describe('what is not a client for sessions', () => {
  const refusal = { code: 'ERR_OPTION_INVALID' }
  const message = (make: () => unknown) => {
    try {
      make()
    } catch (error) {
      expect(error).toMatchObject(refusal)
      return String(error)
    }
    return 'accepted'
  }

  test('a URL, or an object that sends nothing', () => {
    const notClients: unknown[] = ['redis://localhost', {}, null, undefined, { sendCommand: 1 }]
    for (const client of notClients) {
      expect(message(() => redisStore(client as Redis))).toMatch(/has to be a client of/)
    }
  })

  test('one that reads from replicas, which may not know yet that a session ended', async () => {
    const nodes = [{ host: '127.0.0.1', port: server.port }]
    for (const scaleReads of ['slave', 'all', () => nodes[0]] as const) {
      const cluster = new Cluster(nodes, { scaleReads: scaleReads as 'all', lazyConnect: true })
      expect(message(() => redisStore(cluster))).toMatch(/scaleReads: 'master'/)
    }
    const readOnly = new Redis({ readOnly: true, lazyConnect: true })
    expect(message(() => redisStore(readOnly))).toMatch(/replicas/)
    const replica = { sentinels: nodes, name: 'x', role: 'slave', lazyConnect: true } as const
    expect(message(() => redisStore(new Redis(replica)))).toMatch(/replicas/)
    const cluster = createCluster({ rootNodes: [{ url: server.url }], useReplicas: true })
    expect(message(() => redisStore(cluster))).toMatch(/useReplicas: false/)
    expect(message(() => redisStore(createClient({ readonly: true })))).toMatch(/readonly: false/)
  })
})

describe('the settings of the server', () => {
  async function findings(settings: readonly string[], appendonly: 'no' | 'always', setUp = '') {
    const other = await startRedis({ settings, appendonly })
    const client = new Redis(other.url)
    if (setUp !== '') await client.call('ACL', setUp.split(' '))
    const found = await redisStore(client).check()
    client.disconnect()
    await other.stop()
    return found.join('\n')
  }

  test('are in order where nothing is evicted and all is written to disk', async () => {
    expect(await findings([], 'always')).toBe('')
  })

  test('are named where sessions are evicted, or lost in a crash', async () => {
    const evicting = ['--maxmemory', '100mb', '--maxmemory-policy', 'volatile-ttl']
    expect(await findings(evicting, 'always')).toMatch(/^.*evicts.*volatile-ttl.*noeviction.$/)
    expect(await findings([], 'no')).toMatch(/^.*nothing on disk.*appendonly yes.$/)
    expect(await findings(['--save', '60 1'], 'no')).toMatch(/^.*now and then.*appendonly yes.$/)
  })

  test('are said to be unknown where they cannot be asked for', async () => {
    expect(await findings(['--rename-command', 'CONFIG', ''], 'no')).toMatch(/^.*not be checked.*$/)
    expect(await findings([], 'no', 'SETUSER default -config')).toMatch(/^.*not be checked.*$/)
  })
})

test('a logout works while the memory of the server is full, and a login does not', async () => {
  const full = await startRedis({ settings: ['--maxmemory', '3mb'] })
  const client = new Redis(full.url)
  const store = redisStore(client)
  const body = 'x'.repeat(100_000)
  const fill = async () => {
    for (let n = 0; ; n++) await store.insert(`${n}`, rowOf(null, 'w', body))
  }
  await expect(fill()).rejects.toThrow(/OOM/)
  await client.config('SET', 'maxmemory', '1mb')
  expect(await store.remove('0')).toBe(true)
  expect(await store.remove('nobody')).toBe(false)
  expect(await store.read('0')).toBe(null)
  expect((await store.read('1'))?.body).toBe(body)
  await expect(store.swap('1', 'w', rowOf(null, 'w2', ''))).rejects.toThrow(/OOM/)
  client.disconnect()
  await full.stop()
})
