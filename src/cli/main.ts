#!/usr/bin/env node
/** The command `sojourn`: makes secrets, looks into cookies and apps, tends a store's sessions. */

import { DOCTOR_USAGE, doctor } from './doctor/doctor.ts'
import { INSPECT_USAGE, inspect } from './inspect/inspect.ts'
import { LIST_USAGE, list } from './store/list.ts'
import { PRUNE_USAGE, prune } from './store/prune.ts'
import { REVOKE_USAGE, revoke } from './store/revoke.ts'
import { SCHEMA_USAGE, schema } from './store/schema.ts'
import { SECRET_USAGE, secret } from './secret/secret.ts'
import { STORE_USAGE } from './store/store-command.ts'
import { printable } from '../base/printable.ts'

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

process.stdout.on('error', ignoreClosedPipe)
process.exitCode = await run(process.argv.slice(2))

async function run([command, ...args]: string[]): Promise<number> {
  try {
    switch (command) {
      case 'secret':
        return asksForHelp(args) ? say(SECRET_USAGE) : secret(args)
      case 'inspect':
        return asksForHelp(args) ? say(INSPECT_USAGE) : await inspect(args)
      case 'doctor':
        return asksForHelp(args) ? say(DOCTOR_USAGE) : await doctor(args)
      case 'schema':
        return asksForHelp(args) ? say(SCHEMA_USAGE) : schema(args)
      case 'list':
        return asksForHelp(args)
          ? say(`${LIST_USAGE}
${STORE_USAGE}`)
          : await list(args)
      case 'revoke':
        return asksForHelp(args)
          ? say(`${REVOKE_USAGE}
${STORE_USAGE}`)
          : await revoke(args)
      case 'prune':
        return asksForHelp(args)
          ? say(`${PRUNE_USAGE}
${STORE_USAGE}`)
          : await prune(args)
      case 'help':
      case '--help':
      case '-h':
        return say(USAGE)
      case undefined:
        process.stderr.write(USAGE)
        return 2
      default:
        // Not repeated: somebody may have pasted a cookie where a command belongs.
        return complain(
          'There is no such command. There are: secret, inspect, doctor, schema, list, revoke, prune. See: sojourn --help',
        )
    }
  } catch (error) {
    if (isUsageError(error)) return complain(error.message)
    process.stderr.write(`sojourn: ${printable(reasonOf(error))}\n`)
    return 1
  }
}

function asksForHelp(args: readonly string[]): boolean {
  return args.includes('--help') || args.includes('-h')
}

function say(text: string): number {
  process.stdout.write(text)
  return 0
}

function complain(message: string): number {
  process.stderr.write(`sojourn: ${printable(message)}\n`)
  return 2
}

function isUsageError(error: unknown): error is Error {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return code === 'ERR_USAGE' || code.startsWith('ERR_PARSE_ARGS')
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** `sojourn inspect | head` closes the pipe early: that is no failure of ours. */
function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
}
