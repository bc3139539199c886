/** A short fingerprint of a text, which only tells whether it has changed. No security. */

import { createHash } from 'node:crypto'

/** The first 24 bits of SHA-256, as four characters of base64url. */
export function fingerprintOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 4)
}
