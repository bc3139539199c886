/** What an app does across sessions: it revokes, lists and erases. */

import { contentOf } from './content.ts'
import { revoking } from './network.ts'
import { isForFull } from './failures.ts'
import type { World } from './world.ts'

/** What an app may do across sessions. */
export type Task = 'revokeUser' | 'revoke' | 'erase' | 'list'

const TASKS: readonly Task[] = [
  'revokeUser',
  'revokeUser',
  'revokeUser',
  'revokeUser',
  'revoke',
  'revoke',
  'erase',
  'list',
  'list',
]

/** Does one of these for a user, from any process. */
export async function administered(world: World, user: string): Promise<void> {
  const { chance, oracle, settings, store, note } = world
  const { backend } = chance.pick(world.instances)
  const { members } = backend
  const keys = [...store.rows.keys()].filter((key) => store.rowOf(key)?.owner === user)
  const one = keys.length > 0 ? chance.pick(keys) : undefined
  const login = one === undefined ? undefined : contentOf(one, store.rowOf(one)!).login
  // Nobody knows of a session whose login is still under way.
  const isKnown = login !== undefined && oracle.placeOf(login) === one
  const task = chance.pick(settings.theme.tasks ?? TASKS)
  const except = task === 'revokeUser' && isKnown && chance.is(0.3) ? one : undefined
  try {
    if (task === 'revokeUser') {
      note(() => `revokeUser ${user} except ${except}`)
      const revocation = oracle.revoking(user, except)
      revocation.done(await revoking.run(revocation, () => members.revokeAll(user, except)))
    } else if (task === 'revoke' && one !== undefined) {
      note(() => `revoke ${user} ${one}`)
      oracle.mayEnd.add(one)
      const isRevoked = await members.revoke(user, one)
      const row = store.rowOf(one)
      const last = row ? contentOf(one, row).login : login
      // Nobody has the id of a login that failed.
      const isOwed = isKnown && last !== undefined && oracle.placeOf(last) === one
      if (isRevoked || isOwed) oracle.ended(one)
    } else if (task === 'erase') {
      note(() => `erase ${user}`)
      const known = keys.filter((key) => oracle.isAcknowledged(key))
      const revocation = oracle.revoking(user, undefined)
      await revoking.run(revocation, () => members.erase(user))
      for (const key of known) oracle.erased(key, user)
    } else {
      const since = oracle.moment
      for (const { handle } of await members.list(user)) oracle.listed(handle, user, since)
    }
    note(() => `administration of ${user} done`)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    // To list a session that is excepted may need space.
    const isOwed = except === undefined && isForFull(error, settings)
    if (code === 'ERR_STORE_UNAVAILABLE' && !isOwed) return
    oracle.fail(`full: administration failed: ${String(error)}`)
  }
}
