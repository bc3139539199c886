/** `sojourn list`: shows a user's sessions. */

import { printableShort } from '../../base/printable.ts'
import { usageError } from '../command/command.ts'
import { columns } from '../command/terminal.ts'
import { onStore } from './on-store.ts'

const USAGE = `sojourn list MODULE USER                  lists a user's sessions in the order of their logins
`

export const list = onStore(USAGE, {}, (_, [user, ...more]) => {
  if (!user || more.length > 0) throw usageError('Pass one user id: sojourn list MODULE USER.')
  return async (sessions) => {
    const listed = (await sessions.list(user)).map((session) => ({
      handle: session.handle,
      createdAt: iso(session.createdAt),
      authenticatedAt: iso(session.authenticatedAt),
      lastSeenAt: iso(session.lastSeenAt),
      label: session.label ?? null,
    }))
    const rows = listed.map(({ label, ...rest }) => {
      return [...Object.values(rest).map((cell) => cell ?? '-'), printableShort(label ?? '', 60)]
    })
    const table = columns([['handle', 'created', 'signed in', 'last seen', 'label'], ...rows])
    const text = rows.length > 0 ? table : 'This user has no session here.'
    return { text, json: { sessions: listed } }
  }
})

/** The date as text; `null` if it is missing or invalid: another program may have written the row. */
function iso(date: Date | undefined): string | null {
  return date?.toJSON()?.replace(/\.\d{3}Z$/, 'Z') ?? null
}
