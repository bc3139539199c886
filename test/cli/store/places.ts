/** Apps that keep their sessions in a store, each with a project folder for the command to run in. */

import { mkdirSync, symlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Redis } from 'ioredis'
import { Pool } from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { createSessions, type SessionOptions, type StoredSessions } from '../../../src/index.ts'
import { postgresStore } from '../../../src/stores/postgres/postgres.ts'
import { redisStore } from '../../../src/stores/redis/redis.ts'
import { sqliteStore } from '../../../src/stores/sqlite/sqlite.ts'
import type { SessionStore } from '../../../src/backends/stored/store.ts'
import { emptyFolder, type Ran, sojourn } from '../command.ts'

/** A store that the app uses through a client of its own, and the command by its URL. */
export interface Place {
  store: SessionStore
  /** What the command needs to find the store, but for the client. */
  env: Record<string, string>
  args: readonly string[]
  /** Makes everything in the store so old that nothing has to be kept. */
  age(): Promise<unknown>
}

const INSTALLED = resolve(import.meta.dirname, '../../../node_modules')

/** A folder whose project has these packages. */
export function project(packages: readonly string[]): string {
  const folder = emptyFolder()
  mkdirSync(join(folder, 'node_modules'))
  for (const name of packages) {
    symlinkSync(join(INSTALLED, name), join(folder, 'node_modules', name))
  }
  return folder
}

/** Runs the command on a place, in a project with these packages. */
export function run(place: Place, packages: readonly string[], args: readonly string[]) {
  return sojourn([...args, ...place.args], { cwd: project(packages), env: place.env })
}

/** What `--json` printed. */
export function json({ out }: Ran): unknown {
  return JSON.parse(out)
}

let places = 0

export async function sqlitePlace(): Promise<Place> {
  const path = join(emptyFolder(), 'sessions of an app.db')
  const db = new DatabaseSync(path)
  onTestFinished(() => db.close())
  const store = sqliteStore(db, { prefix: 'cli_' })
  await store.createSchema()
  return {
    store,
    env: { SOJOURN_STORE: `sqlite:${path}` },
    args: ['--prefix', 'cli_'],
    age: async () =>
      db.exec('UPDATE cli_sessions SET expires_at = 1; UPDATE cli_owners SET until = 1'),
  }
}

export async function redisPlace(): Promise<Place> {
  const url = process.env['REDIS_URL'] ?? ''
  const client = new Redis(url)
  const prefix = `cli-${process.pid}-${++places}:`
  onTestFinished(async () => {
    const keys = await client.keys(`${prefix}*`)
    if (keys.length > 0) await client.del(keys)
    client.disconnect()
  })
  return {
    store: redisStore(client, { prefix }),
    env: { SOJOURN_STORE: url },
    args: ['--prefix', prefix],
    age: async () => {},
  }
}

export async function postgresPlace(): Promise<Place> {
  const url = process.env['DATABASE_URL'] ?? ''
  const pool = new Pool({ connectionString: url, max: 2 })
  const prefix = `cli_${process.pid}_${++places}_`
  onTestFinished(async () => {
    await pool.query(`DROP TABLE ${prefix}sessions, ${prefix}owners, ${prefix}meta`)
    await pool.end()
  })
  const store = postgresStore(pool, { prefix })
  await store.createSchema()
  return {
    store,
    env: { SOJOURN_STORE: url },
    args: ['--prefix', prefix],
    age: () =>
      pool.query(
        `UPDATE ${prefix}sessions SET collect_at = '-infinity';
         UPDATE ${prefix}owners SET collect_at = '-infinity'`,
      ),
  }
}

/** What the app signs with. */
export const SECRET = '1f7d0c3be94a48f08a6df5c2b7e913d4a05c6e21'

/** The app itself. */
export function appOn(
  { store }: Place,
  options: Pick<SessionOptions, 'encrypt' | 'audience'> = {},
): StoredSessions {
  const cookie = { name: 'session', secure: false }
  return createSessions({ secret: SECRET, store, cookie, ...options })
}

/** A session of the app, as its browser and its owner know it. */
export interface SignedIn {
  cookie: string
  handle: string
}

/** Signs somebody in. */
export async function signIn(app: StoredSessions, user: string, label: string): Promise<SignedIn> {
  const session = await app.open(null)
  session.login(user)
  session.label = label
  session.set('plan', 'a-value-of-the-app')
  const headers = await session.commit(new Headers())
  const cookie = headers.get('set-cookie')?.split(';')[0] ?? ''
  return { cookie, handle: session.handle ?? '' }
}

/** Whom the app takes a browser for. */
export async function userOf(
  app: StoredSessions,
  { cookie }: SignedIn,
): Promise<string | undefined> {
  return (await app.open(cookie)).userId
}

/** The test that every client of every engine has to pass. */
export function listsAndEnds(engine: string, name: string, open: () => Promise<Place>): void {
  test(`with ${name} alone in the project, sessions in ${engine} are listed and ended`, async () => {
    const place = await open()
    const app = appOn(place)
    const phone = await signIn(app, 'ada', 'Phone')
    const visitors = [
      phone,
      await signIn(app, 'ada', 'Laptop'),
      await signIn(app, 'grace', 'Tablet'),
    ]
    const users = () => Promise.all(visitors.map((visitor) => userOf(app, visitor)))
    const listed = await run(place, [name], ['list', 'ada', '--json'])
    expect(listed).toMatchObject({ code: 0, err: '' })
    expect(json(listed)).toMatchObject({
      sessions: [{ handle: phone.handle, label: 'Phone' }, { label: 'Laptop' }],
    })
    const ended = await run(place, [name], ['revoke', 'ada', phone.handle])
    expect(ended).toEqual({ code: 0, out: 'Ended 1 session.\n', err: '' })
    expect(await users()).toEqual([undefined, 'ada', 'grace'])
    const all = await run(place, [name], ['revoke', '--everybody', '--yes'])
    expect(all).toEqual({ code: 0, out: 'Ended 2 sessions.\n', err: '' })
    expect(await users()).toEqual([undefined, undefined, undefined])
  })
}
