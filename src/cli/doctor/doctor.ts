/** `sojourn doctor`: reports what a reviewer would ask about the sessions of an app. */

import { parseArgs } from 'node:util'
import { understood } from '../command/arguments.ts'
import { examineModule } from './examine-module.ts'
import { examineUrl } from './examine-url.ts'
import { type Finding, tell } from './finding.ts'
import { withoutSecrets } from '../command/redact.ts'
import { isAddress } from './this-machine.ts'
import { printable } from '../../base/printable.ts'
import { usageError } from '../command/usage-error.ts'

export const DOCTOR_USAGE = `sojourn doctor MODULE                     loads a module that exports \`sessions\`, and reports what a
                                            reviewer would ask of them in production
                  [--env .env]              with the variables of a file
sojourn doctor URL                        asks for a page on this machine, and reports on its cookie
                  [--name NAME]             which cookie, if it is not to be guessed
                  [--json]                  for programs
`

/** Runs the command, and ends the process: an app that was loaded may go on for ever. */
export async function doctor(args: string[]): Promise<number> {
  const { values, positionals } = understood(args, (args) =>
    parseArgs({
      args,
      allowPositionals: true,
      options: { env: { type: 'string' }, name: { type: 'string' }, json: { type: 'boolean' } },
    }),
  )
  const [target, ...more] = positionals
  if (!target || more.length > 0) {
    throw usageError('Give one module or one address: sojourn doctor app.js, or localhost:3000.')
  }
  if (isAddress(target)) {
    if (values.env !== undefined) throw usageError('--env goes with a module.')
    const findings = await examineUrl(target, values.name)
    return tell({ of: target, findings }, values.json)
  }
  if (values.name !== undefined) throw usageError('--name goes with an address.')
  const findings = await quietly(() => examineModule(target, values.env))
  return ended(tell({ of: target, findings }, values.json))
}

/** Loads an app without letting it speak for the report, or end it. */
async function quietly(examine: () => Promise<Finding[]>): Promise<Finding[]> {
  const write = process.stdout.write.bind(process.stdout)
  const aside = process.stderr.write.bind(process.stderr)
  // What the app prints is no part of the report.
  process.stdout.write = aside
  process.on('uncaughtException', (error: unknown) => {
    const message = error instanceof Error ? error.message : String(error)
    aside(`sojourn: meanwhile in the app: ${printable(withoutSecrets(message))}\n`)
  })
  process.once('exit', () => {
    if (isDone) return
    aside('sojourn: the module ended the process while it was loaded, so there is no report.\n')
    process.exitCode = 1
  })
  let isDone = false
  try {
    return await examine()
  } finally {
    isDone = true
    process.stdout.write = write
  }
}

/** Ends the process when everything is written. */
function ended(code: number): Promise<never> {
  return new Promise(() => {
    process.stdout.write('', () => process.exit(code))
  })
}
