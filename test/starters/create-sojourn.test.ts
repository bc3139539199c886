/** `npm create sojourn`: what it writes, and what it refuses. */

import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { root } from '../package/repository.ts'

const create = join(root, 'packages', 'create-sojourn', 'create.mjs')

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sojourn-create-'))
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

function made(template: string): string {
  execFileSync(process.execPath, [create, 'My App', '--template', template], { cwd: folder })
  return join(folder, 'My App')
}

/** The lines that the app's owner has to read. */
function linesIn(app: string): number {
  const code = readdirSync(app, { recursive: true, encoding: 'utf8' }).filter((file) =>
    /\.tsx?$/.test(file),
  )
  const count = (file: string) => readFileSync(join(app, file), 'utf8').split('\n').length - 1
  return code.reduce((sum, file) => sum + count(file), 0)
}

describe.each(['express', 'hono', 'next'])('the starter for %s', (template) => {
  test('is under 200 lines, that the app owns', () => {
    expect(linesIn(made(template))).toBeLessThan(200)
  })

  test('has a secret of its own, which Git ignores and others cannot read', () => {
    const app = made(template)
    const variables = readFileSync(join(app, '.env'), 'utf8')
    expect(variables).toMatch(/^SESSION_SECRET=[\w-]{43}\nNODE_ENV=development\n$/)
    expect(statSync(join(app, '.env')).mode & 0o777).toBe(0o600)
    expect(readFileSync(join(app, '.gitignore'), 'utf8')).toContain('.env')
    expect(JSON.parse(readFileSync(join(app, 'package.json'), 'utf8'))).toMatchObject({
      name: 'my-app',
      private: true,
    })
  })
})

test('two apps have different secrets', () => {
  const secretOf = (name: string) => {
    execFileSync(process.execPath, [create, name, '--template', 'hono'], { cwd: folder })
    return readFileSync(join(folder, name, '.env'), 'utf8')
  }
  expect(secretOf('one')).not.toBe(secretOf('two'))
})

test('a folder with files in it is left alone', () => {
  writeFileSync(join(folder, 'mine.txt'), 'mine')
  const { status, stderr } = spawnSync(process.execPath, [create, '.'], {
    cwd: folder,
    encoding: 'utf8',
  })
  expect(status).toBe(1)
  expect(stderr).toContain('is not empty')
  expect(readdirSync(folder)).toEqual(['mine.txt'])
})

test('a template that does not exist is refused, with those that do', () => {
  const args = [create, 'app', '--template', 'rails']
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' })
  expect(status).toBe(1)
  expect(stderr).toContain('express, hono, next')
})
