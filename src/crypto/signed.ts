/** Signs and verifies text in the layout of itsdangerous: `body.timestamp.signature`. */

import { timingSafeEqual } from 'node:crypto'
import { decodeBase64url, encodeBase64url } from '../base/bytes.ts'
import { hmacOf } from './hmac.ts'

/** Authenticates text under a ring of keys: the first signs, all verify. */
export interface Authenticator {
  /** The signature of a text under the first key, in base64url. */
  sign(text: string): string
  /** Which key, if any, signed the text. Only the canonical spelling of a signature counts. */
  verify(text: string, signature: string): number | undefined
}

/**
 * Makes an authenticator with HMAC over `digest`. The keys are as derived already.
 *
 * @param characters shortens signatures to that many; a multiple of four leaves no spare bits.
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

  // The HMACs are compared as they are spelled: then only the canonical spelling can be equal.
  function isEqual(given: string, expected: string): boolean {
    left.write(given, 'latin1')
    right.write(expected, 'latin1')
    // In constant time; only what has passed is compared as text, since latin1 drops high bits.
    return timingSafeEqual(left, right) && given === expected
  }

  return {
    sign: first,
    verify(text, signature) {
      // Of another length it is no signature, and many such cookies are refused without much work.
      if (signature.length !== length) return undefined
      for (let index = 0; index < hmacs.length; index++) {
        if (isEqual(signature, hmacs[index]!(text))) return index
      }
      return undefined
    },
  }
}

/** What a verified value says. `key` is the index of the secret that signed it. */
export interface Verified {
  body: string
  seconds: number
  key: number
}

/** Why a value was not accepted; see the events. */
export type Unverified = 'malformed' | 'signature'

/** Signs bodies with the time, and verifies them. */
export interface TimedSigner {
  /** `body.timestamp.signature`; the time in whole seconds since 1970. */
  sign(body: string, seconds: number): string
  /** The body and the time of a value, or why it was not accepted. */
  verify(value: string): Verified | Unverified
}

/** Makes a signer of `body.timestamp.signature`, as itsdangerous' TimestampSigner. */
export function timedSigner(authenticate: Authenticator): TimedSigner {
  return {
    sign(body, seconds) {
      const signed = `${body}.${encodeSeconds(seconds)}`
      return `${signed}.${authenticate.sign(signed)}`
    },
    verify(value) {
      // From the right: a compressed body begins with a dot of its own.
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

/** The end of the year 9999, past which Python has no date either. */
export const LAST_SECOND = 253_402_300_799

/** The seconds of a timestamp, or `undefined` if it has none or lies past the year 9999. */
export function decodeSeconds(text: string): number | undefined {
  if (text.length === 6) return decodeFourBytes(text)
  const bytes = decodeBase64url(text)
  if (!bytes || bytes.length > 8) return undefined
  const seconds = bytes.reduce((sum, byte) => sum * 256 + byte, 0)
  return seconds <= LAST_SECOND ? seconds : undefined
}

/** Six characters, as every time from July 1970 to February 2106 has: without a buffer. */
function decodeFourBytes(text: string): number | undefined {
  let high = 0
  for (let at = 0; at < 5; at++) {
    const bits = SIX_BITS.get(text.charCodeAt(at))
    if (bits === undefined) return undefined
    high = high * 64 + bits
  }
  const last = SIX_BITS.get(text.charCodeAt(5))
  // Four of the last six bits are spare, and zero in the canonical spelling.
  return last === undefined || last % 16 > 0 ? undefined : high * 4 + last / 16
}

const SIX_BITS = new Map(
  Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_', (digit, bits) => [
    digit.charCodeAt(0),
    bits,
  ]),
)
