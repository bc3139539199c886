/** `sessionStore`: makes the option `store` of `createSessions` from the verbs of a store. */

import { invalid } from '../base/options.ts'
import { backendOn, checkVerbs } from '../backends/stored/options.ts'
import type { SessionStore, StoreVerbs } from '../backends/stored/store.ts'
import type { StoreSetup } from '../backends/store-backend.ts'

export type { SessionStore, StoreVerbs }
export type {
  Admission,
  FoundRow,
  Limit,
  Owners,
  Revoked,
  Row,
  Store,
  Swap,
  Upkeep,
  Watching,
} from '../backends/stored/store.ts'

/**
 * Makes a session store from your own verbs, as the stores of this package do.
 *
 * Adds the method `backend` to the object, and returns the object. A copy with other verbs, such as
 * `{ ...store, read }`, uses those. Before you use a store in production, test it with
 * `storeConformance` of `sojourn/testing`.
 *
 * @throws ERR_OPTION_INVALID if a verb is missing, or the object is frozen.
 *
 * @example
 * import { createSessions } from 'sojourn'
 * import { sessionStore, type StoreVerbs } from 'sojourn/stores'
 * const sessionsIn = (verbs: StoreVerbs) =>
 *   createSessions({ secret: process.env.SESSION_SECRET, store: sessionStore(verbs) })
 */
export function sessionStore<Verbs extends StoreVerbs>(
  verbs: Verbs,
): NoInfer<Verbs> & SessionStore {
  checkVerbs(verbs)
  if (!Object.isExtensible(verbs)) throw invalid('store', 'is frozen. Pass a copy: { ...verbs }')
  return Object.assign(verbs, {
    backend(this: StoreVerbs, setup: StoreSetup) {
      return backendOn(this, setup)
    },
  })
}
