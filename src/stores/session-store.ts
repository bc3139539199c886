/** Turns the verbs of a store into what `createSessions` takes: a store that brings its backend. */

import { backendOn, checkVerbs } from '../backends/stored/options.ts'
import type { SessionStore, StoreVerbs } from '../backends/stored/store.ts'
import type { StoreSetup } from '../backends/store-backend.ts'

export type { SessionStore, StoreVerbs }
export type {
  Admission,
  Limit,
  Owners,
  Row,
  Store,
  Swap,
  Upkeep,
} from '../backends/stored/store.ts'

/**
 * Makes a session store of your own verbs: the stores of this package are made in the same way.
 *
 * Adds the method `backend` to the object that is given, and returns it. A copy whose verbs are
 * replaced, such as `{ ...store, read }`, uses the replaced verbs. Run `storeConformance` of
 * `sojourn/testing` on a store before you trust it with sessions.
 *
 * @throws ERR_OPTION_INVALID if a verb is missing.
 *
 * @example
 * const sessions = createSessions({ secret, store: sessionStore(verbs) })
 */
export function sessionStore<Verbs extends StoreVerbs>(
  verbs: Verbs,
): NoInfer<Verbs> & SessionStore {
  checkVerbs(verbs)
  return Object.assign(verbs, {
    backend(this: StoreVerbs, setup: StoreSetup) {
      return backendOn(this, setup)
    },
  })
}
