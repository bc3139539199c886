/** Lifetimes after NIST SP 800-63B: how long a session may live for what it gives access to. */

import type { Lifetime } from '../../record/lifetime.ts'
import type { LifetimeOptions } from './own-preset.ts'

/**
 * Assurance level 1: everybody signs in once in 30 days, however often they come.
 *
 * @example createSessions({ secret, lifetime: aal1 })
 */
export const aal1: Readonly<LifetimeOptions> = Object.freeze({
  idle: '30d',
  permanent: '30d',
  absolute: '30d',
})

/** Assurance level 2: once a day, and after an hour without a request. */
export const aal2: Readonly<LifetimeOptions> = Object.freeze({
  idle: '1h',
  permanent: '1h',
  absolute: '24h',
})

/** Assurance level 3: once in 12 hours, and after 15 minutes without a request. */
export const aal3: Readonly<LifetimeOptions> = Object.freeze({
  idle: '15m',
  permanent: '15m',
  absolute: '12h',
})

/** A level of NIST SP 800-63B, as far as the length of a session decides it. */
export type AssuranceLevel = 1 | 2 | 3

const MINUTE = 60_000
const HOUR = 60 * MINUTE

// In milliseconds. Level 1 bounds only how long a session may live, whoever comes back to it.
const LIMITS: readonly (readonly [AssuranceLevel, idle: number, absolute: number])[] = [
  [3, 15 * MINUTE, 12 * HOUR],
  [2, HOUR, 24 * HOUR],
  [1, Infinity, 30 * 24 * HOUR],
]

/** The highest level whose limits these lifetimes keep; `null` if sessions outlive all of them. */
export function levelOf({ idle, permanent, absolute }: Lifetime): AssuranceLevel | null {
  if (absolute === undefined) return null
  const away = Math.min(Math.max(idle, permanent), absolute)
  const found = LIMITS.find(
    ([, longestAway, longest]) => away <= longestAway && absolute <= longest,
  )
  return found ? found[0] : null
}
