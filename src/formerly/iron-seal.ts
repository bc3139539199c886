/** The cookie of iron-session, in Iron's format: AES-256-CBC and HMAC-SHA-256 under a password. */

import { isUtf8 } from 'node:buffer'
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  pbkdf2Sync,
  timingSafeEqual,
} from 'node:crypto'
import { decodeBase64url, encodeBase64url } from '../base/bytes.ts'
import { type Clock, type Random, systemRandom } from '../base/ports.ts'
import type { Refused, Sealer } from '../crypto/sealer.ts'

/** A password, and its id, which is written into each seal. */
export interface IronPassword {
  readonly id: string
  readonly secret: Uint8Array
}

/** The options of `ironSealer`. */
export interface IronSealerOptions {
  /** The first one seals. */
  passwords: readonly IronPassword[]
  /** The lifetime of a seal in seconds; 0: it does not expire. */
  ttl: number
  clock: Clock
  /** @default the system's */
  random?: Random
}

// seal = "Fe26.2*" id "*" salt "*" iv "*" ciphertext "*" [expiry] "*" salt "*" mac "~2"
//
// iv, ciphertext and mac are base64url, the expiry is in milliseconds since 1970. The MAC covers
// everything before its salt. It does not cover what follows "~": versions before 8 wrote something
// else there.
const PREFIX = 'Fe26.2'
const VERSION = '~2'
const PARTS = 8
const SALT_BYTES = 32
const IV_BYTES = 16
const KEY_BYTES = 32
const EXPIRY = /^[1-9]\d{0,15}$/

/** How long after its expiry a seal is still accepted, in seconds, as by Iron itself. */
export const SKEW = 60

/** Makes the sealer. The expiry is in the seal: a later change of `ttl` does not affect it. */
export function ironSealer(options: IronSealerOptions): Sealer {
  const { passwords, ttl, clock, random = systemRandom } = options
  const byId = new Map(passwords.map(({ id, secret }, key) => [id, { secret, key }]))

  /** When a seal was made, in seconds (now if that is unknown); `undefined` if it has expired. */
  function seenOf(expiry: string): number | undefined {
    const now = clock()
    const expiresAt = expiry === '' ? Infinity : Number(expiry)
    if (expiresAt <= now - SKEW * 1000) return undefined
    return Math.floor(Math.min(now, expiresAt - ttl * 1000) / 1000)
  }

  return {
    seal(text, seconds) {
      const { id, secret } = passwords[0]!
      const salt = hex(random(SALT_BYTES))
      const macSalt = hex(random(SALT_BYTES))
      const iv = random(IV_BYTES)
      const cipher = createCipheriv('aes-256-cbc', keyOf(secret, salt), iv)
      const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
      const expiry = ttl === 0 ? '' : String((seconds + ttl) * 1000)
      const parts = [PREFIX, id, salt, encodeBase64url(iv), encodeBase64url(sealed), expiry]
      const base = parts.join('*')
      return `${base}*${macSalt}*${macOf(base, secret, macSalt)}${VERSION}`
    },
    open(value) {
      if (!value.startsWith(PREFIX) || !value.endsWith(VERSION)) return 'malformed'
      const parts = value.slice(0, -VERSION.length).split('*')
      if (parts.length !== PARTS || parts[0] !== PREFIX) return 'malformed'
      const [, id, salt, iv, sealed, expiry, macSalt, mac] = parts as Parts
      const password = byId.get(id)
      if (!password) return 'unknown-key'
      const base = parts.slice(0, -2).join('*')
      if (!isEqual(mac, macOf(base, password.secret, macSalt))) return 'signature'
      if (expiry !== '' && !EXPIRY.test(expiry)) return 'malformed'
      const seconds = seenOf(expiry)
      if (seconds === undefined) return 'expired'
      const text = decrypt(sealed, iv, keyOf(password.secret, salt))
      if (typeof text !== 'object') return text
      return { ...text, seconds, key: password.key }
    },
  }
}

type Parts = [string, string, string, string, string, string, string, string]

function decrypt(sealed: string, iv: string, key: Uint8Array): { text: string } | Refused {
  const [ivBytes, sealedBytes] = [decodeBase64url(iv), decodeBase64url(sealed)]
  if (ivBytes?.length !== IV_BYTES || !sealedBytes) return 'malformed'
  try {
    const cipher = createDecipheriv('aes-256-cbc', key, ivBytes)
    const bytes = Buffer.concat([cipher.update(sealedBytes), cipher.final()])
    return isUtf8(bytes) ? { text: bytes.toString('utf8') } : 'payload'
  } catch {
    return 'payload'
  }
}

/** PBKDF2 with one round, as in iron-session, whose passwords are long and random. */
function keyOf(secret: Uint8Array, salt: string): Uint8Array {
  return pbkdf2Sync(secret, salt, 1, KEY_BYTES, 'sha1')
}

function macOf(base: string, secret: Uint8Array, salt: string): string {
  return createHmac('sha256', keyOf(secret, salt)).update(base).digest('base64url')
}

function isEqual(given: string, expected: string): boolean {
  const [left, right] = [Buffer.from(given), Buffer.from(expected)]
  return left.length === right.length && timingSafeEqual(left, right)
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
