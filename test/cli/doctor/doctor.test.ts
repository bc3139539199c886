import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { describe, expect, test } from 'vitest'
import { sqliteStore } from '../../../src/stores/sqlite/sqlite.ts'
import { emptyFolder, type Ran, sojourn } from '../command.ts'

const SECRET = 'pW7vX2qLr9TzK4mBn8YcJ5hGd3FsA6eu'
const OLDER = 'Zk3nVb7QxRm5tLwP9sHc2JyDf8GaE4uT'

const SRC = pathToFileURL(resolve(import.meta.dirname, '../../../src')).href
const IMPORTS = `
import { aal1, aal2, aal3, createSessions } from '${SRC}/index.ts'
import { flask } from '${SRC}/flask/flask.ts'
import { cookieSession, formerly } from '${SRC}/formerly/formerly.ts'
import { memoryStore } from '${SRC}/stores/memory/memory.ts'
import { sqliteStore } from '${SRC}/stores/sqlite/sqlite.ts'
import { DatabaseSync } from 'node:sqlite'
const secret = process.env.SESSION_SECRET
`

interface Finding {
  verdict: 'pass' | 'warn' | 'fail'
  about: string
  says: string
  remedy?: string
}

interface Given {
  env?: Record<string, string>
  args?: readonly string[]
  file?: string
  files?: Record<string, string>
}

/** Runs the doctor on a module of that text. */
function diagnose(text: string, { env = {}, args = [], file = 'app.mjs', files = {} }: Given = {}) {
  const cwd = emptyFolder()
  for (const [name, content] of Object.entries({ [file]: IMPORTS + text, ...files })) {
    writeFileSync(join(cwd, name), content)
  }
  return sojourn(['doctor', file, ...args], { cwd, env: { SESSION_SECRET: SECRET, ...env } })
}

/** The findings on sessions with these options, by what they are about. */
async function findingsOn(options: string, given: Given = {}) {
  const text = `export const sessions = createSessions(${options})`
  const ran = await diagnose(text, { ...given, args: ['--json', ...(given.args ?? [])] })
  expectNothingSecret(ran)
  const { findings } = JSON.parse(ran.out) as { findings: Finding[] }
  const verdicts = Object.fromEntries(findings.map(({ about, verdict }) => [about, verdict]))
  return { ...ran, findings, verdicts, on: (about: string) => found(findings, about) }
}

function found(findings: readonly Finding[], about: string): Finding {
  const finding = findings.find((each) => each.about === about)
  if (!finding) throw new Error(`Nothing was said about ${about}.`)
  return finding
}

function expectNothingSecret({ out, err }: Ran): void {
  for (const secret of [SECRET, OLDER]) expect(out + err).not.toContain(secret)
}

describe('an app that nobody has to look at twice', () => {
  test('passes every question', async () => {
    const path = join(emptyFolder(), 'sessions.db')
    const db = new DatabaseSync(path)
    await sqliteStore(db).createSchema()
    db.close()
    const { code, verdicts, findings } = await findingsOn(`{
      secret, encrypt: true, lifetime: aal3, rotate: '15m', maxSessionsPerUser: 5,
      store: sqliteStore(new DatabaseSync(${JSON.stringify(path)})),
    }`)
    expect(findings.filter(({ verdict }) => verdict !== 'pass')).toEqual([])
    expect(verdicts).toEqual({
      'Node.js': 'pass',
      NODE_ENV: 'pass',
      secret: 'pass',
      Secure: 'pass',
      HttpOnly: 'pass',
      SameSite: 'pass',
      prefix: 'pass',
      scope: 'pass',
      lifetime: 'pass',
      algorithms: 'pass',
      encryption: 'pass',
      logout: 'pass',
      ids: 'pass',
      limit: 'pass',
      outage: 'pass',
      settings: 'pass',
    })
    expect(code).toBe(0)
  })

  test('gets a page that a person can read, with the remedy under what is not as it should be', async () => {
    const text = 'export const sessions = createSessions({ secret, lifetime: aal2, encrypt: true })'
    const ran = await diagnose(text)
    expectNothingSecret(ran)
    expect(ran).toMatchObject({ code: 0, err: '' })
    const lines = ran.out.split('\n')
    expect(lines[0]).toBe('app.mjs')
    expect(ran.out).toContain('pass  HttpOnly    No script can read the cookie.')
    const at = lines.findIndex((line) => line.startsWith('warn  logout'))
    expect(lines[at + 1]).toMatch(/^ +-> Use a store/)
    expect(lines.at(-2)).toBe('11 passed, 1 warnings, 0 failed')
  })
})

describe('each question has an answer that is no pass', () => {
  const NEEDS_HTTP = "cookie: { name: 'sid', secure: false }"
  const IN_MEMORY = 'store: memoryStore()'
  const FLASK = 'flask({ SECRET_KEY: secret, PERMANENT_SESSION_LIFETIME: 600 })'
  test.each([
    ['Secure', 'fail', `{ secret, ${NEEDS_HTTP} }`, 'secure: true'],
    ['HttpOnly', 'fail', '{ secret, cookie: { httpOnly: false } }', 'httpOnly: true'],
    ['SameSite', 'warn', "{ secret, cookie: { sameSite: 'None' } }", 'csrfGuard'],
    ['prefix', 'warn', "{ secret, cookie: { name: 'sid' } }", '__Host-'],
    ['scope', 'warn', "{ secret, cookie: { domain: 'example.com' } }", 'cookie.domain'],
    ['lifetime', 'warn', '{ secret }', 'aal2'],
    ['lifetime', 'warn', "{ secret, lifetime: { absolute: '31d' } }", 'aal1'],
    ['encryption', 'warn', '{ secret }', 'encrypt: true'],
    ['encryption', 'warn', `{ secret, ${IN_MEMORY} }`, 'encrypt: true'],
    [
      'encryption',
      'warn',
      "{ secret, encrypt: { migrateUntil: '2999-01-01' } }",
      'after that time',
    ],
    [
      'encryption',
      'warn',
      "{ secret, encrypt: { from: '2998-01-01', migrateUntil: '2999-01-01' } }",
      'encrypt.from',
    ],
    [
      'formerly',
      'warn',
      "{ secret, formerly: formerly({ sessions: { secret }, until: '2020-01-01' }) }",
      'Remove it',
    ],
    ['logout', 'warn', '{ secret }', 'store'],
    ['store', 'warn', `{ secret, ${IN_MEMORY} }`, 'sqliteStore(db)'],
    ['algorithms', 'warn', FLASK, 'leave it out'],
    ['algorithms', 'warn', 'cookieSession({ keys: [secret] })', 'leave it out'],
    ['Secure', 'fail', FLASK, 'SESSION_COOKIE_SECURE: true'],
    ['SameSite', 'warn', FLASK, 'SESSION_COOKIE_SAMESITE'],
    ['encryption', 'warn', FLASK, 'Store nothing private'],
    ['lifetime', 'warn', FLASK, 'write down the reason'],
    ['logout', 'warn', FLASK, 'Use a short lifetime'],
  ] as const)('%s: %s for %s', async (about, verdict, options, remedy) => {
    const { code, on } = await findingsOn(options)
    expect(on(about).verdict).toBe(verdict)
    expect(on(about).remedy).toContain(remedy)
    expect(code === 1 || verdict === 'warn').toBe(true)
  })

  test('what passes says what holds', async () => {
    const { on } = await findingsOn(`{
      secret: [secret, '${OLDER}'], ${IN_MEMORY}, lifetime: aal1, onReplay: 'end', rotate: '1h',
      maxSessionsPerUser: 1, onLimit: 'reject', onUnavailable: 'anonymous-readonly',
      formerly: formerly({ sessions: { secret }, until: new Date(Date.now() + 86_400_000) }),
    }`)
    expect(on('formerly').says).toContain("session' are moved here until")
    expect(on('secret').says).toBe('No weakness was found; 1 previous secret.')
    expect(on('lifetime').says).toContain('within level 1')
    expect(on('ids').says).toContain('after 1 hour')
    expect(on('ids').says).toContain('ends its session')
    expect(on('limit').says).toContain('is refused')
    expect(on('outage').says).toContain('all visitors are anonymous')
  })
})

describe('what a module can do wrong', () => {
  const MAKES = 'export const sessions = createSessions({ secret })'

  test.each([
    ['no secret', '', 'No secret'],
    ['a published secret', 'changeme-changeme-changeme-changeme', 'everybody knows it'],
    ['a short secret', 'Xk2pQ9', '32 are needed'],
  ])('%s: createSessions refuses, and so does the report', async (_, secret, says) => {
    const { code, out, err } = await diagnose(MAKES, { env: { SESSION_SECRET: secret } })
    expect({ code, err }).toEqual({ code: 1, err: '' })
    expect(out).toContain('fail  module')
    expect(out).toContain(says)
    if (secret) expect(out).not.toContain(secret)
  })

  test('while developing, a short secret is let through by createSessions, not by the report', async () => {
    const env = { SESSION_SECRET: 'Xk2pQ9', NODE_ENV: 'development' }
    const { code, on, out, err } = await findingsOn('{ secret }', { env })
    expect(code).toBe(1)
    expect(on('secret')).toMatchObject({
      verdict: 'fail',
      remedy: 'Run: npx sojourn secret --write .env',
    })
    expect(on('NODE_ENV')).toMatchObject({ verdict: 'fail' })
    expect(on('Secure').verdict).toBe('fail')
    expect(out + err).not.toContain('Xk2pQ9')
  })

  test.each([
    ['as `sessions`', MAKES],
    ['as its default', 'export default createSessions({ secret })'],
    ['not at all, but makes them', 'const sessions = createSessions({ secret })'],
    ['within its default', 'export default { sessions: createSessions({ secret }) }'],
  ])('exports them %s: found', async (_, text) => {
    expect((await diagnose(text)).out).toContain('pass  secret')
  })

  test.each([
    ['exports none', 'export const app = 1', 'exports no sessions'],
    [
      'makes several and exports none',
      'const sessions = [createSessions({ secret }), createSessions({ secret })]',
      'exports no sessions',
    ],
    ['exports something else', 'export const sessions = { get() {} }', 'exports no sessions'],
    ['does not parse', 'export const = 1', 'Loading it failed'],
    [
      'lacks a package',
      "await import('a-package-that-is-not-there')",
      'a-package-that-is-not-there',
    ],
    ['throws no error', 'throw "nothing"', 'Loading it failed: nothing'],
  ])('%s: said, with the remedy', async (_, text, says) => {
    const { code, out } = await diagnose(text)
    expect(code).toBe(1)
    expect(out).toContain(says)
    expect(out).toMatch(/\n +-> \S/)
  })

  test('is not there', async () => {
    const ran = await sojourn(['doctor', 'missing.js'], { cwd: emptyFolder() })
    expect(ran).toMatchObject({ code: 1, err: '' })
    expect(ran.out).toContain('There is no file missing.js.')
  })

  test('is an address with a password in it: that is left out', async () => {
    const { code, out } = await sojourn(['doctor', 'redis://u:hunter22@h/0'], {
      cwd: emptyFolder(),
    })
    expect(code).toBe(1)
    expect(out).toContain('There is no file redis://[...]@h/0.')
    expect(out).not.toContain('hunter22')
  })

  test('is in a language that Node.js does not load', async () => {
    const { code, out } = await diagnose(MAKES, { file: 'app.tsx' })
    expect(code).toBe(1)
    expect(out).toMatch(/Node\.js \S+ cannot load this \.tsx file/)
    expect(out).toContain('22.18')
  })

  test('starts a server that goes on for ever: the report ends it', async () => {
    const text = `import { createServer } from 'node:http'
      createServer().listen(0, '127.0.0.1'); setInterval(() => {}, 1000); ${MAKES}`
    expect(await diagnose(text)).toMatchObject({ code: 0 })
  })

  test('prints: that is no part of the report', async () => {
    const { out, err } = await diagnose(`console.log('listening'); ${MAKES}`, { args: ['--json'] })
    expect(JSON.parse(out)).toMatchObject({ of: 'app.mjs' })
    expect(err).toBe('listening\n')
  })

  test('fails while something else in it goes on: the report is made all the same', async () => {
    const text = `setImmediate(() => { throw new Error('the port is taken') })
      await new Promise((done) => setTimeout(done, 50)); ${MAKES}`
    const { code, out, err } = await diagnose(text)
    expect(code).toBe(0)
    expect(out).toContain('pass  secret')
    expect(err).toBe('sojourn: an error in the app: the port is taken\n')
  })

  test('ends the process: that is no report, and no success', async () => {
    const { code, out, err } = await diagnose('process.exit(0)')
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toContain('ended the process')
  })

  test('says something secret in its error: that is left out', async () => {
    const text = `throw new Error('cannot reach ' + process.env.DATABASE_URL + ' or redis://u:hunter22@h/0 with ' + secret)`
    const url = 'postgres://app:correct-horse@db.example.com/app'
    const ran = await diagnose(text, { env: { DATABASE_URL: url } })
    expectNothingSecret(ran)
    expect(ran.out).toContain(
      'cannot reach [DATABASE_URL] or redis://[...]@h/0 with [SESSION_SECRET]',
    )
  })
})

describe('variables from a file', () => {
  const MAKES = 'export const sessions = createSessions({ secret: process.env.FROM_FILE })'

  test('are there when the module is loaded', async () => {
    const files = { '.env': `FROM_FILE=${OLDER}\n` }
    const ran = await diagnose(MAKES, { files, args: ['--env', '.env'] })
    expect(ran.code).toBe(0)
    expectNothingSecret(ran)
  })

  test('do not replace what is in the environment', async () => {
    const files = { '.env': `FROM_FILE=\nNODE_ENV=development\n` }
    const env = { FROM_FILE: OLDER, NODE_ENV: 'production' }
    const { code, out } = await diagnose(MAKES, { files, env, args: ['--env', '.env'] })
    expect(code).toBe(0)
    expect(out).toContain('pass  NODE_ENV    production.')
  })

  test('may say that this is not production, which the report then says', async () => {
    const files = { '.env': `FROM_FILE=${OLDER}\nNODE_ENV=development\n` }
    const { code, out } = await diagnose(MAKES, { files, args: ['--env', '.env'] })
    expect(code).toBe(1)
    expect(out).toContain('fail  NODE_ENV    development')
  })
})

describe("the README's own set-up", () => {
  const README = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8')
  const [, app = ''] = /```ts\n(import express[^]*?)```/.exec(README) ?? []
  const here = app
    .replace("'sojourn'", `'${SRC}/index.ts'`)
    .replace("'sojourn/express'", `'${SRC}/adapters/express.ts'`)
    .replace("'express'", `'${import.meta.resolve('express')}'`)
    .replace('listen(3000)', "listen(0, '127.0.0.1')")

  test('is understood: the program, and the .env beside it', async () => {
    const cwd = emptyFolder()
    writeFileSync(join(cwd, 'app.mts'), here)
    writeFileSync(join(cwd, '.env'), `SESSION_SECRET=${SECRET}\nNODE_ENV=development\n`)
    const ran = await sojourn(['doctor', 'app.mts'], { cwd })
    expectNothingSecret(ran)
    expect(ran).toMatchObject({ code: 0, err: '' })
    expect(ran.out).toContain('pass  secret')
    expect(ran.out).toContain('pass  NODE_ENV    production, for this report')
  })

  test('without a secret: says how to make one, and where the command finds it', async () => {
    const cwd = emptyFolder()
    writeFileSync(join(cwd, 'app.mts'), here)
    const { code, out } = await sojourn(['doctor', 'app.mts'], { cwd })
    expect(code).toBe(1)
    expect(out).toContain('No secret: "secret" is empty or undefined.')
    expect(out).toContain('npx sojourn secret --write .env')
    expect(out).toContain('-> Pass the variables of the app to the command: --env .env.')
  })
})

describe("the store's own settings", () => {
  test('are asked for, and each finding is told', async () => {
    const store = "{ ...memoryStore(), check: async () => ['Writes may be lost.'] }"
    const { on, code } = await findingsOn(`{ secret, store: ${store} }`)
    expect(code).toBe(0)
    expect(on('settings')).toMatchObject({ verdict: 'warn', says: 'Writes may be lost.' })
  })

  test('cannot be asked for where the store is away: that fails, and shows no password', async () => {
    const store = `{ ...memoryStore(), engine: 'Redis', check: async () => {
      throw new Error('connect ECONNREFUSED redis://app:correct-horse@127.0.0.1:1')
    } }`
    const { on, code, out } = await findingsOn(`{ secret, store: ${store} }`)
    expect(code).toBe(1)
    expect(on('settings')).toMatchObject({ verdict: 'fail' })
    expect(on('settings').says).toContain('ECONNREFUSED')
    expect(out).not.toContain('correct-horse')
  })
})

test.each([
  [[]],
  [['a.js', 'b.js']],
  [['a.js', '--name', 'sid']],
  [['localhost:3000', '--env', '.env']],
  [['a.js', '--env', 'missing.env']],
])('%j is not understood', async (args) => {
  const ran = await sojourn(['doctor', ...args], { cwd: emptyFolder() })
  expect(ran).toMatchObject({ code: 2, out: '' })
  expect(ran.err).toMatch(/^sojourn: .+\n$/)
})
