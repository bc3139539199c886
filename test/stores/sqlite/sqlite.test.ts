/** The SQLite store: the conformance suite, and what is SQLite's own. */

import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { sqliteStore, type SqliteDatabase } from '../../../src/stores/sqlite/sqlite.ts'
import { CLOCK_MARGIN_MS } from '../../../src/backends/stored/store.ts'
import { fakeClock, storeConformance } from '../../../src/testing/testing.ts'
import { MANY, someRow, sqliteFile, storeIn, type SqliteFile } from './file.ts'

describe('conformance', () => {
  const cases = storeConformance({
    async open(clock) {
      const file = sqliteFile()
      const store = sqliteStore(file.open(), { clock })
      await store.createSchema()
      return { store, close: file.remove }
    },
    advance: (ms, clock) => clock.advance(ms),
  })
  for (const { name, run } of cases) test(name, run)
})

describe('conformance, on a database in memory that answers as no store would choose', () => {
  const cases = storeConformance({
    async open(clock) {
      const db = new DatabaseSync(':memory:', { readBigInts: true, returnArrays: true })
      const store = sqliteStore(db, { clock, prefix: '1_Other' })
      await store.createSchema()
      return { store, close: () => db.close() }
    },
    advance: (ms, clock) => clock.advance(ms),
  })
  for (const { name, run } of cases) test(name, run)
})

describe('the connection', () => {
  let file: SqliteFile
  beforeEach(() => {
    file = sqliteFile()
  })
  afterEach(() => {
    vi.unstubAllEnvs()
    file.remove()
  })

  test("a store whose connection is inside the application's transaction refuses to work", async () => {
    const { db, store } = await storeIn(file)
    db.exec('BEGIN')
    const refusal = { code: 'ERR_STORE_UNAVAILABLE', message: /inside a transaction/ }
    await expect(store.insert('k', someRow())).rejects.toMatchObject(refusal)
    await expect(store.read('k')).rejects.toMatchObject(refusal)
    await expect(store.createSchema()).rejects.toMatchObject(refusal)
    db.exec('COMMIT')
    expect(await store.read('k')).toBeNull()
    expect(await store.insert('k', someRow())).toBe(true)
  })

  test('a failed write leaves no transaction open and changes nothing', async () => {
    const { db, store } = await storeIn(file)
    await store.insert('k', someRow())
    db.exec(`CREATE TRIGGER stop BEFORE UPDATE ON sojourn_sessions
      BEGIN SELECT RAISE(ABORT, 'stopped'); END`)
    const swap = store.swap('k', 'w1', someRow({ write: 'w2' }))
    await expect(swap).rejects.toThrow('stopped')
    expect(db.isTransaction).toBe(false)
    expect(await store.read('k')).toMatchObject({ write: 'w1' })
  })

  test('a full disk fails one write, and the next finds the store in order', async () => {
    const { db, store } = await storeIn(file)
    const pages = db.prepare('PRAGMA page_count').get()?.['page_count']
    db.exec(`PRAGMA max_page_count = ${Number(pages)}`)
    const large = someRow({ body: 'x'.repeat(100_000) })
    await expect(store.insert('k', large)).rejects.toThrow('full')
    expect(await store.insert('k', someRow())).toBe(true)
    const row = someRow({ expiresAt: expect.any(Number) })
    expect(await store.read('k')).toEqual({ ...row, epoch: 0, isListed: true })
  })

  test('the busy timeout that the application set is its own again after every verb', async () => {
    const { db, store } = await storeIn(file)
    db.exec('PRAGMA busy_timeout = 1234')
    await store.insert('k', someRow())
    await store.read('k')
    await store.list('mona')
    expect(db.prepare('PRAGMA busy_timeout').get()).toEqual({ timeout: 1234 })
  })

  test('a session is on the disk when it is acknowledged: synchronous is FULL, or stays EXTRA', async () => {
    const { db, store } = await storeIn(file)
    const synchronous = () => db.prepare('PRAGMA synchronous').get()?.['synchronous']
    await store.read('k')
    expect(synchronous()).toBe(2)

    const other = file.open()
    other.exec('PRAGMA synchronous = NORMAL')
    await sqliteStore(other).insert('k', someRow())
    expect(other.prepare('PRAGMA synchronous').get()).toEqual({ synchronous: 2 })

    const careful = file.open()
    careful.exec('PRAGMA synchronous = EXTRA')
    await sqliteStore(careful).read('k')
    expect(careful.prepare('PRAGMA synchronous').get()).toEqual({ synchronous: 3 })
  })

  test('a limit that was lowered refuses newcomers, and nobody who is in', async () => {
    const { store } = await storeIn(file)
    const until = Date.now() + 60_000
    for (const key of ['a', 'b', 'c']) await store.admit('mona', key, 0, until, MANY)
    const limit = { most: 2, refuse: true }
    expect(await store.admit('mona', 'a', 0, until, limit)).toEqual({ admitted: true, over: [] })
    expect(await store.admit('mona', 'd', 0, until, limit)).toEqual({
      admitted: false,
      why: 'limit',
    })
    expect(await store.list('mona')).toEqual(['a', 'b', 'c'])
  })

  test('an end in the far future is answered as it was given', async () => {
    const { store } = await storeIn(file)
    const ends = [Number.MAX_SAFE_INTEGER, 2 ** 60, 1e300, Infinity, Date.now() + 0.5]
    for (const [n, expiresAt] of ends.entries()) {
      await store.insert(`k${n}`, someRow({ expiresAt }))
      expect(await store.read(`k${n}`)).toMatchObject({ expiresAt })
    }
  })

  test('check says what endangers sessions', async () => {
    const { db, store } = await storeIn(file)
    expect(await store.check()).toEqual([])
    db.exec('PRAGMA journal_mode = DELETE')
    expect(await store.check()).toEqual([expect.stringContaining('journal mode "delete"')])
    db.exec('DROP TABLE sojourn_meta')
    expect((await store.check())[1]).toContain('createSchema')

    const inMemory = sqliteStore(new DatabaseSync(':memory:'))
    await inMemory.createSchema()
    expect(await inMemory.check()).toEqual([])
    vi.stubEnv('NODE_ENV', 'production')
    expect(await inMemory.check()).toEqual([expect.stringContaining('in memory')])
  })

  test('what is no database, and a prefix that cannot begin a name, are refused', () => {
    const db = file.open()
    for (const prefix of ['', 'a-b', 'a"b', 'a b', 'ä', "'", 'x'.repeat(33), 'SQLite_']) {
      expect(() => sqliteStore(db, { prefix })).toThrow('"prefix"')
    }
    for (const other of [undefined, null, 'sessions.db', {}]) {
      const given = other as unknown as SqliteDatabase
      expect(() => sqliteStore(given)).toThrow(
        expect.objectContaining({ code: 'ERR_OPTION_INVALID' }),
      )
    }
  })

  test('a client that answers through callbacks or promises is refused: its silence is no empty store', () => {
    const refused = expect.objectContaining({ code: 'ERR_OPTION_INVALID' })
    const statement = { get: () => statement, run: () => statement, all: () => statement }
    for (const prepared of [statement, Promise.resolve(statement)]) {
      const db = { exec: () => db, prepare: () => prepared }
      expect(() => sqliteStore(db as unknown as SqliteDatabase)).toThrow(refused)
    }
  })

  test('two prefixes are two stores in one file', async () => {
    const db = file.open()
    const [shop, office] = [sqliteStore(db, { prefix: 'shop_' }), sqliteStore(db, { prefix: 'o_' })]
    await shop.createSchema()
    await expect(office.read('k')).rejects.toMatchObject({ code: 'ERR_STORE_SCHEMA' })
    await office.createSchema()
    await shop.insert('k', someRow())
    expect(await office.read('k')).toBeNull()
    expect(await office.insert('k', someRow())).toBe(true)
  })

  test('a read finds its row by one search of an index', async () => {
    const { db } = await storeIn(file)
    const plan = db
      .prepare(
        `EXPLAIN QUERY PLAN SELECT body FROM sojourn_sessions
         WHERE key = ? AND expires_at > ? AND body IS NOT NULL`,
      )
      .all('k', 0)
    expect(plan.map(({ detail }) => detail)).toEqual([
      expect.stringMatching(/^SEARCH sojourn_sessions USING INDEX \S+ \(key=\?\)$/),
    ])
  })
})

test('a list that lives long enough already is not written when it is kept', async () => {
  const file = sqliteFile()
  onTestFinished(() => file.remove())
  const { db, store } = await storeIn(file)
  const changes = () => db.prepare('SELECT total_changes() AS count').get()
  await store.admit('mona', 'k', 7, 2000, MANY)
  const before = changes()
  await store.keep('mona', 'k', 7, 2000)
  await store.keep('mona', 'k', 6, 3000)
  expect(changes()).toEqual(before)
  await store.keep('mona', 'k', 7, 2001)
  expect(changes()).not.toEqual(before)
})

describe('prune', () => {
  let file: SqliteFile
  beforeEach(() => {
    file = sqliteFile()
  })
  afterEach(() => file.remove())

  test("a session's entry in its owner's list goes with the session, or with its tombstone", async () => {
    const clock = fakeClock()
    const store = sqliteStore(file.open(), { clock })
    await store.createSchema()
    const until = clock() + 86_400_000
    const row = someRow({ owner: 'mona', expiresAt: clock() + 1000 })
    for (const key of ['over', 'removed', 'live']) {
      await store.insert(key, key === 'live' ? { ...row, expiresAt: until } : row)
      await store.admit('mona', key, 0, until, MANY)
    }
    await store.remove('removed')
    clock.advance(1000 + CLOCK_MARGIN_MS)
    expect(await store.prune(1)).toBe(1)
    expect(await store.prune(2)).toBe(2)
    expect(await store.prune(100)).toBe(1)
    expect(await store.list('mona')).toEqual(['live'])
    expect(await store.prune(100)).toBe(0)
  })

  test('a list with thousands of entries goes whole, however many may go at once', async () => {
    const clock = fakeClock()
    const { db, store } = await storeIn(file)
    const pruning = sqliteStore(db, { clock })
    for (let n = 0; n < 1300; n++) await store.admit('mona', `k${n}`, 0, clock() + 1000, MANY)
    await store.admit('other', 'k', 0, clock() + 1000, MANY)
    clock.advance(1000 + CLOCK_MARGIN_MS)
    expect(await pruning.prune(10_000)).toBe(1303)
    expect(await pruning.list('mona')).toEqual([])
    expect(db.prepare('SELECT count(*) AS left FROM sojourn_owned').get()).toEqual({ left: 0 })
  })

  test('rows of every size are pruned in steps that leave the lock to others in between', async () => {
    const clock = fakeClock()
    const { db, store } = await storeIn(file)
    const pruning = sqliteStore(db, { clock })
    const body = 'x'.repeat(1 << 20)
    for (let n = 0; n < 40; n++) await store.insert(`k${n}`, someRow({ body, write: `w${n}` }))
    clock.set(Date.now() + 2 * 3_600_000)
    const rows = file.open().prepare('SELECT count(*) AS left FROM sojourn_sessions')
    const seen = new Set<unknown>()
    const pruned = pruning.prune(1000)
    while (!seen.has(0)) {
      seen.add(rows.get()?.['left'])
      await pruning.read('k0')
    }
    expect(await pruned).toBe(40)
    expect(seen.size).toBeGreaterThan(3)
  })
})
