/** A Redis user with the rights of the guide, and with one right less. */

import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { SessionStore } from '../../../src/backends/stored/store.ts'
import type { RedisClient } from '../../../src/stores/redis/client.ts'
import { redisStore } from '../../../src/stores/redis/redis.ts'
import { startRedis, type Redis as Server } from '../../servers/redis.ts'
import { everyVerb, RIGHTS } from './rights.ts'
import { rowOf } from './suite.ts'

const COMMANDS = RIGHTS.filter((word) => word.startsWith('+') && word !== '+config|get')

let server: Server
let admin: Redis
beforeAll(async () => {
  server = await startRedis({ appendonly: 'always' })
  admin = new Redis(server.url)
})
afterAll(async () => {
  admin.disconnect()
  await server.stop()
})

/** Runs some work as a user with these rights. */
async function as<Result>(
  rights: readonly string[],
  work: (store: SessionStore) => Promise<Result>,
): Promise<Result> {
  await admin.call('ACL', ['SETUSER', 'sessions', 'reset', 'on', '>secret', ...rights])
  const client = new Redis(server.port, { username: 'sessions', password: 'secret' })
  try {
    return await work(redisStore(client))
  } finally {
    client.disconnect()
  }
}

test('with the rights of the guide every verb works, and nothing is to be said of the server', async () => {
  await as(RIGHTS, async (store) => {
    expect(await store.check()).toEqual([])
    await everyVerb(store)
  })
  await admin.flushall()
  const client = createClient({
    url: server.url,
    username: 'sessions',
    password: 'secret',
  })
  await client.connect()
  await everyVerb(redisStore(client as RedisClient))
  await client.close()
  await admin.flushall()
})

test('without the right to publish sessions are ended all the same, and the check names what is missing', async () => {
  const subscriber = new Redis(server.url)
  const heard: string[] = []
  const ended = async (rights: readonly string[], key: string) => {
    await admin.call('ACL', ['SETUSER', 'sessions', 'reset', 'on', '>secret', ...rights])
    const client = new Redis(server.port, { username: 'sessions', password: 'secret' })
    const store = redisStore(client, { subscriber })
    const stop = await store.subscribe!(
      (removed) => heard.push(removed),
      () => {},
    )
    await store.insert(key, rowOf(null, 'w1', ''))
    expect(await store.remove(key)).toBe(true)
    const findings = await store.check()
    await subscriber.ping()
    await stop()
    client.disconnect()
    return findings
  }
  expect(await ended(RIGHTS, 'unheard')).toEqual([
    expect.stringMatching(
      /only at the next poll\. Allow it with ACL SETUSER: \+publish &session!ended\.$/,
    ),
  ])
  expect(await ended([...RIGHTS, '+publish', '&session!ended'], 'heard')).toEqual([])
  expect(heard.filter((key) => key !== '')).toEqual(['heard'])
  subscriber.disconnect()
})

test.each(COMMANDS)(
  'without %s some verb fails, and the check names what is missing',
  async (right) => {
    const command = right.slice(1).toUpperCase()
    const rest = RIGHTS.filter((word) => word !== right)
    const found = await as(rest, (store) => store.check())
    expect(found).toEqual([
      expect.stringMatching(
        `does not let this user run ${command}\\..* with ACL SETUSER: \\${right}\\.`,
      ),
    ])
    // What a server has never seen is sent by its text, and by its hash from then on.
    await admin.script('FLUSH')
    await expect(as(rest, everyVerb)).rejects.toThrow(/NOPERM|can't run this command/)
    await admin.flushall()
  },
)

test('without DEL a session opens and cannot be ended, which the check says', async () => {
  await as([...RIGHTS, '-del'], async (store) => {
    await store.insert('k', rowOf(null, 'w1', ''))
    expect(await store.read('k')).toMatchObject({ write: 'w1' })
    await expect(store.remove('k')).rejects.toThrow("can't run this command")
    expect(await store.check()).toEqual([expect.stringContaining('run DEL.')])
  })
  await admin.flushall()
})

describe('the keys', () => {
  test.each(['~session#*', '~session@*'])(
    'without %s the check names both patterns',
    async (one) => {
      const rest = RIGHTS.filter((word) => word !== one)
      const found = await as(rest, (store) => store.check())
      expect(found).toEqual([expect.stringMatching(/all keys.*~session#\* and ~session@\*/)])
      await expect(as(rest, everyVerb)).rejects.toThrow('NOPERM')
      await admin.flushall()
    },
  )

  test('are those of the prefixes of store and client', async () => {
    await admin.call('ACL', ['SETUSER', 'sessions', 'reset', 'on', '>secret', ...RIGHTS])
    const options = { username: 'sessions', password: 'secret', keyPrefix: 'app:' }
    const client = new Redis(server.port, options)
    const [found] = await redisStore(client, { prefix: 'shop' }).check()
    expect(found).toContain('~app:shop#* and ~app:shop@*')
    client.disconnect()
  })
})

test('the check changes nothing', async () => {
  const changes = async () => /rdb_changes_since_last_save:\d+/.exec(await admin.info())?.[0]
  const before = await changes()
  await redisStore(admin).check()
  expect(await changes()).toBe(before)
  expect(await admin.dbsize()).toBe(0)
})

test('a Redis that is too old for the lists of sessions is named as such', async () => {
  const old = await startRedis({
    settings: ['--rename-command', 'ZMSCORE', ''],
    appendonly: 'always',
  })
  const client = new Redis(old.url)
  expect(await redisStore(client).check()).toEqual([expect.stringContaining('since version 6.2')])
  client.disconnect()
  await old.stop()
})
