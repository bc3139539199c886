/** Loads the module of an app, which may do anything, and finds the sessions it exports. */

import { existsSync } from 'node:fs'
import { extname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Sessions, StoredSessions } from '../../session/sessions.ts'
import { withoutSecrets } from './redact.ts'

/** Sessions as the doctor needs them. */
export type Examined = Pick<Sessions, 'describePolicy'> &
  Partial<Pick<StoredSessions, 'checkStore'>>

/** What came of loading: sessions, or why there are none and what to do. */
export type Loaded = { sessions: Examined } | { says: string; remedy: string }

/** Nobody waits longer for an app to start. */
const LOAD_MS = 20_000

/** Loads the module. Never throws. */
export async function load(path: string): Promise<Loaded> {
  const file = resolve(path)
  if (!existsSync(file)) {
    return {
      says: `There is no file ${path}.`,
      remedy: 'The path of the module that exports `sessions`.',
    }
  }
  try {
    const exported: unknown = await within(LOAD_MS, import(pathToFileURL(file).href))
    return sessionsIn(exported)
  } catch (error) {
    return explained(error, path)
  }
}

/** A promise's outcome, or a complaint when that takes too long. */
export async function within<Value>(limit: number, promise: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    const error = new Error(`Nothing came of it within ${limit / 1000} seconds.`)
    timer = setTimeout(reject, limit, error)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

function sessionsIn(exported: unknown): Loaded {
  const { sessions, default: main } = exported as { sessions?: unknown; default?: unknown }
  // A CommonJS module stands behind its default export.
  const candidates = [sessions, main, (main as { sessions?: unknown } | undefined)?.sessions]
  const found = candidates.find(isSessions)
  if (found) return { sessions: found }
  return {
    says: 'The module exports no sessions.',
    remedy: 'export const sessions = createSessions({ ... })',
  }
}

function isSessions(value: unknown): value is Examined {
  if (typeof value !== 'object' || value === null) return false
  return typeof (value as Partial<Examined>).describePolicy === 'function'
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
  const message = withoutSecrets(error instanceof Error ? error.message : String(error))
  return {
    says: `Loading it failed: ${message.split('\n')[0]}`,
    remedy:
      code.startsWith('ERR_SECRET') || code === 'ERR_OPTION_INVALID'
        ? 'As it says: createSessions refuses to start like this. Variables come from the environment or --env FILE.'
        : 'A module that only makes the sessions and exports them loads without the rest of the app.',
  }
}
