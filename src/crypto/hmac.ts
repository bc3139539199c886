/** HMAC of texts under one key: two one-shot hashes where the platform has them, `createHmac` elsewhere. */

import * as crypto from 'node:crypto'

/** The HMAC of a text in UTF-8, spelled in base64url. */
export type Hmac = (text: string) => string

/** Makes the HMAC of one key; `digest` is a name that `createHmac` knows. */
export function hmacOf(key: Uint8Array, digest: string): Hmac {
  return oneShotHmac(key, digest) ?? nativeHmac(key, digest)
}

function nativeHmac(key: Uint8Array, digest: string): Hmac {
  // A KeyObject is prepared once; raw bytes would be prepared anew for each call.
  const prepared = crypto.createSecretKey(key)
  return (text) => crypto.createHmac(digest, prepared).update(text, 'utf8').digest('base64url')
}

/** B of RFC 2104: the bytes that the hash takes in at a time. */
const BLOCK_BYTES: Readonly<Record<string, number>> = { sha1: 64, sha256: 64, sha512: 128 }

/** The longest text that is hashed in place; a cookie that a browser keeps has 4096 bytes. */
const PLACE_BYTES = 16_384

/** UTF-8 spends at most this many bytes on a UTF-16 code unit. */
const BYTES_PER_UNIT = 3

/**
 * H(K XOR opad, H(K XOR ipad, text))                                          RFC 2104 section 2
 *
 * The padded keys are made once, each at the head of a buffer whose rest is written anew for each
 * text. `undefined` for other digests, and on a runtime without `crypto.hash`.
 */
function oneShotHmac(key: Uint8Array, digest: string): Hmac | undefined {
  const block = BLOCK_BYTES[digest]
  const { hash } = crypto as Partial<typeof crypto>
  if (block === undefined || hash === undefined) return undefined
  const size = hash(digest, '', 'buffer').length
  const inner = Buffer.alloc(block + PLACE_BYTES, 0x36)
  const outer = Buffer.alloc(block + size, 0x5c)
  const short = key.length > block ? hash(digest, key, 'buffer') : key
  for (const [at, byte] of short.entries()) {
    inner[at]! ^= byte
    outer[at]! ^= byte
  }
  const long = nativeHmac(key, digest)
  return (text) => {
    // What does not fit would be cut off without a word.
    if (text.length * BYTES_PER_UNIT > PLACE_BYTES) return long(text)
    const end = block + inner.write(text, block, 'utf8')
    // As a string: a small buffer of the platform's costs the collector more than copying it twice.
    outer.write(hash(digest, inner.subarray(0, end), 'binary'), block, 'latin1')
    return hash(digest, outer, 'base64url')
  }
}
