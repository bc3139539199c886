/** The owners' lists in SQLite: what a statement searches, and what an erased owner leaves. */

import { afterEach, beforeEach, expect, test } from 'vitest'
import { sqliteStore } from '../../../src/stores/sqlite/sqlite.ts'
import { MANY, someRow, sqliteFile, storeIn, type SqliteFile } from './file.ts'

let file: SqliteFile
beforeEach(() => {
  file = sqliteFile()
})
afterEach(() => file.remove())

const LATER = Date.now() + 60_000

test('no verb on one owner scans a table or sorts a list: each statement searches an index', async () => {
  const { db } = await storeIn(file)
  const texts = new Set<string>()
  const store = sqliteStore({
    exec: (text) => db.exec(text),
    prepare(text) {
      texts.add(text)
      return db.prepare(text)
    },
  })
  await store.insert('a', someRow({ owner: 'mona' }))
  for (const refuse of [true, false]) await store.admit('mona', 'a', 1, LATER, { most: 1, refuse })
  await store.admit('mona', 'b', 1, LATER, { most: 1, refuse: true })
  await store.keep('mona', 'a', 2, LATER)
  await store.read('a')
  await store.list('mona', 1)
  await store.revoke('mona', 3, LATER, 'a')
  await store.forget('mona', ['a'])
  await store.epoch('mona')
  await store.remove('a')
  await store.erase('mona')
  const ours = [...texts].filter((text) => /sojourn_(owned|owners|epochs|sessions)"/.test(text))
  expect(ours.length).toBeGreaterThan(10)
  const plans = ours.flatMap((text) => {
    // A plan does not depend on the values.
    const rows = db.prepare(`EXPLAIN QUERY PLAN ${text.replaceAll('?', 'NULL')}`).all()
    return rows.map(({ detail }) => String(detail))
  })
  expect(plans.length).toBeGreaterThan(10)
  // The list of which the count is taken is cut off by its LIMIT.
  const slow = plans.filter((plan) =>
    /^SCAN (?!\(subquery|SUBQUERY)|TEMP B-TREE|sessions.*key>/.test(plan),
  )
  expect(slow).toEqual([])
})

test("an erased owner's name is in no tombstone, nor anywhere else in the tables", async () => {
  const { db, store } = await storeIn(file)
  for (const key of ['a', 'b', 'c']) {
    await store.insert(key, someRow({ owner: key === 'c' ? 'other' : 'mona' }))
    await store.admit('mona', key, 0, LATER, MANY)
    await store.remove(key)
  }
  await store.revoke('mona', 3, LATER, undefined)
  await store.erase('mona')
  for (const table of ['sessions', 'owned', 'owners', 'epochs']) {
    const found = db.prepare(`SELECT count(*) AS count FROM sojourn_${table} WHERE owner = ?`)
    expect(found.get(Buffer.from('mona'))).toEqual({ count: 0 })
  }
  expect(await store.insert('a', someRow())).toBe(false)
  const others = db.prepare(
    'SELECT count(*) AS count FROM sojourn_sessions WHERE owner IS NOT NULL',
  )
  expect(others.get()).toEqual({ count: 1 })
})
