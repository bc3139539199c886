/** Loads the module of an app, which may do anything, and finds the sessions it exports. */

import { existsSync } from 'node:fs'
import { extname, resolve } from 'node:path'
import { loadEnvFile } from 'node:process'
import { pathToFileURL } from 'node:url'
import { printable } from '../../base/printable.ts'
import type { Sessions, StoredSessions } from '../../session/sessions.ts'
import { usageError } from './arguments.ts'
import { reasonOf } from './redact.ts'

/** The sessions of an app: those in a store can be listed, revoked and pruned. */
export type AppSessions = Pick<Sessions, 'describePolicy'> & Partial<StoredSessions>

/** What came of loading: sessions, or why there are none and what to do. */
export type Loaded = { sessions: AppSessions } | { says: string; remedy: string }

/** How the module is loaded. */
export interface LoadOptions {
  /** A file with variables. Those that are set already stay, as with `node --env-file`. */
  env?: string | undefined
  /** Which export, where there are several. */
  export?: string | undefined
}

/** Options of every command that loads a module. */
export const LOAD_OPTIONS = { env: { type: 'string' }, export: { type: 'string' } } as const

/** Nobody waits longer for an app to start. */
const LOAD_MS = 20_000

/** Loads the module. @throws ERR_USAGE where there is no such file of variables */
export async function load(path: string, { env, export: name }: LoadOptions): Promise<Loaded> {
  if (env !== undefined) takeVariables(env)
  if (!existsSync(path)) {
    return {
      says: `There is no file ${path}.`,
      remedy: 'Give the path of the module that exports `sessions`.',
    }
  }
  try {
    const loading = import(pathToFileURL(resolve(path)).href) as Promise<object>
    return sessionsIn(await within(LOAD_MS, loading), name)
  } catch (error) {
    return explained(error, path)
  }
}

/** Takes the variables of a file as `node --env-file` does: what is set already stays. */
export function takeVariables(file: string): void {
  if (!existsSync(file)) throw usageError('There is no file of the name that --env gives.')
  loadEnvFile(file)
}

/** A promise's outcome, or a complaint when that takes too long. */
export async function within<Value>(limit: number, promise: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    const error = new Error(`Nothing came of it within ${limit / 1000} seconds.`)
    timer = setTimeout(reject, limit, error)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
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

function sessionsIn(exported: object, wanted: string | undefined): Loaded {
  const { default: main } = exported as { default?: unknown }
  // A CommonJS module stands behind its default export.
  const named = { ...(isObject(main) && !isSessions(main) && main), ...exported }
  const found = new Map(Object.entries(named).filter((entry) => isSessions(entry[1])))
  const one = found.size === 1 ? [...found.values()][0] : undefined
  const usual = found.get('sessions') ?? found.get('default') ?? one
  const sessions = wanted === undefined ? usual : found.get(wanted)
  if (sessions) return { sessions: sessions as AppSessions }
  if (found.size > 0) {
    return {
      says: `The module exports sessions as ${[...found.keys()].join(', ')}.`,
      remedy: 'Say which ones with --export NAME.',
    }
  }
  return {
    says: 'The module exports no sessions.',
    remedy: 'export const sessions = createSessions({ ... })',
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function isSessions(value: unknown): boolean {
  return isObject(value) && typeof (value as AppSessions).describePolicy === 'function'
}

function explained(error: unknown, path: string): Loaded {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code === 'ERR_UNKNOWN_FILE_EXTENSION' || code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX') {
    return {
      says: `Node.js ${process.versions.node} cannot load this ${extname(path)} file as it stands.`,
      remedy:
        'The JavaScript it is compiled to; or Node.js 22.18 and newer, for types that can be left out.',
    }
  }
  return {
    says: `Loading it failed: ${reasonOf(error)}`,
    remedy:
      code.startsWith('ERR_SECRET') || code === 'ERR_OPTION_INVALID'
        ? 'As it says: createSessions refuses to start like this. Variables come from the environment or --env FILE.'
        : 'A module that only makes the sessions and exports them loads without the rest of the app.',
  }
}
