/** What an app does across sessions: it revokes, and lists. */

import { contentOf } from './content.ts'
import type { World } from './world.ts'

/** Does one of these for a user, from any process. */
export async function administered(world: World, user: string): Promise<void> {
  const { chance, oracle, store, network, note } = world
  const { backend } = chance.pick(world.instances)
  const { members } = backend
  const keys = [...store.rows.keys()].filter((key) => store.rowOf(key)?.owner === user)
  const one = keys.length > 0 ? chance.pick(keys) : undefined
  const login = one === undefined ? undefined : contentOf(one, store.rowOf(one)!).login
  // Nobody knows of a session whose login is still under way.
  const isKnown = login !== undefined && oracle.placeOf(login) === one
  const deed = chance.below(6)
  try {
    if (deed < 3) {
      const except = isKnown && chance.is(0.3) ? one : undefined
      note(() => `revokeUser ${user} except ${except} at ${network.now()}`)
      const done = oracle.revoking(user, except)
      await members.revokeAll(user, except)
      done()
    } else if (deed < 5 && one !== undefined) {
      note(() => `revoke ${user} ${one}`)
      oracle.mayEnd.add(one)
      const isRevoked = await members.revoke(user, one)
      const row = store.rowOf(one)
      const last = row ? contentOf(one, row).login : login
      // Of a login that failed nobody has the id, and its row is in no list.
      const isOwed = isKnown && last !== undefined && oracle.placeOf(last) === one
      if (isRevoked || isOwed) oracle.ended(one)
    } else await members.list(user)
    note(() => `revoking ${user} done`)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code !== 'ERR_STORE_UNAVAILABLE') oracle.fail(`administration: ${String(error)}`)
  }
}
