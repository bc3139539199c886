/** Which Redis clients a store takes, and what becomes of a client's own key prefix. */

import { Cluster, Redis } from 'ioredis'
import { Redis as Valkey } from 'iovalkey'
import { createClient, createClientPool, createCluster, TimeoutError } from 'redis'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { redisStore } from '../../../src/stores/redis/redis.ts'
import { startRedis, type Redis as Server } from '../../servers/redis.ts'
import { LIMIT, rowOf } from './suite.ts'

let server: Server
beforeAll(async () => {
  server = await startRedis()
})
afterAll(() => server.stop())

test.for(['app[1]:', ''])('the prefix of the client, %j, is kept', async (keyPrefix) => {
  const plain = new Redis(server.url)
  const io = new Redis(server.url, { keyPrefix })
  const valkey = new Valkey(server.url, { keyPrefix })
  const node = createClient({ url: server.url, keyPrefix })
  await node.connect()
  for (const [prefix, client] of [
    [`io*${keyPrefix}:`, io],
    [`valkey*${keyPrefix}:`, valkey],
    [`node*${keyPrefix}:`, node],
  ] as const) {
    const store = redisStore(client, { prefix })
    await store.insert('k', rowOf(null, 'w1', ''))
    await store.swap('k', 'w1', rowOf(null, 'w2', ''))
    await store.admit('mona', 'k', 0, Date.now(), LIMIT)
    expect((await store.read('k'))?.write).toBe('w2')
    const start = `${keyPrefix}${prefix}`
    expect(await plain.exists(`${start}#k`, `${start}@mona`)).toBe(2)
    const found: string[] = []
    for await (const batch of store.keys()) found.push(...batch)
    expect(found).toEqual(['k'])
  }
  plain.disconnect()
  io.disconnect()
  valkey.disconnect()
  await node.close()
})

test.for(['a client', 'a pool'])(
  'node-redis makes no timer for a command of %s: it would never clear it',
  async (kind) => {
    const options = { url: server.url }
    const client = kind === 'a pool' ? createClientPool(options) : createClient(options)
    await client.connect()
    onTestFinished(() => client.close())
    const store = redisStore(client, { prefix: kind })
    await store.insert('k', rowOf(null, 'w1', ''))
    const timeouts = vi.spyOn(AbortSignal, 'timeout')
    onTestFinished(() => timeouts.mockRestore())
    await store.read('k')
    await store.swap('k', 'w1', rowOf(null, 'w2', ''))
    expect(timeouts).not.toHaveBeenCalled()
    await client.sendCommand(['PING'])
    expect(timeouts).toHaveBeenCalled()
  },
)

test('what waits in node-redis for a server that is away is given up when its timeout is over', async () => {
  const gone = await startRedis()
  const commandOptions = { timeout: 20 }
  const client = createClient({ url: gone.url, commandOptions }).on('error', () => {})
  await client.connect()
  const disconnected = new Promise((done) => client.once('reconnecting', done))
  await gone.stop()
  await disconnected
  await expect(redisStore(client).read('k')).rejects.toBeInstanceOf(TimeoutError)
  client.destroy()
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

test('a client that answers through callbacks is refused at start-up: its silence is no empty store', async () => {
  const legacy = createClient({ url: server.url }).legacy()
  const refused = expect.objectContaining({ code: 'ERR_OPTION_INVALID' })
  expect(() => redisStore(legacy as never)).toThrow(refused)
  // node-redis 4 has the option, and its versions up to 3 no `connect`.
  const client = createClient({ url: server.url })
  Object.assign(client.options, { legacyMode: true })
  expect(() => redisStore(client)).toThrow(refused)
})

test('a client that returns nothing is a store that is unavailable, and no visitor is taken for gone', async () => {
  const mute = { connect: () => {}, isReady: true, sendCommand: async () => undefined }
  const store = redisStore(mute as never)
  await expect(store.read('k')).rejects.toThrow('returned nothing')
  await expect(store.insert('k', rowOf(null, 'w1', ''))).rejects.toThrow('returned nothing')
  await expect(store.swap('k', 'w1', rowOf(null, 'w2', ''))).rejects.toThrow('returned nothing')
  await expect(store.touch('k', 1)).rejects.toThrow('returned nothing')
  await expect(store.remove('k')).rejects.toThrow('returned nothing')
  await expect(store.epoch('mona')).rejects.toThrow('returned nothing')
  await expect(store.admit('mona', 'k', 1, 2, LIMIT)).rejects.toThrow('returned nothing')
  await expect(store.keep('mona', 'k', 1, 2)).rejects.toThrow('returned nothing')
  await expect(store.list('mona')).rejects.toThrow(TypeError)
})
