/** A SQLite file that another connection has locked: verbs wait, and the event loop does not. */

import { monitorEventLoopDelay } from 'node:perf_hooks'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { SessionError } from '../../../src/base/errors.ts'
import { lineUp } from '../../../src/stores/sqlite/lock-queue.ts'
import { sqliteStore, type SqliteValue } from '../../../src/stores/sqlite/sqlite.ts'
import { MANY, someRow, sqliteFile, storeIn, type SqliteFile } from './file.ts'

let file: SqliteFile
beforeEach(() => {
  file = sqliteFile()
})
afterEach(() => file.remove())

/** For a line whose jobs are done as they are. */
const each = (_: string, jobs: () => void) => jobs()

/** The machine itself may pause this process: a round counts if it did not. */
const ROUNDS = 30
/** The histogram counts its own interval too. */
const RESOLUTION_MS = 5

test('under a lock, verbs neither hold up the event loop nor fail, and end when it is released', async () => {
  const { store } = await storeIn(file)
  const db = new DatabaseSync(file.path, { timeout: 5000 })
  const waiting = sqliteStore(db)
  const other = file.open()
  let longest = Infinity
  let usual = Infinity
  // Readers are not kept out, and each that is answered shows that the loop turns.
  const delayWhileReading = async () => {
    const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
    delay.enable()
    while (delay.count < 40) expect(await store.read('nobody')).toBeNull()
    delay.disable()
    return delay.max / 1e6 - RESOLUTION_MS
  }
  const allowed = () => Math.max(20, 2 * usual)
  for (let round = 0; round < ROUNDS && longest >= allowed(); round++) {
    usual = Math.min(usual, await delayWhileReading())
    other.exec('BEGIN IMMEDIATE')
    let settled = 0
    const writes = Array.from({ length: 200 }, (_, n) =>
      waiting.insert(`k${round}-${n}`, someRow()).finally(() => {
        settled += 1
      }),
    )
    longest = Math.min(longest, await delayWhileReading())
    expect(settled).toBe(0)
    other.exec('COMMIT')
    expect(new Set(await Promise.all(writes))).toEqual(new Set([true]))
  }
  db.close()
  expect(longest).toBeLessThan(allowed())
})

test('where writers lock readers out, a read waits in the same way', async () => {
  const { db, store } = await storeIn(file)
  await store.insert('k', someRow())
  db.exec('PRAGMA journal_mode = DELETE')
  const other = file.open()
  other.exec('BEGIN EXCLUSIVE')
  const read = store.read('k')
  const afterwards: string[] = []
  const noted = read.then(() => afterwards.push('read'))
  const turns = lineUp(each)
  for (let turn = 0; turn < 50; turn++) await turns('turn', () => undefined)
  afterwards.push('released')
  other.exec('COMMIT')
  await noted
  expect(await read).toMatchObject({ write: 'w1' })
  expect(afterwards).toEqual(['released', 'read'])
})

test('a lock that is not released ends the wait, and the verb says that it was not done', async () => {
  const locked = Object.assign(new Error('database is locked'), { errcode: 5 })
  const line = lineUp(each, 20)
  let tries = 0
  const first = line('swap', () => {
    tries += 1
    throw locked
  })
  await expect(first).rejects.toMatchObject({
    code: 'ERR_STORE_UNAVAILABLE',
    message: expect.stringContaining('did not swap: another connection held the lock'),
    cause: locked,
  })
  await expect(first).rejects.toBeInstanceOf(SessionError)
  expect(tries).toBeGreaterThan(1)
  expect(await line('swap', () => 'done')).toBe('done')
})

test('a lock that lasts ends the wait of everybody in line in time, not of one after the other', async () => {
  const line = lineUp(each, 50)
  let tries = 0
  const all = await Promise.allSettled(
    Array.from({ length: 2000 }, () =>
      line('swap', () => {
        tries += 1
        throw Object.assign(new Error('database is locked'), { errcode: 5 })
      }),
    ),
  )
  // In turn, each would have tried at least once.
  expect(tries).toBeLessThan(1000)
  expect(all.filter(({ status }) => status === 'rejected')).toHaveLength(2000)
})

test('a line that is very long refuses whoever comes, at once, and serves those in it', async () => {
  const line = lineUp(each)
  let isLocked = true
  const job = () => {
    if (isLocked) throw Object.assign(new Error('database is locked'), { errcode: 5 })
  }
  const all = Array.from({ length: 4096 }, () => line('swap', job))
  await expect(line('touch', job)).rejects.toMatchObject({
    code: 'ERR_STORE_UNAVAILABLE',
    message: expect.stringContaining('did not touch: 4096 calls already wait'),
  })
  isLocked = false
  await Promise.all(all)
  await line('touch', job)
})

test.each([
  { errcode: 5 },
  { errcode: 517 },
  { errcode: 6 },
  { errcode: 15 },
  { code: 'SQLITE_BUSY' },
  { code: 'SQLITE_BUSY_SNAPSHOT' },
  { code: 'SQLITE_LOCKED_SHAREDCACHE' },
  { code: 'SQLITE_PROTOCOL' },
])('what either client says of a lock is waited for: %j', async (code) => {
  const line = lineUp(each)
  let tries = 0
  const answer = line('read', () => {
    tries += 1
    if (tries < 3) throw Object.assign(new Error('locked'), code)
    return tries
  })
  expect(await answer).toBe(3)
})

test('any other failure is told at once, and the line goes on', async () => {
  const line = lineUp(each)
  const failures = [{ errcode: 13 }, { code: 'SQLITE_FULL' }, {}]
  const jobs = failures.map((code) =>
    line('swap', () => {
      throw Object.assign(new Error('not a lock'), code)
    }),
  )
  for (const job of jobs) await expect(job).rejects.toThrow('not a lock')
  expect(await line('swap', () => 'done')).toBe('done')
})

test('who finds nobody in line is served at once, and all others together, in their order', async () => {
  const served: (number | string)[] = []
  const line = lineUp((_, jobs) => {
    served.push('together')
    jobs()
  })
  const all = [0, 1, 2, 3].map((n) => line('swap', () => served.push(n)))
  expect(served).toEqual(['together', 0])
  await Promise.all(all)
  expect(served).toEqual(['together', 0, 'together', 1, 2, 3])
})

test('writes at once share a transaction, and one that fails fails alone', async () => {
  const { db } = await storeIn(file)
  db.exec(`CREATE TRIGGER stop BEFORE INSERT ON sojourn_sessions WHEN NEW.key = 'k5'
    BEGIN SELECT RAISE(ABORT, 'stopped'); END`)
  const counted = counting(db, 'COMMIT')
  const store = sqliteStore(counted.db)
  const insertAll = (name: string) =>
    Array.from({ length: 10 }, (_, n) => store.insert(`${name}${n}`, someRow()))

  expect(await Promise.all(insertAll('a'))).toEqual(Array(10).fill(true))
  expect(counted.runs).toBe(2)

  const settled = await Promise.allSettled(insertAll('k'))
  expect(settled.map(({ status }) => status).indexOf('rejected')).toBe(5)
  expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(9)
  for (let n = 0; n < 10; n++) {
    expect(await store.read(`k${n}`)).toEqual(
      n === 5 ? null : expect.objectContaining({ write: 'w1' }),
    )
  }
})

test('reads at once share a transaction, and see all that was kept before', async () => {
  const { db, store: other } = await storeIn(file)
  const counted = counting(db, 'BEGIN')
  const store = sqliteStore(counted.db)
  expect(await store.read('k0')).toBeNull()
  counted.runs = 0
  for (let n = 0; n < 10; n++) await other.insert(`k${n}`, someRow({ write: `w${n}` }))
  const rows = await Promise.all(Array.from({ length: 10 }, (_, n) => store.read(`k${n}`)))
  expect(rows.map((row) => row?.write)).toEqual(Array.from({ length: 10 }, (_, n) => `w${n}`))
  expect(counted.runs).toBe(2)
})

/** The database, and how often it has run a statement. */
function counting(db: DatabaseSync, counted: string) {
  const counter = { runs: 0, db: { prepare, exec: (text: string) => db.exec(text) } }
  return counter

  function prepare(text: string) {
    const statement = db.prepare(text)
    if (text !== counted) return statement
    const run = (...values: SqliteValue[]) => {
      counter.runs += 1
      return statement.run(...values)
    }
    return { run, get: () => statement.get(), all: () => statement.all() }
  }
}

test('a long list is forgotten in parts, between which others are served', async () => {
  const { db, store } = await storeIn(file)
  const keys = Array.from({ length: 2300 }, (_, n) => `k${n}`)
  await Promise.all(keys.map((key) => store.admit('mona', key, 0, Date.now() + 60_000, MANY)))
  const left = new Set<number>()
  const forgotten = store.forget('mona', keys)
  while (!left.has(0)) left.add((await store.list('mona')).length)
  await forgotten
  expect(left.size).toBeGreaterThan(2)
  expect(db.prepare('SELECT count(*) AS left FROM sojourn_owned').get()).toEqual({ left: 0 })
})
