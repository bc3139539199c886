/** `signedIn`: requires a signed-in visitor, optionally with a recent login (re-authentication). */

import { type Duration, milliseconds } from '../base/duration.ts'
import { SessionError } from '../base/errors.ts'
import { invalid, refuseUnknown } from '../base/options.ts'
import type { Session } from './session.ts'
import type { Host } from './state.ts'

/** The session of a visitor who is signed in. */
export type SignedInSession<Data = any> = Session<Data, string>

/** Options of `signedIn`. */
export interface SignedInOptions {
  /** Maximum age of the login, as `'10m'`. Omitted: any age. `undefined` throws. */
  within?: Duration
}

/** The maximum age of the login in milliseconds, if one is required. @throws ERR_OPTION_INVALID */
export function freshness(options: SignedInOptions): number | undefined {
  refuseUnknown(options, ['within'], '')
  // Throws for `undefined`, too: a setting that is missing must not disable the check.
  return 'within' in options ? milliseconds(options.within!, 'within') : undefined
}

/** Requires a signed-in user. @throws ERR_STORE_UNAVAILABLE, ERR_NOT_SIGNED_IN, ERR_LOGIN_STALE */
export function requireSignedIn(
  host: Host,
  session: Session<any, any>,
  within: number | undefined,
): SignedInSession {
  if (session.isUnavailable) {
    throw new SessionError('ERR_STORE_UNAVAILABLE', 'read', 'it could not be asked who this is')
  }
  if (session.userId === undefined) throw new SessionError('ERR_NOT_SIGNED_IN')
  if (within !== undefined) requireFresh(host, session, within)
  return session
}

/** Clock skew: how far ahead another server's clock may be, in milliseconds. */
const CLOCKS_DIFFER = 60_000

/** @throws ERR_LOGIN_STALE; ERR_OPTION_INVALID if the layout does not store the login time. */
function requireFresh({ clock, backend }: Host, session: Session, within: number): void {
  if (backend.layout.names.authenticatedAt === undefined) {
    throw invalid('within', "needs the time of the login, and Flask's cookie does not keep it")
  }
  const at = session.authenticatedAt
  // A login in the future is invalid, except for clock skew between servers.
  const age = at ? clock() - at.getTime() : Number.NaN
  if (!(age <= within && age >= -CLOCKS_DIFFER)) throw new SessionError('ERR_LOGIN_STALE')
}
