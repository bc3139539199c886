/** The Redis store through every client it takes: of one server, a Cluster and a Sentinel's master. */

import * as io from 'ioredis'
import * as valkey from 'iovalkey'
import { createClient, createClientPool, createCluster, createSentinel } from 'redis'
import { afterAll, beforeAll, describe } from 'vitest'
import {
  startRedisCluster,
  startSentinel,
  type RedisCluster,
  type RedisSentinel,
} from '../../servers/redis-cluster.ts'
import { startRedis, type Redis } from '../../servers/redis.ts'
import { conformance, onTheServer, type OpenClient } from './suite.ts'

const ignore = () => {}

describe('one server', () => {
  let server: Redis
  beforeAll(async () => {
    server = await startRedis()
  })
  afterAll(() => server.stop())

  suite('node-redis', async (name) => {
    const client = createClient({ url: server.url, name }).on('error', ignore)
    await client.connect()
    return { client, close: () => client.close() }
  })
  suite('node-redis, RESP 2 and answers as buffers', async (name) => {
    const client = createClient({ url: server.url, name, RESP: 2 }).on('error', ignore)
    await client.connect()
    return { client: client.withTypeMapping({ 36: Buffer }), close: () => client.close() }
  })
  suite('a node-redis pool', async (name) => {
    const client = createClientPool({ url: server.url, name }).on('error', ignore)
    await client.connect()
    return { client, close: () => client.close() }
  })
  suite('ioredis', async (connectionName) => {
    const client = new io.Redis(server.url, { connectionName }).on('error', ignore)
    return { client, close: () => client.quit() }
  })
  suite('ioredis, with automatic pipelines', async (connectionName) => {
    const options = { connectionName, enableAutoPipelining: true }
    const client = new io.Redis(server.url, options).on('error', ignore)
    return { client, close: () => client.quit() }
  })
  suite('iovalkey', async (connectionName) => {
    const client = new valkey.Redis(server.url, { connectionName }).on('error', ignore)
    return { client, close: () => client.quit() }
  })
})

describe('a Cluster', () => {
  let cluster: Pick<RedisCluster, 'url' | 'stop'>
  beforeAll(async () => {
    const url = process.env['REDIS_CLUSTER_URL']
    cluster = url ? { url, stop: async () => {} } : await startRedisCluster()
  })
  afterAll(() => cluster.stop())

  suite('node-redis', async (name) => {
    const rootNodes = [{ url: cluster.url }]
    const client = createCluster({ rootNodes, defaults: { name } }).on('error', ignore)
    await client.connect()
    return { client, close: () => client.close() }
  })
  suite('ioredis', async (connectionName) => {
    const options = { redisOptions: { connectionName } }
    const client = new io.Cluster([cluster.url], options).on('error', ignore)
    return { client, close: () => client.quit() }
  })
  suite('iovalkey', async (connectionName) => {
    const options = { redisOptions: { connectionName } }
    const client = new valkey.Cluster([cluster.url], options).on('error', ignore)
    return { client, close: () => client.quit() }
  })
})

describe('the master that Sentinels name', () => {
  let sentinel: RedisSentinel
  beforeAll(async () => {
    sentinel = await startSentinel()
  })
  afterAll(() => sentinel.stop())

  const ofNodeRedis = async (name: string, pool: object) => {
    const client = createSentinel({
      name: sentinel.name,
      sentinelRootNodes: [...sentinel.sentinels],
      nodeClientOptions: { name },
      replicaPoolSize: 2,
      ...pool,
    }).on('error', ignore)
    await client.connect()
    return { client, close: () => client.close() }
  }
  suite('node-redis', (name) => ofNodeRedis(name, {}))
  suite('node-redis, with a pool', (name) =>
    ofNodeRedis(name, { masterPoolSize: 4, reserveClient: true }),
  )
  suite('ioredis', async (connectionName) => {
    const options = { sentinels: [...sentinel.sentinels], name: sentinel.name, connectionName }
    const client = new io.Redis(options).on('error', ignore)
    return { client, close: () => client.quit() }
  })
  suite('iovalkey', async (connectionName) => {
    const options = { sentinels: [...sentinel.sentinels], name: sentinel.name, connectionName }
    const client = new valkey.Redis(options).on('error', ignore)
    return { client, close: () => client.quit() }
  })
})

function suite(client: string, open: OpenClient): void {
  describe(client, () => {
    conformance(open)
    onTheServer(open)
  })
}
