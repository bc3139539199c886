/** The memory store: the contract, its bounds and its warning. */

import { afterEach, describe, expect, test, vi } from 'vitest'
import { memoryStore } from '../../../src/stores/memory/memory.ts'
import { fakeClock, storeConformance } from '../../../src/testing/testing.ts'
import { HOUR, insertMany, keysOf, row, START } from './rows.ts'

const MANY = { most: 10_000, refuse: false }

const cases = storeConformance({
  open: (clock) => ({ store: memoryStore({ clock }) }),
  advance: (ms, clock) => clock.advance(ms),
})
for (const { name, run } of cases) test(name, run)

describe('a full memory store', () => {
  const clock = fakeClock(START)

  test('drops the session that was neither written nor touched for longest', async () => {
    const store = memoryStore({ entries: 3, clock })
    await insertMany(store, 3)
    await store.swap('k0', 'w', row({ write: 'w2' }))
    await store.touch('k1', START + 2 * HOUR)
    await store.read('k2')
    await store.insert('new', row())
    expect(await keysOf(store)).toEqual(['k0', 'k1', 'new'])
    await store.insert('newer', row())
    expect(await keysOf(store)).toEqual(['k1', 'new', 'newer'])
  })

  test('drops sessions that are over before any that lives', async () => {
    const store = memoryStore({ entries: 3, clock })
    await store.insert('old', row())
    await store.insert('over', row({ expiresAt: START }))
    await store.insert('young', row())
    await store.insert('new', row())
    expect(await keysOf(store)).toEqual(['new', 'old', 'young'])
  })

  test('keeps what is being written, though it is over, or larger than all the room', async () => {
    const store = memoryStore({ entries: 1, bytes: 1000, clock })
    await store.insert('over', row({ expiresAt: START }))
    expect(await keysOf(store)).toEqual(['over'])
    await store.insert('over too', row({ expiresAt: START }))
    expect(await keysOf(store)).toEqual(['over too'])
    await store.insert('large', row({ body: 'x'.repeat(5000) }))
    expect(await keysOf(store)).toEqual(['large'])
    await store.insert('small', row())
    expect(await keysOf(store)).toEqual(['small'])
  })

  test('keeps what is being written, whichever part it is in', async () => {
    const store = memoryStore({ bytes: 1000, clock })
    for (let n = 0; n < 200; n++) {
      await store.insert(`k${n}`, row({ body: 'x'.repeat(800) }))
      expect(await store.read(`k${n}`)).not.toBeNull()
    }
  })

  test('counts ended sessions too, for the two minutes that it remembers them', async () => {
    const store = memoryStore({ entries: 10, clock })
    await insertMany(store, 5)
    for (let n = 0; n < 20; n++) await store.remove(`gone${n}`)
    expect(await keysOf(store)).toEqual([])
    expect(await store.insert('gone19', row())).toBe(false)
    expect(await store.insert('gone0', row())).toBe(true)
  })

  test('in many parts still holds exactly its number, and none but rather new ones', async () => {
    const store = memoryStore({ entries: 8000, clock })
    await insertMany(store, 24_000)
    const kept = (await keysOf(store)).map((key) => Number(key.slice(1)))
    expect(kept).toHaveLength(8000)
    expect(Math.min(...kept)).toBeGreaterThan(12_000)
    expect(kept.filter((n) => n >= 20_000)).toHaveLength(4000)
  })

  test('counts bytes, and two for each character of what is not Latin', async () => {
    const large = { body: 'x'.repeat(10_000) }
    const latin = memoryStore({ bytes: 1_000_000, clock })
    await insertMany(latin, 300, large)
    expect((await keysOf(latin)).length).toBeGreaterThan(95)
    expect((await keysOf(latin)).length).toBeLessThanOrEqual(100)
    const greek = memoryStore({ bytes: 1_000_000, clock })
    await insertMany(greek, 300, { body: `${'x'.repeat(9999)}\u03bb` })
    expect((await keysOf(greek)).length).toBeGreaterThan(45)
    expect((await keysOf(greek)).length).toBeLessThanOrEqual(50)
  })

  test('counts an owner whose name is not Latin', async () => {
    const store = memoryStore({ bytes: 1_000_000, clock })
    await insertMany(store, 300, { body: 'x'.repeat(10_000), owner: '\u03bb' })
    expect((await keysOf(store)).length).toBeLessThanOrEqual(50)
  })

  test('weighs rows rightly, however often they are swapped, touched, removed and swept', async () => {
    const time = fakeClock(START)
    const store = memoryStore({ bytes: 100_000, clock: time })
    for (let round = 0; round < 50; round++) {
      const parts = { body: 'x'.repeat(1000), expiresAt: time() + 1 }
      await store.insert(`r${round}`, row(parts))
      await store.swap(`r${round}`, 'w', row({ ...parts, write: 'w2', body: '\u03bb' }))
      await store.touch(`r${round}`, time() + 2)
      if (round % 2 === 0) await store.remove(`r${round}`)
      time.advance(HOUR)
      await store.prune(10)
    }
    await insertMany(store, 80, { body: 'x'.repeat(1000), expiresAt: time() + HOUR })
    expect(await keysOf(store)).toHaveLength(80)
    await insertMany(store, 99, { body: 'x'.repeat(1000), expiresAt: time() + HOUR })
    expect((await keysOf(store)).length).toBeLessThan(95)
  })
})

describe("the memory store's lists of owners", () => {
  const clock = fakeClock(START)

  test('are bounded in number: the one longest unused goes first', async () => {
    const store = memoryStore({ entries: 3, clock })
    for (const owner of ['a', 'b', 'c']) {
      await store.insert(owner, row({ owner }))
      await store.admit(owner, owner, 0, START + HOUR, MANY)
    }
    await store.keep('a', 'a', 0, START + 2 * HOUR)
    await store.admit('d', 'd', 0, START + HOUR, MANY)
    const lists = await Promise.all(['a', 'b', 'c', 'd'].map((owner) => store.list(owner)))
    expect(lists).toEqual([['a'], [], ['c'], ['d']])
  })

  test('are bounded in bytes', async () => {
    const store = memoryStore({ bytes: 6000, clock })
    for (let n = 0; n < 100; n++) {
      await store.admit(`owner${n}`, 'k'.repeat(200), 0, START + HOUR, MANY)
    }
    const lists = await Promise.all(Array.from({ length: 100 }, (_, n) => store.list(`owner${n}`)))
    expect(lists.filter(({ length }) => length > 0).length).toBeLessThan(20)
    expect(lists[99]).toHaveLength(1)
  })

  test('are there for every session that fits, however small sessions are', async () => {
    const store = memoryStore({ bytes: 200_000, clock })
    const owners = Array.from({ length: 2000 }, (_, n) => `owner-${n}`)
    for (const [n, owner] of owners.entries()) {
      const key = `${n}`.padStart(22, 'k')
      await store.insert(key, row({ owner, body: '' }))
      await store.admit(owner, key, 0, START + HOUR, MANY)
    }
    const live = await keysOf(store)
    expect(live.length).toBeGreaterThan(500)
    const listed = (await Promise.all(owners.map((owner) => store.list(owner)))).flat()
    expect(live.filter((key) => !listed.includes(key))).toEqual([])
  })

  test('take their sessions along where one has to go, since nobody could revoke those', async () => {
    const store = memoryStore({ entries: 3, clock })
    for (const owner of ['a', 'b']) {
      await store.insert(owner, row({ owner }))
      await store.admit(owner, owner, 0, START + HOUR, MANY)
    }
    await store.revoke('c', 1, START + HOUR, undefined)
    await store.revoke('d', 1, START + HOUR, undefined)
    expect(await store.list('a')).toEqual([])
    expect(await store.read('a')).toBe(null)
    expect(await store.list('b')).toEqual(['b'])
    expect(await store.read('b')).not.toBe(null)
  })

  test('that lead nowhere go before those of sessions that live', async () => {
    const store = memoryStore({ entries: 3, clock })
    await store.insert('live', row({ owner: 'a' }))
    await store.admit('a', 'live', 0, START + HOUR, MANY)
    for (const owner of ['b', 'c', 'd', 'e'])
      await store.admit(owner, 'gone', 0, START + HOUR, MANY)
    expect(await store.list('a')).toEqual(['live'])
  })

  test('keep the epoch of a revoked user where others have no session left', async () => {
    const store = memoryStore({ entries: 3, clock })
    await store.revoke('mona', 7, START + HOUR, undefined)
    for (const owner of ['b', 'c', 'd', 'e'])
      await store.admit(owner, 'gone', 0, START + HOUR, MANY)
    expect(await store.epoch('mona')).toBe(7)
  })

  test('know a session by its whole key, not by a part of one, nor by the excepted key', async () => {
    const store = memoryStore({ clock })
    for (const key of ['ab', 'b', 'x', '7', `${START + HOUR}`]) {
      await store.insert(key, row({ owner: 'mona' }))
    }
    await store.admit('mona', 'ab', 0, START + HOUR, MANY)
    await store.revoke('mona', 7, START + HOUR, 'x')
    const found = await Promise.all(['ab', 'b', 'x', '7'].map((key) => store.read(key)))
    expect(found.map((each) => [each?.epoch, each?.isListed])).toEqual([
      [7, true],
      [7, false],
      [0, false],
      [7, false],
    ])
  })

  test('are forgotten by and by when their time is over, without a call to prune', async () => {
    const time = fakeClock(START)
    const store = memoryStore({ clock: time })
    for (let n = 0; n < 100; n++) await store.admit(`owner${n}`, 'k', 0, START + HOUR, MANY)
    time.advance(HOUR + 1)
    for (let n = 0; n < 20; n++) await store.list('nobody')
    for (let n = 0; n < 20; n++) await store.epoch('nobody')
    expect(await store.prune(1000)).toBe(0)
    expect(await store.list('owner5')).toEqual([])
  })
})

describe('the options of the memory store', () => {
  test.each([0, -1, 1.5, Number.NaN, Infinity])('refuse %s as a bound', (bound) => {
    const refused = expect.objectContaining({ code: 'ERR_OPTION_INVALID' })
    expect(() => memoryStore({ entries: bound })).toThrow(refused)
    expect(() => memoryStore({ bytes: bound })).toThrow(refused)
  })

  test('take any other bound, the largest number too', async () => {
    const store = memoryStore({ entries: Number.MAX_SAFE_INTEGER, bytes: Number.MAX_SAFE_INTEGER })
    await insertMany(store, 10)
    expect(await keysOf(store)).toHaveLength(10)
  })
})

describe('the warning of the memory store', () => {
  afterEach(() => {
    vi.unstubAllEnvs()
    vi.restoreAllMocks()
  })

  /** What a process that makes two stores prints. */
  async function printedIn(environment: string): Promise<unknown[][]> {
    vi.stubEnv('NODE_ENV', environment)
    vi.resetModules()
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
    const fresh = await import('../../../src/stores/memory/memory.ts')
    fresh.memoryStore()
    fresh.memoryStore()
    return warn.mock.calls
  }

  test('comes once in production, and says what to use', async () => {
    expect(await printedIn('production')).toEqual([
      [expect.stringMatching(/^\[sojourn\] .*restart.*sqliteStore, redisStore or postgresStore/)],
    ])
  })

  test.each(['development', 'test', ''])('does not come where NODE_ENV is "%s"', async (name) => {
    expect(await printedIn(name)).toEqual([])
  })
})
