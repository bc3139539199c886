#!/usr/bin/env node
/** The command `sojourn`: makes secrets, looks into cookies and apps, tends a store's sessions. */

import { readFileSync } from 'node:fs'
import { printable } from '../base/printable.ts'
import type { Command } from './command/command.ts'
import { codeOf, explained } from './command/redact.ts'
import { doctor } from './doctor/doctor.ts'
import { inspect } from './inspect/inspect.ts'
import { secret } from './secret/secret.ts'
import { list } from './store/list.ts'
import { prune } from './store/prune.ts'
import { revoke } from './store/revoke.ts'
import { schema } from './store/schema.ts'
import { STORE_USAGE } from './store/on-store.ts'

/** By their names, in the order of the help. */
const COMMANDS: ReadonlyMap<string, Command> = new Map(
  Object.entries({ secret, inspect, doctor, schema, list, revoke, prune }),
)
const ON_STORES: readonly Command[] = [list, revoke, prune]

const USAGE = `sojourn: sessions for TypeScript servers

${[...COMMANDS.values()].map(({ usage }) => usage).join('\n')}
${STORE_USAGE}
sojourn --version                         prints the version
Exit codes: 0 done, the cookie verifies, nothing failed; 1 not done, it does not verify or is no
session cookie, something failed; 2 the command was not understood.
`

process.stdout.on('error', ignoreClosedPipe)
end(await run(process.argv.slice(2)))

async function run([name, ...args]: string[]): Promise<number> {
  if (name === undefined) {
    process.stderr.write(USAGE)
    return 2
  }
  if (['help', '--help', '-h'].includes(name)) return say(USAGE)
  if (['version', '--version', '-v'].includes(name)) return say(`${version()}\n`)
  const command = COMMANDS.get(name)
  if (!command) {
    // Not repeated: somebody may have pasted a cookie where a command belongs.
    const names = [...COMMANDS.keys()].join(', ')
    return complain(`There is no such command. There are: ${names}. See: sojourn --help`, 2)
  }
  if (args.includes('--help') || args.includes('-h')) {
    return say(command.usage + (ON_STORES.includes(command) ? `\n${STORE_USAGE}` : ''))
  }
  try {
    const { output, code } = await command.run(args)
    return say(`${output}\n`, code)
  } catch (error) {
    const { says, remedy = '' } = explained(error)
    return complain(`${says} ${remedy}`.trimEnd(), codeOf(error) === 'ERR_USAGE' ? 2 : 1)
  }
}

function version(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(manifest) as { version: string }).version
}

function say(text: string, code = 0): number {
  process.stdout.write(text)
  return code
}

function complain(message: string, code: number): number {
  process.stderr.write(`sojourn: ${printable(message)}\n`)
  return code
}

/** Ends the process once everything is written: an app that was loaded may go on for ever. */
function end(code: number): void {
  process.stdout.write('', () => process.stderr.write('', () => process.exit(code)))
}

/** `sojourn inspect | head` closes the pipe early: that is no failure of ours. */
function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
}
