/** `sojourn list`: shows a user's sessions. */

import type { ListedSession } from '../../session/stored-sessions.ts'
import { usageError } from '../command/command.ts'
import { columns } from '../command/terminal.ts'
import { onStore } from './on-store.ts'

const USAGE = `sojourn list MODULE USER                  lists a user's sessions, the first to sign in first
`

export const list = onStore(USAGE, {}, (_, [user, ...more]) => {
  if (!user || more.length > 0) throw usageError('Give one user id: sojourn list MODULE USER.')
  return async (sessions) => {
    const listed = (await sessions.list(user)).map(described)
    return { text: page(listed), json: { sessions: listed } }
  }
})

/** One session: what `--json` prints. Times are ISO 8601. */
function described({ handle, createdAt, authenticatedAt, lastSeenAt, label }: ListedSession) {
  return {
    handle,
    createdAt: iso(createdAt),
    authenticatedAt: iso(authenticatedAt),
    lastSeenAt: iso(lastSeenAt),
    label: label ?? null,
  }
}

function page(listed: readonly ReturnType<typeof described>[]): string {
  if (listed.length === 0) return 'This user has no session here.'
  const rows = listed.map(({ handle, createdAt, authenticatedAt, lastSeenAt, label }) => {
    const times = [createdAt, authenticatedAt, lastSeenAt].map((time) => time ?? '-')
    return [handle, ...times, shortened(label ?? '')]
  })
  return columns([['handle', 'created', 'signed in', 'last seen', 'label'], ...rows])
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
