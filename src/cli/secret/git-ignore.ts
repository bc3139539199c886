/** Keeps a file out of git: one line in `.gitignore`, unless one is there that does it. */

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, relative, sep } from 'node:path'

/**
 * Adds the file to the `.gitignore` beside it; answers whether it had to.
 *
 * The `.gitignore` is made where there is a repository or a package. Those of the folders above,
 * up to the repository, are read as well.
 */
export function ignoreInGit(path: string): boolean {
  const folder = dirname(path)
  const folders = foldersUpToRepository(folder)
  const inRepository = existsSync(join(folders[0]!, '.git'))
  const lists = inRepository ? folders : [folder]
  let ignored = false
  for (const above of lists) ignored = verdictOf(above, path) ?? ignored
  if (ignored) return false
  const list = join(folder, '.gitignore')
  const exists = existsSync(list)
  if (!exists && !inRepository && !existsSync(join(folder, 'package.json'))) return false
  const before = exists ? readFileSync(list, 'latin1') : ''
  const newline = before.includes('\r\n') ? '\r\n' : '\n'
  const separator = before === '' || before.endsWith('\n') ? '' : newline
  writeFileSync(list, `${before}${separator}${basename(path)}${newline}`, 'latin1')
  return true
}

/** The folders from the repository, or the root of the disk, down to this one. */
function foldersUpToRepository(folder: string): string[] {
  const parent = dirname(folder)
  if (parent === folder || existsSync(join(folder, '.git'))) return [folder]
  return [...foldersUpToRepository(parent), folder]
}

/** What the `.gitignore` of a folder says about the file: the last line that matches counts. */
function verdictOf(folder: string, path: string): boolean | undefined {
  const list = join(folder, '.gitignore')
  if (!existsSync(list)) return undefined
  const within = relative(folder, path).split(sep).join('/')
  let verdict: boolean | undefined
  for (const line of readFileSync(list, 'latin1').split(/\r?\n/)) {
    const pattern = line.replace(/(?<!\\)\s+$/, '')
    const negated = pattern.startsWith('!')
    if (matches(negated ? pattern.slice(1) : pattern, within)) verdict = !negated
  }
  return verdict
}

/** Whether a line names the file. A line about a folder is not understood, which errs towards adding. */
function matches(pattern: string, within: string): boolean {
  if (pattern === '' || pattern.startsWith('#') || pattern.endsWith('/')) return false
  const anchored = pattern.replace(/^\*\*\//, '').includes('/')
  const name = anchored ? within : basename(within)
  const glob = pattern
    .replace(/^(?:\*\*)?\//, '')
    .replace(/[.+^${}()|\\]/g, '\\$&')
    .replace(/\*+/g, '[^/]*')
    .replace(/\?/g, '[^/]')
  try {
    return new RegExp(`^${glob}$`).test(name)
  } catch {
    return false
  }
}
