/** Derives one key for each purpose from a secret, bound to the audience and the cookie's name. */

import { deriveKey } from './keyring.ts'

/** What a key is for. A value made for one purpose does not verify for another. */
export type Purpose = 'session' | 'encrypted' | 'row' | 'session id' | 'csrf' | 'formerly'

/** Which app and cookie a key belongs to. */
export interface Scope {
  /** Separates apps that share a secret and a cookie's name. */
  readonly audience: string
  readonly cookieName: string
}

/** The key of one secret for a purpose. */
export function keyFor(secret: Uint8Array, purpose: Purpose, scope: Scope): Uint8Array {
  return deriveKey(secret, 'sojourn/1', purpose, scope.audience, scope.cookieName)
}

/** The keys of all secrets for a purpose, in the order of the secrets. */
export function keysFor(
  secrets: readonly Uint8Array[],
  purpose: Purpose,
  scope: Scope,
): Uint8Array[] {
  return secrets.map((secret) => keyFor(secret, purpose, scope))
}
