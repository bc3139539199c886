/** The list of a user's sessions in Redis: one sorted set, with the epoch beside the keys. */

import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { redisStore } from '../../../src/stores/redis/redis.ts'
import { startRedis, type Redis as Server } from '../../servers/redis.ts'
import { LIMIT, rowOf } from './suite.ts'

let server: Server
let client: Redis
beforeAll(async () => {
  server = await startRedis()
  client = new Redis(server.url)
})
afterAll(async () => {
  client.disconnect()
  await server.stop()
})

/** A store under a prefix of its own, and the times a test needs. */
function opened(prefix: string) {
  const until = Date.now() + 60_000
  return { store: redisStore(client, { prefix }), list: `${prefix}@mona`, until }
}

const EXCEPTED = '\0\0a'

test('a revocation takes no place in the list of sessions, and outlives it', async () => {
  const { store, list, until } = opened('noted')
  const limit = { most: 1, refuse: true }
  await store.revoke('mona', 5, until + 86_400_000, 'a')
  expect(await store.admit('mona', 'a', 5, until, limit)).toEqual({ admitted: true, over: [] })
  expect(await store.admit('mona', 'b', 5, until, limit)).toEqual({ admitted: false, why: 'limit' })
  const over = { admitted: true, over: ['a'] }
  expect(await store.admit('mona', 'b', 5, until, { most: 1, refuse: false })).toEqual(over)
  expect(await store.list('mona')).toEqual(['a', 'b'])
  expect(await store.list('mona', 1)).toEqual(['a'])
  await store.forget('mona', ['a', 'b'])
  expect(await store.list('mona')).toEqual([])
  expect(await store.epoch('mona')).toBe(5)
  expect(await client.pttl(list)).toBeGreaterThan(80_000_000)
})

test.each([2 ** 53 - 1, 1e15, 2 ** 52 + 1, 1_764_478_800_123 * 1024 + 1023])(
  'the epoch %d is stored and compared exactly, in RESP 2 and RESP 3',
  async (epoch) => {
    const nodeRedis = createClient({ url: server.url, RESP: 3 })
    await nodeRedis.connect()
    for (const [prefix, one] of [
      [`exact2${epoch}`, client],
      [`exact3${epoch}`, nodeRedis],
    ] as const) {
      const store = redisStore(one, { prefix })
      const until = Date.now() + 60_000
      await store.insert('k', rowOf('mona', 'w', ''))
      const below = { admitted: true, over: [] }
      expect(await store.admit('mona', 'k', epoch - 1, until, LIMIT)).toEqual(below)
      expect(await store.epoch('mona')).toBe(epoch - 1)
      expect(await store.revoke('mona', epoch, until, undefined)).toEqual({ epoch, keys: ['k'] })
      expect(await store.revoke('mona', epoch - 1, until, 'k')).toEqual({ epoch, keys: ['k'] })
      expect(await store.epoch('mona')).toBe(epoch)
      expect(await store.read('k')).toMatchObject({ epoch, isListed: true })
      const refused = { admitted: false, why: 'revoked' }
      expect(await store.admit('mona', 'k', epoch - 1, until, LIMIT)).toEqual(refused)
      expect(await store.keep('mona', 'k', epoch - 1, until)).toBe(false)
      expect(await store.keep('mona', 'k', epoch, until)).toBe(true)
    }
    await nodeRedis.close()
  },
)

describe('a session that was excepted from a revocation', () => {
  test('opens, whatever its epoch, until the next revocation', async () => {
    const { store, list, until } = opened('excepted')
    await store.insert('a', rowOf('mona', 'w', ''))
    await store.admit('mona', 'a', 0, until, LIMIT)
    await store.revoke('mona', 5, until, 'a')
    expect(await store.read('a')).toMatchObject({ epoch: 0, isListed: true })
    expect(await store.keep('mona', 'a', 0, until)).toBe(true)
    await store.revoke('mona', 5, until, 'b')
    expect(await store.read('a')).toMatchObject({ epoch: 0 })
    await store.revoke('mona', 6, until, 'b')
    expect(await store.read('a')).toMatchObject({ epoch: 6 })
    expect(await store.keep('mona', 'a', 5, until)).toBe(false)
    expect(await client.zrange(list, '0', '-1')).toEqual(['\0', '\0\0b', 'a'])
  })

  test('is so for that revocation only: an epoch that a login brings back ends it', async () => {
    const { store, list, until } = opened('brought')
    await store.insert('a', rowOf('mona', 'w', ''))
    await store.revoke('mona', 5, until, 'a')
    await store.admit('mona', 'b', 6, until, LIMIT)
    expect(await store.read('a')).toMatchObject({ epoch: 6, isListed: false })
    expect(await client.zscore(list, EXCEPTED)).toBe(null)
    expect(await store.keep('mona', 'a', 5, until)).toBe(false)
  })
})

test('a list that was lost comes back with the next visits, the epoch included', async () => {
  const { store, list, until } = opened('lost')
  for (const key of ['a', 'b']) await store.insert(key, rowOf('mona', 'w', ''))
  await store.revoke('mona', 5, until, undefined)
  await store.admit('mona', 'a', 5, until, LIMIT)
  await store.admit('mona', 'b', 5, until, LIMIT)
  await client.del(list)
  expect(await store.read('b')).toMatchObject({ epoch: 0, isListed: false })
  expect(await store.keep('mona', 'b', 5, until)).toBe(true)
  expect(await store.read('b')).toMatchObject({ epoch: 5, isListed: true })
  expect(await store.keep('mona', 'a', 5, until)).toBe(true)
  expect(await store.list('mona')).toEqual(['b', 'a'])
  expect(await store.keep('mona', 'a', 4, until)).toBe(false)
  expect(await client.pttl(list)).toBeGreaterThan(60_000)
})

test('a session that is kept for an hour does not shorten the life of its list', async () => {
  const { store, list, until } = opened('raised')
  await store.admit('mona', 'a', 0, until + 3_600_000, LIMIT)
  await store.keep('mona', 'a', 0, until)
  await store.admit('mona', 'b', 0, until, LIMIT)
  await store.revoke('mona', 5, until, undefined)
  expect(await client.pttl(list)).toBeGreaterThan(3_600_000)
  await store.keep('mona', 'a', 5, until + 7_200_000)
  expect(await client.pttl(list)).toBeGreaterThan(7_200_000)
})

test('a login over the limit learns the 64 oldest of those before it, whatever came after', async () => {
  const { store, until } = opened('over')
  const keys = Array.from({ length: 100 }, (_, n) => `k${n}`)
  for (const key of keys) await store.admit('mona', key, 0, until, LIMIT)
  const over = async (key: string, most: number) => {
    const admission = await store.admit('mona', key, 0, until, { most, refuse: false })
    return admission.admitted ? admission.over : admission.why
  }
  expect(await over('k99', 98)).toEqual(['k0', 'k1'])
  expect(await over('k99', 10)).toEqual(keys.slice(0, 64))
  expect(await over('k10', 10)).toEqual(['k0'])
  expect(await over('k9', 10)).toEqual([])
  await store.forget('mona', ['k0', 'k5'])
  expect(await over('k10', 8)).toEqual(['k1'])
})

test('who is erased leaves neither list nor epoch', async () => {
  const { store, list, until } = opened('erased')
  await store.admit('mona', 'a', 0, until, LIMIT)
  await store.revoke('mona', 5, until, 'a')
  await store.erase('mona')
  expect(await client.exists(list)).toBe(0)
  expect(await store.epoch('mona')).toBe(0)
})
