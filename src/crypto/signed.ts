/** Signs and verifies text as itsdangerous' TimestampSigner: `body.timestamp.signature`. */

import { timingSafeEqual } from 'node:crypto'
import { decodeBase64url, encodeBase64url } from '../base/bytes.ts'
import { hmacOf } from './hmac.ts'

/** Signs and verifies text under several keys (key rotation): the first signs, all verify. */
export interface Authenticator {
  /** Returns the signature of a text under the first key, in base64url. */
  sign(text: string): string
  /** Returns the index of the key that signed the text. Accepts only canonical base64url. */
  verify(text: string, signature: string): number | undefined
}

/**
 * Makes an authenticator with HMAC over `digest`. `keys` are derived keys.
 *
 * @param characters truncates signatures to this length; a multiple of four leaves no unused bits.
 */
export function authenticator(
  keys: readonly Uint8Array[],
  digest: string,
  characters = Infinity,
): Authenticator {
  const hmacs = keys.map((key) => {
    const hmac = hmacOf(key, digest)
    return characters === Infinity ? hmac : (text: string) => hmac(text).slice(0, characters)
  })
  const first = hmacs[0]!
  const length = first('').length
  const left = Buffer.alloc(length)
  const right = Buffer.alloc(length)

  // The base64url texts are compared, so that only the canonical encoding is accepted.
  function isEqual(given: string, expected: string): boolean {
    left.write(given, 'latin1')
    right.write(expected, 'latin1')
    // In constant time. latin1 drops high bits, so an equal result is compared as text once more.
    return timingSafeEqual(left, right) && given === expected
  }

  return {
    sign: first,
    verify(text, signature) {
      // Cheap: a signature of the wrong length is rejected before any HMAC is computed.
      if (signature.length !== length) return undefined
      for (let index = 0; index < hmacs.length; index++) {
        if (isEqual(signature, hmacs[index]!(text))) return index
      }
      return undefined
    },
  }
}

/** A verified value. `seconds` since 1970; `key` is the index of the secret that signed it. */
export interface Verified {
  body: string
  seconds: number
  key: number
}

/** Why a value was rejected: the `reason` of the event `rejected`. */
export type Unverified = 'malformed' | 'signature'

/** Signs a body together with a time, and verifies both. */
export interface TimedSigner {
  /** Returns `body.timestamp.signature`; the time in whole seconds since 1970. */
  sign(body: string, seconds: number): string
  /** Returns the body and the time of a value, or why it is rejected. */
  verify(value: string): Verified | Unverified
}

/** Makes a signer in the format of itsdangerous' TimestampSigner, which Flask uses. */
export function timedSigner(authenticate: Authenticator): TimedSigner {
  return {
    sign(body, seconds) {
      const signed = `${body}.${encodeSeconds(seconds)}`
      return `${signed}.${authenticate.sign(signed)}`
    },
    verify(value) {
      // Split from the right: a compressed body begins with a dot.
      const last = value.lastIndexOf('.')
      const middle = value.lastIndexOf('.', last - 1)
      if (last <= 0) return 'malformed'
      const key = authenticate.verify(value.slice(0, last), value.slice(last + 1))
      if (key === undefined) return 'signature'
      if (middle < 0) return 'malformed'
      const seconds = decodeSeconds(value.slice(middle + 1, last))
      return seconds === undefined ? 'malformed' : { body: value.slice(0, middle), seconds, key }
    },
  }
}

let latest = { seconds: -1, text: '' }

// timestamp = base64url of the seconds, big-endian, without leading zero bytes
function encodeSeconds(seconds: number): string {
  if (latest.seconds !== seconds) {
    const bytes = Buffer.alloc(8)
    bytes.writeBigUInt64BE(BigInt(seconds))
    const first = bytes.findIndex((byte) => byte !== 0)
    latest = { seconds, text: first < 0 ? '' : encodeBase64url(bytes.subarray(first)) }
  }
  return latest.text
}

/** The last second of the year 9999, Python's latest date (`datetime.MAXYEAR`). Since 1970. */
export const LAST_SECOND = 253_402_300_799

/** The seconds since 1970 of a timestamp; `undefined` if it is invalid or after the year 9999. */
export function decodeSeconds(text: string): number | undefined {
  if (text.length === 6) return decodeFourBytes(text)
  const bytes = decodeBase64url(text)
  if (!bytes || bytes.length > 8) return undefined
  const seconds = bytes.reduce((sum, byte) => sum * 256 + byte, 0)
  return seconds <= LAST_SECOND ? seconds : undefined
}

/** Decodes four bytes (six characters) without a Buffer: every time from July 1970 to 2106. */
function decodeFourBytes(text: string): number | undefined {
  let high = 0
  for (let at = 0; at < 5; at++) {
    const bits = SIX_BITS.get(text.charCodeAt(at))
    if (bits === undefined) return undefined
    high = high * 64 + bits
  }
  const last = SIX_BITS.get(text.charCodeAt(5))
  // Four of the last six bits are unused, and zero in canonical base64url.
  return last === undefined || last % 16 > 0 ? undefined : high * 4 + last / 16
}

const SIX_BITS = new Map(
  Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_', (digit, bits) => [
    digit.charCodeAt(0),
    bits,
  ]),
)
