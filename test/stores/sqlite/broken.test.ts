/** A SQLite file that is read-only, damaged, deleted or replaced, or that the app itself holds back. */

import { copyFileSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createSessions } from '../../../src/index.ts'
import { lineUp } from '../../../src/stores/sqlite/lock-queue.ts'
import { sqliteStore, type SqliteStore } from '../../../src/stores/sqlite/sqlite.ts'
import { testVisitor } from '../../../src/testing/testing.ts'
import { someRow, sqliteFile, storeIn, type SqliteFile } from './file.ts'

const SECRET = 'a secret that is long enough for this test: 0123456789'
const UNAVAILABLE = { code: 'ERR_STORE_UNAVAILABLE' }

let file: SqliteFile
beforeEach(() => {
  file = sqliteFile()
})
afterEach(() => file.remove())

/** A visitor of the store who is signed in. */
async function visitorOf(store: SqliteStore) {
  const sessions = createSessions({ secret: SECRET, store })
  const visitor = testVisitor(sessions)
  await visitor.session((session) => session.login('mona'))
  return { sessions, visitor }
}

test('a read-only file is reported; sessions open, and changes fail with ERR_STORE_UNAVAILABLE', async () => {
  const { store } = await storeIn(file)
  const { visitor } = await visitorOf(store)
  const db = new DatabaseSync(file.path, { readOnly: true })
  const reading = sqliteStore(db)
  expect(await reading.check()).toEqual([expect.stringContaining('read-only for this process')])
  const sessions = createSessions({ secret: SECRET, store: reading })
  const session = await sessions.open(visitor.cookie)
  expect(session.userId).toBe('mona')
  session.set('n', 1)
  await expect(session.commit()).rejects.toMatchObject(UNAVAILABLE)
  db.close()
})

test('a damaged file is reported, and never read as a store without sessions', async () => {
  const { db, store } = await storeIn(file)
  for (let n = 0; n < 200; n++) await store.insert(`k${n}`, someRow())
  const { visitor } = await visitorOf(store)
  db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  db.close()
  const bytes = readFileSync(file.path)
  writeFileSync(file.path, Buffer.concat([bytes.subarray(0, 4096), bytes.subarray(4096).fill(7)]))
  const damaged = sqliteStore(file.open())
  expect(await damaged.check()).toEqual([expect.stringContaining('is damaged')])
  const sessions = createSessions({ secret: SECRET, store: damaged })
  await expect(sessions.open(visitor.cookie)).rejects.toMatchObject(UNAVAILABLE)

  writeFileSync(file.path, 'this is no database, whatever its name says'.repeat(200))
  const none = sqliteStore(file.open())
  expect(await none.check()).toEqual([expect.stringContaining('not a database')])
  await expect(none.read('k')).rejects.toThrow('not a database')
})

test('a file that was deleted while it is open is reported, and takes no more sessions', async () => {
  const { store } = await storeIn(file)
  const { sessions, visitor } = await visitorOf(store)
  expect(await store.check()).toEqual([])
  rmSync(file.path)
  expect(await store.check()).toEqual([expect.stringContaining('was deleted or replaced')])
  await expect(sessions.open(visitor.cookie)).rejects.toMatchObject(UNAVAILABLE)
  await expect(testVisitor(sessions).session((s) => s.set('n', 1))).rejects.toMatchObject({
    ...UNAVAILABLE,
    message: expect.stringContaining('its file was deleted or replaced'),
  })
})

test('a file that was replaced is noticed by the next write, and then by reads too', async () => {
  const { db, store } = await storeIn(file)
  const { sessions, visitor } = await visitorOf(store)
  db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  const moved = `${file.path}.moved`
  copyFileSync(file.path, `${file.path}.copy`)
  renameSync(file.path, moved)
  renameSync(`${file.path}.copy`, file.path)
  await expect(store.insert('k', someRow())).rejects.toMatchObject(UNAVAILABLE)
  await expect(sessions.open(visitor.cookie)).rejects.toMatchObject(UNAVAILABLE)
  renameSync(moved, file.path)
  expect(await store.check()).toEqual([])
  expect((await sessions.open(visitor.cookie)).userId).toBe('mona')
})

test("a write behind the app's own open iteration says what is in the way", async () => {
  const { db, store } = await storeIn(file)
  const { store: other } = await storeIn(file)
  for (let n = 0; n < 3; n++) await store.insert(`k${n}`, someRow())
  const rows = db.prepare('SELECT key FROM sojourn_sessions').iterate()
  rows.next()
  await other.insert('new', someRow())
  const begun = () => {
    db.exec('BEGIN IMMEDIATE')
    db.exec('ROLLBACK')
  }
  const line = lineUp((_, jobs) => jobs(), 20)
  await expect(line('swap', begun)).rejects.toMatchObject({
    ...UNAVAILABLE,
    message: expect.stringContaining('was iterating a statement on this connection'),
  })
  rows.return?.()
  await line('swap', begun)
  expect(await store.insert('later', someRow())).toBe(true)
})
