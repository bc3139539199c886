/** Presets for `lifetime` with the timeouts of NIST SP 800-63B, and the level that given timeouts meet. */

import type { Lifetime } from '../../record/lifetime.ts'
import type { LifetimeOptions } from './own-preset.ts'

/**
 * Assurance level 1 (AAL1): re-authentication every 30 days, with or without activity.
 *
 * @example
 * import { aal1, createSessions } from 'sojourn'
 * createSessions({ secret: process.env.SESSION_SECRET, lifetime: aal1 })
 */
export const aal1: Readonly<LifetimeOptions> = Object.freeze({
  idle: '30d',
  permanent: '30d',
  absolute: '30d',
})

/**
 * Assurance level 2 (AAL2): absolute timeout of 24 hours, idle timeout of one hour.
 *
 * @example
 * import { aal2, createSessions } from 'sojourn'
 * createSessions({ secret: process.env.SESSION_SECRET, lifetime: aal2 })
 */
export const aal2: Readonly<LifetimeOptions> = Object.freeze({
  idle: '1h',
  permanent: '1h',
  absolute: '24h',
})

/**
 * Assurance level 3 (AAL3): absolute timeout of 12 hours, idle timeout of 15 minutes.
 *
 * @example
 * import { aal3, createSessions } from 'sojourn'
 * createSessions({ secret: process.env.SESSION_SECRET, lifetime: aal3 })
 */
export const aal3: Readonly<LifetimeOptions> = Object.freeze({
  idle: '15m',
  permanent: '15m',
  absolute: '12h',
})

/** An assurance level of NIST SP 800-63B, judged by the timeouts of a session only. */
export type AssuranceLevel = 1 | 2 | 3

const MINUTE = 60_000
const HOUR = 60 * MINUTE

// In milliseconds. Level 1 has an absolute timeout only.
const MAX_TIMEOUTS: readonly (readonly [AssuranceLevel, idle: number, absolute: number])[] = [
  [3, 15 * MINUTE, 12 * HOUR],
  [2, HOUR, 24 * HOUR],
  [1, Infinity, 30 * 24 * HOUR],
]

/** The highest level whose timeouts these lifetimes do not exceed; `null` if they exceed all. */
export function assuranceLevelOf({ idle, permanent, absolute }: Lifetime): AssuranceLevel | null {
  if (absolute === undefined) return null
  const longestIdle = Math.min(Math.max(idle, permanent), absolute)
  const found = MAX_TIMEOUTS.find(([, maxIdle, max]) => longestIdle <= maxIdle && absolute <= max)
  return found ? found[0] : null
}
