/** The backend for stores: the cookie contains a session id, the store the record. */

import type { Backend, Committed, Opened } from '../backend.ts'
import { storedCommit } from './commit.ts'
import type { StoredOptions, WatchedStore } from './commit-work.ts'
import { openOnce } from './once.ts'
import { groupCommit } from './group-commit.ts'
import { guardedStore } from './deadlines.ts'
import { observedStore } from './observed-store.ts'
import { type Members, members } from './user-sessions.ts'
import { openStored, reopenStored, type StoredOpened } from './open.ts'
import { type Removals, removals } from './removals.ts'
import { type EndWatch, endWatch } from './watch.ts'

/** A backend on a store, and the parts that its other verbs are made of. */
export interface BackendParts extends Backend {
  readonly members: Members
  readonly removals: Removals
  readonly ends: EndWatch
  openOnce(seed: Uint8Array, now: number): Promise<Opened | undefined>
  /** The store, with a deadline on every call. */
  readonly store: WatchedStore
}

/** Makes the backend on a store. */
export function storedBackend(options: StoredOptions): BackendParts {
  const unwatched = guardedStore(observedStore(options.store), options)
  const ends = endWatch({ ...options, store: unwatched, subscriptions: options.store })
  const store: WatchedStore = { ...unwatched, remove: ends.remove }
  const guarded = { ...options, store }
  const parts = {
    ...guarded,
    group: groupCommit(guarded),
    members: members(guarded),
    removals: removals({
      ...options,
      remove: (key) => store.remove(key, 'gone'),
      onAdded: ends.tell,
    }),
  }
  const commit = storedCommit(parts)
  return {
    layout: options.rules.layout,
    maxBytes: options.rules.maxBytes,
    members: parts.members,
    removals: parts.removals,
    ends,
    store,
    open: (values, now) => openStored(parts, values, now),
    openOnce: (seed, now) => openOnce(parts, seed, now),
    // `reopen` and `commit` only get what `open` returned.
    reopen: (opened, now) => reopenStored(parts, opened as StoredOpened, now),
    commit: (request): Promise<Committed> | Committed =>
      commit({ ...request, opened: request.opened as StoredOpened }),
  }
}
