/** What the page docs/guide/operations.md says of copies that are restored, and of replicas. */

import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createClient } from 'redis'
import { expect, onTestFinished, test } from 'vitest'
import type { SessionStore } from '../../src/backends/stored/store.ts'
import { createSessions, type StoredSessions } from '../../src/index.ts'
import { redisStore } from '../../src/stores/redis/redis.ts'
import { sqliteStore } from '../../src/stores/sqlite/sqlite.ts'
import { startRedis } from '../servers/redis.ts'
import { OLD_SECRET, SECRET } from '../session/visitor.ts'

const sessionsOn = (store: SessionStore, secret = SECRET): StoredSessions<any> =>
  createSessions<any>({
    secret,
    store,
    deadlines: { read: '20s', write: '20s', commit: '30s' },
  })

async function login(sessions: StoredSessions<any>, userId: string): Promise<string> {
  const session = await sessions.open(null)
  session.login(userId)
  return (await session.commit()).getSetCookie()[0]!.split(';')[0]!
}

const userOf = async (sessions: StoredSessions<any>, cookie: string) =>
  (await sessions.open(cookie)).userId

async function logout(sessions: StoredSessions<any>, cookie: string): Promise<void> {
  const session = await sessions.open(cookie)
  session.logout()
  await session.commit()
}

test('a restored copy opens sessions that were ended since, until all are revoked or the secret is replaced', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sojourn-restored-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const [file, copy] = [join(folder, 'sessions.sqlite'), join(folder, 'copy.sqlite')]
  const open = () => {
    const db = new DatabaseSync(file)
    return { db, store: sqliteStore(db) }
  }
  const before = open()
  await before.store.createSchema()
  const old = sessionsOn(before.store)
  const [ann, bob] = [await login(old, 'ann'), await login(old, 'bob')]
  before.db.prepare('VACUUM INTO ?').run(copy)
  await logout(old, ann)
  await old.revokeUser('bob')
  expect([await userOf(old, ann), await userOf(old, bob)]).toEqual([undefined, undefined])
  before.db.close()

  for (const end of ['', '-wal', '-shm']) rmSync(`${file}${end}`, { force: true })
  copyFileSync(copy, file)
  const { db, store } = open()
  onTestFinished(() => db.close())
  const restored = sessionsOn(store)
  expect([await userOf(restored, ann), await userOf(restored, bob)]).toEqual(['ann', 'bob'])
  // A new secret ends them at once: their cookies are not even looked up.
  const elsewhere = sessionsOn(store, OLD_SECRET)
  expect([await userOf(elsewhere, ann), await userOf(elsewhere, bob)]).toEqual([
    undefined,
    undefined,
  ])
  // A revocation after it counts more than what the copy has forgotten.
  await restored.revokeUser('bob')
  expect([await userOf(restored, ann), await userOf(restored, bob)]).toEqual(['ann', undefined])
  expect(await restored.revokeAll()).toBeGreaterThan(0)
  expect(await userOf(restored, ann)).toBeUndefined()
})

test('an app that starts before Redis gets 503 for its sessions, and works once Redis is there', async () => {
  const server = await startRedis()
  onTestFinished(() => server.stop())
  await server.kill()
  const client = createClient({ url: server.url })
  client.on('error', () => {})
  client.connect().catch(() => {})
  onTestFinished(() => client.destroy())
  const store = redisStore(client)
  const sessions = createSessions<any>({ secret: SECRET, store })
  await expect(login(sessions, 'ann')).rejects.toMatchObject({ status: 503 })
  await server.restart()
  const attempt = () => login(sessions, 'ann').catch(() => undefined)
  let cookie: string | undefined
  while (cookie === undefined) cookie = await attempt()
  expect(await userOf(sessionsOn(store), cookie)).toBe('ann')
})

/** A Redis without replicas, and a client. */
async function lonelyRedis(...settings: string[]) {
  const server = await startRedis({ settings })
  onTestFinished(() => server.stop())
  const client = createClient({ url: server.url })
  client.on('error', () => {})
  await client.connect()
  onTestFinished(() => client.destroy())
  return client
}

test('with min-replicas-to-write Redis refuses what a failover could lose, and the response is 503', async () => {
  const client = await lonelyRedis()
  const sessions = sessionsOn(redisStore(client))
  const cookie = await login(sessions, 'ann')
  await client.configSet('min-replicas-to-write', '1')
  await expect(login(sessions, 'ann')).rejects.toMatchObject({ status: 503 })
  await expect(logout(sessions, cookie)).rejects.toMatchObject({ status: 503 })
  // Reading goes on; and once there are replicas again, the logout is confirmed.
  expect(await userOf(sessions, cookie)).toBe('ann')
  await client.configSet('min-replicas-to-write', '0')
  expect(await sessions.close()).toEqual({ commits: 0, logouts: 0 })
  expect(await userOf(sessions, cookie)).toBeUndefined()
})

test('a store that waits for a replica confirms no logout that only the primary has', async () => {
  const client = await lonelyRedis()
  const inner = redisStore(client)
  let replicas = 1
  const store: typeof inner = {
    ...inner,
    async remove(key) {
      const removed = await inner.remove(key)
      if ((await client.wait(replicas, 50)) < replicas) throw new Error('no replica has it')
      return removed
    },
  }
  const sessions = sessionsOn(store)
  const cookie = await login(sessions, 'ann')
  await expect(logout(sessions, cookie)).rejects.toMatchObject({ status: 503 })
  replicas = 0
  expect(await sessions.close()).toEqual({ commits: 0, logouts: 0 })
})
