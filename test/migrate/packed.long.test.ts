import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { emptyFolder } from '../cli/command.ts'
import { root } from '../package/repository.ts'

const folder = join(root, 'packages/migrate')
const own = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
  dependencies: Record<string, string>
}

test('the packed sojourn-migrate runs in an empty folder, with its dependencies and nothing of ours', () => {
  const at = emptyFolder()
  const npm = (args: readonly string[]) =>
    execFileSync('npm', args, { cwd: folder, encoding: 'utf8' })
  npm(['pack', '--ignore-scripts', '--silent', '--pack-destination', at])
  const tarball = readdirSync(at).find((name) => name.endsWith('.tgz'))!
  const modules = join(at, 'node_modules')
  mkdirSync(join(modules, 'sojourn-migrate'), { recursive: true })
  const into = [
    '-xzf',
    join(at, tarball),
    '-C',
    join(modules, 'sojourn-migrate'),
    '--strip-components=1',
  ]
  execFileSync('tar', into)
  for (const name of neededBy(Object.keys(own.dependencies))) {
    cpSync(join(root, 'node_modules', name), join(modules, name), { recursive: true })
  }
  writeFileSync(
    join(at, 'app.js'),
    "app.use(require('express-session')({ secret: process.env.S }))\n",
  )
  const main = join(modules, 'sojourn-migrate', 'dist', 'main.js')
  const args = [main, 'express-session', 'app.js', '--force']
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: at, encoding: 'utf8' })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  expect(readFileSync(join(at, 'app.js'), 'utf8')).toContain('sessionMiddleware(sessions)')
})

/** Packages and what they depend on. */
function neededBy(names: readonly string[]): string[] {
  const found = new Set<string>()
  const add = (name: string) => {
    const file = join(root, 'node_modules', name, 'package.json')
    if (found.has(name) || !existsSync(file)) return
    found.add(name)
    const { dependencies = {} } = JSON.parse(readFileSync(file, 'utf8')) as {
      dependencies?: Record<string, string>
    }
    for (const dependency of Object.keys(dependencies)) add(dependency)
  }
  for (const name of names) add(name)
  return [...found]
}
