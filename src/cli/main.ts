#!/usr/bin/env node
/** The command `sojourn`: secrets, cookies, checks of a configuration, sessions in a store, migration. */

import { readFileSync } from 'node:fs'
import { printable } from '../base/printable.ts'
import type { Command } from './command/command.ts'
import { codeOf, explained } from './command/redact.ts'

/** The commands in the order of the help. Only the one that runs is loaded: loading takes most of the time. */
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
    // The name is not repeated: it may be a cookie that was pasted in the wrong place.
    const names = [...COMMANDS.keys()].join(', ')
    return complain(`There is no such command. Commands: ${names}. See: sojourn --help`, 2)
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
Exit codes: 0 success, the cookie is valid, no check failed; 1 failure, the cookie is not valid or
not a session cookie, a check failed; 2 invalid arguments.
`
}

/** The options that the commands on stores share, for the help. */
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

/** Ends the process once all output is written: an app that was loaded may keep running. */
function end(code: number): void {
  process.stdout.write('', () => process.stderr.write('', () => process.exit(code)))
}

/** Ignores a pipe that is closed early, as by `sojourn inspect | head`. */
function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
}
