/** `sojourn list`: shows a user's sessions in a store. */

import { parseArgs } from 'node:util'
import { printable } from '../../base/printable.ts'
import type { SessionInfo } from '../../backends/store-backend.ts'
import { understood } from '../command/arguments.ts'
import { ROW_OPTIONS, rowReader } from './encrypted-rows.ts'
import { type Answer, STORE_OPTIONS, withStore, type Workplace } from './store-command.ts'
import { table } from '../command/table.ts'
import { usageError } from '../command/usage-error.ts'

export const LIST_USAGE = `sojourn list USER                         lists a user's sessions, the first to sign in first
                  [--secret-env NAME]       the variable with the secret, where rows are encrypted
                                            (without it: SESSION_SECRET, SESSION_SECRET_PREVIOUS)
                  [--name NAME]             the cookie's name, if the app gives it another one
                  [--audience NAME]         the app's own, if it has the option
`

/** Runs the command; answers its exit code. */
export async function list(args: readonly string[]): Promise<number> {
  const { values, positionals } = understood(args, (args) =>
    parseArgs({ args, allowPositionals: true, options: { ...STORE_OPTIONS, ...ROW_OPTIONS } }),
  )
  const [user, ...more] = positionals
  // Not repeated: a URL may have been given without --store.
  if (!user || more.length > 0) throw usageError('Give one user id: sojourn list USER.')
  const work = async ({ members, unreadable }: Workplace): Promise<Answer> => {
    const sessions = await members.list(user)
    const hidden = await unreadable(user)
    const text = [page(sessions, hidden.length), ...hiddenLines(hidden)].join('\n')
    return { text, json: { sessions: sessions.map(described), unreadable: hidden } }
  }
  return withStore(values, work, rowReader(values))
}

function hiddenLines(handles: readonly string[]): string[] {
  if (handles.length === 0) return []
  const says =
    'These cannot be read: they are encrypted, and no secret here opens them (see: sojourn list --help).'
  return ['', says, ...handles.map(printable)]
}

function page(sessions: readonly SessionInfo[], hidden: number): string {
  if (sessions.length === 0) return `This user has no ${hidden > 0 ? 'other ' : ''}session here.`
  return table(
    ['handle', 'created', 'signed in', 'last seen', 'label'],
    sessions.map(described).map(({ handle, createdAt, authenticatedAt, lastSeenAt, label }) => {
      const times = [createdAt, authenticatedAt, lastSeenAt].map((time) => time ?? '-')
      return [handle, ...times, shortened(label ?? '')]
    }),
  )
}

/** One session: what `--json` prints. Times are ISO 8601. */
function described({ handle, createdAt, authenticatedAt, lastSeenAt, label }: SessionInfo) {
  return {
    handle,
    createdAt: iso(createdAt),
    authenticatedAt: iso(authenticatedAt),
    lastSeenAt: iso(lastSeenAt),
    label: label ?? null,
  }
}

/** Nothing for a date that there is not: somebody else may have written into the store. */
function iso(date: Date | undefined): string | null {
  if (!date || Number.isNaN(date.getTime())) return null
  return date.toISOString().replace(/\.\d{3}Z$/, 'Z')
}

const LONGEST_LABEL = 60

function shortened(label: string): string {
  return label.length > LONGEST_LABEL ? `${label.slice(0, LONGEST_LABEL - 1)}…` : label
}
