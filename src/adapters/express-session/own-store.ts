/** `req.sessionStore` of sessions in our own format, which have no ids that an app could use. */

import { SessionError } from '../../base/errors.ts'
import type { Got } from '../../formerly/express-store.ts'
import type { Done } from './bag.ts'
import { Store } from './store.ts'

/** Makes it. `generate` and `regenerate` work; other methods throw, because session ids are secret. */
export function ownStore(): Store {
  return new OwnStore()
}

class OwnStore extends Store {
  get(_id: string, done: Got): void {
    setImmediate(done, refused('get'))
  }

  set(_id: string, _data: unknown, done?: Done): void {
    if (done) setImmediate(done, refused('set'))
  }

  destroy(_id: string, done?: Done): void {
    if (done) setImmediate(done, refused('destroy'))
  }
}

function refused(verb: string): SessionError {
  return new SessionError(
    'ERR_OPTION_INVALID',
    'store',
    `is one of this package, so req.sessionStore.${verb}() cannot find a session by req.sessionID. Use the middleware's sessions: list, revoke and revokeUser`,
  )
}
