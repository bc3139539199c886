/** The parts of a stored backend, and the work of one request on its session. */

import type { Clock, Random, Timer } from '../../base/ports.ts'
import type { SetCookieWriter } from '../../http/set-cookie.ts'
import type { Change } from '../../record/changes.ts'
import type { Lifetime } from '../../record/lifetime.ts'
import type { EndCause, StoreLoad, StoreRules, StoreSetup } from '../store-backend.ts'
import type { EntryFormat } from './entry.ts'
import type { SessionIdFormat } from './session-id.ts'
import type { StoreVerbs } from './store.ts'

/** The rules for sessions in a store. Times are in milliseconds. */
export interface SessionRules extends EntryFormat, Pick<StoreRules, 'rotate' | 'grace'> {
  lifetime: Lifetime
  /** The most bytes of a record. */
  maxBytes: number
  /** The fingerprint of the cookie's attributes. */
  attributes?: string
}

/** The options of a stored backend. */
export interface StoredOptions extends Omit<StoreRules, 'rotate' | 'grace'> {
  store: StoreVerbs
  ids: SessionIdFormat
  writer: SetCookieWriter
  rules: SessionRules
  clock: Clock
  timer: Timer
  /** Does not keep the process alive. */
  background: Timer
  random: Random
  onDropped?: StoreSetup['onDropped']
}

/** A store whose calls fail with ERR_STORE_UNAVAILABLE after a deadline. */
export interface GuardedStore extends Omit<
  StoreVerbs,
  'engine' | 'pool' | 'subscribe' | 'sharedRead'
> {
  load(): StoreLoad
  /** Whether calls wait for their turn or for a connection. Deadlines are then extended once. */
  isQueueing(): boolean
}

/** The same, but `remove` also tells the session's listeners why it has ended. */
export interface WatchedStore extends Omit<GuardedStore, 'remove'> {
  remove(key: string, why: EndCause): Promise<boolean>
}

/** The parts of a backend, with the guarded store. */
export interface StoredParts extends Omit<StoredOptions, 'store'> {
  store: WatchedStore
}

/** One request's work on the session it opened. */
export interface CommitWork {
  readonly selector: string
  /** The verifier in the request's cookie, and its hash. */
  readonly verifier: string
  readonly hash: string
  /** The auth number of the row it opened. */
  readonly auth: number
  /** The user's epoch if the work is a login; otherwise 0. */
  readonly epoch: number
  readonly changes: readonly Change[]
  /** Whether the id or the row was written under a previous secret, or the row is not encrypted yet. */
  readonly isOutdated: boolean
  /** The new verifier of a renewal, and its hash: always the same within one request. */
  renewal(): { verifier: string; hash: string }
}
