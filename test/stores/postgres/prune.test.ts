/** Pruning in PostgreSQL: what is over goes, in batches that nobody has to wait for. */

import { expect, onTestFinished, test } from 'vitest'
import type { Row } from '../../../src/backends/stored/store.ts'
import { connectPool, emptyStore, MANY, sqlOf } from './tables.ts'

const pool = connectPool()
const opened = () => emptyStore(pool, sqlOf(pool), 'prune')

test('thousands of rows go in one call, and no more than asked for', async () => {
  const store = await opened()
  await pool.query(`
    INSERT INTO prune_sessions SELECT 'over-' || n, 'w', '', 0, NULL, 'x', now()
    FROM generate_series(1, 2500) AS n`)
  await pool.query(`
    INSERT INTO prune_owners (owner, collect_at)
    SELECT 'over-' || n, now() FROM generate_series(1, 700) AS n`)
  expect(await store.prune(1200)).toBe(1200)
  expect(await store.prune(1800)).toBe(1800)
  expect(await store.prune(1000)).toBe(200)
  expect(await store.prune(1000)).toBe(0)
})

test('a row that somebody holds is passed over, not waited for', async () => {
  const store = await opened()
  await store.insert('held', row())
  await store.insert('free', row())
  await pool.query('UPDATE prune_sessions SET collect_at = now()')
  const theirs = await pool.connect()
  onTestFinished(() => theirs.release())
  await theirs.query(`BEGIN; SELECT FROM prune_sessions WHERE key = 'held' FOR UPDATE`)
  expect(await store.prune(10)).toBe(1)
  await theirs.query('COMMIT')
  expect(await store.prune(10)).toBe(1)
})

test('a key that is used again while its dead row is pruned keeps the new one', async () => {
  const store = await opened()
  const keys = Array.from({ length: 100 }, (_, n) => `k${n}`)
  await Promise.all(keys.map((key) => store.insert(key, row('dead'))))
  await pool.query('UPDATE prune_sessions SET collect_at = now()')
  const [inserted] = await Promise.all([
    Promise.all(keys.map((key) => store.insert(key, row('new')))),
    ...keys.map(() => store.prune(10)),
  ])
  expect(inserted).toEqual(keys.map(() => true))
  const rows = await Promise.all(keys.map((key) => store.read(key)))
  expect(rows.map((found) => found?.write)).toEqual(keys.map(() => 'new'))
})

test('a touch by a clock that went back shortens no life', async () => {
  const store = await opened()
  const kept = { ...row(), expiresAt: Date.now() + 3_600_000 }
  await store.insert('k', kept)
  await store.touch('k', Date.now())
  await pool.query(`UPDATE prune_sessions SET collect_at = collect_at - interval '30 minutes'`)
  expect(await store.prune(10)).toBe(0)
  expect(await store.read('k')).toMatchObject(kept)
})

test("what is left of a dead session goes from its owner's list too, and nothing else", async () => {
  const store = await opened()
  const until = Date.now() + 60_000
  for (const key of ['over', 'removed', 'live']) {
    await store.insert(key, { ...row(), owner: 'ada' })
    await store.admit('ada', key, 0, until, MANY)
  }
  await store.admit('ada', 'no row yet', 0, until, MANY)
  await store.insert('hers', { ...row(), owner: 'grace' })
  for (const key of ['over', 'hers']) await store.admit('grace', key, 0, until, MANY)
  await store.remove('removed')
  await pool.query(`UPDATE prune_sessions SET collect_at = now() WHERE key <> 'live'`)
  expect(await store.prune(10)).toBe(3)
  expect(await store.list('ada')).toEqual(['live', 'no row yet'])
  expect(await store.list('grace')).toEqual(['over'])
})

test.each([
  [255, 'u'],
  [256, 'u'],
  [127, '\u00fc'],
  [500, '\u00fc'],
  [256, '\u{1f36a}'],
])("entries of owners with long names go too: %i times '%s'", async (times, letter) => {
  const owner = letter.repeat(times)
  const store = await opened()
  await store.insert('over', { ...row(), owner })
  await store.admit(owner, 'over', 0, Date.now() + 60_000, MANY)
  await store.admit(owner, 'live', 0, Date.now() + 60_000, MANY)
  await pool.query('UPDATE prune_sessions SET collect_at = now()')
  expect(await store.prune(10)).toBe(1)
  expect(await store.list(owner)).toEqual(['live'])
})

test('a login that is refused moves nothing, not even when its list may be forgotten', async () => {
  const store = await opened()
  const limit = { most: 1, refuse: true }
  await store.admit('ada', 'k', 1, Date.now(), limit)
  await store.revoke('grace', 2, Date.now(), undefined)
  const lists = async () => [
    (await pool.query('SELECT xmin, * FROM prune_owners ORDER BY owner')).rows,
    (await pool.query('SELECT * FROM prune_owned ORDER BY place')).rows,
  ]
  const before = await lists()
  const late = Date.now() + 200_000_000
  expect(await store.admit('ada', 'l', 1, late, limit)).toMatchObject({ why: 'limit' })
  expect(await store.admit('grace', 'l', 1, late, MANY)).toMatchObject({ why: 'revoked' })
  expect(await lists()).toEqual(before)
  expect(await store.admit('ada', 'k', 1, late, limit)).toMatchObject({ admitted: true })
  expect(await lists()).not.toEqual(before)
})

test('two that prune at once share the work, and never wait in a circle', async () => {
  const store = await opened()
  const owners = Array.from({ length: 300 }, (_, n) => `owner-${(n * 7919) % 31}`)
  await Promise.all(owners.map((owner, n) => store.insert(`k${n}`, { ...row(), owner })))
  await Promise.all(
    owners.map((owner, n) => store.admit(owner, `k${n}`, 0, Date.now() + 60_000, MANY)),
  )
  await pool.query('UPDATE prune_sessions SET collect_at = now()')
  const deadlocks = async () =>
    (await pool.query('SELECT sum(deadlocks)::int AS found FROM pg_stat_database')).rows[0].found
  const before = await deadlocks()
  const counts = await Promise.all(Array.from({ length: 6 }, () => store.prune(60)))
  expect(counts.reduce((sum, count) => sum + count, await store.prune(300))).toBe(300)
  expect(await deadlocks()).toBe(before)
  expect(await Promise.all(owners.map((owner) => store.list(owner)))).toEqual(owners.map(() => []))
})

function row(write = 'w'): Row {
  return { write, recent: [], expiresAt: Date.now(), owner: null, body: '' }
}
