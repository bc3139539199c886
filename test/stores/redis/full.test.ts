/** The Redis store on a server whose memory is full, and on one that evicts. */

import { Redis } from 'ioredis'
import { afterEach, expect, test } from 'vitest'
import { createSessions, type StoredSessions } from '../../../src/index.ts'
import { redisStore } from '../../../src/stores/redis/redis.ts'
import { startRedis } from '../../servers/redis.ts'
import { SECRET } from '../../session/visitor.ts'
import { LIMIT, rowOf } from './suite.ts'

const endings: (() => unknown)[] = []
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

const until = Date.now() + 3_600_000
const body = 'x'.repeat(100_000)

/** A store on a server whose memory is full, with two sessions of mona. */
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
  await expect(store.insert('m3', rowOf('mona', 'w', ''))).rejects.toThrow(/OOM/)
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
  // A session, and a user, whose list was lost.
  expect(await store.keep('mona', 'm3', 5, until)).toBe(true)
  expect(await store.list('mona')).toEqual(['m2', 'm3'])
  expect(await store.revoke('nora', 5, until, undefined)).toEqual({ epoch: 5, keys: [] })
  expect(await store.epoch('nora')).toBe(5)
  expect(await client.pttl('session@nora')).toBeGreaterThan(3_000_000)
  await store.erase('nora')
  expect(await store.epoch('nora')).toBe(0)
  expect(await store.check()).toEqual([expect.stringContaining('stores nothing on disk')])
})

/** The cookie of a user who has just signed in. */
async function signedIn(sessions: StoredSessions<any>, user: string): Promise<string> {
  const session = await sessions.open(null)
  session.login(user)
  return (await session.commit()).getSetCookie()[0]!.split(';', 1)[0]!
}

test('logout, list, revoke and revokeUser of the app work while the memory is full', async () => {
  const { store, client } = await fullRedis()
  await client.config('SET', 'maxmemory', '0')
  const sessions = createSessions<any>({ secret: SECRET, store })
  const [out, one, all] = [
    await signedIn(sessions, 'ada'),
    await signedIn(sessions, 'ada'),
    await signedIn(sessions, 'ada'),
  ]
  await client.config('SET', 'maxmemory', '1mb')
  await expect(signedIn(sessions, 'ada')).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' })
  const session = await sessions.open(out)
  session.logout()
  await session.commit()
  expect(await sessions.list('ada')).toHaveLength(2)
  expect(await sessions.revoke('ada', (await sessions.open(one)).handle!)).toBe(true)
  expect(await sessions.revokeUser('ada')).toEqual({ ended: 1, marked: true })
  for (const cookie of [out, one, all]) {
    expect((await sessions.open(cookie)).userId).toBe(undefined)
  }
})

test('a list that Redis evicted heals with a visit, and without one its user can be revoked', async () => {
  const evicting = await startRedis({ settings: ['--maxmemory-policy', 'allkeys-random'] })
  endings.push(() => evicting.stop())
  const client = new Redis(evicting.url)
  endings.push(() => client.disconnect())
  const store = redisStore(client)
  const sessions = createSessions<any>({ secret: SECRET, store })
  const cookies = new Map<string, string>()
  for (let n = 0; n < 40; n++) cookies.set(`user-${n}`, await signedIn(sessions, `user-${n}`))
  const used = Number(/used_memory:(\d+)/.exec(await client.info('memory'))![1])
  await client.config('SET', 'maxmemory', `${used + 300_000}`)

  /** Users whose session is there, and whose list is not. */
  const unlisted = async () => {
    const found: string[] = []
    for (const [user, cookie] of cookies) {
      const row = await store.read(cookie.split('=')[1]!.slice(0, 22))
      if (row && !row.isListed) found.push(user)
    }
    return found
  }
  let found = await unlisted()
  for (let n = 0; found.length < 2; n++) {
    await store.insert(`${n}`, rowOf(null, 'w', 'x'.repeat(1000)))
    found = await unlisted()
  }
  await client.config('SET', 'maxmemory', '0')
  const [healed, forgotten] = found as [string, string]

  const visit = await sessions.open(cookies.get(healed)!)
  expect(visit.userId).toBe(healed)
  await visit.commit()
  expect(await sessions.list(healed)).toEqual([expect.objectContaining({ handle: visit.handle })])
  expect(await sessions.revokeUser(healed)).toEqual({ ended: 1, marked: true })

  expect(await sessions.revokeUser(forgotten)).toEqual({ ended: 0, marked: true })
  for (const user of found.slice(0, 2)) {
    expect((await sessions.open(cookies.get(user)!)).userId).toBe(undefined)
  }
})
