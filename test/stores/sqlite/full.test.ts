/** A SQLite file that has no room left: sessions can still be ended. */

import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { SqliteStore } from '../../../src/stores/sqlite/sqlite.ts'
import { MANY, someRow, sqliteFile, storeIn, type SqliteFile } from './file.ts'
import type { FullDisk } from './full-disk.ts'

let file: SqliteFile
beforeEach(() => {
  file = sqliteFile()
})
afterEach(() => file.remove())

const LATER = Date.now() + 3_600_000

/** Rows, lists and epochs, until none of them gets another page. */
async function fill(db: DatabaseSync, store: SqliteStore): Promise<string[]> {
  const { page_count: pages } = db.prepare('PRAGMA page_count').get() as { page_count: number }
  db.exec(`PRAGMA max_page_count = ${pages + 12}`)
  const keys: string[] = []
  const long = (n: number) => `${n}`.padEnd(1000, '-')
  for (let key = 'k0'; ; key = `k${keys.length}`) {
    const isIn = await store.insert(key, someRow({ owner: 'mona' })).catch(() => false)
    if (!isIn) break
    keys.push(key)
  }
  for (const key of keys) await store.admit('mona', key, 0, LATER, MANY).catch(() => {})
  for (let n = 0, epoch = 1; epoch > 0; n++) {
    epoch = (await store.revoke(long(n), 1, LATER, undefined)).epoch
  }
  return keys
}

describe('when no page is left', () => {
  test('a session is removed, if need be without a tombstone, and so is each after it', async () => {
    const { db, store } = await storeIn(file)
    const keys = await fill(db, store)
    expect(keys.length).toBeGreaterThan(20)
    await expect(store.insert('new', someRow({ body: 'x'.repeat(5000) }))).rejects.toThrow('full')
    for (let n = 0; n < 200; n++) expect(await store.remove(`never there ${n}`)).toBe(false)
    for (const key of keys) {
      expect(await store.remove(key)).toBe(true)
      expect(await store.read(key)).toBeNull()
    }
  })

  test("a user's sessions are listed, and revoked even if the epoch cannot be stored", async () => {
    const { db, store } = await storeIn(file)
    const owner = 'o'.repeat(1000)
    for (const key of ['a', 'b']) {
      await store.insert(key, someRow({ owner }))
      await store.admit(owner, key, 0, LATER, MANY)
    }
    await fill(db, store)
    expect(await store.revoke(owner, 7, LATER, 'b')).toEqual({ epoch: 0, keys: ['a', 'b'] })
    expect(await store.epoch(owner)).toBe(0)
    expect(await store.remove('a')).toBe(true)
    await store.forget(owner, ['a'])
    expect(await store.list(owner)).toEqual(['b'])
    await store.erase(owner)
    expect(await store.list(owner)).toEqual([])
  })
})

/** What a process found that may write no file of more than 3 MiB, nor the database so many pages. */
function onFullDisk(pages: number): FullDisk {
  const child = fileURLToPath(new URL('full-disk.ts', import.meta.url))
  const node = [process.execPath, '--disable-warning=ExperimentalWarning', child]
  const limited = `ulimit -f 3072 && exec "$@"`
  const printed = execFileSync('bash', ['-c', limited, 'bash', ...node, file.path, `${pages}`])
  return JSON.parse(String(printed)) as FullDisk
}

describe('when the system lets the process write no more', () => {
  test('under max_page_count the WAL is used again, and logout and revokeUser end what they should', () => {
    const found = onFullDisk(500)
    expect(found.refused).toBe('ERR_STORE_UNAVAILABLE')
    expect(found.logins).toBeGreaterThan(100)
    expect(found.logout).toBe('done')
    expect(found.afterLogout).toBe('nobody')
    expect(found.revoked).toBe(found.openBefore.mona)
    expect(found.openAfter).toEqual({ mona: 0, lisa: found.openBefore.lisa })
  })

  test('if the file and the WAL are both full, nothing is taken for an anonymous session', () => {
    const found = onFullDisk(1_000_000)
    expect(found.refused).toBe('ERR_STORE_UNAVAILABLE')
    expect(found.logout).toBe('ERR_STORE_UNAVAILABLE')
    expect(found.openAfter.lisa).toBe(found.openBefore.lisa)
  })
})
