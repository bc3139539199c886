/** The tables of the SQLite store: made, missing, of another version, brought to the next. */

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { inTransaction } from '../../../src/stores/sqlite/connection.ts'
import { migrate, tablesUnder, type Migration } from '../../../src/stores/sqlite/schema.ts'
import { sqliteSchema, sqliteStore } from '../../../src/stores/sqlite/sqlite.ts'
import { MANY, someRow, sqliteFile, storeIn, type SqliteFile } from './file.ts'

let file: SqliteFile
beforeEach(() => {
  file = sqliteFile()
})
afterEach(() => file.remove())

function schemaError(found: string) {
  return { code: 'ERR_STORE_SCHEMA', message: expect.stringContaining(`in SQLite ${found}`) }
}

test('without tables every verb says so, until createSchema has made them', async () => {
  const store = sqliteStore(file.open())
  const missing = schemaError('are missing')
  await expect(store.read('k')).rejects.toMatchObject(missing)
  await expect(store.insert('k', someRow())).rejects.toMatchObject(missing)
  await expect(store.list('mona')).rejects.toMatchObject(missing)
  await expect(store.prune(1)).rejects.toMatchObject(missing)
  await store.createSchema()
  expect(await store.insert('k', someRow())).toBe(true)
})

test('tables that are dropped under a running store are missed at the next verb', async () => {
  const { db, store } = await storeIn(file)
  await store.insert('k', someRow())
  db.exec('DROP TABLE sojourn_sessions; DROP TABLE sojourn_meta')
  await expect(store.read('k')).rejects.toMatchObject(schemaError('are missing'))
  await store.createSchema()
  expect(await store.read('k')).toBeNull()
})

test('createSchema again changes nothing, and loses nothing', async () => {
  const { db, store } = await storeIn(file)
  await store.insert('k', someRow())
  await store.admit('mona', 'k', 0, Date.now() + 1000, MANY)
  await store.createSchema()
  await sqliteStore(file.open()).createSchema()
  expect(await store.read('k')).toMatchObject({ write: 'w1' })
  expect(await store.list('mona')).toEqual(['k'])
  expect(db.prepare('SELECT one, version FROM sojourn_meta').all()).toEqual([
    { one: 1, version: 2 },
  ])
})

test('createSchema switches the file to WAL, as soon as nobody is in the way', async () => {
  const other = file.open()
  other.exec('CREATE TABLE mine (a); BEGIN; SELECT * FROM mine')
  const db = file.open()
  const store = sqliteStore(db)
  const created = store.createSchema()
  await expect(store.read('k')).rejects.toMatchObject(schemaError('are missing'))
  other.exec('COMMIT')
  await created
  expect(db.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' })
  expect(await store.read('k')).toBeNull()
})

test('tables of an older version are refused, and createSchema brings them up to date', async () => {
  const { db, store } = await storeIn(file)
  await store.insert('k', someRow())
  db.exec('UPDATE sojourn_meta SET version = 0')
  const fresh = sqliteStore(file.open())
  await expect(fresh.read('k')).rejects.toMatchObject(
    schemaError('have version 0, and this release needs version 2'),
  )
  await fresh.createSchema()
  expect(await fresh.read('k')).toMatchObject({ write: 'w1' })
})

test('tables newer by one version serve this release too, and check says so', async () => {
  const { db } = await storeIn(file)
  db.exec('UPDATE sojourn_meta SET version = 3')
  const store = sqliteStore(file.open())
  expect(await store.insert('k', someRow())).toBe(true)
  await store.createSchema()
  expect(db.prepare('SELECT version FROM sojourn_meta').get()).toEqual({ version: 3 })
  expect(await store.check()).toEqual([
    expect.stringMatching(
      /SQLite have version 3, which a newer release has made\. This release supports/,
    ),
  ])
})

test('tables newer by more than one version are refused, and left alone', async () => {
  const { db } = await storeIn(file)
  db.exec('UPDATE sojourn_meta SET version = 4')
  const store = sqliteStore(file.open())
  const later = schemaError('have version 4, and this release knows up to 3')
  await expect(store.read('k')).rejects.toMatchObject(later)
  await expect(store.createSchema()).rejects.toMatchObject(later)
  expect(await store.check()).toEqual([later.message])
  expect(db.prepare('SELECT version FROM sojourn_meta').get()).toEqual({ version: 4 })
})

test.each(['UTF-16le', 'UTF-16be'])(
  'a database in %s is refused, with and without tables',
  async (encoding) => {
    const db = file.open()
    db.exec(`PRAGMA encoding = '${encoding}'`)
    const store = sqliteStore(db)
    const refused = schemaError(`are in a database with the encoding ${encoding}`)
    await expect(store.createSchema()).rejects.toMatchObject(refused)
    db.exec(sqliteSchema())
    await expect(store.read('k')).rejects.toMatchObject(refused)
    expect(await store.check()).toEqual([refused.message])
  },
)

describe('the way to the next version', () => {
  const tables = tablesUnder('sojourn_')
  const old: Migration = () => "SELECT 'never run on tables of version 2';"
  const label: Migration = ({ sessions }) => `ALTER TABLE ${sessions} ADD COLUMN label TEXT;`
  const wrong: Migration = ({ sessions }) => `ALTER TABLE ${sessions} ADD;`

  test('tables of version 1 keep their sessions and lists, and learn to revoke', async () => {
    const { db, store } = await storeIn(file)
    for (const key of ['a', 'b']) {
      await store.insert(key, someRow({ owner: 'mona' }))
      await store.admit('mona', key, 0, Date.now() + 60_000, MANY)
    }
    db.exec(`DROP TABLE sojourn_epochs; DROP INDEX sojourn_owned_owner;
      UPDATE sojourn_meta SET version = 1`)
    const next = sqliteStore(file.open())
    await expect(next.read('a')).rejects.toMatchObject(schemaError('have version 1'))
    await next.createSchema()
    expect(await next.read('a')).toMatchObject({ write: 'w1', epoch: 0, isListed: true })
    const revoked = await next.revoke('mona', 5, Date.now() + 60_000, 'b')
    expect(revoked).toEqual({ epoch: 5, keys: ['a', 'b'] })
    expect(await next.read('a')).toMatchObject({ epoch: 5 })
    expect(await next.read('b')).toMatchObject({ epoch: 0 })
  })

  test('only the steps that tables lack are taken, in their order', async () => {
    const { db, store } = await storeIn(file)
    await store.insert('k', someRow())
    const name: Migration = ({ sessions }) => `ALTER TABLE ${sessions} RENAME label TO name;`
    inTransaction(db, 'BEGIN IMMEDIATE', () => migrate(db, tables, [old, old, label, name]))
    inTransaction(db, 'BEGIN IMMEDIATE', () => migrate(db, tables, [old, old, label, name]))
    expect(db.prepare('SELECT key, name FROM sojourn_sessions').all()).toEqual([
      { key: 'k', name: null },
    ])
    expect(db.prepare('SELECT version FROM sojourn_meta').get()).toEqual({ version: 4 })
  })

  test('a step that fails takes back those before it', async () => {
    const { db, store } = await storeIn(file)
    const steps = [old, old, label, wrong]
    expect(() => inTransaction(db, 'BEGIN IMMEDIATE', () => migrate(db, tables, steps))).toThrow(
      'syntax error',
    )
    expect(db.prepare('SELECT version FROM sojourn_meta').get()).toEqual({ version: 2 })
    expect(await store.insert('k', someRow())).toBe(true)
    expect(() => db.prepare('SELECT label FROM sojourn_sessions')).toThrow('no such column')
  })
})

test('the text of the schema makes the same tables, as often as it is run', async () => {
  const { db } = await storeIn(file)
  const printed = sqliteFile()
  try {
    const other = printed.open()
    other.exec(sqliteSchema())
    other.exec(sqliteSchema())
    const tables = 'SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY name'
    expect(other.prepare(tables).all()).toEqual(db.prepare(tables).all())
    expect(await sqliteStore(other).check()).toEqual([])
    expect(await sqliteStore(other).insert('k', someRow())).toBe(true)
  } finally {
    printed.remove()
  }
})

test('the text of the schema never takes the version back', async () => {
  const { db } = await storeIn(file)
  db.exec('UPDATE sojourn_meta SET version = 7')
  db.exec(sqliteSchema())
  expect(db.prepare('SELECT version FROM sojourn_meta').get()).toEqual({ version: 7 })
})

test('the text of the schema has the prefix that was asked for, and refuses a wrong one', () => {
  const text = sqliteSchema('shop_')
  expect(text).toContain('"shop_sessions"')
  expect(text).not.toContain('sojourn_')
  expect(() => sqliteSchema('shop;')).toThrow('"prefix"')
})
