/** Session expiration: idle timeout, absolute timeout and sliding renewal, as pure functions. */

/** The timeouts of sessions, in milliseconds. */
export interface Lifetime {
  /** Idle timeout: a session without a renewal for longer is expired. */
  idle: number
  /** Idle timeout of permanent sessions (Flask's PERMANENT_SESSION_LIFETIME). */
  permanent: number
  /** Absolute timeout, counted from creation or the last login; a visit does not extend it. */
  absolute: number | undefined
  /** Idle timeout of anonymous sessions, permanent or not, if they have a shorter one. */
  anonymous?: number | undefined
  /** Clock skew: how far ahead another server's clock may be. */
  leeway: number
  /** `visits`: sliding, once a tenth of the idle timeout has passed. The others are Flask's. */
  renewal: 'visits' | 'permanent-each-request' | 'never'
}

/** The times that timeouts are counted from, in seconds since 1970. */
export interface Times {
  permanent: boolean
  seen: number
  created: number | undefined
  authenticatedAt: number | undefined
}

/** Why a session whose signature verifies is not accepted. */
export type Ended = 'expired' | 'expired-absolute' | 'future'

/** A lifetime with further limits: of each timeout the shortest counts. A limit of NaN ends all. */
export function shortened(
  lifetime: Lifetime,
  {
    idle = Infinity,
    absolute = Infinity,
  }: { idle?: number | undefined; absolute?: number | undefined },
): Lifetime {
  const capped = Math.min(lifetime.absolute ?? Infinity, absolute)
  return {
    ...lifetime,
    idle: Math.min(lifetime.idle, idle),
    permanent: Math.min(lifetime.permanent, idle),
    absolute: capped === Infinity ? undefined : capped,
  }
}

/** Why a session is not valid at `now` (milliseconds). In whole seconds, as itsdangerous. */
export function endedBy(lifetime: Lifetime, times: Times, now: number): Ended | undefined {
  const age = Math.floor(now / 1000) - times.seen
  if (age * 1000 < -lifetime.leeway) return 'future'
  // Not `>`: with NaN as age or limit the session has to expire, not to live for ever.
  if (!(Math.max(age, 0) <= wholeSeconds(idleLimit(lifetime, times)))) return 'expired'
  if (startOf(times) * 1000 > now + lifetime.leeway) return 'future'
  if (lifetime.absolute === undefined) return undefined
  return absoluteRest(lifetime.absolute, times, now) >= 0 ? undefined : 'expired-absolute'
}

/** When the timeouts end, in milliseconds since 1970, if nobody comes. `absolute`: if there is one. */
export function timeoutsOf(
  lifetime: Lifetime,
  times: Times,
): { idle: number; absolute?: number | undefined } {
  const { absolute } = lifetime
  return {
    idle: times.seen * 1000 + idleLimit(lifetime, times),
    absolute: absolute === undefined ? undefined : startOf(times) * 1000 + absolute,
  }
}

/** Whether a visit without changes renews the session (sliding expiration). `now` in ms. */
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

/** The cookie's lifetime in milliseconds; `undefined`: until the browser is closed. */
export function cookieLifetime(lifetime: Lifetime, times: Times, now: number): number | undefined {
  if (!times.permanent) return undefined
  if (lifetime.absolute === undefined) return lifetime.permanent
  return Math.min(lifetime.permanent, absoluteRest(lifetime.absolute, times, now))
}

function idleLimit(lifetime: Lifetime, { permanent }: Times): number {
  return permanent ? lifetime.permanent : lifetime.idle
}

/** Milliseconds until the absolute timeout; negative after it; NaN if no start is known. */
function absoluteRest(absolute: number, times: Times, now: number): number {
  return (wholeSeconds(absolute) - (Math.floor(now / 1000) - startOf(times))) * 1000
}

/** The later of creation and last login, in seconds since 1970; NaN if neither is known. */
function startOf({ created, authenticatedAt }: Times): number {
  if (created === undefined) return authenticatedAt ?? Number.NaN
  return Math.max(created, authenticatedAt ?? created)
}

function wholeSeconds(milliseconds: number): number {
  return Math.trunc(milliseconds / 1000)
}
