/** `sojourn secret --rotate`: the next configuration, and how to get there with nobody signed out. */

import { parseEnv } from 'node:util'
import { explain, keyring } from '../../crypto/keyring.ts'
import { weaknessOf } from '../../crypto/weak-secrets.ts'
import { readEnvFile, spellingsIn, withVariables, writeEnvFile } from './env-file.ts'

/** What to rotate, from where to where. */
export interface Rotation {
  name: string
  made: string
  /** The file to change. */
  file: string | undefined
  /** The file to read; without either, the environment. */
  source: string | undefined
  /** Whether a secret that is already behind the one of today may go. */
  drops: boolean
}

/** Rotates and answers what to print, or throws before anything was changed. */
export function rotate({ name, made, file, source, drops }: Rotation): string {
  const previous = `${name}_PREVIOUS`
  const read = file ?? source
  const before = read === undefined ? undefined : readEnvFile(read)
  if (read !== undefined && before === undefined) throw new Error(`There is no file ${read}.`)
  // As Node.js reads it: the text has one character per byte.
  const given =
    before === undefined ? process.env : parseEnv(Buffer.from(before, 'latin1').toString())
  const current = given[name]
  if (!current) throw new Error(`There is no ${name} in ${notThere(read)}`)
  const weakness = weaknessOf(bytesOf(current, name))
  if (weakness) {
    throw new Error(
      `The secret in ${name} ${explain(weakness)}: kept behind a new one it would go on opening what anybody ` +
        `can forge. Empty ${name} and run: sojourn secret --write .env. Everybody then signs in again.`,
    )
  }
  if (given[previous] && !drops) {
    throw new Error(
      `${read ?? 'the environment'} has a ${previous} already, which would be dropped: visitors who still come with it ` +
        'would be signed out. See sessions.secretUse(), or wait for as long as lifetime.idle since it was the ' +
        'current one; then add --drop-previous.',
    )
  }
  if (file === undefined) {
    process.stderr.write(
      `${advice(name, previous)}\nsojourn: these are secrets: keep them out of logs. With --write .env ` +
        'neither is shown.\n\n',
    )
    return `${name}=${made}\n${previous}=${quoted(current)}`
  }
  return rotateIn(file, before ?? '', { name, previous, made }) + advice(name, previous).trimEnd()
}

/** Changes the file; answers what there is to say. */
function rotateIn(
  file: string,
  before: string,
  { name, previous, made }: { name: string; previous: string; made: string },
): string {
  const [current = '', ...more] = spellingsIn(before, name)
  const meant = { [name]: made, [previous]: parseEnv(before)[name] }
  const after = withVariables(before, { [name]: made, [previous]: current }, meant)
  if (after === undefined || more.length > 0) {
    throw new Error(
      `${name} stands in ${file} more than once or in several lines. Nothing was changed.`,
    )
  }
  const ignored = writeEnvFile(file, before, after)
  return `Changed ${file}: it has a new ${name}, and the old one as ${previous}.\n${ignored}\n`
}

/** What `createSessions` makes of it; Flask takes its own literally. @throws ERR_OPTION_INVALID */
function bytesOf(current: string, name: string): Uint8Array {
  const spelling = name.includes('SECRET_KEY') ? 'literal' : 'prefixed'
  const policy = { where: name, remedy: 'Give it a value first.', refuse: [], spelling } as const
  return keyring(current, policy).secrets[0]!
}

function notThere(read: string | undefined): string {
  return read === undefined
    ? 'the environment to rotate. If it is in a file: sojourn secret --rotate --env .env.'
    : `${read} to rotate. Make a first one: sojourn secret --write ${read}.`
}

/** The value as a line of `.env` gives it back. */
function quoted(value: string): string {
  if (!/[\s#'"`\\]/.test(value)) return value
  const mark = ["'", '"', '`'].find((each) => !value.includes(each)) ?? ''
  return `${mark}${value}${mark}`
}

function advice(name: string, previous: string): string {
  const ring =
    name === 'SECRET_KEY'
      ? `flask({ SECRET_KEY: process.env.${name}, SECRET_KEY_FALLBACKS: [process.env.${previous}] })`
      : `createSessions({ secret: [process.env.${name}, process.env.${previous}] })`
  return `In the program, where the first secret signs and both open:

  ${ring}

One process: restart it. Several: deploy first with the two values the other way round, so that each
of them opens the new one before any signs with it; then deploy them as they are here.

The previous one may go when nobody comes with it any more: sessions.secretUse() counts, and the event
'old-secret' tells. At the latest that is after lifetime.idle (or lifetime.permanent, if that is longer).
If the old secret has leaked, do not keep it: leave ${previous} empty, and everybody signs in again.
`
}
