/** A Redis master that dies under an app: its replica takes over, and the app goes on. */

import { execFile } from 'node:child_process'
import { setTimeout as pace } from 'node:timers/promises'
import { promisify } from 'node:util'
import * as io from 'ioredis'
import { createCluster, createSentinel } from 'redis'
import { expect, onTestFinished, test } from 'vitest'
import { redisStore, type RedisClient } from '../../src/stores/redis/redis.ts'
import { startRedisCluster, startSentinel } from '../servers/redis-cluster.ts'
import type { Redis } from '../servers/redis.ts'
import { loadOf, report, sessionsOn, siteOn, strayErrors } from './visitors.ts'

/** How often 16 visitors, who ask every 20 ms, may be refused once a replica has taken over: three seconds. */
const REFUSALS = 2200

const ignore = () => {}

const CLIENTS = {
  async 'ioredis Cluster'() {
    const { url, nodes, stop } = await startRedisCluster()
    onTestFinished(stop)
    const client = new io.Cluster([url]).on('error', ignore)
    onTestFinished(() => client.disconnect())
    return { client, nodes }
  },

  async 'node-redis Cluster'() {
    const { nodes, stop } = await startRedisCluster()
    onTestFinished(stop)
    const rootNodes = nodes.map(({ url }) => ({ url }))
    const client = createCluster({ rootNodes }).on('error', ignore)
    await client.connect()
    onTestFinished(() => client.destroy())
    return { client, nodes }
  },

  async 'ioredis Sentinel'() {
    const { name, sentinels, nodes, stop } = await startSentinel()
    onTestFinished(stop)
    const client = new io.Redis({ name, sentinels: [...sentinels] }).on('error', ignore)
    onTestFinished(() => client.disconnect())
    return { client, nodes }
  },

  async 'node-redis Sentinel'() {
    const { name, sentinels, nodes, stop } = await startSentinel()
    onTestFinished(stop)
    const client = createSentinel({ name, sentinelRootNodes: [...sentinels] }).on('error', ignore)
    await client.connect()
    onTestFinished(() => client.destroy())
    return { client, nodes }
  },
}

async function ask({ port }: Redis, ...command: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('redis-cli', ['-p', `${port}`, ...command])
  return stdout
}

/**
 * A replica says that it is in step before its master sends it what was written meanwhile: that
 * begins with its first acknowledgement, up to a second later, and until then all could be lost.
 */
async function untilReplicated(nodes: readonly Redis[]): Promise<void> {
  for (const node of nodes) {
    for (;;) {
      const info = await ask(node, 'INFO', 'replication')
      const replicas = info.match(/^slave\d+:.*$/gm) ?? []
      if (replicas.every((line) => /state=online,offset=[1-9]/.test(line))) break
    }
  }
}

/** On a busy machine another node than the first may have taken over already. */
async function mastersOf(nodes: readonly Redis[]): Promise<Redis[]> {
  const roles = await Promise.all(nodes.map((node) => ask(node, 'ROLE')))
  return nodes.filter((_, n) => roles[n]!.startsWith('master'))
}

/** Comes true when there are as many masters as before, one of which was killed. */
async function takenOver(nodes: readonly Redis[], before: readonly Redis[]): Promise<void> {
  const alive = nodes.filter((node) => node !== before[0])
  while ((await mastersOf(alive)).length < before.length) await pace(200)
}

test.each(Object.entries(CLIENTS))('through %s', async (name, open) => {
  const stray = strayErrors()
  const { client, nodes } = await open()
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
  await untilReplicated(nodes)
  const masters = await mastersOf(nodes)
  await masters[0]!.kill()
  const before = load.refused
  const back = load.rightAgain(1).then(() => load.refused)
  back.catch(() => {})
  await takenOver(nodes, masters)
  // Where the servers themselves are slow, on a busy machine, the app may be so too.
  const then = load.refused
  const more = Math.max((await back.catch(explained)) - then, 0)
  await load.rightAgain(10).catch(explained)
  await load.end()
  report(
    `${name}, master killed: the servers took over after ${then - before} refusals, every visitor was back after ${more} more; ${load.right} right, ${load.refused} refused, ${load.lost} lost`,
  )
  expect(load.refused).toBeGreaterThan(0)
  expect(more).toBeLessThan(REFUSALS)
  expect(stray).toEqual([])

  /** A row that is gone was lost by the engine; a corrupt one is another visitor's. */
  function explained(error: unknown): never {
    throw new Error(`${String(error)}; cookies rejected: ${rejected.join(', ')}`, { cause: error })
  }
})
