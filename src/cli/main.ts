#!/usr/bin/env node
/** The command `sojourn`: makes secrets, looks into cookies and apps, tends a store's sessions, migrates. */

import { readFileSync } from 'node:fs'
import { printable } from '../base/printable.ts'
import type { Command } from './command/command.ts'
import { codeOf, explained } from './command/redact.ts'

/** By their names, in the order of the help. A command is loaded alone: most of a short run is loading. */
const COMMANDS: ReadonlyMap<string, () => Promise<Command>> = new Map(
  Object.entries({
    secret: async () => (await import('./secret/secret.ts')).secret,
    inspect: async () => (await import('./inspect/inspect.ts')).inspect,
    doctor: async () => (await import('./doctor/doctor.ts')).doctor,
    schema: async () => (await import('./store/schema.ts')).schema,
    list: async () => (await import('./store/list.ts')).list,
    revoke: async () => (await import('./store/revoke.ts')).revoke,
    prune: async () => (await import('./store/prune.ts')).prune,
    migrate: async () => (await import('./migrate/migrate.ts')).migrate,
  }),
)
const ON_STORES: readonly string[] = ['list', 'revoke', 'prune']

process.stdout.on('error', ignoreClosedPipe)
end(await run(process.argv.slice(2)))

async function run([name, ...args]: string[]): Promise<number> {
  if (name === undefined) {
    process.stderr.write(await usage())
    return 2
  }
  if (['help', '--help', '-h'].includes(name)) return say(await usage())
  if (['version', '--version', '-v'].includes(name)) return say(`${version()}\n`)
  const load = COMMANDS.get(name)
  if (!load) {
    // Not repeated: somebody may have pasted a cookie where a command belongs.
    const names = [...COMMANDS.keys()].join(', ')
    return complain(`There is no such command. There are: ${names}. See: sojourn --help`, 2)
  }
  const command = await load()
  if (args.includes('--help') || args.includes('-h')) {
    return say(command.usage + (ON_STORES.includes(name) ? `\n${await storeUsage()}` : ''))
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

async function usage(): Promise<string> {
  const commands = await Promise.all([...COMMANDS.values()].map((load) => load()))
  return `sojourn: sessions for TypeScript servers

${commands.map(({ usage }) => usage).join('\n')}
${await storeUsage()}
sojourn --version                         prints the version
Exit codes: 0 done, the cookie verifies, nothing failed; 1 not done, it does not verify or is no
session cookie, something failed; 2 the command was not understood.
`
}

/** The part of the help that the commands on stores share. */
async function storeUsage(): Promise<string> {
  return (await import('./store/on-store.ts')).STORE_USAGE
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
