/** The backend with a server: the cookie carries an id, a store the record. */

import type { Clock, Random, Timer } from '../../base/ports.ts'
import type { SetCookieWriter } from '../../http/set-cookie.ts'
import type { StoreVerbs } from './store.ts'
import type { Backend, Committed } from '../backend.ts'
import { groupCommit } from './group-commit.ts'
import { type Deadlines, type GuardedStore, guardedStore } from './guard.ts'
import { type MemberLimit, type Members, members } from './members.ts'
import type { StoredRules } from './commit-work.ts'
import { removals } from './removals.ts'
import type { SessionIdFormat } from './session-id.ts'
import { storedCommit } from './commit.ts'
import { reopenStored, openStored, type StoredOpened } from './open.ts'

/** What a stored backend is made of. */
export interface StoredOptions {
  store: StoreVerbs
  ids: SessionIdFormat
  writer: SetCookieWriter
  rules: StoredRules
  deadlines: Deadlines
  limit: MemberLimit | undefined
  /** What an id that was renewed and is shown again comes to: an event, or the session's end too. */
  onReplay: 'report' | 'end'
  clock: Clock
  timer: Timer
  /** Does not keep the process alive. */
  background: Timer
  random: Random
}

/** A backend on a store, and the parts that its other verbs are made of. */
export interface BackendParts extends Backend {
  readonly members: Members
  /** The store, with a deadline on every call. */
  readonly store: GuardedStore
}

/** Makes the backend on a store. */
export function storedBackend(options: StoredOptions): BackendParts {
  const { rules, deadlines, clock, timer, background, random, limit } = options
  const store = guardedStore(options.store, { timer, background, random, deadlines })
  const parts = {
    ...options,
    store,
    group: groupCommit({ store, rules, clock, timer, random, deadline: deadlines.commit }),
    members: members({ store, rules, clock, limit }),
    removals: removals(store.remove, background),
  }
  const commit = storedCommit(parts)
  return {
    layout: rules.layout,
    members: parts.members,
    store,
    open: (values, now) => openStored(parts, values, now),
    // Only what `open` answered comes back here.
    reopen: (opened, now) => reopenStored(parts, opened as StoredOpened, now),
    commit: (request): Promise<Committed> | Committed =>
      commit({ ...request, opened: request.opened as StoredOpened }),
  }
}
