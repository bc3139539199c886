/** Reads and changes a `.env` file without changing any other byte of it. */

import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { isDeepStrictEqual, parseEnv } from 'node:util'

/**
 * The file's text with one character per byte, so that all other bytes are written back unchanged;
 * `undefined` if the file does not exist.
 */
export function readEnvFile(file: string): string | undefined {
  if (!existsSync(file)) return undefined
  const text = readFileSync(file, 'latin1')
  if (!text.startsWith('\xff\xfe') && !text.startsWith('\xfe\xff')) return text
  throw new Error(`${file} is in UTF-16, which Node.js cannot read. Save it as UTF-8 first.`)
}

/** Each value of a variable: its position, and its text with quotation marks. */
export function valuesIn(text: string, name: string): { at: number; value: string }[] {
  // line = ["export" 1*SP] name *SP "=" *SP value *SP ["#" comment]
  const line = new RegExp(
    `^([ \\t]*(?:export[ \\t]+)?${name}[ \\t]*=[ \\t]*)` +
      `("[^"\n]*"|'[^'\n]*'|\`[^\`\n]*\`|[^#\r\n]*?)[ \\t]*(?:#.*)?$`,
    'gm',
  )
  return [...text.matchAll(line)].map(({ index, 1: head = '', 2: value = '' }) => {
    return { at: index + head.length, value }
  })
}

/**
 * Sets variables in a file: in their place, or at the end. Makes git ignore the file, and returns the
 * message about that.
 *
 * @param spelled the text of each value
 * @param meant the values that Node.js should read from it
 * @throws before anything is changed, if Node.js would read other values: a line may be part of
 * another variable's value
 */
export function setInFile(
  file: string,
  spelled: Readonly<Record<string, string>>,
  meant: Readonly<Record<string, string | undefined>>,
): string {
  const before = readEnvFile(file)
  const after = Object.entries(spelled).reduce(withVariable, before ?? '')
  if (!isDeepStrictEqual({ ...parseEnv(after) }, { ...parseEnv(before ?? ''), ...meant })) {
    const [name] = Object.keys(spelled)
    const why = `${name} is on several lines there, or within quotation marks`
    throw new Error(`The new value could not be read from ${file}: ${why}. Nothing was changed.`)
  }
  const path = resolve(file)
  // Ignored before it is written, so that `git add` can never add the secret.
  const ignored = ignoreInGit(path) ? `Added ${basename(path)} to .gitignore.\n` : ''
  if (before === undefined) writeFileSync(path, after, { mode: 0o600, flag: 'wx' })
  else writeFileSync(path, after, 'latin1')
  return ignored
}

function withVariable(text: string, [name, value]: [string, string]): string {
  const last = valuesIn(text, name).at(-1)
  if (!last) return withLine(text, `${name}=${value}`)
  return text.slice(0, last.at) + value + text.slice(last.at + last.value.length)
}

/** The text with one more line, with the same line end as the others. */
function withLine(text: string, line: string): string {
  const newline = text.includes('\r\n') ? '\r\n' : '\n'
  const separator = text === '' || text.endsWith('\n') ? '' : newline
  return text + separator + line + newline
}

/**
 * Adds the file to the `.gitignore` beside it, unless git ignores it already. Returns whether it did.
 *
 * Creates the `.gitignore` only in a repository or a package.
 */
function ignoreInGit(path: string): boolean {
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
  writeFileSync(list, withLine(before, name), 'latin1')
  return true
}
