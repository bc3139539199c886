/** Whether a browser fetches a page before the visitor opens it: such a request only reads. */

import type { RequestFacts } from '../http/request-facts.ts'
import { isSafeMethod } from './csrf/request-origin.ts'

/** Why the session of a prefetch is read-only: the end of an error message. */
export const PREFETCH =
  'the browser prefetches this page, and requests it once more when the visitor opens it'

/**
 * Whether a request says that it is a prefetch, or a prerender: `Sec-Purpose` (Fetch standard),
 * `Purpose` (older browsers), or `Next-Router-Prefetch` (Next).
 */
export function isPrefetch(facts: RequestFacts): boolean {
  if (!isSafeMethod(facts.method)) return false
  // sec-purpose = "prefetch" *( ";" parameter ), as in `prefetch;prerender`
  if (facts.header('sec-purpose')?.startsWith('prefetch')) return true
  return facts.header('purpose') === 'prefetch' || Boolean(facts.header('next-router-prefetch'))
}
