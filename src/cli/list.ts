/** `sojourn list`: shows a user's sessions in a store. */

import { parseArgs } from 'node:util'
import type { SessionInfo } from '../backends/members.ts'
import { understood } from './arguments.ts'
import { STORE_OPTIONS, withStore } from './store-command.ts'
import { table } from './table.ts'
import { usageError } from './usage-error.ts'

export const LIST_USAGE = `sojourn list USER                         lists a user's sessions, the first to sign in first
`

/** Runs the command; answers its exit code. */
export async function list(args: readonly string[]): Promise<number> {
  const { values, positionals } = understood(args, (args) =>
    parseArgs({ args, allowPositionals: true, options: STORE_OPTIONS }),
  )
  const [user, ...more] = positionals
  // Not repeated: a URL may have been given without --store.
  if (!user || more.length > 0) throw usageError('Give one user id: sojourn list USER.')
  return withStore(values, async ({ members }) => {
    const sessions = await members.list(user)
    return { text: page(sessions), json: { sessions: sessions.map(described) } }
  })
}

function page(sessions: readonly SessionInfo[]): string {
  if (sessions.length === 0) return 'This user has no session here.'
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
