/** A `.env` file as text: found, read and changed without touching a byte that is not ours. */

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { parseEnv } from 'node:util'
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

/** The text with the variable; `undefined` if it has a value already. */
export function withVariable(text: string, name: string, value: string): string | undefined {
  const found = linesOf(text, name)
  if (found.some((line) => !/^(?:''|""|``)?$/.test(line.value))) return undefined
  const last = found.at(-1)
  if (last) return withValue(text, last, value)
  const newline = text.includes('\r\n') ? '\r\n' : '\n'
  const separator = text === '' || text.endsWith('\n') ? '' : newline
  return `${text}${separator}${name}=${value}${newline}`
}

/**
 * The text with a new value for the variable, and the one it had under another name.
 *
 * `undefined` where that cannot be done: the variable stands there twice, or in several lines.
 */
export function withRotated(
  text: string,
  { name, previous, made }: { name: string; previous: string; made: string },
): string | undefined {
  const [line, ...more] = linesOf(text, name)
  if (!line || more.length > 0) return undefined
  const renewed = withValue(text, line, made)
  const known = linesOf(renewed, previous).at(-1)
  const after = known
    ? withValue(renewed, known, line.value)
    : withVariable(renewed, previous, line.value)
  if (after === undefined) return undefined
  const [was, is] = [parseEnv(text), parseEnv(after)]
  const wanted = { ...was, [name]: made, [previous]: was[name] }
  const names = new Set([...Object.keys(wanted), ...Object.keys(is)])
  return [...names].every((each) => wanted[each] === is[each]) ? after : undefined
}

/** A line that gives a variable its value, which may be an empty one. */
interface Line {
  /** Where the value begins. */
  at: number
  /** As it stands there, in its quotation marks if it has any. */
  value: string
}

function linesOf(text: string, name: string): Line[] {
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

function withValue(text: string, { at, value }: Line, wanted: string): string {
  return text.slice(0, at) + wanted + text.slice(at + value.length)
}
