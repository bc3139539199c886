/** Loads the module of an app, which may do anything, and finds the sessions it exports. */

import { existsSync } from 'node:fs'
import { extname, resolve } from 'node:path'
import { loadEnvFile } from 'node:process'
import { setTimeout } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { printable } from '../../base/printable.ts'
import type { Sessions, StoredSessions } from '../../session/sessions.ts'
import { failure, usageError } from './command.ts'
import { reasonOf } from './redact.ts'

/** The sessions of an app: those in a store can be listed, revoked and pruned. */
export type AppSessions = Pick<Sessions, 'describePolicy'> & Partial<StoredSessions>

/** Options of every command that loads a module. */
export const LOAD_OPTIONS = { env: { type: 'string' }, export: { type: 'string' } } as const

/** Nobody waits longer for an app to start. */
const LOAD_MS = 20_000

/** Loads the module. @throws what failed, with what to do about it: see `remedyOf` */
export async function load(path: string, wanted: string | undefined): Promise<AppSessions> {
  if (!existsSync(path)) {
    throw failure(`There is no file ${path}.`, 'Give the module that exports `sessions`.')
  }
  const exported = await within(LOAD_MS, importFile(path)).catch((error: unknown) => {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    const [, remedy] = REMEDIES.find(([codes]) => codes.test(code))!
    const version = process.versions.node
    const says = UNREADABLE.test(code)
      ? `Node.js ${version} cannot load this ${extname(path)} file as it stands.`
      : `Loading it failed: ${reasonOf(error)}`
    throw failure(says, remedy)
  })
  return sessionsIn(exported, wanted)
}

function importFile(path: string): Promise<object> {
  return import(pathToFileURL(resolve(path)).href) as Promise<object>
}

const UNREADABLE = /^ERR_(?:UNKNOWN_FILE_EXTENSION|UNSUPPORTED_TYPESCRIPT_SYNTAX)$/

/** What to do, by the code of what was thrown. */
const REMEDIES: readonly [codes: RegExp, remedy: string][] = [
  [UNREADABLE, 'Give the JavaScript it is compiled to, or use Node.js 22.18 or newer.'],
  [
    /^ERR_(?:SECRET_|OPTION_INVALID)/,
    'Start it like the app: --env FILE takes variables from a file.',
  ],
  [/(?:)/, 'A module that makes the sessions and nothing else loads without the rest of the app.'],
]

/** Takes the variables of a file as `node --env-file` does: what is set already stays. */
export function takeVariables(file: string | undefined): void {
  if (file === undefined) return
  if (!existsSync(file)) throw usageError('There is no file of the name that --env gives.')
  loadEnvFile(file)
}

/** A promise's outcome, or a complaint when that takes too long. */
export async function within<Value>(limit: number, promise: Promise<Value>): Promise<Value> {
  // Nothing waits for the timer: the command ends the process.
  const late = setTimeout(limit).then(() => {
    throw new Error(`Nothing came of it within ${limit / 1000} seconds.`)
  })
  return Promise.race([promise, late])
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

function sessionsIn(exported: object, wanted: string | undefined): AppSessions {
  const { default: main } = exported as { default?: unknown }
  // A CommonJS module stands behind its default export.
  const named = { ...(isObject(main) && !isSessions(main) && main), ...exported }
  const found = new Map(Object.entries(named).filter((entry) => isSessions(entry[1])))
  const names = [...found.keys()]
  const usual = ['sessions', 'default'].find((name) => found.has(name))
  const sessions = found.get(wanted ?? usual ?? (names.length === 1 ? names[0]! : ''))
  if (sessions) return sessions as AppSessions
  const [says, remedy] =
    names.length > 0
      ? [`The module exports sessions as ${names.join(', ')}.`, 'Say which with --export NAME.']
      : ['The module exports no sessions.', 'export const sessions = createSessions({ ... })']
  throw failure(says, remedy)
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function isSessions(value: unknown): boolean {
  return isObject(value) && typeof (value as AppSessions).describePolicy === 'function'
}
