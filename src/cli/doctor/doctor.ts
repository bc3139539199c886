/** `sojourn doctor`: reports what a reviewer would ask about the sessions of an app. */

import { understood, usageError } from '../command/arguments.ts'
import { LOAD_OPTIONS, quietly } from '../command/load.ts'
import { examineModule } from './examine-module.ts'
import { examineUrl } from './examine-url.ts'
import { tell } from './finding.ts'
import { isAddress } from './this-machine.ts'

export const DOCTOR_USAGE = `sojourn doctor MODULE                     loads a module that exports \`sessions\`, and reports what a
                                            reviewer would ask of them in production
                  [--env .env]              with the variables of a file
                  [--export NAME]           which sessions, if it exports several
sojourn doctor URL                        asks for a page on this machine, and reports on its cookie
                  [--name NAME]             which cookie, if it is not to be guessed
                  [--json]                  for programs
`

/** Runs the command; answers its exit code. */
export async function doctor(args: string[]): Promise<number> {
  const { values, positionals } = understood(args, {
    ...LOAD_OPTIONS,
    name: { type: 'string' },
    json: { type: 'boolean' },
  })
  const [target, ...more] = positionals
  if (!target || more.length > 0) {
    throw usageError('Give one module or one address: sojourn doctor app.js, or localhost:3000.')
  }
  const isPage = isAddress(target)
  if (isPage && (values.env ?? values.export) !== undefined) {
    throw usageError('--env and --export go with a module.')
  }
  if (!isPage && values.name !== undefined) throw usageError('--name goes with an address.')
  const findings = isPage
    ? await examineUrl(target, values.name)
    : await quietly(() => examineModule(target, values))
  return tell(target, findings, values.json)
}
