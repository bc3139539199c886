/** Loads a module of the app, and finds the sessions that it makes. */

import { existsSync } from 'node:fs'
import { extname, resolve } from 'node:path'
import { loadEnvFile } from 'node:process'
import { setTimeout } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { printable } from '../../base/printable.ts'
import { MADE } from '../../session/create-sessions.ts'
import type { Sessions, StoredSessions } from '../../session/sessions.ts'
import { failure, usageError } from './command.ts'
import { codeOf, explained, reasonOf, withoutSecrets } from './redact.ts'

/** The sessions of an app. Only those in a store can be listed, revoked and pruned. */
export type AppSessions = Pick<Sessions, 'describePolicy'> & Partial<StoredSessions>

/** Options of every command that loads a module. */
export const LOAD_OPTIONS = { env: { type: 'string' }, export: { type: 'string' } } as const

/** How long an app may take to start, in milliseconds. */
const LOAD_MS = 20_000

/** Loads the module. @throws an error that says what failed and what to do */
export async function load(path: string, wanted: string | undefined): Promise<AppSessions> {
  if (!existsSync(path)) {
    const says = `There is no file ${withoutSecrets(path)}.`
    throw failure(says, 'Pass the module that makes the sessions.')
  }
  const made: AppSessions[] = []
  Object.assign(globalThis, { [MADE]: (sessions: AppSessions) => made.push(sessions) })
  // The timer need not be cleared: the command ends the process.
  const late = setTimeout(LOAD_MS).then(() => {
    throw failure(`Loading it took over ${LOAD_MS / 1000} seconds.`, AWAITS)
  })
  const loading = import(pathToFileURL(resolve(path)).href) as Promise<object>
  const exported = await Promise.race([loading, late]).catch((error: unknown) => {
    const { says, remedy = ALONE } = explained(error)
    // An unknown file extension, or unsupported TypeScript syntax.
    const isUnreadable = codeOf(error).startsWith('ERR_UN')
    const unreadable = `Node.js ${process.versions.node} cannot load this ${extname(path)} file.`
    throw failure(isUnreadable ? unreadable : `Loading it failed: ${says}`, remedy)
  })
  return sessionsIn(exported, made, wanted)
}

const AWAITS =
  'Look for an await that never ends: a Redis client waits in connect() until it reaches its server.'
const ALONE =
  'Make the sessions in a module of their own: it then loads without the rest of the app.'

/** Loads the variables of a file like `node --env-file`: variables that are already set stay. */
export function takeVariables(file: string | undefined): void {
  if (file === undefined) return
  if (!existsSync(file)) throw usageError('The file of --env does not exist.')
  loadEnvFile(file)
}

/**
 * Runs code of the app so that it cannot disturb the command: its output goes to standard error, and
 * an uncaught exception is printed as a line and does not end the process.
 */
export async function quietly<Value>(act: () => Promise<Value>): Promise<Value> {
  const write = process.stdout.write.bind(process.stdout)
  const aside = process.stderr.write.bind(process.stderr)
  process.stdout.write = aside
  const told = new Set<string>()
  process.on('uncaughtException', (error: unknown) => {
    const reason = printable(reasonOf(error))
    // A client that reconnects repeats the same error.
    if (!told.has(reason)) aside(`sojourn: an error in the app: ${reason}\n`)
    told.add(reason)
  })
  const onExit = () => {
    aside('sojourn: the module has ended the process before the command was done.\n')
    process.exitCode = 1
  }
  process.once('exit', onExit)
  try {
    return await act()
  } finally {
    process.off('exit', onExit)
    process.stdout.write = write
  }
}

/** The sessions that a module exports; otherwise the only ones that it has made. */
function sessionsIn(
  exported: object,
  made: readonly AppSessions[],
  wanted: string | undefined,
): AppSessions {
  const { default: main } = exported as { default?: unknown }
  // The exports of a CommonJS module are members of its default export.
  const named = Object.entries({ ...(!isSessions(main) && (main as object)), ...exported })
  const found = new Map(named.filter((entry): entry is Export => isSessions(entry[1])))
  const names = [...found.keys()]
  const usual = ['sessions', 'default'].find((name) => found.has(name))
  const sessions = found.get(wanted ?? usual ?? (names.length === 1 ? names[0]! : ''))
  if (sessions) return sessions
  if (names.length > 0) {
    const says = `The module exports sessions as ${names.join(', ')}.`
    throw failure(says, 'Choose one with --export NAME.')
  }
  if (made.length === 1 && wanted === undefined) return made[0]!
  throw failure(
    'The module exports no sessions.',
    'Write: export const sessions = createSessions({ ... })',
  )
}

type Export = [name: string, AppSessions]

function isSessions(value: unknown): value is AppSessions {
  const sessions = value as AppSessions | null | undefined
  return typeof value === 'object' && typeof sessions?.describePolicy === 'function'
}
