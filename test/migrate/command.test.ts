import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { emptyFolder } from '../cli/command.ts'
import { filesIn } from './apps.ts'

const MAIN = resolve(import.meta.dirname, '../../packages/migrate/src/main.ts')

/** A folder with the files of an app, in git as they are. */
function checkout(app: string): string {
  const folder = emptyFolder()
  for (const [path, text] of filesIn(app, 'before')) write(folder, path, text)
  git(folder, 'init', '-q')
  git(folder, 'add', '.')
  git(folder, '-c', 'user.name=x', '-c', 'user.email=x@example.org', 'commit', '-qm', 'x')
  return folder
}

function git(cwd: string, ...args: readonly string[]): string {
  return execFileSync('git', args, { cwd, encoding: 'utf8' })
}

function write(folder: string, path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), text)
}

function run(cwd: string, ...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
    cwd,
    encoding: 'utf8',
  })
  return { code: status, out: stdout, err: stderr }
}

function textsIn(folder: string, paths: Iterable<string>): Record<string, string> {
  const read = (path: string) => [path, readFileSync(join(folder, path), 'utf8')] as const
  return Object.fromEntries([...paths].map(read))
}

test('without files it finds those that use express-session, writes them, and says what is left', () => {
  const folder = checkout('hackathon')
  write(folder, 'node_modules/lib/index.js', "require('express-session')\n")
  const after = filesIn('hackathon', 'sojourn')
  const { code, out, err } = run(folder, 'express-session')
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(textsIn(folder, after.keys())).toEqual(Object.fromEntries(after))
  expect(out).toContain('changed  controllers/cart.js  6 places\n')
  expect(out).toContain('changed  sessions.js  a new file\n')
  expect(out).toContain('\ncontrollers/cart.js:33  exports.isEmpty = (req) => !req.session.cart;\n')
  expect(out).toContain('Express 4 does not handle')
  expect(readFileSync(join(folder, 'node_modules/lib/index.js'), 'utf8')).toContain(
    "'express-session'",
  )
  const again = run(folder, 'express-session')
  expect(again).toEqual({
    code: 0,
    out: 'Nothing to do: no file sets up express-session.\n',
    err: '',
  })
})

test('--dry writes nothing, and prints a diff that git applies', () => {
  const folder = checkout('hackathon')
  const { code, out, err } = run(folder, 'express-session', '--dry')
  expect(code).toBe(0)
  expect(git(folder, 'status', '--porcelain')).toBe('')
  expect(err).toContain('would change  app.js  3 places\n')
  writeFileSync(join(folder, '.git', 'diff'), out)
  git(folder, 'apply', join('.git', 'diff'))
  const after = filesIn('hackathon', 'sojourn')
  expect(textsIn(folder, after.keys())).toEqual(Object.fromEntries(after))
})

test('what git could not bring back is not written, nor is the rest, unless --force says so', () => {
  const folder = checkout('hackathon')
  const path = 'controllers/cart.js'
  writeFileSync(join(folder, path), `${filesIn('hackathon', 'before').get(path)}\n`)
  const refused = run(folder, 'express-session')
  expect(refused.code).toBe(1)
  expect(refused.out).toContain(
    `Nothing was written. Commit first, or use --force:\n  ${path} is changed`,
  )
  expect(git(folder, 'diff', '--name-only')).toBe(`${path}\n`)
  expect(existsSync(join(folder, 'sessions.js'))).toBe(false)
  expect(run(folder, 'express-session', '--force').code).toBe(0)
  expect(readFileSync(join(folder, path), 'utf8')).toContain('sessions.get(req)')
})

test('a file that is in no git repository, or not in git yet, is not written either', () => {
  const folder = emptyFolder()
  const source =
    "const session = require('express-session')\napp.use(session({ secret: process.env.S }))\n"
  write(folder, 'app.js', source)
  expect(run(folder, 'express-session', 'app.js').out).toContain('app.js is in no git repository')
  git(folder, 'init', '-q')
  expect(run(folder, 'express-session', 'app.js').out).toContain('app.js is not in git')
  expect(readFileSync(join(folder, 'app.js'), 'utf8')).toBe(source)
  expect(run(folder, 'express-session', '--force').code).toBe(0)
})

test('a file whose name is not ASCII is found, too', () => {
  const folder = checkout('hackathon')
  write(folder, 'prüfen.js', 'exports.check = (req, res) => void res.json(req.session.cart)\n')
  expect(run(folder, 'express-session', '--dry').err).toContain('would change  prüfen.js')
})

test('a change in a timer, or after the response, is left: there it would end the process', () => {
  const folder = checkout('tutorial')
  const source = `const session = require('express-session')
const app = require('express')()
app.use(session({ secret: process.env.S }))
app.get('/', (req, res) => {
  req.session.code = 7
  setTimeout(() => { delete req.session.code }, 60_000)
  res.on('finish', function () { req.session.sent = true })
  res.on('data', () => { req.session.seen = true })
  res.end()
})
`
  write(folder, 'app.js', source)
  const { out, err } = run(folder, 'express-session', 'app.js', '--dry')
  expect(out).toContain("+  session.set('code', 7)")
  expect(out).toContain("session.set('seen', true)")
  expect(out).not.toMatch(/^-.*(?:setTimeout|finish)/m)
  expect(err.match(/afterwards the session cannot be changed/g)).toHaveLength(2)
})

test('an app with Passport gets the drop-in, since Passport needs req.session, unless told otherwise', () => {
  const folder = checkout('passport')
  const { out } = run(folder, 'express-session')
  expect(out).toContain(
    'Chosen: --to drop-in. These libraries need req.session: connect-flash, passport',
  )
  expect(textsIn(folder, ['app.js'])).toEqual(Object.fromEntries(filesIn('passport', 'drop-in')))
  git(folder, 'checkout', '-q', '.')
  const full = run(folder, 'express-session', 'app.js', '--to', 'sojourn')
  expect(full.out).toContain('app.js:2  passport\n    It needs req.session')
  expect(textsIn(folder, ['app.js'])).toEqual(Object.fromEntries(filesIn('passport', 'sojourn')))
})

test('a file that does not parse is named with its line, is left alone, and the exit code is 1', () => {
  const folder = checkout('tutorial')
  write(folder, 'broken.js', "require('express-session')\nlet let = \n")
  git(folder, 'add', '.')
  git(folder, '-c', 'user.name=x', '-c', 'user.email=x@example.org', 'commit', '-qm', 'x')
  const { code, out } = run(folder, 'express-session')
  expect(code).toBe(1)
  expect(out).toMatch(/^broken\.js:2 {2}.+/m)
  expect(git(folder, 'diff', '--name-only')).toBe('app.js\n')
})

test('Express 5 handles what an async handler throws, so nothing is said about it', () => {
  const folder = checkout('tutorial')
  write(folder, 'package.json', '{ "dependencies": { "express": "^5.1.0" } }')
  expect(run(folder, 'express-session', '--dry').err).not.toContain('Express 4')
})

test.each([
  [['cookie-session']],
  [['express-session', '--to', 'elsewhere']],
  [['express-session', '--dyr']],
  [['express-session', 'no-such-file.js']],
  [[]],
])('%j is not understood: exit code 2', (args) => {
  const { code } = run(emptyFolder(), ...args)
  expect(code).toBe(2)
})
