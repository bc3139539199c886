/** The cookie of @fastify/secure-session: JSON in a secretbox of libsodium, `cipher;nonce`. */

import { isUtf8 } from 'node:buffer'
import { type Clock, type Random, systemRandom } from '../base/ports.ts'
import type { Sealer } from '../crypto/sealer.ts'
import { jsonFields, numberIn } from './json-layout.ts'

/** The functions of `sodium-native` that are used. The app passes it: node:crypto has no XSalsa20. */
export interface Sodium {
  /** Encrypts. */
  crypto_secretbox_easy(cipher: Buffer, message: Buffer, nonce: Buffer, key: Buffer): void
  /** Decrypts; returns whether it is authentic. */
  crypto_secretbox_open_easy(message: Buffer, cipher: Buffer, nonce: Buffer, key: Buffer): boolean
  /** Derives a key from a text: Argon2id. */
  crypto_pwhash(
    output: Buffer,
    password: Buffer,
    salt: Buffer,
    opslimit: number,
    memlimit: number,
    algorithm: number,
  ): void
  /** Its work. */
  readonly crypto_pwhash_OPSLIMIT_MODERATE: number
  /** Its memory. */
  readonly crypto_pwhash_MEMLIMIT_MODERATE: number
  /** Its algorithm. */
  readonly crypto_pwhash_ALG_DEFAULT: number
}

/** The sizes of a key, a salt, a nonce and a MAC in libsodium, in bytes. */
export const KEY_BYTES = 32
export const SALT_BYTES = 16
const NONCE_BYTES = 24
const MAC_BYTES = 16

/** The key that holds the time of the last change, in seconds since 1970. */
export const TIME = '__ts'

/** The options of `secretboxSealer`. */
export interface SecretboxOptions {
  sodium: Sodium
  /** The first one encrypts. */
  keys: readonly Buffer[]
  /** In seconds. */
  expiry: number
  clock: Clock
  /** @default the system's */
  random?: Random
}

// cookie = percent-encoded( base64( mac ciphertext ) ";" base64( nonce ) [ "." signature ] )
/** Makes the sealer. It writes the time into the text, as the member `__ts`. */
export function secretboxSealer(options: SecretboxOptions): Sealer {
  const { sodium, keys, expiry, clock, random = systemRandom } = options

  return {
    seal(text, seconds) {
      const nonce = Buffer.from(random(NONCE_BYTES))
      const message = Buffer.from(withTime(text, seconds), 'utf8')
      const cipher = Buffer.alloc(message.length + MAC_BYTES)
      sodium.crypto_secretbox_easy(cipher, message, nonce, keys[0]!)
      return encodeURIComponent(`${cipher.toString('base64')};${nonce.toString('base64')}`)
    },
    open(value) {
      const parts = boxOf(value)
      const [cipher, nonce] = parts
      if (parts.length !== 2 || !cipher || nonce?.length !== NONCE_BYTES) return 'malformed'
      if (cipher.length < MAC_BYTES) return 'malformed'
      const message = Buffer.alloc(cipher.length - MAC_BYTES)
      const key = keys.findIndex((one) =>
        sodium.crypto_secretbox_open_easy(message, cipher, nonce, one),
      )
      if (key < 0) return 'signature'
      if (!isUtf8(message)) return 'payload'
      const text = message.toString('utf8')
      const seconds = numberIn(jsonFields(text), TIME)
      if (seconds === undefined) return 'payload'
      return (seconds + expiry) * 1000 <= clock() ? 'expired' : { text, seconds, key }
    },
  }
}

function withTime(text: string, seconds: number): string {
  return `${text.slice(0, -1)}${text === '{}' ? '' : ','}"${TIME}":${seconds}}`
}

/** The parts of a cookie. A signature of @fastify/cookie is not checked: the secretbox authenticates. */
function boxOf(value: string): readonly (Buffer | undefined)[] {
  try {
    return decodeURIComponent(value).replace(/\..*$/s, '').split(';').map(bytesOf)
  } catch {
    return []
  }
}

/** The bytes of a base64 text; `undefined` unless it is as the plugin writes it. */
function bytesOf(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes : undefined
}
