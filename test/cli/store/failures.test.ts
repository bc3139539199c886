import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import * as fc from 'fast-check'
import { expect, onTestFinished, test, vi } from 'vitest'
import { list } from '../../../src/cli/store/list.ts'
import { prune } from '../../../src/cli/store/prune.ts'
import { revoke } from '../../../src/cli/store/revoke.ts'
import { failureOf } from '../../../src/cli/store/store-failure.ts'
import { secretsIn, storeAddress } from '../../../src/cli/store/store-url.ts'
import { emptyFolder, type Ran, sojourn } from '../command.ts'
import { project } from './places.ts'

const PASSWORD = 'hunter2/@:x'
const ESCAPED = encodeURIComponent(PASSWORD)
const LOGIN = `ada:${ESCAPED}@`

interface Given {
  packages?: readonly string[]
  args?: readonly string[]
  env?: Record<string, string>
}

/** Runs a command on the store of that URL. */
function on(url: string, { packages = [], args = ['list', 'mona'], env = {} }: Given = {}) {
  return sojourn(args, { cwd: project(packages), env: { SOJOURN_STORE: url, ...env } })
}

function expectOneLine({ code, out, err }: Ran, expected: number, says: string) {
  expect({ code, out }).toEqual({ code: expected, out: '' })
  expect(err).toMatch(/^sojourn: .+\n$/)
  expect(err).toContain(says)
  expect(err).not.toContain('hunter2')
  expect(err).not.toContain('    at ')
}

const at = (url: string | undefined) => `${LOGIN}${new URL(url ?? '').host}/`

test.each([
  ['redis', () => `redis://${at(process.env['REDIS_URL'])}`, 'WRONGPASS'],
  ['pg', () => `postgres://${at(process.env['DATABASE_URL'])}postgres`, '28P01'],
])('a wrong password is said to be wrong, and is not shown: %s', async (name, url, says) => {
  const ran = await on(url(), { packages: [name] })
  expectOneLine(ran, 1, says)
  expect(ran.err).toContain('the user or the password is wrong')
})

test.each(['redis', 'pg', 'postgres'])('where nothing listens, %s says so', async (name) => {
  const scheme = name === 'redis' ? 'redis' : 'postgres'
  expectOneLine(
    await on(`${scheme}://${LOGIN}127.0.0.1:1/`, { packages: [name] }),
    1,
    'nothing listens at that address',
  )
})

test('a server that repeats the password in its error does not get it shown', async () => {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', (command) => {
      const words = command.toString().replaceAll(/\s+/g, ' ')
      socket.write(`-ERR unknown command, with args beginning with: ${words}\r\n`)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  const ran = await on(`redis://${LOGIN}127.0.0.1:${port}`, { packages: ['redis'] })
  expectOneLine(ran, 1, "its client's message is not shown")
})

test.each([
  [`postgres://${LOGIN}db/app`, 'npm install pg'],
  [`redis://${LOGIN}cache`, 'npm install redis'],
  [`rediss-cluster://${LOGIN}cache`, 'npm install redis'],
])('a project without a client hears how to get one', async (url, says) => {
  expectOneLine(await on(url), 1, says)
})

test('a client that does not load says why itself', async () => {
  const folder = project([])
  mkdirSync(join(folder, 'node_modules', 'pg'))
  writeFileSync(join(folder, 'node_modules', 'pg', 'index.js'), 'throw new Error("not built")')
  const env = { SOJOURN_STORE: `postgres://${LOGIN}db/app` }
  expectOneLine(await sojourn(['prune'], { cwd: folder, env }), 1, 'not built')
})

test("a client that fails behind everybody's back does not get the URL printed", async () => {
  const folder = project([])
  mkdirSync(join(folder, 'node_modules', 'pg'))
  const program = `exports.Pool = class {
    totalCount = 0
    constructor({ connectionString }) {
      setImmediate(() => { throw Object.assign(new Error('lost'), { connectionString }) })
    }
    on() {}
    query() { return new Promise(() => {}) }
    end() { return Promise.resolve() }
  }`
  writeFileSync(join(folder, 'node_modules', 'pg', 'index.js'), program)
  const env = { SOJOURN_STORE: `postgres://${LOGIN}db/app` }
  expectOneLine(await sojourn(['prune'], { cwd: folder, env }), 1, 'lost')
})

test('a client that cannot even be closed changes nothing of what was done', async () => {
  const folder = project([])
  mkdirSync(join(folder, 'node_modules', 'redis'))
  const program = `exports.createClient = () => ({
    on() {},
    connect: async () => {},
    sendCommand: async () => null,
    destroy() { throw new Error('The client is closed') },
  })`
  writeFileSync(join(folder, 'node_modules', 'redis', 'index.js'), program)
  const ran = await sojourn(['prune'], { cwd: folder, env: { SOJOURN_STORE: 'redis://cache' } })
  expect(ran).toMatchObject({ code: 0, err: '', out: expect.stringContaining('nothing to prune') })
})

test('a Node without SQLite says so, and names the package that has it', async () => {
  const folder = emptyFolder()
  const path = join(folder, 'sessions.db')
  new DatabaseSync(path).close()
  const env = { NODE_OPTIONS: '--no-experimental-sqlite' }
  const ran = await on(`sqlite:${path}`, { env })
  expectOneLine(ran, 1, 'npm install better-sqlite3')
  expect(ran.err).toContain(`Node.js ${process.versions.node} has no SQLite`)
})

test('a SQLite file that is not there is not made', async () => {
  const folder = emptyFolder()
  const env = { SOJOURN_STORE: 'sqlite:no.db' }
  expectOneLine(await sojourn(['prune'], { cwd: folder, env }), 1, 'There is no file no.db.')
  expect(existsSync(join(folder, 'no.db'))).toBe(false)
})

test('what is no database, and one without our tables, are told apart', async () => {
  const folder = emptyFolder()
  writeFileSync(join(folder, 'notes.txt'), 'a'.repeat(5000))
  new DatabaseSync(join(folder, 'other.db')).close()
  expectOneLine(await on(`sqlite:${join(folder, 'notes.txt')}`), 1, 'file is not a database')
  const ran = await on(`sqlite:${join(folder, 'other.db')}`)
  expectOneLine(ran, 1, 'The tables for sessions in SQLite are missing')
  expect(ran.err).toContain('npx sojourn schema')
})

test('a password on the command line brings a warning, and one in the variable does not', async () => {
  const url = `redis://${LOGIN}cache`
  const warned = await sojourn(['list', 'ada', '--store', url], { cwd: project([]) })
  expect(warned.err).toContain('SOJOURN_STORE')
  expect(warned.err).not.toContain('hunter2')
  expect((await on(url)).err).not.toContain('SOJOURN_STORE')
  const harmless = await sojourn(['list', 'ada', '--store', 'redis://cache'], { cwd: project([]) })
  expect(harmless.err).not.toContain('SOJOURN_STORE')
})

const MISTAKES: readonly [args: string[], says: string][] = [
  [['list', 'ada'], 'SOJOURN_STORE'],
  [['list', 'ada', '--store', ''], '--store is empty'],
  [['list', 'ada', '--store'], '--store'],
  [['list', '--store', 'sqlite:a.db'], 'list USER'],
  [['list', '', '--store', 'sqlite:a.db'], 'list USER'],
  [['list', `redis://${LOGIN}cache`, 'ada'], 'list USER'],
  [['list', 'ada', '--store', `mysql://${LOGIN}db`], 'no URL of a store'],
  [['list', 'ada', '--store', PASSWORD], 'no URL of a store'],
  [['list', 'ada', '--store', `postgres:${PASSWORD}`], 'no URL of a store'],
  [['list', 'ada', '--store', 'redis://:hunter2/x@cache'], '%2F'],
  [['list', 'ada', '--store', 'redis://'], 'cannot be read'],
  [['list', 'ada', '--store', 'sqlite:'], 'A file is needed'],
  [['list', 'ada', '--store', 'sqlite::memory:'], 'A file is needed'],
  [['list', 'ada', '--store', 'sqlite:///a.db'], 'right behind the colon'],
  [['list', 'ada', `--redis://${LOGIN}cache`], 'no option'],
  [['list', 'ada', `-redis://${LOGIN}cache`], "'-r'"],
  [['list', 'ada', `--stroe=redis://${LOGIN}cache`], "'--stroe'"],
  [['list', 'ada', `--json=${PASSWORD}`], '--json'],
  [['prune', `redis://${LOGIN}cache`], 'options only'],
  [['revoke', '--store', 'sqlite:a.db'], 'user id'],
  [['revoke', 'ada', '--store', 'sqlite:a.db'], 'Which session?'],
  [['revoke', 'ada', '', '--store', 'sqlite:a.db'], 'Which session?'],
  [['revoke', 'ada', 'h', '--all', '--store', 'sqlite:a.db'], 'not both'],
  [['revoke', 'ada', 'h', 'i', '--store', 'sqlite:a.db'], 'user id'],
  [['revoke', 'ada', '--except', 'h', '--store', 'sqlite:a.db'], '--except goes with --all'],
  [['revoke', '--all', '--yes', '--store', 'sqlite:a.db'], 'user id'],
  [['revoke', '--everybody', '--store', 'sqlite:a.db'], '--yes'],
  [['revoke', 'ada', '--everybody', '--yes', '--store', 'sqlite:a.db'], '--everybody'],
  [['revoke', '--everybody', '--all', '--yes', '--store', 'sqlite:a.db'], '--everybody'],
  [['revoke', '--everybody', '--all', '--except', 'h', '--store', 'sqlite:a.db'], '--everybody'],
]

const COMMANDS = new Map([
  ['list', list],
  ['revoke', revoke],
  ['prune', prune],
])

test.each(MISTAKES)(
  '%j is not understood, and no more of it is named than an option',
  async (args, says) => {
    const [command = '', ...rest] = args
    const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    onTestFinished(() => write.mockRestore())
    const error = await COMMANDS.get(command)?.(rest).catch((error: unknown) => error)
    const { message } = error as Error
    expect(error).toMatchObject({ code: 'ERR_USAGE' })
    expect(message).toContain(says)
    expect(message).not.toMatch(/\n|hunter2/)
    expect(String(write.mock.calls)).not.toContain('hunter2')
  },
)

test('a mistake is exit code 2 and one line, and opens nothing', async () => {
  const folder = emptyFolder()
  writeFileSync(join(folder, 'a.db'), '')
  const run = (args: string[]) => sojourn(args, { cwd: folder })
  expectOneLine(await run(['list', `--redis://${LOGIN}cache`]), 2, 'no option')
  expectOneLine(await run(['revoke', '--everybody', '--store', 'sqlite:a.db']), 2, '--yes')
  expect(readdirSync(folder)).toEqual(['a.db'])
})

test('a prefix that could end a statement is refused before anything is opened', async () => {
  const path = join(emptyFolder(), 'sessions.db')
  new DatabaseSync(path).close()
  const prefix = 'x"; DROP TABLE users; --'
  const ran = await on(`sqlite:${path}`, { args: ['prune', '--prefix', prefix] })
  expectOneLine(ran, 2, 'prefix')
})

test('no password is shown, however it is spelled in the URL and in an error', () => {
  const password = fc.oneof(
    fc.string({ minLength: 4, unit: 'grapheme' }),
    fc.string({ minLength: 4, unit: 'binary' }),
    fc.stringMatching(/^[@:/?#%[\]\w]{4,12}$/),
  )
  const spellings: readonly ((text: string) => string)[] = [
    (text) => text,
    encodeURIComponent,
    (text) => new URL(`redis://u:${encodeURIComponent(text)}@h`).password,
  ]
  fc.assert(
    fc.property(
      password.filter((text) => !/\p{Cs}/u.test(text)),
      fc.constantFrom('redis', 'postgres', 'rediss-cluster'),
      fc.nat(spellings.length - 1),
      fc.nat(spellings.length - 1),
      (secret, scheme, inUrl, inError) => {
        const url = `${scheme}://u:${spellings[inUrl]!(secret)}@h/0`
        // What cannot be written unescaped is refused, or it would be another password.
        const isMeant = inUrl > 0 || !secret.includes('%')
        const message = `cannot log in with ${spellings[inError]!(secret)} there`
        const cause = Object.assign(new Error(message), { code: spellings[inError]!(secret) })
        const shown = failureOf(new AggregateError([cause]), secretsIn(url))
        if (isMeant) expect(shown).not.toContain(spellings[inError]!(secret))
        expect(failureOf(new Error(url), secretsIn(url))).not.toContain('u:')
      },
    ),
    { numRuns: 2000 },
  )
})

test('no address makes it throw anything but a sentence that repeats none of it', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('', 'redis:', 'redis://', 'REDISS-cluster://', 'postgres://', 'sqlite:'),
      fc.string({ unit: 'binary' }),
      (start, rest) => {
        try {
          storeAddress(`${start}QQ${rest}`)
        } catch (error) {
          expect(error).toMatchObject({ code: 'ERR_USAGE' })
          expect(String(error)).not.toContain('QQ')
        }
      },
    ),
    { numRuns: 2000 },
  )
})
