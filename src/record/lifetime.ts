/** When a session ends and when a visit renews it: pure arithmetic on authenticated times. */

/** How long sessions live. All in milliseconds. */
export interface Lifetime {
  /** A session that was not seen for longer has ended. */
  idle: number
  /** The same for permanent sessions. */
  permanent: number
  /** Counted from the session's beginning or its last login; nothing extends it. */
  absolute: number | undefined
  /** How far ahead another server's clock may be. */
  leeway: number
  /** `visits`: a visit renews once a tenth of the idle time has passed. Flask has the other two. */
  renewal: 'visits' | 'permanent-each-request' | 'never'
}

/** What the lifetime is counted from. Seconds since 1970. */
export interface Times {
  permanent: boolean
  seen: number
  created: number | undefined
  authenticatedAt: number | undefined
}

/** Why a session that verifies is over. */
export type Ended = 'expired' | 'expired-absolute' | 'future'

/** Whether the session is over at `now` (milliseconds), and why. Whole seconds, as itsdangerous. */
export function endedBy(lifetime: Lifetime, times: Times, now: number): Ended | undefined {
  const age = Math.floor(now / 1000) - times.seen
  if (age * 1000 < -lifetime.leeway) return 'future'
  // Not `>`: an age or a limit that is no number has to end a session, not keep it for ever.
  if (!(Math.max(age, 0) <= wholeSeconds(idleLimit(lifetime, times)))) return 'expired'
  if (startOf(times) * 1000 > now + lifetime.leeway) return 'future'
  if (lifetime.absolute === undefined) return undefined
  return absoluteRest(lifetime.absolute, times, now) >= 0 ? undefined : 'expired-absolute'
}

/** Whether a visit that changes nothing should push the end of the session further away. */
export function isDueForRenewal(lifetime: Lifetime, times: Times, now: number): boolean {
  switch (lifetime.renewal) {
    case 'visits':
      return now - times.seen * 1000 >= idleLimit(lifetime, times) / 10
    case 'permanent-each-request':
      return times.permanent
    case 'never':
      return false
  }
}

/** How long the browser should keep the cookie: `undefined` means until it is closed. */
export function cookieLifetime(lifetime: Lifetime, times: Times, now: number): number | undefined {
  if (!times.permanent) return undefined
  if (lifetime.absolute === undefined) return lifetime.permanent
  return Math.min(lifetime.permanent, absoluteRest(lifetime.absolute, times, now))
}

function idleLimit(lifetime: Lifetime, { permanent }: Times): number {
  return permanent ? lifetime.permanent : lifetime.idle
}

/** Milliseconds until the absolute end; negative past it, and no number where nobody knows. */
function absoluteRest(absolute: number, times: Times, now: number): number {
  return (wholeSeconds(absolute) - (Math.floor(now / 1000) - startOf(times))) * 1000
}

/** When the session began, or its last login was; no number where it says neither. */
function startOf({ created, authenticatedAt }: Times): number {
  if (created === undefined) return authenticatedAt ?? Number.NaN
  return Math.max(created, authenticatedAt ?? created)
}

function wholeSeconds(milliseconds: number): number {
  return Math.trunc(milliseconds / 1000)
}
