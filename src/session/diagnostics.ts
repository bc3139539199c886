/** Publishes opens and commits on their diagnostics channels. Called only if somebody subscribes. */

import { COMMITS, observed, OPENS } from '../base/channels.ts'
import type { Maybe } from '../base/ports.ts'
import { subjectOf } from './explain/event-context.ts'
import type { CommitMessage, OpenMessage } from './explain/messages.ts'
import { changedNames } from './lost-changes.ts'
import type { Host, State } from './state.ts'

/** Opens a session, between two messages. */
export function observedOpen<Args extends [Host, ...unknown[]]>(
  open: (...args: Args) => Maybe<State>,
  ...args: Args
): Maybe<State> {
  const [{ cookieName, contextOf }] = args
  const message: OpenMessage = { cookieName, ...contextOf() }
  return observed(
    OPENS,
    message,
    () => open(...args),
    ({ opened, unavailable }) => {
      const [reason] = opened.verified === 0 ? opened.rejected : []
      return {
        ...contextOf(subjectOf(opened)),
        at: message.at,
        ...(unavailable && { code: unavailable.code }),
        ...(reason && { reason }),
        outcome: unavailable ? 'failed' : opened.record ? 'valid' : reason ? 'rejected' : 'none',
      }
    },
  )
}

/** Commits a session, between two messages. */
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
