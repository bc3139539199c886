/** Authenticated encryption (AES-256-GCM) with key rotation and a derived key for each message. */

import { isUtf8 } from 'node:buffer'
import { createCipheriv, createDecipheriv, createSecretKey, timingSafeEqual } from 'node:crypto'
import { decodeBase64url, lengthPrefixed } from '../base/bytes.ts'
import { invalid } from '../base/options.ts'
import { type Random, systemRandom } from '../base/ports.ts'
import { type HeadedHmac, headedHmac } from './hmac.ts'
import { deriveKey } from './keyring.ts'
import { LAST_SECOND } from './signed.ts'

/** The algorithm as a cryptographic inventory names it; see `describePolicy()`. */
export const ENVELOPE_ALGORITHM =
  'AES-256-GCM with a key and a commitment of its own each time from HMAC-SHA-512'

/** What keys are derived for: a value encrypted in one scope cannot be decrypted in another. */
export interface EncryptedScope {
  purpose: string
  audience: string
  cookieName: string
}

/** A decrypted value. `seconds` since 1970; `key` is the index of the key that decrypted it. */
export interface Opened {
  text: string
  seconds: number
  key: number
}

/** Why a value was rejected: the `reason` of the event `rejected`. */
export type Unopened = 'malformed' | 'unknown-key' | 'signature'

/** Encrypts text together with a time, and decrypts it. */
export interface Encrypter {
  /**
   * Encrypts a text under the first key, with the time in whole seconds since 1970.
   *
   * @param context additional data that the value is bound to, such as a row's key. @default ''
   */
  seal(text: string, seconds: number, context?: string): string
  /** Decrypts a value of the same context, or returns why it is rejected. Takes any text. */
  open(value: string, context?: string): Opened | Unopened
}

// envelope = base64url(version key-id salt commitment ciphertext tag)
//
// Version and key id are three bytes: exactly the first four characters.
const VERSION = 1
const HEAD_BYTES = 3
const HEAD_CHARACTERS = 4
const SALT_BYTES = 24
const COMMITMENT_BYTES = 16
const TAG_BYTES = 16
const SALT_AT = HEAD_BYTES
const COMMITMENT_AT = SALT_AT + SALT_BYTES
const CIPHERTEXT_AT = COMMITMENT_AT + COMMITMENT_BYTES

// plaintext = seconds text, the seconds in five bytes, big-endian
const SECONDS_BYTES = 5

const MIN_BYTES = CIPHERTEXT_AT + SECONDS_BYTES + TAG_BYTES
const MIN_CHARACTERS = Math.ceil((MIN_BYTES * 4) / 3)

const KEY_BYTES = 32
const CIPHER = 'aes-256-gcm'
// Without a length Node takes tags of four bytes, too.
const CIPHER_OPTIONS = { authTagLength: TAG_BYTES }

/**
 * Makes an encrypter. `keys` are derived keys of 32 bytes: the first encrypts, all decrypt.
 *
 * @throws ERR_OPTION_INVALID if two different keys have the same key id.
 */
export function encrypter(
  keys: readonly Uint8Array[],
  scope: EncryptedScope,
  random: Random = systemRandom,
): Encrypter {
  const ring = ringOf(keys, scope)
  const first = ring.get(headOf(keys[0]!).toString('base64url'))!

  return {
    seal(text, seconds, context = '') {
      const salt = random(SALT_BYTES)
      const { key, nonce, commitment } = first.derive(salt, context)
      const textBytes = Buffer.byteLength(text)
      const plain = Buffer.allocUnsafe(SECONDS_BYTES + textBytes)
      plain.writeUIntBE(seconds, 0, SECONDS_BYTES)
      plain.write(text, SECONDS_BYTES, 'utf8')
      // On Node 24 a cipher takes 8 microseconds longer to make from bytes than from a KeyObject.
      const cipher = createCipheriv(CIPHER, createSecretKey(key), nonce, CIPHER_OPTIONS)
      cipher.setAAD(first.head)
      const ciphertext = cipher.update(plain)
      cipher.final()
      const envelope = Buffer.allocUnsafe(CIPHERTEXT_AT + ciphertext.length + TAG_BYTES)
      envelope.set(first.head)
      envelope.set(salt, SALT_AT)
      envelope.set(commitment, COMMITMENT_AT)
      envelope.set(ciphertext, CIPHERTEXT_AT)
      envelope.set(cipher.getAuthTag(), CIPHERTEXT_AT + ciphertext.length)
      return envelope.toString('base64url')
    },
    open(value, context = '') {
      if (value.length < MIN_CHARACTERS) return 'malformed'
      const envelope = decodeBase64url(value)
      if (envelope === undefined || envelope[0] !== VERSION) return 'malformed'
      const known = ring.get(value.slice(0, HEAD_CHARACTERS))
      if (known === undefined) return 'unknown-key'
      const plain = decipher(envelope, known, context)
      if (plain === undefined) return 'signature'
      const seconds = plain.readUIntBE(0, SECONDS_BYTES)
      const text = plain.subarray(SECONDS_BYTES)
      if (seconds > LAST_SECOND || !isUtf8(text)) return 'malformed'
      return { text: text.toString('utf8'), seconds, key: known.index }
    },
  }
}

/** Decrypts an envelope; returns `undefined` if the commitment or the tag does not verify. */
function decipher(envelope: Buffer, ringKey: RingKey, context: string): Buffer | undefined {
  const tagAt = envelope.length - TAG_BYTES
  const salt = envelope.subarray(SALT_AT, COMMITMENT_AT)
  const { key, nonce, commitment } = ringKey.derive(salt, context)
  // GCM is not key-committing: a value can be made that two keys decrypt. The commitment fits one.
  if (!timingSafeEqual(commitment, envelope.subarray(COMMITMENT_AT, CIPHERTEXT_AT)))
    return undefined
  const cipher = createDecipheriv(CIPHER, createSecretKey(key), nonce, CIPHER_OPTIONS)
  cipher.setAAD(ringKey.head)
  cipher.setAuthTag(envelope.subarray(tagAt))
  const plain = cipher.update(envelope.subarray(CIPHERTEXT_AT, tagAt))
  try {
    cipher.final()
  } catch {
    return undefined
  }
  return plain
}

/** One key of the ring, prepared to derive message keys. */
interface RingKey {
  index: number
  /** Version and key id: the first bytes of an envelope, authenticated as additional data. */
  head: Buffer
  derive(salt: Uint8Array, context: string): MessageKey
}

/** Key material of one message: views of a shared buffer that the next derivation overwrites. */
interface MessageKey {
  key: Uint8Array
  nonce: Uint8Array
  commitment: Uint8Array
}

/** The keys by the first four characters of the envelopes they encrypt. */
function ringOf(keys: readonly Uint8Array[], scope: EncryptedScope): Map<string, RingKey> {
  const ring = new Map<string, RingKey>()
  for (const [index, key] of keys.entries()) {
    if (key.length !== KEY_BYTES) throw new RangeError(`A key has ${KEY_BYTES} bytes.`)
    const head = headOf(key)
    const spelled = head.toString('base64url')
    const other = ring.get(spelled)
    if (other === undefined)
      ring.set(spelled, { index, head, derive: derivation(key, head, scope) })
    else if (!timingSafeEqual(keys[other.index]!, key)) throw collision(other.index, index)
  }
  return ring
}

function headOf(key: Uint8Array): Buffer {
  return Buffer.from([VERSION, ...deriveKey(key, 'key id').subarray(0, HEAD_BYTES - 1)])
}

function collision(one: number, other: number) {
  return invalid(
    'secret',
    `holds two secrets, [${one}] and [${other}], whose keys have the same id, as one pair in 65536 does by chance. Replace the newer one: \`npx sojourn secret\``,
  )
}

// okm = HMAC-SHA-512(key, lp("sojourn/1/enc") lp(version) lp(key id) lp(purpose) lp(audience)
//                         lp(cookie name) lp(context) lp(salt))
//     = AES key (32) nonce (12) commitment (16), and four bytes to spare
function derivation(
  ringKey: Uint8Array,
  head: Buffer,
  { purpose, audience, cookieName }: EncryptedScope,
): RingKey['derive'] {
  const hmac: HeadedHmac = headedHmac(
    ringKey,
    'sha512',
    lengthPrefixed(
      'sojourn/1/enc',
      head.subarray(0, 1),
      head.subarray(1),
      purpose,
      audience,
      cookieName,
    ),
  )
  const okm = Buffer.alloc(64)
  const messageKey: MessageKey = {
    key: okm.subarray(0, 32),
    nonce: okm.subarray(32, 44),
    commitment: okm.subarray(44, 60),
  }
  const noContext = lengthPrefixed('', Buffer.alloc(SALT_BYTES))
  return (salt, context) => {
    let tail = noContext
    if (context === '') tail.set(salt, tail.length - SALT_BYTES)
    else tail = lengthPrefixed(context, salt)
    okm.write(hmac(tail), 'latin1')
    return messageKey
  }
}
