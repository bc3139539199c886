/** The commits that an adapter makes: early ones, and the last one, which freezes the session. */

import { SessionError } from '../base/errors.ts'
import type { Maybe } from '../base/ports.ts'
import { commitState, isSettled } from './commit.ts'
import { noteDrift, type State } from './state.ts'

/** Makes a session read-only. @throws ERR_SESSION_READ_ONLY if it was changed already */
export function makeReadOnly(state: State, why: string): void {
  refuseChanges(state, 'An earlier change', why)
  state.readOnly = why
  state.frozen = true
}

function refuseChanges(state: State, what: string, why: string): void {
  noteDrift(state)
  if (state.changes.length > 0) throw new SessionError('ERR_SESSION_READ_ONLY', what, why)
}

/** Commits the changes so far. Later changes belong to the last commit. */
export function commitSoFar(state: State): Maybe<void> {
  if (state.frozen || isSettled(state)) return
  noteDrift(state)
  if (state.changes.length > 0) return commitState(state)
}

/** Commits and freezes the session: changes made during this commit would be lost. */
export function lastCommit(state: State): Maybe<void> {
  if (state.readOnly !== undefined) {
    // Changes inside an object that `get` returned can only be detected now.
    return refuseChanges(state, 'A change inside a value', state.readOnly)
  }
  if (isSettled(state)) {
    state.frozen = true
    return
  }
  // Changes made since the app's own commit began need another commit after it.
  if (state.busy) return state.busy.then(() => lastCommit(state))
  try {
    return commitState(state)
  } finally {
    state.frozen = true
  }
}
