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
  /** Maximum age of the login, as `'10m'`. `undefined` throws. Not with Flask's preset. @default any age */
  within?: Duration
  /**
   * Whether the login has to be fresh, as in Flask-Login's `fresh_login_required`: the password was
   * typed since the browser was last closed, from this address and browser. Only with Flask's preset,
   * whose cookie has no time of the login. `undefined` throws. @default false
   */
  fresh?: boolean
}

/** What is required of the login. */
export interface Freshness {
  /** Its maximum age in milliseconds. */
  within: number | undefined
  fresh: boolean
}

/** What the options require of the login. @throws ERR_OPTION_INVALID */
export function freshness(options: SignedInOptions): Freshness {
  refuseUnknown(options, ['within', 'fresh'], '')
  // Also throws for `undefined`: a missing setting must not disable the check.
  if ('fresh' in options && typeof options.fresh !== 'boolean') {
    throw invalid('fresh', 'has to be true or false')
  }
  const within = 'within' in options ? milliseconds(options.within!, 'within') : undefined
  return { within, fresh: options.fresh ?? false }
}

/** Requires a signed-in user. @throws ERR_STORE_UNAVAILABLE, ERR_NOT_SIGNED_IN, ERR_LOGIN_STALE */
export function requireSignedIn(
  host: Host,
  session: Session<any, any>,
  { within, fresh }: Freshness,
): SignedInSession {
  if (session.isUnavailable) {
    throw new SessionError('ERR_STORE_UNAVAILABLE', 'read', 'it is unknown who is signed in')
  }
  if (session.userId === undefined) throw new SessionError('ERR_NOT_SIGNED_IN')
  if (within !== undefined) requireRecent(host, session, within)
  if (fresh) requireFresh(host, session)
  return session
}

/** Clock skew: how far ahead another server's clock may be, in milliseconds. */
const CLOCKS_DIFFER = 60_000

/** @throws ERR_LOGIN_STALE; ERR_OPTION_INVALID if the layout does not store the login time. */
function requireRecent({ clock, backend }: Host, session: Session, within: number): void {
  const { names } = backend.layout
  if (names.authenticatedAt === undefined) {
    const instead = names.fresh === undefined ? '' : '. Use fresh: true'
    throw invalid(
      'within',
      `needs the time of the login, which Flask's cookie does not contain${instead}`,
    )
  }
  const at = session.authenticatedAt
  // A login in the future is invalid, except for clock skew between servers.
  const age = at ? clock() - at.getTime() : Number.NaN
  if (!(age <= within && age >= -CLOCKS_DIFFER)) throw new SessionError('ERR_LOGIN_STALE')
}

/** @throws ERR_LOGIN_STALE; ERR_OPTION_INVALID if the layout does not store whether a login is fresh. */
function requireFresh({ backend }: Host, session: Session): void {
  const { fresh } = backend.layout.names
  if (fresh === undefined) {
    throw invalid('fresh', "works only with Flask's preset. Use within: '10m'")
  }
  if (session.get(fresh) !== true) throw new SessionError('ERR_LOGIN_STALE')
}
