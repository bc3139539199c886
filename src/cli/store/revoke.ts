/** `sojourn revoke`: ends one session, all of a user, or every session in a store. */

import { parseArgs } from 'node:util'
import { removeAll } from '../../backends/stored/upkeep.ts'
import { understood } from '../command/arguments.ts'
import { type Answer, STORE_OPTIONS, withStore, type Workplace } from './store-command.ts'
import { usageError } from '../command/usage-error.ts'

export const REVOKE_USAGE = `sojourn revoke USER HANDLE                ends one session of a user
sojourn revoke USER --all                 ends all of them, and logins that are under way
                  [--except HANDLE]         but this one
sojourn revoke --everybody --yes          ends every session in the store
`

/** Runs the command; answers its exit code. */
export async function revoke(args: readonly string[]): Promise<number> {
  const { values, positionals } = understood(args, (args) =>
    parseArgs({
      args,
      allowPositionals: true,
      options: {
        ...STORE_OPTIONS,
        all: { type: 'boolean' },
        except: { type: 'string' },
        everybody: { type: 'boolean' },
        yes: { type: 'boolean' },
      },
    }),
  )
  const [user, handle, ...more] = positionals
  const { all, except, everybody, yes } = values
  if (except !== undefined && !all) throw usageError('--except goes with --all.')
  if (everybody) {
    if (user !== undefined || all) throw usageError('--everybody takes neither a user nor --all.')
    if (!yes) throw usageError('This ends every session of everybody. If so, add --yes.')
    return withStore(values, async ({ store }) => ended(await removeAll(store)))
  }
  if (!user || more.length > 0) {
    throw usageError('Give a user id and a handle, or a user id and --all, or --everybody.')
  }
  if (all) {
    if (handle !== undefined) throw usageError('Give a handle or --all, not both.')
    return withStore(values, (place) => revokeUser(place, user, except))
  }
  if (!handle) throw usageError('Which session? Give its handle (see: sojourn list), or --all.')
  return withStore(values, async ({ members, unreadable }) => {
    // Who it belongs to is known without reading it.
    const hidden = await unreadable(user)
    const isEnded = await members.revoke(user, handle)
    return isEnded || hidden.includes(handle) ? ended(1) : NOT_THERE
  })
}

async function revokeUser(
  { members, unreadable }: Workplace,
  user: string,
  except: string | undefined,
) {
  if (except !== undefined) {
    // A slip of the pen here would end the one session that was to stay.
    const handles = (await members.list(user)).map(({ handle }) => handle)
    if (![...handles, ...(await unreadable(user))].includes(except)) return NOT_THERE
  }
  return ended(await members.revokeAll(user, except))
}

function ended(count: number): Answer {
  const sessions = count === 1 ? 'session' : 'sessions'
  return { text: `Ended ${count} ${sessions}.`, json: { ended: count } }
}

const NOT_THERE: Answer = {
  text: 'This user has no session of that handle. Nothing was ended.',
  json: { ended: 0 },
  code: 1,
}
