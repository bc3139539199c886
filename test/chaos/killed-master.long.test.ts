/** A Redis master that dies under an app: its replica takes over, and the app goes on. */

import * as io from 'ioredis'
import { createCluster, createSentinel } from 'redis'
import { expect, onTestFinished, test } from 'vitest'
import { redisStore, type RedisClient } from '../../src/stores/redis.ts'
import { startRedisCluster, startSentinel } from '../servers/redis-cluster.ts'
import { loadOf, report, sessionsOn, siteOn, strayErrors } from './visitors.ts'

/** What the servers take to notice, as they are set, and what electing and reconnecting may add. */
const RECOVERED_MS = { Cluster: 2000 + 4000, Sentinel: 1000 + 5000 }

const ignore = () => {}

const CLIENTS = {
  async 'ioredis Cluster'() {
    const { url, nodes, stop } = await startRedisCluster()
    onTestFinished(stop)
    const client = new io.Cluster([url]).on('error', ignore)
    onTestFinished(() => client.disconnect())
    return { client, master: nodes[0]!, within: RECOVERED_MS.Cluster }
  },

  async 'node-redis Cluster'() {
    const { nodes, stop } = await startRedisCluster()
    onTestFinished(stop)
    const rootNodes = nodes.map(({ url }) => ({ url }))
    const client = createCluster({ rootNodes }).on('error', ignore)
    await client.connect()
    onTestFinished(() => client.destroy())
    return { client, master: nodes[0]!, within: RECOVERED_MS.Cluster }
  },

  async 'ioredis Sentinel'() {
    const { name, sentinels, nodes, stop } = await startSentinel()
    onTestFinished(stop)
    const client = new io.Redis({ name, sentinels: [...sentinels] }).on('error', ignore)
    onTestFinished(() => client.disconnect())
    return { client, master: nodes[0]!, within: RECOVERED_MS.Sentinel }
  },

  async 'node-redis Sentinel'() {
    const { name, sentinels, nodes, stop } = await startSentinel()
    onTestFinished(stop)
    const client = createSentinel({ name, sentinelRootNodes: [...sentinels] }).on('error', ignore)
    await client.connect()
    onTestFinished(() => client.destroy())
    return { client, master: nodes[0]!, within: RECOVERED_MS.Sentinel }
  },
}

test.each(Object.entries(CLIENTS))('through %s', async (name, open) => {
  const stray = strayErrors()
  const { client, master, within } = await open()
  const store = redisStore(client as RedisClient)
  const rejected: string[] = []
  const sessions = sessionsOn(store, (event) => {
    if (event.type === 'rejected') rejected.push(event.reason)
  })
  const load = await loadOf(await siteOn(sessions), name.replace(' ', '-'), 16, {
    // A master answers before its replica has it: what it said last can die with it.
    mayLose: 1,
  })
  await load.rightAgain(10)
  await master.kill()
  const killedAt = performance.now()
  await load.rightAgain(1).catch(explained)
  const took = performance.now() - killedAt
  await load.rightAgain(10).catch(explained)
  await load.end()
  report(
    `${name}, master killed: every visitor back after ${took.toFixed(0)} ms; ${load.right} right, ${load.refused} refused, ${load.lost} lost`,
  )
  expect(load.refused).toBeGreaterThan(0)
  expect(took).toBeLessThan(within)
  expect(stray).toEqual([])

  /** A row that is gone was lost by the engine; a corrupt one is another visitor's. */
  function explained(error: unknown): never {
    throw new Error(`${String(error)}; cookies rejected: ${rejected.join(', ')}`, { cause: error })
  }
})
