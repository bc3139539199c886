/** `sojourn secret`: makes a secret or the next of a ring, and writes it into a `.env` file. */

import { parseEnv } from 'node:util'
import { encodeBase64url } from '../../base/bytes.ts'
import { systemRandom } from '../../base/ports.ts'
import { MIN_SECRET_BYTES } from '../../crypto/weak-secrets.ts'
import { understood, usageError } from '../command/arguments.ts'
import { readEnvFile, withVariable, writeEnvFile } from './env-file.ts'
import { rotate } from './rotate.ts'

export const SECRET_USAGE = `sojourn secret                            prints a new secret
sojourn secret --write .env               adds it to that file as SESSION_SECRET
                  [--name SESSION_SECRET]   as another variable
sojourn secret --rotate                   prints the next configuration: a new secret, and the one
                                            of today behind it
                  [--env .env]              takes that from a file, not from the environment
                  [--write .env]            changes the file, and shows neither of them
                  [--drop-previous]         also if this ends what a still older secret opens
`

/** Runs the command; answers its exit code. */
export function secret(args: string[]): number {
  const { values, positionals } = understood(args, {
    write: { type: 'string' },
    name: { type: 'string' },
    rotate: { type: 'boolean' },
    // Node.js takes --env-file for its own, wherever it stands.
    env: { type: 'string' },
    'drop-previous': { type: 'boolean' },
  })
  const { write: file, name = 'SESSION_SECRET', env: source, 'drop-previous': drops } = values
  if (positionals.length > 0) throw usageError('secret takes options only.')
  if (!/^[A-Za-z_]\w*$/.test(name)) {
    throw usageError('--name has to be the name of a variable, such as SESSION_SECRET.')
  }
  if (file === '') throw usageError('--write needs a file, such as .env.')
  const made = encodeBase64url(systemRandom(MIN_SECRET_BYTES))
  if (values.rotate) {
    if (file !== undefined && source !== undefined) {
      throw usageError('--write reads the file that it changes: leave --env out.')
    }
    rotate({ name, made, file, source, drops: drops === true })
    return 0
  }
  if (source !== undefined || drops) {
    throw usageError('--env and --drop-previous go with --rotate.')
  }
  if (file === undefined && values.name !== undefined) {
    throw usageError('--name says how to call it in a file: give --write .env as well.')
  }
  process.stdout.write(file === undefined ? `${made}\n` : addTo(file, name, made))
  return 0
}

/** Adds the secret to the file; answers what there is to say. */
function addTo(file: string, name: string, made: string): string {
  const before = readEnvFile(file)
  const after = withVariable(before ?? '', name, made)
  if (after === undefined) {
    throw new Error(
      `${file} has a ${name} already. It was kept; nothing was changed. To change it without ` +
        `signing anybody out: sojourn secret --rotate --write ${file}.`,
    )
  }
  if (parseEnv(after)[name] !== made) {
    throw new Error(
      `${file} would not give it back: look at its quotation marks. Nothing was changed.`,
    )
  }
  const ignored = writeEnvFile(file, before, after)
  return (
    `${before === undefined ? 'Created' : 'Changed'} ${file}: it has a new ${name}.\n` +
    `${ignored}Start with: node --env-file=${file} <your program>\n`
  )
}
