#!/usr/bin/env node
/** The command `sojourn`: makes secrets, looks into cookies and apps, tends a store's sessions. */

import { printable } from '../base/printable.ts'
import { reasonOf } from './command/redact.ts'
import { DOCTOR_USAGE, doctor } from './doctor/doctor.ts'
import { INSPECT_USAGE, inspect } from './inspect/inspect.ts'
import { SECRET_USAGE, secret } from './secret/secret.ts'
import { LIST_USAGE, list } from './store/list.ts'
import { PRUNE_USAGE, prune } from './store/prune.ts'
import { REVOKE_USAGE, revoke } from './store/revoke.ts'
import { SCHEMA_USAGE, schema } from './store/schema.ts'
import { STORE_USAGE } from './store/stored-app.ts'

const USAGE = `sojourn: sessions for TypeScript servers

${SECRET_USAGE}
${INSPECT_USAGE}
${DOCTOR_USAGE}
${SCHEMA_USAGE}
${LIST_USAGE}${REVOKE_USAGE}${PRUNE_USAGE}
${STORE_USAGE}
Exit codes: 0 done, the cookie verifies, nothing failed; 1 not done, it does not verify or is no
session cookie, something failed; 2 the command was not understood.
`

type Run = (args: string[]) => number | Promise<number>

/** Each command, and its part of the help. */
const COMMANDS: ReadonlyMap<string, readonly [run: Run, usage: string]> = new Map([
  ['secret', [secret, SECRET_USAGE]],
  ['inspect', [inspect, INSPECT_USAGE]],
  ['doctor', [doctor, DOCTOR_USAGE]],
  ['schema', [schema, SCHEMA_USAGE]],
  ['list', [list, `${LIST_USAGE}\n${STORE_USAGE}`]],
  ['revoke', [revoke, `${REVOKE_USAGE}\n${STORE_USAGE}`]],
  ['prune', [prune, `${PRUNE_USAGE}\n${STORE_USAGE}`]],
])

const THERE_ARE = `There are: ${[...COMMANDS.keys()].join(', ')}. See: sojourn --help`

process.stdout.on('error', ignoreClosedPipe)
end(await run(process.argv.slice(2)))

async function run([name, ...args]: string[]): Promise<number> {
  if (name === undefined) {
    process.stderr.write(USAGE)
    return 2
  }
  if (['help', '--help', '-h'].includes(name)) return say(USAGE)
  const command = COMMANDS.get(name)
  // Not repeated: somebody may have pasted a cookie where a command belongs.
  if (!command) return complain(`There is no such command. ${THERE_ARE}`, 2)
  const [act, usage] = command
  if (args.includes('--help') || args.includes('-h')) return say(usage)
  try {
    return await act(args)
  } catch (error) {
    return complain(reasonOf(error), isUsageError(error) ? 2 : 1)
  }
}

function say(text: string): number {
  process.stdout.write(text)
  return 0
}

function complain(message: string, code: number): number {
  process.stderr.write(`sojourn: ${printable(message)}\n`)
  return code
}

function isUsageError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_USAGE'
}

/** Ends the process once everything is written: an app that was loaded may go on for ever. */
function end(code: number): void {
  process.stdout.write('', () => process.stderr.write('', () => process.exit(code)))
}

/** `sojourn inspect | head` closes the pipe early: that is no failure of ours. */
function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
}
