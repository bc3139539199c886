/** The backend with a server: the cookie carries a session id, a store the record. */

import type { Backend, Committed } from '../backend.ts'
import { storedCommit } from './commit.ts'
import type { GuardedStore, StoredOptions } from './commit-work.ts'
import { groupCommit } from './group-commit.ts'
import { guardedStore } from './deadlines.ts'
import { observedStore } from './observed-store.ts'
import { type Members, members } from './user-sessions.ts'
import { openStored, reopenStored, type StoredOpened } from './open.ts'
import { type Removals, removals } from './removals.ts'

/** A backend on a store, and the parts that its other verbs are made of. */
export interface BackendParts extends Backend {
  readonly members: Members
  readonly removals: Removals
  /** The store, with a deadline on every call. */
  readonly store: GuardedStore
}

/** Makes the backend on a store. */
export function storedBackend(options: StoredOptions): BackendParts {
  const store = guardedStore(observedStore(options.store), options)
  const guarded = { ...options, store }
  const parts = {
    ...guarded,
    group: groupCommit(guarded),
    members: members(guarded),
    removals: removals({ ...options, remove: store.remove }),
  }
  const commit = storedCommit(parts)
  return {
    layout: options.rules.layout,
    maxBytes: options.rules.maxBytes,
    members: parts.members,
    removals: parts.removals,
    store,
    open: (values, now) => openStored(parts, values, now),
    // `reopen` and `commit` only get what `open` returned.
    reopen: (opened, now) => reopenStored(parts, opened as StoredOpened, now),
    commit: (request): Promise<Committed> | Committed =>
      commit({ ...request, opened: request.opened as StoredOpened }),
  }
}
