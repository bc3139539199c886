/** Loads the module of an app, which may do anything, and finds the sessions that it makes. */

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

/** The sessions of an app: those in a store can be listed, revoked and pruned. */
export type AppSessions = Pick<Sessions, 'describePolicy'> & Partial<StoredSessions>

/** Options of every command that loads a module. */
export const LOAD_OPTIONS = { env: { type: 'string' }, export: { type: 'string' } } as const

/** Nobody waits longer for an app to start. */
const LOAD_MS = 20_000

/** Loads the module. @throws what failed, with what to do about it */
export async function load(path: string, wanted: string | undefined): Promise<AppSessions> {
  if (!existsSync(path)) {
    const says = `There is no file ${withoutSecrets(path)}.`
    throw failure(says, 'Give the module that makes the sessions.')
  }
  const made: AppSessions[] = []
  Object.assign(globalThis, { [MADE]: (sessions: AppSessions) => made.push(sessions) })
  // Nothing waits for the timer: the command ends the process.
  const late = setTimeout(LOAD_MS).then(() => {
    throw failure(`It did not end within ${LOAD_MS / 1000} seconds.`, AWAITS)
  })
  const loading = import(pathToFileURL(resolve(path)).href) as Promise<object>
  const exported = await Promise.race([loading, late]).catch((error: unknown) => {
    const { says, remedy = ALONE } = explained(error)
    // An unknown extension, or unsupported syntax of TypeScript.
    const isUnreadable = codeOf(error).startsWith('ERR_UN')
    const unreadable = `Node.js ${process.versions.node} cannot load this ${extname(path)} file.`
    throw failure(isUnreadable ? unreadable : `Loading it failed: ${says}`, remedy)
  })
  return sessionsIn(exported, made, wanted)
}

const AWAITS =
  'Look for an await that does not end: a client of Redis waits in connect() until it reaches its server.'
const ALONE = 'A module that makes the sessions and nothing else loads without the rest of the app.'

/** Takes the variables of a file as `node --env-file` does: what is set already stays. */
export function takeVariables(file: string | undefined): void {
  if (file === undefined) return
  if (!existsSync(file)) throw usageError('There is no file of the name that --env gives.')
  loadEnvFile(file)
}

/**
 * Lets an app do its part without speaking for the command, or ending it: what it prints goes to
 * standard error, and what it throws behind everybody's back is told in a line.
 */
export async function quietly<Value>(act: () => Promise<Value>): Promise<Value> {
  const write = process.stdout.write.bind(process.stdout)
  const aside = process.stderr.write.bind(process.stderr)
  process.stdout.write = aside
  const told = new Set<string>()
  process.on('uncaughtException', (error: unknown) => {
    const reason = printable(reasonOf(error))
    // A client that tries to connect again fails again.
    if (!told.has(reason)) aside(`sojourn: meanwhile in the app: ${reason}\n`)
    told.add(reason)
  })
  const onExit = () => {
    aside('sojourn: the module ended the process before the command was done.\n')
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

/** The sessions that a module exports, or else the only ones that it made. */
function sessionsIn(
  exported: object,
  made: readonly AppSessions[],
  wanted: string | undefined,
): AppSessions {
  const { default: main } = exported as { default?: unknown }
  // A CommonJS module stands behind its default export.
  const named = Object.entries({ ...(!isSessions(main) && (main as object)), ...exported })
  const found = new Map(named.filter((entry): entry is Export => isSessions(entry[1])))
  const names = [...found.keys()]
  const usual = ['sessions', 'default'].find((name) => found.has(name))
  const sessions = found.get(wanted ?? usual ?? (names.length === 1 ? names[0]! : ''))
  if (sessions) return sessions
  if (names.length > 0) {
    const says = `The module exports sessions as ${names.join(', ')}.`
    throw failure(says, 'Say which with --export NAME.')
  }
  if (made.length === 1 && wanted === undefined) return made[0]!
  throw failure(
    'The module exports no sessions.',
    'export const sessions = createSessions({ ... })',
  )
}

type Export = [name: string, AppSessions]

function isSessions(value: unknown): value is AppSessions {
  const sessions = value as AppSessions | null | undefined
  return typeof value === 'object' && typeof sessions?.describePolicy === 'function'
}
