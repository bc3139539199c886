/** Signed session ids: the cookie of express-session, as the package `cookie-signature` writes it. */

import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { ForeignIds } from '../backends/foreign/foreign-store.ts'

// value     = urlencoded( "s:" id "." signature )
// signature = base64( HMAC-SHA-256( secret, id ) )        ; without the "=" at its end
/** Reads and writes the cookie. `create` makes an id. @default 24 random bytes, as `uid-safe` */
export function signedIds(
  secrets: readonly Uint8Array[],
  create: () => string = randomId,
): ForeignIds {
  return {
    create,
    parse(value) {
      const text = decoded(value)
      const dot = text?.lastIndexOf('.') ?? -1
      if (!text?.startsWith('s:') || dot < 3) return 'malformed'
      const id = text.slice(2, dot)
      const given = Buffer.from(text.slice(dot + 1))
      const key = secrets.findIndex((secret) => {
        const own = Buffer.from(signature(id, secret))
        return own.length === given.length && timingSafeEqual(own, given)
      })
      return key < 0 ? 'signature' : { id, key }
    },
    spell: (id) => encodeURIComponent(`s:${id}.${signature(id, secrets[0]!)}`),
  }
}

/** Makes a session id as express-session does. */
export function randomId(): string {
  return randomBytes(24).toString('base64url')
}

function signature(id: string, secret: Uint8Array): string {
  return createHmac('sha256', secret).update(id).digest('base64').replace(/=+$/, '')
}

/** URL-decodes a value. As in the package `cookie`, a value that is not URL-encoded stays as it is. */
function decoded(value: string): string | undefined {
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}
