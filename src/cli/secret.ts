/** `sojourn secret`: makes a secret, and writes it into a `.env` file that git ignores. */

import { readFileSync, writeFileSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { parseArgs, parseEnv } from 'node:util'
import { encodeBase64url } from '../base/bytes.ts'
import { systemRandom } from '../base/ports.ts'
import { MIN_SECRET_BYTES } from '../crypto/weak-secrets.ts'
import { ignoreInGit } from './git-ignore.ts'
import { usageError } from './usage-error.ts'

export const SECRET_USAGE = `sojourn secret                            prints a new secret
sojourn secret --write .env               adds it to that file as SESSION_SECRET
                  [--name SESSION_SECRET]   as another variable
`

/** Runs the command; answers its exit code. */
export function secret(args: string[]): number {
  const { values } = parseArgs({
    args,
    options: { write: { type: 'string' }, name: { type: 'string' } },
  })
  const { write: file, name = 'SESSION_SECRET' } = values
  if (values.name !== undefined && file === undefined) {
    throw usageError('--name says how to call it in a file: give --write .env as well.')
  }
  if (!/^[A-Za-z_]\w*$/.test(name)) {
    throw usageError('--name has to be the name of a variable, such as SESSION_SECRET.')
  }
  const made = encodeBase64url(systemRandom(MIN_SECRET_BYTES))
  if (file === undefined) {
    process.stdout.write(`${made}\n`)
    return 0
  }
  if (file === '') throw usageError('--write needs a file, such as .env.')
  return addTo(file, name, made)
}

function addTo(file: string, name: string, made: string): number {
  const path = resolve(file)
  // One character per byte, so that what is not ours is written back as it was.
  const before = readLatin1(path)
  if (before?.startsWith('\xff\xfe') || before?.startsWith('\xfe\xff')) {
    return refuse(`${file} is UTF-16, which Node.js does not read. Save it as UTF-8 first.`)
  }
  const after = withVariable(before ?? '', name, made)
  if (after === undefined) {
    return refuse(`${file} has a ${name} already. It was kept; nothing was changed.`)
  }
  if (parseEnv(after)[name] !== made) {
    return refuse(
      `${file} would not give it back: look at its quotation marks. Nothing was changed.`,
    )
  }
  // Ignored before it is written: there is no moment in which `git add` would take the secret.
  const ignored = ignoreInGit(path)
  if (before === undefined) writeFileSync(path, after, { mode: 0o600, flag: 'wx' })
  else writeFileSync(path, after, 'latin1')
  process.stdout.write(
    `${before === undefined ? 'Created' : 'Changed'} ${file}: it has a new ${name}.\n` +
      (ignored ? `Added ${basename(path)} to .gitignore.\n` : '') +
      `Start with: node --env-file=${file} <your program>\n`,
  )
  return 0
}

function readLatin1(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

/** The file's text with the variable; `undefined` if it has a value already. */
function withVariable(text: string, name: string, value: string): string | undefined {
  // line = ["export" 1*SP] name *SP "=" value;   an empty value may be quoted or have a comment
  const line = new RegExp(`^([ \\t]*(?:export[ \\t]+)?${name}[ \\t]*=)(.*)$`, 'gm')
  const found = [...text.matchAll(line)]
  const isEmpty = (given: string) => /^[ \t]*(?:''|""|``)?[ \t]*(?:#.*)?\r?$/.test(given)
  if (found.some(([, , given = '']) => !isEmpty(given))) return undefined
  const last = found[found.length - 1]
  if (last) {
    const [whole, head = '', rest = ''] = last
    const tail = rest.endsWith('\r') ? '\r' : ''
    return text.slice(0, last.index) + head + value + tail + text.slice(last.index + whole.length)
  }
  const newline = text.includes('\r\n') ? '\r\n' : '\n'
  const separator = text === '' || text.endsWith('\n') ? '' : newline
  return `${text}${separator}${name}=${value}${newline}`
}

function refuse(message: string): number {
  process.stderr.write(`sojourn: ${message}\n`)
  return 1
}
