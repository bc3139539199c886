/** PostgreSQL on a disk without room: sessions can still be ended. Needs root, to mount a small disk. */

import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Pool } from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { createSessions, type StoredSessions } from '../../../src/index.ts'
import { postgresStore, type PostgresStore } from '../../../src/stores/postgres/postgres.ts'
import { SECRET } from '../../session/visitor.ts'
import { startPostgres } from '../../servers/postgres.ts'
import { MANY } from './tables.ts'

const ENDS = Date.now() + 3_600_000
const run = promisify(execFile)
const isRoot = process.getuid?.() === 0

test.skipIf(!isRoot)('on a full disk every session can be ended, and is found', async () => {
  const { pool, store, grow } = await smallStore()
  const keys = ['a', 'b', 'c', 'd']
  for (const key of keys) await signIn(store, key, 'ada')
  await signIn(store, 'e', 'grace')
  const sessions = createSessions<any>({ secret: SECRET, store, onEvent: () => {} })
  const cookies = [await cookieFor(sessions), await cookieFor(sessions), await cookieFor(sessions)]
  // Somebody's backup reads: what it may still see takes room until it is done.
  const backup = await pool.connect()
  onTestFinished(() => backup.release())
  await backup.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM pg_class')
  await fill(store)

  await expect(store.insert('new', row('grace'))).rejects.toMatchObject({ code: '53100' })
  expect(await store.list('ada')).toEqual(keys)
  const { epoch, keys: found } = await store.revoke('ada', 1_000_000, ENDS * 2, undefined)
  expect(found).toEqual(keys)
  expect(epoch).toBe(0)
  for (const key of keys) expect(await store.remove(key)).toBe(true)
  for (const key of keys) expect(await store.read(key)).toBe(null)
  expect(await store.remove('a')).toBe(false)
  await store.forget('ada', keys)
  expect(await store.list('ada')).toEqual([])
  expect(await store.read('e')).toMatchObject({ owner: 'grace', isListed: true })
  expect(await store.remove('e')).toBe(true)
  expect(await store.remove('never there')).toBe(false)

  // The same through the library: a logout, and all sessions of a user.
  const session = await sessions.open(cookies[0]!)
  session.logout()
  await session.commit()
  expect(await sessions.revokeUser('mona')).toEqual({ ended: 2, marked: false })
  for (const cookie of cookies) expect((await sessions.open(cookie)).userId).toBe(undefined)

  await grow()
  expect(await store.revoke('ada', 1_000_000, ENDS, undefined)).toEqual({
    epoch: 1_000_000,
    keys: [],
  })
})

/** A store whose database, tables and temporary files are on a disk of 24 MB of its own. */
async function smallStore() {
  const server = await startPostgres({ settings: { autovacuum: 'off' } })
  const admin = new Pool({ connectionString: server.url, max: 1 }).on('error', () => {})
  const [{ data_directory: data }] = (await admin.query('SHOW data_directory')).rows
  const { uid } = await stat(data)
  const disk = await mkdtemp(join(tmpdir(), 'sojourn-full-disk-'))
  await run('mount', ['-t', 'tmpfs', '-o', `size=24m,uid=${uid},mode=700`, 'tmpfs', disk])
  await admin.query(`CREATE TABLESPACE small LOCATION '${disk}'`)
  await admin.query('CREATE DATABASE small TABLESPACE small')
  const url = Object.assign(new URL(server.url), { pathname: '/small' })
  const pool = new Pool({ connectionString: url.href, max: 4 }).on('error', () => {})
  onTestFinished(async () => {
    await Promise.all([pool.end(), admin.end()])
    await server.stop()
    await run('umount', [disk])
    await rm(disk, { recursive: true })
  })
  const store = postgresStore(pool)
  await store.createSchema()
  // A new database is a copy in memory at first, whose pages have no place on the disk yet.
  await pool.query('CHECKPOINT')
  const grow = () => run('mount', ['-o', 'remount,size=48m', disk])
  return { pool, store, grow }
}

async function cookieFor(sessions: StoredSessions<any>): Promise<string> {
  const session = await sessions.open(null)
  session.login('mona')
  return (await session.commit()).getSetCookie()[0]!.split(';', 1)[0]!
}

async function signIn(store: PostgresStore, key: string, owner: string): Promise<void> {
  await store.insert(key, row(owner))
  await store.admit(owner, key, 0, ENDS, MANY)
}

/** Until no write of any size finds room, in no table. */
async function fill(store: PostgresStore): Promise<void> {
  let n = 0
  const grow = (bytes: number) => store.insert(`fill-${(n += 1)}`, row('filler', bytes))
  for (const bytes of [100_000, 1500, 1]) await untilFull(() => grow(bytes))
  await untilFull(() => store.admit(`filler-${(n += 1)}`, 'k', 0, ENDS, MANY))
  const later = () => ENDS + (n += 1) * 60_000
  await untilFull(() => store.keep('ada', 'a', 0, later()))
  for (const key of ['a', 'b', 'c', 'd', 'e']) await untilFull(() => store.touch(key, later()))
}

async function untilFull(write: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await write()
    } catch (error) {
      expect(error).toMatchObject({ code: '53100' })
      return
    }
  }
}

function row(owner: string, bytes = 100) {
  const body = randomBytes(Math.ceil(bytes / 2)).toString('hex')
  return { write: 'w', recent: [], expiresAt: ENDS, owner, body }
}
