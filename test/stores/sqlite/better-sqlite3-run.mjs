/** Runs the SQLite store of dist/ on better-sqlite3, and says of each case what it came to. */

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const [dist, folder] = process.argv.slice(2)
const Database = createRequire(join(folder, 'package.json'))('better-sqlite3')
const load = (file) => import(pathToFileURL(join(dist, file)).href)
const { sqliteStore } = await load('stores/sqlite/sqlite.js')
const { storeConformance } = await load('testing/testing.js')

const temporary = mkdtempSync(join(tmpdir(), 'sojourn-better-sqlite3-'))
let files = 0

/** A database in a file of its own, with the tables, and a store on it. */
async function open({ clock, path = join(temporary, `${(files += 1)}.db`) } = {}) {
  const db = new Database(path)
  const store = sqliteStore(db, clock && { clock })
  await store.createSchema()
  return { db, path, store, close: () => db.close() }
}

const inAFile = storeConformance({
  open: (clock) => open({ clock }),
  advance: (ms, clock) => clock.advance(ms),
})
const withBigInts = storeConformance({
  async open(clock) {
    const { db, store, close } = await open({ clock, path: ':memory:' })
    db.defaultSafeIntegers(true)
    return { store, close }
  },
  advance: (ms, clock) => clock.advance(ms),
})

const row = { write: 'w1', recent: [], expiresAt: Date.now() + 60_000, owner: null, body: '{}' }

const own = {
  async 'a transaction of the application is refused'() {
    const { db, store, close } = await open()
    db.exec('BEGIN')
    await assert.rejects(store.insert('k', row), { code: 'ERR_STORE_UNAVAILABLE' })
    db.exec('COMMIT')
    assert.equal(await store.insert('k', row), true)
    close()
  },

  async 'a lock is waited for although the application has a busy timeout'() {
    const { db, path, store, close } = await open()
    const other = new Database(path)
    other.exec('BEGIN IMMEDIATE')
    let isSettled = false
    const written = store.insert('k', row).finally(() => (isSettled = true))
    for (let reads = 0; reads < 1000; reads += 1) await store.read('k')
    assert.equal(isSettled, false)
    other.exec('COMMIT')
    assert.equal(await written, true)
    assert.equal(db.pragma('busy_timeout', { simple: true }), 5000)
    other.close()
    close()
  },

  async 'synchronous is raised to FULL, and the file is in WAL mode'() {
    const { db, store, close } = await open()
    assert.deepEqual(await store.check(), [])
    assert.equal(db.pragma('synchronous', { simple: true }), 2)
    assert.equal(db.pragma('journal_mode', { simple: true }), 'wal')
    close()
  },

  async 'tables that are missing are told, before and after the first verb'() {
    const missing = { code: 'ERR_STORE_SCHEMA' }
    const empty = new Database(':memory:')
    await assert.rejects(sqliteStore(empty).read('k'), missing)
    empty.close()
    const { db, store, close } = await open()
    await store.insert('k', row)
    db.exec('DROP TABLE sojourn_sessions; DROP TABLE sojourn_meta')
    await assert.rejects(store.read('k'), missing)
    close()
  },
}

const outcomes = {}
const suites = {
  'in a file': inAFile,
  'with big integers': withBigInts,
  own: Object.entries(own).map(([name, run]) => ({ name, run })),
}
for (const [suite, cases] of Object.entries(suites)) {
  for (const { name, run } of cases) {
    outcomes[`${suite}: ${name}`] = await run().then(
      () => 'passed',
      (error) => String(error.stack),
    )
  }
}
rmSync(temporary, { recursive: true })
process.stdout.write(JSON.stringify(outcomes))
