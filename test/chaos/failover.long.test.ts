/** 32 writers while Redis changes servers under them: a Cluster that moves slots, and a new master. */

import { execFile } from 'node:child_process'
import { setTimeout as pace } from 'node:timers/promises'
import { promisify } from 'node:util'
import * as io from 'ioredis'
import { createCluster, createSentinel } from 'redis'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createSessions, type StoredSessions } from '../../src/index.ts'
import { redisStore, type RedisClient } from '../../src/stores/redis/redis.ts'
import { SECRET } from '../session/visitor.ts'
import { startRedisCluster, startSentinel } from '../servers/redis-cluster.ts'
import type { Redis } from '../servers/redis.ts'
import { strayErrors, report } from './visitors.ts'
import { type Cookies, startWriters, type Tally } from './writers.ts'

const WRITERS = 32

const ignore = () => {}

const CLUSTER_CLIENTS = {
  async ioredis(nodes: readonly Redis[]) {
    const client = new io.Cluster(nodes.map(({ url }) => url)).on('error', ignore)
    onTestFinished(() => client.disconnect())
    return client
  },
  async 'node-redis'(nodes: readonly Redis[]) {
    const client = createCluster({ rootNodes: nodes.map(({ url }) => ({ url })) })
    await client.on('error', ignore).connect()
    onTestFinished(() => client.destroy())
    return client
  },
}

const SENTINEL_CLIENTS = {
  async ioredis(name: string, sentinels: readonly { host: string; port: number }[]) {
    const client = new io.Redis({ name, sentinels: [...sentinels] }).on('error', ignore)
    onTestFinished(() => client.disconnect())
    return client
  },
  async 'node-redis'(name: string, sentinels: readonly { host: string; port: number }[]) {
    const client = createSentinel({ name, sentinelRootNodes: [...sentinels] })
    await client.on('error', ignore).connect()
    onTestFinished(() => client.destroy())
    return client
  },
}

async function ask({ port }: Redis, ...command: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('redis-cli', ['-p', `${port}`, ...command])
  return stdout.trim()
}

function sessionsOn(client: unknown): StoredSessions<any> {
  return createSessions<any>({ secret: SECRET, store: redisStore(client as RedisClient) })
}

/** How many of the sessions that were logged out open again, and what users have now. */
async function afterwards(sessions: StoredSessions<any>, { current, ended }: Cookies) {
  let revived = 0
  for (const cookie of ended) {
    if ((await sessions.open(cookie)).userId !== undefined) revived += 1
  }
  let open = 0
  for (const [user, cookie] of current) {
    if ((await sessions.open(cookie)).userId === user) open += 1
  }
  return { revived, open, of: current.size }
}

function tell(scenario: string, tally: Tally, revived: number, more = ''): void {
  report(
    `${scenario}, ${WRITERS} writers: ${tally.acknowledged} commits acknowledged, ${tally.lost} lost; ${tally.loggedOut} logouts, ${revived} revived; ${tally.refused} refused${more}`,
  )
}

describe('a Cluster that moves slots in use', () => {
  test.each(Object.entries(CLUSTER_CLIENTS))(
    'loses and revives nothing, %s',
    async (name, connect) => {
      const stray = strayErrors()
      const { nodes, stop } = await startRedisCluster()
      onTestFinished(stop)
      const sessions = sessionsOn(await connect(nodes))
      const writers = startWriters(sessions, name, WRITERS)
      await writers.more(3)
      let moved = 0
      for (let round = 0; round < 2; round++) moved += await moveSlots(nodes.slice(0, 3))
      await writers.more(3)
      const cookies = await writers.end()
      const { revived, open, of } = await afterwards(sessions, cookies)
      tell(`${name} Cluster, slots moved`, writers.tally, revived, `; ${moved} keys moved`)
      expect(moved).toBeGreaterThan(WRITERS)
      expect([writers.tally.lost, revived]).toEqual([0, 0])
      expect(open).toBe(of)
      for (const user of writers.users) {
        await sessions.revokeUser(user)
        expect(await sessions.list(user)).toEqual([])
      }
      expect((await afterwards(sessions, cookies)).open).toBe(0)
      expect(stray).toEqual([])
    },
  )
})

/** Moves 300 of the slots with keys to the next master, key by key; returns how many keys it moved. */
async function moveSlots(nodes: readonly Redis[]): Promise<number> {
  const masters = nodes.map(({ url }) => new io.Redis(url))
  onTestFinished(() => masters.forEach((master) => master.disconnect()))
  const ids = await Promise.all(masters.map((master) => master.call('CLUSTER', ['MYID'])))
  const slots = new Map<number, number>()
  for (const [n, master] of masters.entries()) {
    for (const key of await master.keys('*')) slots.set(await master.cluster('KEYSLOT', key), n)
  }
  let moved = 0
  for (const [slot, from] of [...slots].slice(0, 300)) {
    const to = (from + 1) % masters.length
    const [source, target] = [masters[from]!, masters[to]!]
    const set = (master: io.Redis, ...args: unknown[]) =>
      master.call('CLUSTER', ['SETSLOT', `${slot}`, ...args.map(String)])
    await set(target, 'IMPORTING', ids[from])
    await set(source, 'MIGRATING', ids[to])
    for (;;) {
      const keys = (await source.call('CLUSTER', ['GETKEYSINSLOT', `${slot}`, '100'])) as string[]
      if (keys.length === 0) break
      const place = ['127.0.0.1', `${nodes[to]!.port}`, '', '0', '5000']
      await source.call('MIGRATE', [...place, 'KEYS', ...keys])
      moved += keys.length
    }
    // The target first: otherwise the slot could have no owner for a moment.
    await set(target, 'NODE', ids[to])
    await set(source, 'NODE', ids[to])
  }
  return moved
}

describe('a master that dies, whom a Sentinel replaces', () => {
  test.each(Object.entries(SENTINEL_CLIENTS))(
    'loses at most what it had not replicated, and whoever it was can be revoked, %s',
    async (name, connect) => {
      const stray = strayErrors()
      const { name: master, sentinels, nodes, stop } = await startSentinel()
      onTestFinished(stop)
      const client = await connect(master, sentinels)
      const sessions = sessionsOn(client)
      const store = redisStore(client as RedisClient)
      const writers = startWriters(sessions, name, WRITERS)
      await writers.more(20)
      await nodes[0]!.kill()
      await newMaster(nodes.slice(1))
      await writers.more(20)
      const cookies = await writers.end()
      const { revived, open, of } = await afterwards(sessions, cookies)
      // A list that the new master never had: every second user has one.
      const lost = writers.users.filter((_, n) => n % 2 === 0)
      for (const user of lost) await store.erase(user)
      const unlisted = lost.filter((user) => cookies.current.has(user))
      const healed = unlisted.filter((_, n) => n % 2 === 0)
      for (const user of healed) {
        const session = await sessions.open(cookies.current.get(user)!)
        await session.commit()
        expect((await sessions.list(user)).length).toBe(1)
      }
      for (const user of writers.users) await sessions.revokeUser(user)
      const after = await afterwards(sessions, cookies)
      tell(
        `${name} Sentinel, master killed`,
        writers.tally,
        revived,
        `; ${unlisted.length} users without a list, ${healed.length} of them healed by a visit, ${after.open} open after revokeUser`,
      )
      // Redis replicates after it answers: what a dying master said last can die with it.
      expect(writers.tally.lost).toBeLessThanOrEqual(WRITERS * 2)
      expect(revived).toBeLessThanOrEqual(WRITERS)
      expect([open, after.open]).toEqual([of, 0])
      expect(stray).toEqual([])
    },
  )
})

/** Resolves when one of the replicas has become the master. */
async function newMaster(replicas: readonly Redis[]): Promise<void> {
  for (;;) {
    const roles = await Promise.all(replicas.map((node) => ask(node, 'ROLE')))
    if (roles.some((role) => role.startsWith('master'))) return
    await pace(100)
  }
}
