/** `sojourn secret`: makes a secret or the next of a ring, and writes it into a `.env` file. */

import { parseArgs, parseEnv } from 'node:util'
import { encodeBase64url } from '../../base/bytes.ts'
import { systemRandom } from '../../base/ports.ts'
import { MIN_SECRET_BYTES } from '../../crypto/weak-secrets.ts'
import { understood } from '../command/arguments.ts'
import { readEnvFile, unreadable, withVariable, writeEnvFile } from './env-file.ts'
import { rotate } from './rotate.ts'
import { usageError } from '../command/usage-error.ts'

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
  const { values } = understood(args, (args) =>
    parseArgs({
      args,
      options: {
        write: { type: 'string' },
        name: { type: 'string' },
        rotate: { type: 'boolean' },
        // Node.js takes --env-file for its own, wherever it stands.
        env: { type: 'string' },
        'drop-previous': { type: 'boolean' },
      },
    }),
  )
  const { write: file, name = 'SESSION_SECRET', env: source } = values
  if (!/^[A-Za-z_]\w*$/.test(name)) {
    throw usageError('--name has to be the name of a variable, such as SESSION_SECRET.')
  }
  if (file === '') throw usageError('--write needs a file, such as .env.')
  const made = encodeBase64url(systemRandom(MIN_SECRET_BYTES))
  if (values.rotate) {
    if (file !== undefined && source !== undefined) {
      throw usageError('--write reads the file that it changes: leave --env out.')
    }
    return rotate({ name, made, file, source, drops: values['drop-previous'] === true })
  }
  if (source !== undefined || values['drop-previous']) {
    throw usageError('--env and --drop-previous go with --rotate.')
  }
  if (file !== undefined) return addTo(file, name, made)
  if (values.name !== undefined) {
    throw usageError('--name says how to call it in a file: give --write .env as well.')
  }
  process.stdout.write(`${made}\n`)
  return 0
}

function addTo(file: string, name: string, made: string): number {
  const before = readEnvFile(file)
  const why = unreadable(file, before ?? '')
  if (why) return refuse(why)
  const after = withVariable(before ?? '', name, made)
  if (after === undefined) {
    return refuse(
      `${file} has a ${name} already. It was kept; nothing was changed. To change it without ` +
        'signing anybody out: sojourn secret --rotate --write ' +
        `${file}.`,
    )
  }
  if (parseEnv(after)[name] !== made) {
    return refuse(
      `${file} would not give it back: look at its quotation marks. Nothing was changed.`,
    )
  }
  const ignored = writeEnvFile(file, before, after)
  process.stdout.write(
    `${before === undefined ? 'Created' : 'Changed'} ${file}: it has a new ${name}.\n` +
      ignored +
      `Start with: node --env-file=${file} <your program>\n`,
  )
  return 0
}

function refuse(message: string): number {
  process.stderr.write(`sojourn: ${message}\n`)
  return 1
}
