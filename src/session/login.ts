/** Login and logout: notes who signs in, and ends a session. */

import { userIdOf } from '../record/record.ts'
import { checkedList, checkedUserId } from './explain/misuse.ts'
import { newNonce, note, noteDrift, type State } from './state.ts'

const LOGOUT = "logout({ keep: ['language'] })"

/** Signs a visitor in. @throws ERR_USER_ID_INVALID; as `refuseFrozen` */
export function noteLogin(state: State, userId: string | number | bigint): void {
  const { host, facts, lifetimeSet } = state
  const user = checkedUserId(userId, 'login')
  note(state, 'login()', {
    do: 'login',
    userId: user,
    // Read now, so that a later revocation refuses this login, however late it is committed.
    epoch: host.stored?.epoch(user),
    at: Math.floor(host.clock() / 1000),
    nonce: newNonce(),
    also: host.loginKeys?.(facts),
  })
  // Set the lifetime again: a login may begin a new session without it, which would last longer.
  if (lifetimeSet) note(state, 'lifetime', { do: 'lifetime', own: lifetimeSet })
}

/** Ends the session; preserves the keys of `keep`. @throws ERR_OPTION_INVALID; as `refuseFrozen` */
export function noteLogout(state: State, options: { keep?: readonly string[] }): void {
  const keep = checkedList(options, 'keep', LOGOUT) ?? []
  noteDrift(state)
  end(state, 'logout()', keep)
}

/** Deletes everything. The session of a signed-in visitor ends. @throws as `refuseFrozen` */
export function noteClear(state: State): void {
  if (userIdOf(state.record, state.host.backend.layout) !== undefined) {
    return end(state, 'clear()', [])
  }
  note(state, 'clear()', { do: 'clear' })
  state.lifetimeSet = undefined
}

function end(state: State, verb: string, keep: readonly string[]): void {
  const { development, clock, engine, logoutKeys } = state.host
  const at = Math.floor(clock() / 1000)
  const also = logoutKeys?.(state.facts)
  note(state, verb, { do: 'logout', keep: [...keep], at, nonce: newNonce(), also })
  state.lifetimeSet = undefined
  if (engine === '') development?.endedHere(verb)
}
