/** `sojourn secret --rotate`: the next configuration, and how to deploy it without signing anybody out. */

import { parseEnv } from 'node:util'
import { explain } from '../../crypto/keyring.ts'
import { weaknessOf } from '../../crypto/weak-secrets.ts'
import { readEnvFile, setInFile, valuesIn } from './env-file.ts'

/** A secret to rotate. */
export interface Rotation {
  name: string
  /** The new secret. */
  made: string
  /** The file to change. Without it the next configuration is printed. */
  file: string | undefined
  /** The file to read. Without both files the environment is read. */
  source: string | undefined
  /** Whether an existing previous secret may be removed. */
  drops: boolean | undefined
}

/** Rotates a secret; returns the output. If it throws, nothing was changed. */
export function rotate({ name, made, file, source, drops }: Rotation): string {
  const previous = `${name}_PREVIOUS`
  const read = file ?? source
  const before = read === undefined ? '' : readEnvFile(read)
  if (before === undefined) throw new Error(`There is no file ${read}.`)
  // Decoded as Node.js does: the text has one character per byte.
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
      `The secret in ${name} ${explain(weakness)}: as a previous secret it would still accept forged ` +
        `cookies. Empty ${name} and run: sojourn secret --write .env. All visitors then sign in again.`,
    )
  }
  if (given[previous] && !drops) {
    throw new Error(
      `There is a ${previous} already: visitors whose cookies it has signed would be signed out. ` +
        'See sessions.secretUse(). To remove it: --drop-previous.',
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

/** The value as it has to be written in a `.env` file. */
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
  return `In the program (the current secret signs, both are accepted):

  ${ring}

One process: restart it. Several: first deploy with the two values exchanged, then as shown here.
Remove the previous secret when sessions.secretUse() does not count it any more, at the latest after
the longer of lifetime.idle and lifetime.permanent. If the previous secret was leaked, leave
${previous} empty: all visitors sign in again.
`
}
