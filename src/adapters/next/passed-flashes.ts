/** Passes the flash messages from the proxy to the page, in a request header. */

import type { Flash } from '../../record/record.ts'
import type { NextHeaders } from './jar.ts'

/** The header. The proxy removes such a header of the browser's. */
export const PASSED = 'x-session-flashes'

/** The value of the header: JSON, percent-encoded because a header is ASCII. */
export function passFlashes(flashes: readonly Flash[]): string {
  const pairs = flashes.map(({ category, message }) => [category, String(message)])
  return encodeURIComponent(JSON.stringify(pairs))
}

/**
 * The messages in the header, as text without HTML: if no proxy ran, a visitor may have sent the
 * header. Values in any other form are ignored.
 */
export function passedFlashes(headers: NextHeaders): { category: string; message: string }[] {
  try {
    const pairs: unknown = JSON.parse(decodeURIComponent(headers.get(PASSED) ?? '[]'))
    if (!Array.isArray(pairs)) return []
    return pairs.filter(isPair).map(([category, message]) => ({ category, message }))
  } catch {
    return []
  }
}

function isPair(pair: unknown): pair is [category: string, message: string] {
  return Array.isArray(pair) && typeof pair[0] === 'string' && typeof pair[1] === 'string'
}
