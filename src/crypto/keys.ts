/** The keys a secret gives: one for each purpose, bound to the app and to the cookie's name. */

import { deriveKey } from './keyring.ts'

/** What a key is for. What was made for one purpose means nothing for another. */
export type Purpose = 'session' | 'encrypted' | 'row' | 'session id' | 'csrf'

/** Whose key it is. */
export interface Scope {
  /** Tells apps apart that share a secret and a cookie's name. */
  readonly audience: string
  readonly cookieName: string
}

/** The key of one secret. */
export function keyFor(secret: Uint8Array, purpose: Purpose, scope: Scope): Uint8Array {
  return deriveKey(secret, 'sojourn/1', purpose, scope.audience, scope.cookieName)
}

/** The keys of a ring, in its order. */
export function keysFor(
  secrets: readonly Uint8Array[],
  purpose: Purpose,
  scope: Scope,
): Uint8Array[] {
  return secrets.map((secret) => keyFor(secret, purpose, scope))
}
