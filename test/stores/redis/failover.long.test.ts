/** The Redis store while a master dies: the clients go on with its replica, without a restart. */

import * as io from 'ioredis'
import { createCluster, createSentinel } from 'redis'
import { afterEach, describe, expect, test } from 'vitest'
import type { RedisClient } from '../../../src/stores/redis/client.ts'
import { redisStore } from '../../../src/stores/redis/redis.ts'
import { startRedisCluster, startSentinel } from '../../servers/redis-cluster.ts'
import type { Redis } from '../../servers/redis.ts'
import { increment, rowOf } from './suite.ts'

/**
 * How often a command may be refused, every 10 ms: noticing takes 2 s in the Cluster and 1 s with
 * Sentinels; electing and reconnecting the rest of 15 s.
 */
const REFUSALS = 1500

const ignore = () => {}
const endings: (() => unknown)[] = []
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

describe('a Cluster', () => {
  test('ioredis', async () => {
    const cluster = await started(startRedisCluster())
    const client = new io.Cluster([cluster.url]).on('error', ignore)
    endings.push(() => client.disconnect())
    await survives(client, cluster.nodes[0])
  })

  test('node-redis', async () => {
    const cluster = await started(startRedisCluster())
    const rootNodes = cluster.nodes.map(({ url }) => ({ url }))
    const client = createCluster({ rootNodes }).on('error', ignore)
    await client.connect()
    endings.push(() => client.destroy())
    await survives(client, cluster.nodes[0])
  })
})

describe('the master that Sentinels name', () => {
  test('ioredis', async () => {
    const { name, sentinels, nodes } = await started(startSentinel())
    const client = new io.Redis({ name, sentinels: [...sentinels] }).on('error', ignore)
    endings.push(() => client.disconnect())
    await survives(client, nodes[0])
  })

  test('node-redis', async () => {
    const { name, sentinels, nodes } = await started(startSentinel())
    const client = createSentinel({ name, sentinelRootNodes: [...sentinels] }).on('error', ignore)
    await client.connect()
    endings.push(() => client.destroy())
    await survives(client, nodes[0])
  })
})

async function started<Servers extends { stop(): unknown }>(starting: Promise<Servers>) {
  const servers = await starting
  endings.push(() => servers.stop())
  return servers
}

/** Counts on many keys, all over the slots, while the master of some of them is killed. */
async function survives(client: RedisClient, master: Redis | undefined): Promise<void> {
  const store = redisStore(client)
  const keys = Array.from({ length: 12 }, (_, n) => `counter-${n}`)
  for (const key of keys) await store.insert(key, rowOf(null, 'w0', '0'))
  let isKilled = false
  let most = 0
  const writers = keys.map(async (key) => {
    let count = 0
    for (let after = 0; after < 20; count++) {
      const isAfterwards = isKilled
      most = Math.max(most, await increment(store, key, `${key}-${count}`))
      if (isAfterwards) after++
      if (key === 'counter-0' && count === 20) {
        await master?.kill()
        isKilled = true
      }
    }
    return count
  })
  const counts = await Promise.all(writers)
  expect(most).toBeLessThan(REFUSALS)
  for (const [n, key] of keys.entries()) {
    const kept = Number((await store.read(key))?.body)
    const acknowledged = counts[n] ?? 0
    expect(kept).toBeLessThanOrEqual(acknowledged)
    // A master may answer before it tells its replica: what it said last can die with it.
    expect(kept).toBeGreaterThanOrEqual(acknowledged - 1)
  }
}
