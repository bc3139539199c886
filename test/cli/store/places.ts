/** Apps that keep their sessions in a store: each here and, for the command, as a module of its own. */

import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { Redis } from 'ioredis'
import { Pool } from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { createSessions, type SessionOptions, type StoredSessions } from '../../../src/index.ts'
import { postgresStore } from '../../../src/stores/postgres/postgres.ts'
import { redisStore } from '../../../src/stores/redis/redis.ts'
import { sqliteStore } from '../../../src/stores/sqlite/sqlite.ts'
import type { SessionStore } from '../../../src/backends/stored/store.ts'
import { emptyFolder, type Ran, type Surroundings, sojourn } from '../command.ts'

/** A store that the test uses through a client of its own, and how the app's module opens it. */
export interface Place {
  store: SessionStore
  /** The lines of the module that make its `store`. */
  opens: string
  env: Record<string, string>
  /** Makes everything in the store so old that nothing has to be kept. */
  age(): Promise<unknown>
}

const ROOT = resolve(import.meta.dirname, '../../..')
const SRC = pathToFileURL(join(ROOT, 'src')).href

const IMPORTS = `
import { createSessions } from '${SRC}/index.ts'
import { postgresStore } from '${SRC}/stores/postgres/postgres.ts'
import { redisStore } from '${SRC}/stores/redis/redis.ts'
import { sqliteStore } from '${SRC}/stores/sqlite/sqlite.ts'
`

/** A folder whose project has these packages, and this module. */
export function project(packages: readonly string[], module = ''): string {
  const folder = emptyFolder()
  mkdirSync(join(folder, 'node_modules'))
  for (const name of packages) {
    symlinkSync(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name))
  }
  writeFileSync(join(folder, 'sessions.mjs'), module)
  return folder
}

/** What the app signs with. */
export const SECRET = '1f7d0c3be94a48f08a6df5c2b7e913d4a05c6e21'

type AppOptions = Pick<SessionOptions, 'encrypt' | 'audience' | 'cookie'>

const COOKIE = { name: 'session', secure: false }

/** The app itself. */
export function appOn({ store }: Pick<Place, 'store'>, options: AppOptions = {}): StoredSessions {
  return createSessions({ secret: SECRET, store, cookie: COOKIE, ...options })
}

/** The module of the app, which finds its secrets in the environment. */
export function moduleOf(opens: string, options: AppOptions = {}): string {
  const secrets = '[process.env.SESSION_SECRET, process.env.SESSION_SECRET_PREVIOUS]'
  return `${IMPORTS}${opens}
export const sessions = createSessions({
  secret: ${secrets}, store, ...${JSON.stringify({ cookie: COOKIE, ...options })},
})
`
}

/** Runs the command on a module of these lines. The module goes behind the command's name. */
export function runOn(
  module: string,
  packages: readonly string[],
  [command = '', ...args]: readonly string[],
  { env }: Surroundings = {},
): Promise<Ran> {
  const cwd = project(packages, module)
  return sojourn([command, 'sessions.mjs', ...args], {
    cwd,
    env: { NODE_ENV: 'production', SESSION_SECRET: SECRET, ...env },
  })
}

/** Runs the command on the app of a place, whose project has these packages. */
export function run(place: Place, packages: readonly string[], args: readonly string[]) {
  return runOn(moduleOf(place.opens), packages, args, place)
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
    opens: `import { DatabaseSync } from 'node:sqlite'
const store = sqliteStore(new DatabaseSync(process.env.DATABASE_FILE), { prefix: 'cli_' })`,
    env: { DATABASE_FILE: path },
    age: async () =>
      db.exec('UPDATE cli_sessions SET expires_at = 1; UPDATE cli_owners SET until = 1'),
  }
}

/** How a module makes its client, by the name of the package that it is from. */
export const CLIENTS: Readonly<Record<string, string>> = {
  redis: `import { createClient } from 'redis'
const client = createClient({ url: process.env.REDIS_URL }).on('error', () => {})
client.connect().catch(() => {})`,
  ioredis: `import { Redis } from 'ioredis'
const client = new Redis(process.env.REDIS_URL).on('error', () => {})`,
  iovalkey: `import { Redis } from 'iovalkey'
const client = new Redis(process.env.REDIS_URL).on('error', () => {})`,
  pg: `import { Pool } from 'pg'
const client = new Pool({ connectionString: process.env.DATABASE_URL, max: 8 })`,
  postgres: `import postgres from 'postgres'
const client = postgres(process.env.DATABASE_URL, { max: 8, onnotice: () => {} })`,
}

export async function redisPlace(name = 'redis'): Promise<Place> {
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
    opens: `${CLIENTS[name]}\nconst store = redisStore(client, { prefix: '${prefix}' })`,
    env: { REDIS_URL: url },
    age: async () => {},
  }
}

export async function postgresPlace(name = 'pg'): Promise<Place> {
  const url = process.env['DATABASE_URL'] ?? ''
  const pool = new Pool({ connectionString: url, max: 2 })
  const prefix = `cli_${process.pid}_${++places}_`
  onTestFinished(async () => {
    await pool.query(`DROP TABLE ${prefix}sessions, ${prefix}owners, ${prefix}owned, ${prefix}meta`)
    await pool.end()
  })
  const store = postgresStore(pool, { prefix })
  await store.createSchema()
  return {
    store,
    opens: `${CLIENTS[name]}\nconst store = postgresStore(client, { prefix: '${prefix}' })`,
    env: { DATABASE_URL: url },
    age: () =>
      pool.query(
        `UPDATE ${prefix}sessions SET collect_at = '-infinity';
         UPDATE ${prefix}owners SET collect_at = '-infinity'`,
      ),
  }
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

/** The test that an app with every client of every engine has to pass. */
export function listsAndEnds(
  engine: string,
  name: string,
  open: (name: string) => Promise<Place>,
): void {
  test(`sessions in ${engine} that an app reaches through ${name} are listed and ended`, async () => {
    const place = await open(name)
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
