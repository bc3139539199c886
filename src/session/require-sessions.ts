/** Checks the arguments of adapters when they are set up: a mistake must not make requests hang. */

import { invalid } from '../base/options.ts'

/**
 * Throws unless `createSessions` has returned this object. It may be that of another copy of the
 * package.
 *
 * @param usage how the adapter is called.
 * @throws ERR_OPTION_INVALID
 */
export function requireSessions(given: unknown, caller: string, usage: string): void {
  const { mount, run, get } = (given ?? {}) as Record<string, unknown>
  if ([mount, run, get].every((method) => typeof method === 'function')) return
  throw invalid(
    'sessions',
    `of ${caller}() has to be what createSessions() returned. ${whyNot(given, caller, usage)}`,
  )
}

function whyNot(given: unknown, caller: string, usage: string): string {
  if (typeof given === 'object' && given !== null && 'headers' in given) {
    return `${caller} was used as the middleware itself and got a request: write ${usage}`
  }
  if (typeof given === 'object' && given !== null && ('secret' in given || 'store' in given)) {
    return `It got the options: write const sessions = createSessions(options), then ${usage}`
  }
  return `It got ${kindOf(given)}: write ${usage}`
}

function kindOf(given: unknown): string {
  if (given === undefined || given === null) return String(given)
  return typeof given === 'object' ? 'another object' : `a ${typeof given}`
}

/** @throws ERR_OPTION_INVALID unless this is a function. */
export function requireFunction(given: unknown, name: string): void {
  if (typeof given !== 'function')
    throw invalid(name, `has to be a function, and is ${kindOf(given)}`)
}
