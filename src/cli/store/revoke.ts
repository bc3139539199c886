/** `sojourn revoke`: ends one session, all of a user, or every session in a store. */

import type { StoredSessions } from '../../session/sessions.ts'
import { usageError } from '../command/arguments.ts'
import { counted } from '../command/wording.ts'
import { type Answer, storeArguments, withSessions } from './stored-app.ts'

export const REVOKE_USAGE = `sojourn revoke MODULE USER HANDLE         ends one session of a user
sojourn revoke MODULE USER --all          ends all of them, and logins that are under way
                  [--except HANDLE]         but this one
sojourn revoke MODULE --everybody --yes   ends every session in the store
`

/** Runs the command; answers its exit code. */
export async function revoke(args: readonly string[]): Promise<number> {
  const { values, module, rest } = storeArguments(args, {
    all: { type: 'boolean' },
    except: { type: 'string' },
    everybody: { type: 'boolean' },
    yes: { type: 'boolean' },
  })
  const [user, handle, ...more] = rest
  const { all, except, everybody, yes } = values
  if (except !== undefined && !all) throw usageError('--except goes with --all.')
  if (everybody) {
    if (user !== undefined || all) throw usageError('--everybody takes neither a user nor --all.')
    if (!yes) throw usageError('This ends every session of everybody. If so, add --yes.')
    return withSessions(module, values, async (sessions) => ended(await sessions.revokeAll()))
  }
  if (!user || more.length > 0) {
    throw usageError('Give a user id and a handle, or a user id and --all, or --everybody.')
  }
  if (all) {
    if (handle !== undefined) throw usageError('Give a handle or --all, not both.')
    return withSessions(module, values, (sessions) => revokeUser(sessions, user, except))
  }
  if (!handle) throw usageError('Which session? Give its handle (see: sojourn list), or --all.')
  return withSessions(module, values, async (sessions) => {
    return (await sessions.revoke(user, handle)) ? ended(1) : NOT_THERE
  })
}

async function revokeUser(sessions: StoredSessions, user: string, except: string | undefined) {
  if (except !== undefined) {
    // A slip of the pen here would end the one session that was to stay.
    const listed = await sessions.list(user)
    if (!listed.some(({ handle }) => handle === except)) return NOT_THERE
  }
  return ended(await sessions.revokeUser(user, { except }))
}

function ended(count: number): Answer {
  return { text: `Ended ${counted(count, 'session')}.`, json: { ended: count } }
}

const NOT_THERE: Answer = {
  text: 'This user has no session of that handle. Nothing was ended.',
  json: { ended: 0 },
  code: 1,
}
