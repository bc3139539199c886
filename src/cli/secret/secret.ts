/** `sojourn secret`: makes a secret, or rotates one, and writes it to a `.env` file. */

import { encodeBase64url } from '../../base/bytes.ts'
import { systemRandom } from '../../base/ports.ts'
import { MIN_SECRET_BYTES } from '../../crypto/weak-secrets.ts'
import { command, usageError } from '../command/command.ts'
import { readEnvFile, setInFile, valuesIn } from './env-file.ts'
import { rotate } from './rotate.ts'

const USAGE = `sojourn secret                            prints a new secret
sojourn secret --write .env               adds it to that file as SESSION_SECRET
                  [--name SESSION_SECRET]   the name of the variable
sojourn secret --rotate                   prints the next configuration: a new secret, and the
                                            current one as the previous secret
                  [--env .env]              reads the current secret from a file
                  [--write .env]            changes the file, and prints no secret
                  [--drop-previous]         removes an older previous secret
`

export const secret = command({
  usage: USAGE,
  options: {
    write: { type: 'string' },
    name: { type: 'string' },
    rotate: { type: 'boolean' },
    // Not --env-file, which Node.js itself reads anywhere on the command line.
    env: { type: 'string' },
    'drop-previous': { type: 'boolean' },
  },
  run(values, positionals) {
    const { write: file, name = 'SESSION_SECRET', env: source, 'drop-previous': drops } = values
    if (positionals.length > 0) throw usageError('secret takes options only.')
    if (!/^[A-Za-z_]\w*$/.test(name)) {
      throw usageError('--name has to be the name of a variable, such as SESSION_SECRET.')
    }
    if (file === '') throw usageError('--write needs a file, such as .env.')
    if (!values.rotate && (source !== undefined || drops)) {
      throw usageError('--env and --drop-previous need --rotate.')
    }
    if (file !== undefined && source !== undefined) {
      throw usageError('--write reads the file that it changes: leave --env out.')
    }
    const made = encodeBase64url(systemRandom(MIN_SECRET_BYTES))
    if (values.rotate) return { text: rotate({ name, made, file, source, drops }) }
    if (file !== undefined) return { text: addTo(file, name, made) }
    if (values.name === undefined) return { text: made }
    throw usageError('--name is the name of a variable in a file: add --write .env.')
  },
})

/** Adds the secret to the file; returns the output. */
function addTo(file: string, name: string, made: string): string {
  const before = readEnvFile(file)
  if (valuesIn(before ?? '', name).some(({ value }) => !/^(?:''|""|``)?$/.test(value))) {
    throw new Error(
      `${file} has a ${name} already. Nothing was changed. To change it without ` +
        `signing anybody out: sojourn secret --rotate --write ${file}.`,
    )
  }
  const ignored = setInFile(file, { [name]: made }, { [name]: made })
  return (
    `${before === undefined ? 'Created' : 'Changed'} ${file}: it has a new ${name}.\n` +
    `${ignored}Start with: node --env-file=${file} <your program>`
  )
}
