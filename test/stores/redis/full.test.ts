/** The Redis store on a server whose memory is full, and on one that evicts. */

import { Redis } from 'ioredis'
import { afterEach, expect, test } from 'vitest'
import { redisStore } from '../../../src/stores/redis/redis.ts'
import { startRedis } from '../../servers/redis.ts'
import { LIMIT, rowOf } from './suite.ts'

const endings: (() => unknown)[] = []
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

const until = Date.now() + 3_600_000
const body = 'x'.repeat(100_000)

/** A store on a server whose memory is full, with the lists of mona and nora. */
async function fullRedis() {
  const full = await startRedis({ settings: ['--maxmemory', '4mb'] })
  endings.push(() => full.stop())
  const client = new Redis(full.url)
  endings.push(() => client.disconnect())
  const store = redisStore(client)
  for (const key of ['m1', 'm2']) {
    await store.insert(key, rowOf('mona', 'w', ''))
    await store.admit('mona', key, 0, until, LIMIT)
  }
  const fill = async () => {
    for (let n = 0; ; n++) await store.insert(`${n}`, rowOf(null, 'w', body))
  }
  await expect(fill()).rejects.toThrow(/OOM/)
  await client.config('SET', 'maxmemory', '1mb')
  return { store, client }
}

test('a logout works while the memory of the server is full, and a login does not', async () => {
  const { store } = await fullRedis()
  expect(await store.remove('0')).toBe(true)
  expect(await store.remove('nobody')).toBe(false)
  expect(await store.read('0')).toBe(null)
  expect((await store.read('1'))?.body).toBe(body)
  await expect(store.swap('1', 'w', rowOf(null, 'w2', ''))).rejects.toThrow(/OOM/)
  await expect(store.admit('mona', 'm3', 0, until, LIMIT)).rejects.toThrow(/OOM/)
})

test('a user is revoked while the memory of the server is full, and their epoch is stored', async () => {
  const { store, client } = await fullRedis()
  expect(await store.list('mona')).toEqual(['m1', 'm2'])
  expect(await store.revoke('mona', 5, until, 'm2')).toEqual({ epoch: 5, keys: ['m1', 'm2'] })
  expect(await store.read('m1')).toMatchObject({ epoch: 5, isListed: true })
  expect(await store.read('m2')).toMatchObject({ epoch: 0, isListed: true })
  expect(await store.remove('m1')).toBe(true)
  await store.forget('mona', ['m1'])
  expect(await store.list('mona')).toEqual(['m2'])
  expect(await store.keep('mona', 'm2', 0, until + 60_000)).toBe(true)
  // A user whose list was never there, or was lost.
  expect(await store.revoke('nora', 5, until, undefined)).toEqual({ epoch: 5, keys: [] })
  expect(await store.epoch('nora')).toBe(5)
  expect(await client.pttl('session@nora')).toBeGreaterThan(3_000_000)
  await store.erase('nora')
  expect(await store.epoch('nora')).toBe(0)
})
