/** Two processes on one SQLite file whose clocks differ: neither ends what is valid for the other. */

import { afterEach, beforeEach, expect, test } from 'vitest'
import { createSessions } from '../../../src/index.ts'
import { sqliteStore, type SqliteStore } from '../../../src/stores/sqlite/sqlite.ts'
import { fakeClock, testVisitor, type FakeClock } from '../../../src/testing/testing.ts'
import { MANY, someRow, sqliteFile, type SqliteFile } from './file.ts'

const MINUTE = 60_000

let file: SqliteFile
let clock: FakeClock
let ahead: FakeClock
let store: SqliteStore
let other: SqliteStore
beforeEach(async () => {
  file = sqliteFile()
  clock = fakeClock()
  ahead = fakeClock(clock() + 17 * MINUTE)
  store = sqliteStore(file.open(), { clock })
  other = sqliteStore(file.open(), { clock: ahead })
  await store.createSchema()
})
afterEach(() => file.remove())

test('a prune by a server 17 minutes ahead deletes no session that is valid on the others', async () => {
  for (const key of ['a', 'b']) {
    await store.insert(key, someRow({ owner: 'mona', expiresAt: clock() + 15 * MINUTE }))
    await store.admit('mona', key, 0, clock() + 15 * MINUTE, MANY)
  }
  await store.revoke('other', 5, clock() + 15 * MINUTE, undefined)
  expect(await other.prune(1000)).toBe(0)
  expect(await store.read('a')).toMatchObject({ write: 'w1', isListed: true })
  expect(await store.list('mona')).toEqual(['a', 'b'])
  expect(await store.epoch('other')).toBe(5)
})

test('a server that is ahead still reads, touches, swaps and lists what has expired by its clock', async () => {
  const row = someRow({ expiresAt: clock() + 15 * MINUTE })
  await store.insert('a', row)
  expect(await other.read('a')).toMatchObject(row)
  expect(await other.insert('a', someRow())).toBe(false)
  expect(await other.touch('a', row.expiresAt + 1)).toBe(true)
  expect(await other.swap('a', 'w1', { ...row, write: 'w2' })).toEqual({ won: true })
  for await (const keys of other.keys()) expect(keys).toEqual(['a'])
  expect(await other.remove('a')).toBe(true)
})

test('a session of 15 minutes outlives the visits and the upkeep of a server 17 minutes ahead', async () => {
  const on = (verbs: SqliteStore, time: FakeClock) =>
    createSessions({
      secret: 'a secret that is long enough for this test: 0123456789',
      lifetime: { idle: '15m' },
      store: verbs,
      clock: time,
    })
  const [here, there] = [on(store, clock), on(other, ahead)]
  const visitor = testVisitor(here)
  await visitor.session((session) => session.login('mona'))
  await there.prune()
  await there.list('mona')
  await testVisitor(there).session((session) => session.login('mona'))
  expect(await visitor.session((session) => session.userId)).toBe('mona')
})
