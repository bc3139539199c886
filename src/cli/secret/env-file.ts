/** A `.env` file as text: found, read and changed without touching a byte that is not ours. */

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { isDeepStrictEqual, parseEnv } from 'node:util'
import { ignoreInGit } from './git-ignore.ts'

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

/** Writes the file, which git is made to ignore before; answers what there is to say of that. */
export function writeEnvFile(file: string, before: string | undefined, after: string): string {
  const path = resolve(file)
  // Ignored before it is written: there is no moment in which `git add` would take the secret.
  const ignored = ignoreInGit(path)
  if (before === undefined) writeFileSync(path, after, { mode: 0o600, flag: 'wx' })
  else writeFileSync(path, after, 'latin1')
  return ignored ? `Added ${basename(path)} to .gitignore.\n` : ''
}

/** The values that the text gives a variable: as they stand there, in their quotation marks. */
export function spellingsIn(text: string, name: string): string[] {
  return linesOf(text, name).map(({ value }) => value)
}

/**
 * The text with these variables, each where it stands already, or else at the end.
 *
 * `undefined` where Node.js would not read from it what is meant, and all else as before: a line may
 * be part of another variable's value.
 *
 * @param meant the values as Node.js is to read them, if they are spelled in another way
 */
export function withVariables(
  text: string,
  spelled: Readonly<Record<string, string>>,
  meant: Readonly<Record<string, string | undefined>> = spelled,
): string | undefined {
  const after = Object.entries(spelled).reduce(withVariable, text)
  const wanted = { ...parseEnv(text), ...meant }
  return isDeepStrictEqual({ ...parseEnv(after) }, wanted) ? after : undefined
}

function withVariable(text: string, [name, value]: [string, string]): string {
  const last = linesOf(text, name).at(-1)
  if (last) return text.slice(0, last.at) + value + text.slice(last.at + last.value.length)
  const newline = text.includes('\r\n') ? '\r\n' : '\n'
  const separator = text === '' || text.endsWith('\n') ? '' : newline
  return `${text}${separator}${name}=${value}${newline}`
}

/** Where a value begins, and what stands there. */
function linesOf(text: string, name: string): { at: number; value: string }[] {
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
