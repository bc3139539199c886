/** Flask-Session's session ids: random, in base64url, and signed if SESSION_USE_SIGNER is set. */

import { randomBytes } from 'node:crypto'
import type { ForeignIds } from '../../backends/foreign/foreign-store.ts'
import { encodeBase64url } from '../../base/bytes.ts'
import { authenticator } from '../../crypto/signed.ts'
import { itsdangerousKey } from '../flask-cookie.ts'

// cookie = id [ "." signature ]                 ; base64url of HMAC-SHA-1, with SESSION_USE_SIGNER
// id     = 22*200( ALPHA / DIGIT / "-" / "_" )  ; of 16 bytes or more; or a UUID, up to version 0.5
const ID = /^[\w-]{22,200}$/

/**
 * @param bytes SESSION_ID_LENGTH
 * @param secrets the secrets that sign ids; `undefined` without SESSION_USE_SIGNER
 */
export function flaskSessionIds(bytes: number, secrets: readonly Uint8Array[] | undefined) {
  const keys = secrets?.map((secret) => itsdangerousKey(secret, 'flask-session', 'sha1', 'hmac'))
  const signer = keys && authenticator(keys, 'sha1')
  return {
    create: () => encodeBase64url(randomBytes(bytes)),
    parse(value) {
      if (!signer) return ID.test(value) ? { id: value, key: 0 } : 'malformed'
      const dot = value.lastIndexOf('.')
      const id = value.slice(0, Math.max(dot, 0))
      const key = signer.verify(id, value.slice(dot + 1))
      if (key === undefined) return dot < 0 ? 'malformed' : 'signature'
      return ID.test(id) ? { id, key } : 'malformed'
    },
    spell: (id) => (signer ? `${id}.${signer.sign(id)}` : id),
  } satisfies ForeignIds
}
