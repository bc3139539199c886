/** What a page asks that only a signed-in visitor may see: that somebody is, and since when. */

import { type Duration, milliseconds } from '../base/duration.ts'
import { SessionError } from '../base/errors.ts'
import { invalid, refuseUnknown } from '../base/options.ts'
import type { Session } from './session.ts'
import type { Host } from './state.ts'

/** The session of a visitor who is signed in. */
export type SignedInSession<Data = any> = Session<Data, string>

/** What `signedIn` asks beyond that somebody is signed in. */
export interface SignedInOptions {
  /** The login was at most this long ago, as `'10m'`: for a page where money or a password moves. */
  within?: Duration
}

/** How long ago the login may be, in milliseconds. @throws ERR_OPTION_INVALID */
export function freshness(options: SignedInOptions): number | undefined {
  refuseUnknown(options, ['within'], '')
  // Also an undefined one, as of a setting that is not there: it must not pass for no check.
  return 'within' in options ? milliseconds(options.within!, 'within') : undefined
}

/** The session, if somebody is signed in. @throws ERR_STORE_UNAVAILABLE, ERR_NOT_SIGNED_IN, ERR_LOGIN_STALE */
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

/** So far ahead another server's clock may be, in milliseconds. */
const CLOCKS_DIFFER = 60_000

/** @throws ERR_LOGIN_STALE; ERR_OPTION_INVALID where the time of a login is not kept. */
function requireFresh({ clock, backend }: Host, session: Session, within: number): void {
  if (backend.layout.names.authenticatedAt === undefined) {
    throw invalid('within', "needs the time of the login, and Flask's cookie does not keep it")
  }
  const at = session.authenticatedAt
  // Another server's clock may be a little ahead, and a login is never in the future.
  const age = at ? clock() - at.getTime() : Number.NaN
  if (!(age <= within && age >= -CLOCKS_DIFFER)) throw new SessionError('ERR_LOGIN_STALE')
}
