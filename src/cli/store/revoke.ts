/** `sojourn revoke`: ends one session, all sessions of a user, or every session in a store. */

import { type Answer, usageError } from '../command/command.ts'
import { counted } from '../command/wording.ts'
import { onStore, type Work } from './on-store.ts'

const USAGE = `sojourn revoke MODULE USER HANDLE         ends one session of a user
sojourn revoke MODULE USER --all          ends all of them, and logins in flight
                  [--except HANDLE]         except this one
sojourn revoke MODULE --everybody --yes   ends every session in the store
`

const OPTIONS = {
  all: { type: 'boolean' },
  except: { type: 'string' },
  everybody: { type: 'boolean' },
  yes: { type: 'boolean' },
} as const

export const revoke = onStore(USAGE, OPTIONS, (values, [user, handle, ...more]) => {
  const { all, except, everybody, yes } = values
  if (except !== undefined && !all) throw usageError('--except needs --all.')
  if (everybody) {
    if (user !== undefined || all) throw usageError('Use --everybody without a user and --all.')
    if (!yes) throw usageError('This ends every session of all users. To confirm, add --yes.')
    return async (sessions) => ended(await sessions.revokeAll())
  }
  if (!user || more.length > 0) {
    throw usageError('Pass a user id and a handle, or a user id and --all, or --everybody.')
  }
  if (all) {
    if (handle !== undefined) throw usageError('Pass a handle or --all, not both.')
    return allOf(user, except)
  }
  if (!handle) throw usageError('Which session? Pass its handle (see: sojourn list), or --all.')
  return async (sessions) => ((await sessions.revoke(user, handle)) ? ended(1) : NOT_THERE)
})

function allOf(user: string, except: string | undefined): Work {
  return async (sessions) => {
    if (except !== undefined) {
      // A mistyped handle would end the session that should stay.
      const listed = await sessions.list(user)
      if (!listed.some(({ handle }) => handle === except)) return NOT_THERE
    }
    const revocation = await sessions.revokeUser(user, { except })
    const answer = ended(revocation.ended)
    if (revocation.marked) return answer
    return { text: `${answer.text} ${NOT_MARKED}`, json: revocation, code: 1 }
  }
}

function ended(count: number): Answer {
  return { text: `Ended ${counted(count, 'session')}.`, json: { ended: count } }
}

const NOT_MARKED =
  'The store is full and could not save the revocation: logins in flight may remain. Make room, and revoke again.'

const NOT_THERE: Answer = {
  text: 'This user has no session with that handle. No session was ended.',
  json: { ended: 0 },
  code: 1,
}
