/** A Redis user with the rights of the guide on every node of a Cluster. */

import * as io from 'ioredis'
import { createCluster } from 'redis'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { RedisClient } from '../../../src/stores/redis/client.ts'
import { redisStore } from '../../../src/stores/redis/redis.ts'
import { startRedisCluster, type RedisCluster } from '../../servers/redis-cluster.ts'
import { everyVerb, RIGHTS } from './rights.ts'

/** What the guide adds for a Cluster. */
const OF_A_CLUSTER = ['+cluster|slots', '+cluster|info', '+ping']

const login = { username: 'sessions', password: 'secret' }

let cluster: RedisCluster
beforeAll(async () => {
  cluster = await startRedisCluster()
  for (const { url } of cluster.nodes) {
    const admin = new io.Redis(url)
    const rights = [...RIGHTS, ...OF_A_CLUSTER]
    await admin.call('ACL', ['SETUSER', login.username, 'on', `>${login.password}`, ...rights])
    admin.disconnect()
  }
})
afterAll(() => cluster.stop())

const CLIENTS = {
  async ioredis() {
    const client = new io.Cluster([cluster.url], { redisOptions: login })
    onTestFinished(() => client.disconnect())
    return client
  },
  async 'node-redis'() {
    const rootNodes = cluster.nodes.map(({ url }) => ({ url }))
    const client = createCluster({ rootNodes, defaults: login })
    await client.connect()
    onTestFinished(() => client.destroy())
    return client
  },
}

test.each(Object.entries(CLIENTS))(
  'every verb works in a Cluster through %s',
  async (name, open) => {
    const store = redisStore((await open()) as RedisClient)
    await everyVerb(store, name)
    // These servers write nothing to the disk.
    expect(await store.check()).toEqual([expect.stringContaining('stores nothing on disk')])
  },
)
