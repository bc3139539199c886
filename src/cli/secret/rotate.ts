/** `sojourn secret --rotate`: the next configuration, and how to get there with nobody signed out. */

import { parseEnv } from 'node:util'
import { explain } from '../../crypto/keyring.ts'
import { weaknessOf } from '../../crypto/weak-secrets.ts'
import { readEnvFile, setInFile, valuesIn } from './env-file.ts'

/** A secret to rotate. */
export interface Rotation {
  name: string
  /** The new secret. */
  made: string
  /** The file to change; without it the next configuration is printed. */
  file: string | undefined
  /** The file to read; without either, the environment. */
  source: string | undefined
  /** Whether a secret that is already behind the one of today may go. */
  drops: boolean | undefined
}

/** Rotates and returns what to print, or throws before anything was changed. */
export function rotate({ name, made, file, source, drops }: Rotation): string {
  const previous = `${name}_PREVIOUS`
  const read = file ?? source
  const before = read === undefined ? '' : readEnvFile(read)
  if (before === undefined) throw new Error(`There is no file ${read}.`)
  // As Node.js reads it: the text has one character per byte.
  const given = read ? parseEnv(Buffer.from(before, 'latin1').toString()) : process.env
  const current = given[name]
  if (!current) {
    const remedy = read
      ? `Make a first one: sojourn secret --write ${read}.`
      : 'If it is in a file: sojourn secret --rotate --env .env.'
    throw new Error(`There is no ${name} to rotate. ${remedy}`)
  }
  const weakness = weaknessOf(Buffer.from(current))
  if (weakness) {
    throw new Error(
      `The secret in ${name} ${explain(weakness)}: kept behind a new one it would go on opening what anybody ` +
        `can forge. Empty ${name} and run: sojourn secret --write .env. Everybody then signs in again.`,
    )
  }
  if (given[previous] && !drops) {
    throw new Error(
      `There is a ${previous} already: whoever still comes with it would be signed out. ` +
        'See sessions.secretUse(); to drop it: --drop-previous.',
    )
  }
  if (file === undefined) {
    process.stderr.write(`${advice(name, previous)}\n`)
    return `${name}=${made}\n${previous}=${quoted(current)}`
  }
  const [spelled, ...more] = valuesIn(before, name)
  if (more.length > 0) throw new Error(`${file} has ${name} more than once. Nothing was changed.`)
  const meant = { [name]: made, [previous]: parseEnv(before)[name] }
  const ignored = setInFile(file, { [name]: made, [previous]: spelled?.value ?? '' }, meant)
  return (
    `Changed ${file}: it has a new ${name}, and the old one as ${previous}.\n${ignored}\n` +
    advice(name, previous).trimEnd()
  )
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
  return `In the program, where the first secret signs and both are accepted:

  ${ring}

One process: restart it. Several: deploy first with the two values the other way round, then as here.
The previous secret may go when sessions.secretUse() counts nobody any more, at the latest after
lifetime.idle. If the old secret has leaked, leave ${previous} empty: everybody signs in again.
`
}
