/** `sojourn list`: shows a user's sessions. */

import type { ListedSession } from '../../session/stored-sessions.ts'
import { table } from '../command/terminal.ts'
import { usageError } from '../command/arguments.ts'
import { storeArguments, withSessions } from './stored-app.ts'

export const LIST_USAGE = `sojourn list MODULE USER                  lists a user's sessions, the first to sign in first
`

/** Runs the command; answers its exit code. */
export async function list(args: readonly string[]): Promise<number> {
  const { values, module, rest } = storeArguments(args, {})
  const [user, ...more] = rest
  if (!user || more.length > 0) throw usageError('Give one user id: sojourn list MODULE USER.')
  return withSessions(module, values, async (sessions) => {
    const listed = (await sessions.list(user)).map(described)
    return { text: page(listed), json: { sessions: listed } }
  })
}

/** One session: what `--json` prints. Times are ISO 8601. */
function described({ handle, createdAt, authenticatedAt, lastSeenAt, label }: ListedSession) {
  const [created, authenticated, lastSeen] = [createdAt, authenticatedAt, lastSeenAt].map(iso)
  return {
    handle,
    createdAt: created,
    authenticatedAt: authenticated,
    lastSeenAt: lastSeen,
    label: label ?? null,
  }
}

function page(listed: readonly ReturnType<typeof described>[]): string {
  if (listed.length === 0) return 'This user has no session here.'
  return table(
    ['handle', 'created', 'signed in', 'last seen', 'label'],
    listed.map(({ handle, createdAt, authenticatedAt, lastSeenAt, label }) => {
      const times = [createdAt, authenticatedAt, lastSeenAt].map((time) => time ?? '-')
      return [handle, ...times, shortened(label ?? '')]
    }),
  )
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
