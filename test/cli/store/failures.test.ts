import { readdirSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import * as fc from 'fast-check'
import { expect, onTestFinished, test, vi } from 'vitest'
import { list } from '../../../src/cli/store/list.ts'
import { prune } from '../../../src/cli/store/prune.ts'
import { revoke } from '../../../src/cli/store/revoke.ts'
import { reasonOf } from '../../../src/cli/command/redact.ts'
import { withoutSecrets } from '../../../src/cli/command/redact.ts'
import { emptyFolder, type Ran, sojourn } from '../command.ts'
import { CLIENTS, moduleOf, runOn } from './places.ts'

const PASSWORD = 'hunter2/@:x'
const ESCAPED = encodeURIComponent(PASSWORD)
const LOGIN = `ada:${ESCAPED}@`

/** Runs a command on an app that keeps its sessions at that URL, through the client of that package. */
function on(url: string, name: string, args: readonly string[] = ['list', 'mona']) {
  const isRedis = url.startsWith('redis')
  const opens = `${CLIENTS[name]}\nconst store = ${isRedis ? 'redis' : 'postgres'}Store(client)`
  const env = { [isRedis ? 'REDIS_URL' : 'DATABASE_URL']: url }
  return runOn(moduleOf(opens), [name], args, { env })
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
  ['ioredis', () => `redis://${at(process.env['REDIS_URL'])}`, 'WRONGPASS'],
  ['pg', () => `postgres://${at(process.env['DATABASE_URL'])}postgres`, '28P01'],
])('a wrong password is said to be wrong, and is not shown: %s', async (name, url, says) => {
  const ran = await on(url(), name)
  expectOneLine(ran, 1, says)
  expect(ran.err).toContain("The app's user name or password for the store is wrong.")
})

test.each(['pg', 'postgres'])('where nothing listens, %s says so', async (name) => {
  const ran = await on(`postgres://${LOGIN}127.0.0.1:1/`, name)
  expectOneLine(ran, 1, 'ECONNREFUSED')
  expect(ran.err).toContain("No server listens at the app's address of the store. Start it.")
})

test.each(['redis', 'ioredis'])(
  'where nothing listens, %s goes on trying: the command does not, and says what to do',
  async (name) => {
    const ran = await on(`redis://${LOGIN}127.0.0.1:1/`, name)
    expectOneLine(ran, 1, 'The store cannot be used: ')
    expect(ran.err).toMatch(
      /: \w.*\w\. (?:Start it, or check|No server listens at) the app's address/,
    )
    expect(ran.err).not.toContain('visitor')
  },
)

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
  const opens = `import { createClient } from 'redis'
const client = await createClient({ url: process.env.REDIS_URL }).connect()
const store = redisStore(client)`
  const env = { REDIS_URL: `redis://${LOGIN}127.0.0.1:${port}` }
  const ran = await runOn(moduleOf(opens), ['redis'], ['list', 'mona'], { env })
  expect(ran).toMatchObject({ code: 1, out: '' })
  expect(ran.err).toContain('unknown command')
  expect(ran.err).toContain('[REDIS_URL]')
  expect(ran.err).not.toContain('hunter2')
})

test("a client that fails behind everybody's back does not get the URL printed", async () => {
  const opens = `import { memoryStore } from '${MEMORY}'
const store = { ...memoryStore(), engine: 'PostgreSQL', prune: () => {
  setImmediate(() => {
    throw Object.assign(new Error('lost'), { connectionString: process.env.DATABASE_URL })
  })
  return new Promise((done) => setTimeout(done, 50, 0))
} }`
  const env = { DATABASE_URL: `postgres://${LOGIN}db/app` }
  const ran = await runOn(moduleOf(opens), [], ['prune'], { env })
  expect(ran).toMatchObject({ code: 0, out: 'Deleted 0 rows.\n' })
  expect(ran.err).toContain('sojourn: an error in the app: lost\n')
  expect(ran.err).not.toContain('hunter2')
})

test('revoke --all on a store that is full says what is missing, and is no success', async () => {
  // As a store answers that has no room for the revocation.
  const opens = `import { memoryStore } from '${MEMORY}'
const store = { ...memoryStore(), revoke: async () => ({ epoch: 0, keys: ['a'.repeat(22)] }) }`
  const told = await runOn(moduleOf(opens), [], ['revoke', 'ada', '--all'])
  expect(told).toMatchObject({
    code: 1,
    out: expect.stringContaining('Make room, and revoke again'),
  })
  const ran = await runOn(moduleOf(opens), [], ['revoke', 'ada', '--all', '--json'])
  expect([ran.code, JSON.parse(ran.out)]).toEqual([1, { ended: 0, marked: false }])
})

const MEMORY = new URL('../../../src/stores/memory/memory.ts', import.meta.url).href

test.each([
  ['is not there', '', 'exports no sessions'],
  ['fails', `throw new Error('no ' + process.env.DATABASE_URL)`, 'no [DATABASE_URL]'],
  ['lacks a package', "import 'a-package-that-is-not-there'", 'a-package-that-is-not-there'],
])('a module that %s: one line, exit code 1, and no password', async (_, module, says) => {
  const env = { DATABASE_URL: `postgres://${LOGIN}db/app` }
  expectOneLine(await runOn(module, [], ['prune'], { env }), 1, says)
})

test('a module that ends the process has done nothing, and that is no success', async () => {
  const ran = await runOn('process.exit(0)', [], ['revoke', '--everybody', '--yes'])
  expectOneLine(ran, 1, 'ended the process')
})

test('what is no database, and one without our tables, are told apart', async () => {
  const folder = emptyFolder()
  writeFileSync(join(folder, 'notes.txt'), 'a'.repeat(5000))
  new DatabaseSync(join(folder, 'other.db')).close()
  const module = moduleOf(`import { DatabaseSync } from 'node:sqlite'
const store = sqliteStore(new DatabaseSync(process.env.DATABASE_FILE))`)
  const onFile = (name: string) =>
    runOn(module, [], ['list', 'mona'], { env: { DATABASE_FILE: join(folder, name) } })
  expectOneLine(await onFile('notes.txt'), 1, 'file is not a database')
  const ran = await onFile('other.db')
  expectOneLine(ran, 1, 'The tables for sessions in SQLite are missing')
  expect(ran.err).toContain('npx sojourn schema')
})

const MISTAKES: readonly [args: string[], says: string][] = [
  [['list'], 'sessions.js'],
  [['list', ''], 'sessions.js'],
  [['list', 'a.js'], 'MODULE USER'],
  [['list', 'a.js', ''], 'MODULE USER'],
  [['list', 'a.js', `redis://${LOGIN}cache`, 'ada'], 'MODULE USER'],
  [['list', `redis://${LOGIN}cache`, 'ada'], 'exports `sessions`'],
  [['list', 'ada', '--store', `mysql://${LOGIN}db`], "'--store'"],
  [['list', 'a.js', 'ada', `--redis://${LOGIN}cache`], 'not an option'],
  [['list', 'a.js', 'ada', `-redis://${LOGIN}cache`], "'-r'"],
  [['list', 'a.js', 'ada', `--stroe=redis://${LOGIN}cache`], "'--stroe'"],
  [['list', 'a.js', 'ada', `--json=${PASSWORD}`], '--json'],
  [['list', 'a.js', 'ada', '--env'], '--env'],
  [['list', 'a.js', 'ada', '--env', 'there-is-none.env'], 'does not exist'],
  [['prune', `redis://${LOGIN}cache`], 'exports `sessions`'],
  [['prune', 'a.js', 'b.js'], 'only a module'],
  [['revoke', 'a.js'], 'user id'],
  [['revoke', 'a.js', 'ada'], 'Which session?'],
  [['revoke', 'a.js', 'ada', ''], 'Which session?'],
  [['revoke', 'a.js', 'ada', 'h', '--all'], 'not both'],
  [['revoke', 'a.js', 'ada', 'h', 'i'], 'user id'],
  [['revoke', 'a.js', 'ada', '--except', 'h'], '--except needs --all'],
  [['revoke', 'a.js', '--all', '--yes'], 'user id'],
  [['revoke', 'a.js', '--everybody'], '--yes'],
  [['revoke', '--everybody', '--yes'], 'sessions.js'],
  [['revoke', 'a.js', 'ada', '--everybody', '--yes'], '--everybody'],
  [['revoke', 'a.js', '--everybody', '--all', '--yes'], '--everybody'],
  [['revoke', 'a.js', '--everybody', '--all', '--except', 'h'], '--everybody'],
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
    const error = await COMMANDS.get(command)
      ?.run(rest)
      .catch((error: unknown) => error)
    const { message } = error as Error
    expect(error).toMatchObject({ code: 'ERR_USAGE' })
    expect(message).toContain(says)
    expect(message).not.toMatch(/\n|hunter2/)
    expect(String(write.mock.calls)).not.toContain('hunter2')
  },
)

test('a mistake is exit code 2 and one line, and loads nothing', async () => {
  const folder = emptyFolder()
  const module = "import { writeFileSync } from 'node:fs'\nwriteFileSync('loaded', '')"
  writeFileSync(join(folder, 'a.mjs'), module)
  const run = (args: string[]) => sojourn(args, { cwd: folder })
  expectOneLine(await run(['list', 'a.mjs', 'ada', `--redis://${LOGIN}cache`]), 2, 'not an option')
  expectOneLine(await run(['revoke', 'a.mjs', '--everybody']), 2, '--yes')
  expect(readdirSync(folder)).toEqual(['a.mjs'])
})

test('a prefix that could end a statement is refused before anything is opened', async () => {
  const folder = emptyFolder()
  const module = moduleOf(`import { DatabaseSync } from 'node:sqlite'
const db = new DatabaseSync(process.env.DATABASE_FILE)
const store = sqliteStore(db, { prefix: 'x"; DROP TABLE users; --' })`)
  const env = { DATABASE_FILE: join(folder, 'sessions.db') }
  expectOneLine(await runOn(module, [], ['prune'], { env }), 1, 'prefix')
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
      fc.constantFrom('redis', 'postgres', 'rediss'),
      fc.nat(spellings.length - 1),
      fc.nat(spellings.length - 1),
      (secret, scheme, inUrl, inError) => {
        const url = `${scheme}://u:${spellings[inUrl]!(secret)}@h/0`
        // What cannot be written unescaped is refused, or it would be another password.
        const isMeant = inUrl > 0 || !secret.includes('%')
        const spelled = spellings[inError]!(secret)
        const environment = { DATABASE_URL: url }
        const shown = withoutSecrets(`cannot log in with ${spelled} there`, environment)
        if (isMeant) expect(shown).not.toContain(spelled)
        expect(withoutSecrets(`lost ${url}`, environment)).not.toContain('u:')
      },
    ),
    { numRuns: 2000 },
  )
})

test.each([
  [new AggregateError([Object.assign(new Error(''), { code: 'ECONNREFUSED' })]), 'ECONNREFUSED'],
  [Object.assign(new Error('no'), { code: '28P01' }), 'no (28P01)'],
  [new Error('first\nsecond'), 'first'],
  ['a word', 'a word'],
  [undefined, 'undefined'],
])('the reason of a failure is one line, with its code: %#', (error, says) => {
  expect(reasonOf(error)).toContain(says)
  expect(reasonOf(error)).not.toContain('\n')
})

test("the folder in which the command runs is no secret, though a shell's PWD holds it", () => {
  const environment = { PWD: '/home/ada/shop', OLDPWD: '/home/ada/old', DB_PWD: 'abcdefgh12' }
  const says = 'no file /home/ada/shop/app.js, nor /home/ada/old/app.js'
  expect(withoutSecrets(says, environment)).toBe(says)
  expect(withoutSecrets('it was abcdefgh12', environment)).toBe('it was [DB_PWD]')
})

test('a secret that begins as another one is hidden whole', () => {
  const environment = { A_SECRET: 'abcdefgh12', LONG_SECRET: 'abcdefgh12-the-rest-of-it' }
  expect(withoutSecrets('it was abcdefgh12-the-rest-of-it', environment)).toBe(
    'it was [LONG_SECRET]',
  )
})
