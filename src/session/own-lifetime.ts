/** `session.lifetime`: returns and sets the timeouts of one session. */

import { durationOf } from '../base/duration.ts'
import { ownTimeouts } from '../record/session-lifetime.ts'
import { checkedLifetime, refuseLifetime } from './explain/misuse.ts'
import type { SessionLifetime } from './setup/own-preset.ts'
import { note, type State } from './state.ts'

/** The timeouts that were set for this session, as durations. */
export function ownLifetime(state: State): Readonly<SessionLifetime> | undefined {
  const own = ownTimeouts(state.record, state.host.backend.layout)
  if (!own) return undefined
  const { idle, absolute } = own
  // Frozen, because a change inside it would not be saved.
  return Object.freeze({
    ...(idle !== undefined && { idle: durationOf(idle * 1000) }),
    ...(absolute !== undefined && { absolute: durationOf(absolute * 1000) }),
  })
}

/** Sets the timeouts, or removes them. @throws ERR_OPTION_INVALID; as `refuseFrozen` */
export function noteLifetime(state: State, lifetime: SessionLifetime | undefined): void {
  const { record, host, changes } = state
  const { layout } = host.backend
  refuseLifetime(layout)
  const own = checkedLifetime(lifetime)
  host.development?.lifetimeSet(own, host.policy.lifetime)
  const now = ownTimeouts(record, layout)
  const isSame = now?.idle === own?.idle && now?.absolute === own?.absolute
  // Apps set it on each request, so equal values are ignored. After a login they are not, since it
  // may begin a new session.
  if (!isSame || changes.some((change) => change.do === 'login')) {
    note(state, 'lifetime', { do: 'lifetime', own })
  }
  state.lifetimeSet = own
}
