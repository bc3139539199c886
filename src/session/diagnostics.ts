/** Publishes opens and commits on their diagnostics channels. Called only if there are subscribers. */

import { COMMITS, observed, OPENS } from '../base/channels.ts'
import type { Maybe } from '../base/ports.ts'
import type { Opened } from '../backends/backend.ts'
import { timesOf } from '../backends/cookie-format.ts'
import { timeoutsOf } from '../record/lifetime.ts'
import type { SessionRecord } from '../record/record.ts'
import { lifetimeOf } from '../record/session-lifetime.ts'
import { subjectOf } from './explain/event-context.ts'
import type { CommitMessage, OpenMessage } from './explain/channel-messages.ts'
import { changedNames } from './lost-changes.ts'
import type { Host, State } from './state.ts'

/** Opens a session, and publishes a message before and after. */
export function observedOpen<Args extends [Host, ...unknown[]]>(
  open: (...args: Args) => Maybe<State>,
  ...args: Args
): Maybe<State> {
  const [host] = args
  const { cookieName, contextOf } = host
  const message: OpenMessage = { cookieName, ...contextOf() }
  return observed(
    OPENS,
    message,
    () => open(...args),
    ({ opened, unavailable }) => {
      const [reason] = opened.verified === 0 ? opened.rejected : []
      const valid = opened.record && {
        key: opened.key,
        expires: expirationOf(host, opened, opened.record),
      }
      return {
        ...valid,
        ...contextOf(subjectOf(opened)),
        at: message.at,
        ...(unavailable && { code: unavailable.code }),
        ...(reason && { reason }),
        outcome: unavailable ? 'failed' : opened.record ? 'valid' : reason ? 'rejected' : 'none',
      }
    },
  )
}

/** When an opened session expires without another visit. */
function expirationOf({ backend, lifetime }: Host, { seen }: Opened, record: SessionRecord) {
  const { layout } = backend
  return timeoutsOf(lifetimeOf(record, layout, lifetime), timesOf(record, seen, layout))
}

/** Commits a session, and publishes a message before and after. */
export function observedCommit(state: State, commit: (state: State) => Maybe<void>): Maybe<void> {
  const { cookieName, contextOf } = state.host
  const changed = changedNames(state)
  const isChange = changed.length > 0 || state.changes.length > 0
  const message: CommitMessage = { cookieName, ...contextOf(state.opened), changed }
  const before = state.setCookie
  return observed(
    COMMITS,
    message,
    () => commit(state),
    () => {
      const setsCookie = state.setCookie !== before
      const outcome = isChange ? 'saved' : setsCookie ? 'renewed' : 'unchanged'
      return { ...contextOf(state.opened), at: message.at, outcome, setsCookie }
    },
  )
}
