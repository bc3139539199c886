/** Keeps a file out of git: one line in `.gitignore`, unless git ignores it already. */

import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/**
 * Adds the file to the `.gitignore` beside it; answers whether it had to.
 *
 * The `.gitignore` is made where there is a repository or a package.
 */
export function ignoreInGit(path: string): boolean {
  const [folder, name] = [dirname(path), basename(path)]
  const ask = ['check-ignore', '--quiet', '--no-index', '--', name]
  // 0: ignored. 1: not ignored. Anything else: no repository, or no git.
  const { status } = spawnSync('git', ask, { cwd: folder, stdio: 'ignore' })
  if (status === 0) return false
  const list = join(folder, '.gitignore')
  const exists = existsSync(list)
  if (!exists && status !== 1 && !existsSync(join(folder, 'package.json'))) return false
  const before = exists ? readFileSync(list, 'latin1') : ''
  if (status !== 1 && before.split(/\r?\n/).includes(name)) return false
  const newline = before.includes('\r\n') ? '\r\n' : '\n'
  const separator = before === '' || before.endsWith('\n') ? '' : newline
  writeFileSync(list, `${before}${separator}${name}${newline}`, 'latin1')
  return true
}
