/** A `.env` file as text: found, read and changed without touching a byte that is not ours. */

import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { isDeepStrictEqual, parseEnv } from 'node:util'

/**
 * The file's text, one character per byte, so that what is not ours is written back as it was;
 * `undefined` if there is no such file.
 */
export function readEnvFile(file: string): string | undefined {
  if (!existsSync(file)) return undefined
  const text = readFileSync(file, 'latin1')
  if (!text.startsWith('\xff\xfe') && !text.startsWith('\xfe\xff')) return text
  throw new Error(`${file} is UTF-16, which Node.js does not read. Save it as UTF-8 first.`)
}

/** Where each value of a variable begins, and its text: with its quotation marks. */
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
 * Sets variables in a file, each where it stands already or else at the end, and git is made to
 * ignore the file. Returns what to tell about it.
 *
 * @param spelled the text of each value
 * @param meant what Node.js is to read from that
 * @throws before anything is changed, if it would read something else: a line may be part of another
 * variable's value
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
    const why = `${name} stands there in several lines, or within quotation marks`
    throw new Error(`${file} would not give it back: ${why}. Nothing was changed.`)
  }
  const path = resolve(file)
  // Ignored before it is written: there is no moment in which `git add` would take the secret.
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

/** The text with one more line, ended as its others are. */
function withLine(text: string, line: string): string {
  const newline = text.includes('\r\n') ? '\r\n' : '\n'
  const separator = text === '' || text.endsWith('\n') ? '' : newline
  return text + separator + line + newline
}

/**
 * Adds the file to the `.gitignore` beside it, unless git ignores it already. Returns whether it did.
 *
 * The `.gitignore` is made where there is a repository or a package.
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
