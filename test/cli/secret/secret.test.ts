import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { expect, test } from 'vitest'
import { weaknessOf } from '../../../src/crypto/weak-secrets.ts'
import { emptyFolder, sojourn } from '../command.ts'

const SECRET = /^[A-Za-z0-9_-]{43}$/

/** A folder with these files, and the command run in it. */
async function write(files: Record<string, string | Buffer>, args: string[] = []) {
  return writeIn(emptyFolder(), files, args)
}

/** The same in a folder that is a repository of git. */
async function writeInRepository(files: Record<string, string | Buffer>) {
  const folder = emptyFolder()
  execFileSync('git', ['init', '-q', folder])
  return writeIn(folder, files)
}

async function writeIn(
  folder: string,
  files: Record<string, string | Buffer>,
  args: string[] = [],
) {
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content)
  const ran = await sojourn(['secret', '--write', '.env', ...args], { cwd: folder })
  const read = (name: string) => {
    return existsSync(join(folder, name)) ? readFileSync(join(folder, name), 'latin1') : undefined
  }
  return { ...ran, folder, read, env: read('.env') ?? '', ignore: read('.gitignore') }
}

test('secret prints 32 random bytes on one line and nothing else', async () => {
  const first = await sojourn(['secret'])
  const second = await sojourn(['secret'])
  for (const { code, out, err } of [first, second]) {
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toMatch(/^[A-Za-z0-9_-]{43}\n$/)
    expect(Buffer.from(out.trim(), 'base64url')).toHaveLength(32)
    expect(weaknessOf(Buffer.from(out.trim()))).toBeUndefined()
  }
  expect(first.out).not.toBe(second.out)
})

test('--write makes the file, readable by its owner alone, and does not show the secret', async () => {
  const { code, out, err, env, folder } = await write({})
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(env).toMatch(/^SESSION_SECRET=[A-Za-z0-9_-]{43}\n$/)
  expect(statSync(join(folder, '.env')).mode & 0o777).toBe(0o600)
  expect(out).toContain('Created .env')
  expect(out).not.toContain(env.slice('SESSION_SECRET='.length).trim())
})

test.each([
  ['no final newline', 'A=1', 'A=1\n', '\n'],
  ['a final newline', 'A=1\n', 'A=1\n', '\n'],
  ['Windows line ends', 'A=1\r\nB=2', 'A=1\r\nB=2\r\n', '\r\n'],
  [
    'comments, blank lines and odd spacing',
    '\n# SESSION_SECRET\n  B = "x y"\n\n',
    '\n# SESSION_SECRET\n  B = "x y"\n\n',
    '\n',
  ],
  ['a longer name that begins alike', 'SESSION_SECRET_OLD=1\n', 'SESSION_SECRET_OLD=1\n', '\n'],
])('--write keeps a file with %s as it is, and adds one line', async (_, before, kept, end) => {
  const { code, env } = await write({ '.env': before })
  expect(code).toBe(0)
  expect(env.startsWith(kept)).toBe(true)
  const added = env.slice(kept.length)
  expect(added.endsWith(end)).toBe(true)
  expect(added.trim()).toMatch(/^SESSION_SECRET=[A-Za-z0-9_-]{43}$/)
})

test('--write keeps bytes that are no UTF-8', async () => {
  const before = Buffer.from([0x41, 0x3d, 0xff, 0xfe, 0x80, 0x0a])
  const { code, folder } = await write({ '.env': before })
  expect(code).toBe(0)
  expect(readFileSync(join(folder, '.env')).subarray(0, before.length)).toEqual(before)
})

test.each([
  'SESSION_SECRET=mine\n',
  '  export SESSION_SECRET = "mine"\nB=2',
  'SESSION_SECRET=\nSESSION_SECRET=mine\n',
  "SESSION_SECRET='mine' # mine\r\n",
])('--write never touches a secret that is there: %j', async (before) => {
  const { code, out, err, env, ignore } = await write({ '.env': before, 'package.json': '{}' })
  expect({ code, out, env, ignore }).toEqual({ code: 1, out: '', env: before, ignore: undefined })
  expect(err).toMatch(/has a SESSION_SECRET already.*Nothing was changed/)
  expect(err).not.toContain('mine')
})

test.each([
  'SESSION_SECRET=\nB=2\n',
  'SESSION_SECRET=""\r\nB=2\r\n',
  'export SESSION_SECRET= # todo\nB=2',
])('--write fills in an empty one where it stands: %j', async (before) => {
  const { code, env } = await write({ '.env': before })
  expect(code).toBe(0)
  expect(parseEnv(env)['SESSION_SECRET']).toMatch(SECRET)
  expect(env.split('\n')).toHaveLength(before.split('\n').length)
  expect(env.slice(env.indexOf('\n'))).toBe(before.slice(before.indexOf('\n')))
})

test('--name says how to call it', async () => {
  const { code, env } = await write({ '.env': 'SESSION_SECRET=mine\n' }, ['--name', 'SECRET_KEY'])
  expect(code).toBe(0)
  expect(env).toMatch(/^SESSION_SECRET=mine\nSECRET_KEY=[A-Za-z0-9_-]{43}\n$/)
})

test.each([
  ['--name', 'A=B'],
  ['--name', 'with space'],
  ['--name', ''],
])('%s %j is no name of a variable', async (...args) => {
  const { code, env } = await write({}, args)
  expect({ code, env }).toEqual({ code: 2, env: '' })
})

test('--name alone is a mistake: the secret would only be printed', async () => {
  expect((await sojourn(['secret', '--name', 'X'])).code).toBe(2)
})

test('a line that stands within a quoted value of several lines is not taken for the variable', async () => {
  const before = 'A="one\nSESSION_SECRET=\n"\n'
  const { code, err, env, ignore } = await write({ '.env': before, 'package.json': '{}' })
  expect({ code, env, ignore }).toEqual({ code: 1, env: before, ignore: undefined })
  expect(err).toContain('quotation marks')
})

test('a file in UTF-16 is refused, since Node.js would not read it', async () => {
  const before = Buffer.from('\ufeffA=1\r\n', 'utf16le')
  const { code, err, folder } = await write({ '.env': before })
  expect(code).toBe(1)
  expect(err).toContain('UTF-16')
  expect(readFileSync(join(folder, '.env'))).toEqual(before)
})

test('a file that cannot be written is one line and exit code 1', async () => {
  const { code, out, err } = await sojourn(['secret', '--write', '.'], { cwd: emptyFolder() })
  expect({ code, out }).toEqual({ code: 1, out: '' })
  expect(err).toMatch(/^sojourn: .+\n$/)
})

test.each([
  ['a repository', {}, '.env\n'],
  ['a list without it', { '.gitignore': 'node_modules' }, 'node_modules\n.env\n'],
  ['a list with Windows line ends', { '.gitignore': 'dist\r\n' }, 'dist\r\n.env\r\n'],
  ['a list that takes it out again', { '.gitignore': '.env\n!.env\n' }, '.env\n!.env\n.env\n'],
  [
    'a list with other files only',
    { '.gitignore': '.env.local\n#.env\n' },
    '.env.local\n#.env\n.env\n',
  ],
])('the file is kept out of git: %s', async (_, files, expected) => {
  const { code, out, ignore } = await writeInRepository(files)
  expect({ code, ignore }).toEqual({ code: 0, ignore: expected })
  expect(out).toContain('Added .env to .gitignore')
})

test.each([
  ['a package', { 'package.json': '{}' }, '.env\n'],
  ['a list without it', { '.gitignore': 'node_modules\n' }, 'node_modules\n.env\n'],
  ['a list with it', { '.gitignore': '.env\r\ndist\r\n' }, '.env\r\ndist\r\n'],
])('where there is no repository yet, .gitignore has the file: %s', async (_, files, expected) => {
  const { code, ignore } = await write(files)
  expect({ code, ignore }).toEqual({ code: 0, ignore: expected })
})

test.each(['.env', '/.env', '**/.env', '.env*', '*.env', '.*', '!x\n.env  \n'])(
  'a .gitignore with %j does it already',
  async (line) => {
    const { code, ignore } = await writeInRepository({ '.gitignore': line })
    expect({ code, ignore }).toEqual({ code: 0, ignore: line })
  },
)

test('no .gitignore is made where there is neither a repository nor a package', async () => {
  expect((await write({})).ignore).toBeUndefined()
})

test('in a folder of a repository, the .gitignore above counts, and git agrees', async () => {
  const folder = emptyFolder()
  execFileSync('git', ['init', '-q', folder])
  const inner = join(folder, 'server')
  mkdirSync(inner)
  const ignored = () => {
    return execFileSync('git', ['-C', folder, 'status', '--porcelain', '-uall']).toString()
  }
  await sojourn(['secret', '--write', '.env'], { cwd: inner })
  expect(readFileSync(join(inner, '.gitignore'), 'utf8')).toBe('.env\n')
  expect(ignored()).not.toContain('.env\n')

  const other = join(folder, 'worker')
  mkdirSync(other)
  writeFileSync(join(folder, '.gitignore'), '.env\n')
  await sojourn(['secret', '--write', '.env'], { cwd: other })
  expect(existsSync(join(other, '.gitignore'))).toBe(false)
  expect(ignored()).not.toContain('.env\n')
})

test('running it twice changes the file once and lists it once', async () => {
  const { folder, env } = await write({ 'package.json': '{}' })
  const again = await sojourn(['secret', '--write', '.env', '--name', 'OTHER'], { cwd: folder })
  expect(again.code).toBe(0)
  expect(readFileSync(join(folder, '.env'), 'utf8').startsWith(env)).toBe(true)
  expect(readFileSync(join(folder, '.gitignore'), 'utf8')).toBe('.env\n')
})
