import { symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { withSessions } from '../../src/adapters/node/node.ts'
import { emptyFolder, sojourn } from '../cli/command.ts'
import { testSessions, Visitor } from '../session/visitor.ts'
import { serve } from '../promises/site.ts'
import { learnCookie, PLANTED, planted } from './canary-planted.ts'

const { secret, oldSecret, shortSecret, password, user, value } = PLANTED

/** What each command is given that it must not repeat; looking into a cookie is what `inspect` is for. */
const GIVEN: [name: string, args: (cookie: string) => string[]][] = [
  ['no such command', (cookie) => [cookie]],
  ['inspect of a cookie that does not verify', (cookie) => ['inspect', `${cookie}x`]],
  ['inspect with the secret as a name', (cookie) => ['inspect', cookie, '--secret-env', secret]],
  ['inspect with an option that is none', (cookie) => ['inspect', `--${secret}`, cookie]],
  ['secret with a name that is none', () => ['secret', '--write', '.env', '--name', secret]],
  ['secret where there is one', () => ['secret', '--write', '.env']],
  ['secret with too much', () => ['secret', secret]],
  ['schema of what is none', () => ['schema', `postgres://a:${password}@b`]],
  ['list on a dead PostgreSQL', () => ['list', 'pg.mjs', user]],
  ['list on a dead Redis', () => ['list', 'redis.mjs', user]],
  ['list of no module', () => ['list', dead('mysql'), user]],
  ['list with the options of another time', () => ['list', user, '--store', dead('redis')]],
  ['list with a broken address', () => ['list', 'redis.mjs', user, `--redis://:${password}@[`]],
  ['list of sessions in cookies', () => ['list', 'cookies.mjs', user]],
  ['revoke on a dead store', () => ['revoke', 'pg.mjs', user, '--all']],
  ['prune on a dead store', () => ['prune', 'pg.mjs']],
  ['doctor where nobody listens', () => ['doctor', `${dead('http')}?session=${value}`]],
  ['doctor of no file', () => ['doctor', `./${secret}.js`, '--env', `${oldSecret}`]],
]

const dead = (scheme: string) => `${scheme}://app:${password}@127.0.0.1:1/0`

const SRC = pathToFileURL(join(import.meta.dirname, '../../src')).href
const PACKAGES = resolve(import.meta.dirname, '../../node_modules')

/** Apps for the commands on a store, with the addresses of stores that nobody serves. */
const MODULES = {
  'pg.mjs': `import { Pool } from 'pg'
    import { createSessions } from '${SRC}/index.ts'
    import { postgresStore } from '${SRC}/stores/postgres/postgres.ts'
    const store = postgresStore(new Pool({ connectionString: '${dead('postgres')}' }))
    export const sessions = createSessions({ secret: process.env.SESSION_SECRET, store })`,
  'redis.mjs': `import { createClient } from 'redis'
    import { createSessions } from '${SRC}/index.ts'
    import { redisStore } from '${SRC}/stores/redis/redis.ts'
    const client = createClient({ url: '${dead('redis')}' })
    client.connect()
    export const sessions = createSessions({ secret: '${secret}', store: redisStore(client) })`,
  'cookies.mjs': `import { createSessions } from '${SRC}/index.ts'
    export const sessions = createSessions({ secret: '${secret}' })`,
}

test.each(GIVEN)('%s does not repeat what is secret', async (_, args) => {
  const { sessions } = testSessions({ secret: [secret, oldSecret] })
  const visitor = new Visitor(sessions)
  await visitor.visit((session) => session.login('somebody'))
  const cwd = emptyFolder()
  writeFileSync(join(cwd, '.env'), `SESSION_SECRET=${secret}\n`)
  for (const [name, module] of Object.entries(MODULES)) writeFileSync(join(cwd, name), module)
  symlinkSync(PACKAGES, join(cwd, 'node_modules'))
  const watching = planted()
  const given = args(visitor.cookie!)
  if (given[0] !== 'inspect') learnCookie(watching, visitor.cookie)
  const env = { SESSION_SECRET: secret, SECRET_KEY: oldSecret, DSN: dead('postgres') }
  const { code, out, err } = await sojourn(given, { cwd, env })
  expect(code).not.toBe(0)
  watching.shown('standard output', out)
  watching.shown('standard error', err)
  expect(watching.leaks()).toEqual([])
  expect(`${out}${err}`.length).toBeGreaterThan(10)
})

const SOURCE = join(import.meta.dirname, '../../src/index.ts')

/** Apps that the doctor loads: some do well, some tell all they know when they fail. */
const APPS: [name: string, module: string][] = [
  [
    'that is well',
    `export const sessions = createSessions({ secret: '${secret}', encrypt: true })`,
  ],
  [
    'whose secret is too short',
    `export const sessions = createSessions({ secret: '${shortSecret}' })`,
  ],
  [
    'whose secret is another type',
    `export const sessions = createSessions({ secret: ['${secret}', 1] })`,
  ],
  [
    'that keeps its options',
    `export const sessions = { secret: '${secret}', describePolicy: () => ({}) }`,
  ],
  [
    'that exports something else',
    `export const options = { secret: '${secret}', user: '${user}' }`,
  ],
  ['that fails while it is loaded', `throw new Error('No answer from ${dead('postgres')}.')`],
  [
    'that fails with a cause',
    `throw new Error('No answer.', { cause: new Error('${dead('redis')}') })`,
  ],
]

test.each(APPS)('doctor of an app %s does not repeat what is secret', async (_, source) => {
  const cwd = emptyFolder()
  const text = `import { createSessions } from ${JSON.stringify(SOURCE)}\n${source}\n`
  writeFileSync(join(cwd, 'app.mjs'), text)
  const watching = planted()
  for (const flags of [[], ['--json']]) {
    const env = { SESSION_SECRET: secret }
    const { out, err } = await sojourn(['doctor', './app.mjs', ...flags], { cwd, env })
    watching.shown('standard output', out)
    watching.shown('standard error', err)
    expect(`${out}${err}`.length).toBeGreaterThan(10)
  }
  expect(watching.leaks()).toEqual([])
})

test('doctor of a page that sets a cookie does not repeat the cookie', async () => {
  const { sessions } = testSessions({ secret, cookie: { name: 'session' } })
  const watching = planted()
  const url = await serve(
    withSessions(sessions, async (req, res) => {
      const session = await sessions.get(req)
      session.login(user)
      session.set('kept', value)
      for (const line of (await session.commit()).getSetCookie()) {
        learnCookie(watching, line.split(';')[0])
      }
      res.end('a page')
    }),
  )
  for (const flags of [[], ['--json']]) {
    const { out, err } = await sojourn(['doctor', url, ...flags])
    watching.shown('standard output', out)
    watching.shown('standard error', err)
    expect(out).toContain('HttpOnly')
  }
  expect(watching.counts.learned).toBeGreaterThan(10)
  expect(watching.leaks()).toEqual([])
})
