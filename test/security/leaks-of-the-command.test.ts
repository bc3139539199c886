import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { emptyFolder, sojourn } from '../cli/command.ts'
import { testSessions, Visitor } from '../session/visitor.ts'
import { learnCookie, PLANTED, planted } from './canary-planted.ts'

const { secret, oldSecret, password, user } = PLANTED

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
  ['list on a dead PostgreSQL', () => ['list', user, '--store', dead('postgres')]],
  ['list on a dead Redis', () => ['list', user, '--store', dead('redis')]],
  ['list on a dead Cluster', () => ['list', user, '--store', dead('redis-cluster')]],
  ['list on no store', () => ['list', user, '--store', dead('mysql')]],
  ['list on a broken address', () => ['list', user, '--store', `redis://:${password}@[`]],
  ['revoke on a dead store', () => ['revoke', user, '--all', '--store', dead('postgres')]],
  ['prune on a dead store', () => ['prune', '--store', dead('redis')]],
  ['doctor of what is none', () => ['doctor', dead('https')]],
]

const dead = (scheme: string) => `${scheme}://app:${password}@127.0.0.1:1/0`

test.each(GIVEN)('%s does not repeat what is secret', async (_, args) => {
  const { sessions } = testSessions({ secret: [secret, oldSecret] })
  const visitor = new Visitor(sessions)
  await visitor.visit((session) => session.login('somebody'))
  const cwd = emptyFolder()
  writeFileSync(join(cwd, '.env'), `SESSION_SECRET=${secret}\n`)
  const watching = planted()
  const given = args(visitor.cookie!)
  if (given[0] !== 'inspect') learnCookie(watching, visitor.cookie)
  const env = { SESSION_SECRET: secret, SECRET_KEY: oldSecret, SESSION_STORE: dead('redis') }
  const { code, out, err } = await sojourn(given, { cwd, env })
  expect(code).not.toBe(0)
  watching.shown('standard output', out)
  watching.shown('standard error', err)
  expect(watching.leaks()).toEqual([])
  expect(`${out}${err}`.length).toBeGreaterThan(10)
})
