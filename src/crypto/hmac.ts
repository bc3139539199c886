/** HMAC under one key: two one-shot hashes where the platform has them, `createHmac` elsewhere. */

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

function oneShotHmac(key: Uint8Array, digest: string): Hmac | undefined {
  const padded = padKey(key, digest, PLACE_BYTES)
  if (padded === undefined) return undefined
  const { hash, block, inner, outer } = padded
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

/** The HMAC of a fixed head followed by bytes, each of its bytes one character (latin1). */
export type HeadedHmac = (tail: Uint8Array) => string

/** Makes the HMAC of one key over what always begins with the same bytes. */
export function headedHmac(key: Uint8Array, digest: string, head: Uint8Array): HeadedHmac {
  return oneShotHeadedHmac(key, digest, head) ?? nativeHeadedHmac(key, digest, head)
}

function nativeHeadedHmac(key: Uint8Array, digest: string, head: Uint8Array): HeadedHmac {
  const prepared = crypto.createSecretKey(key)
  const first = Uint8Array.from(head)
  return (tail) => crypto.createHmac(digest, prepared).update(first).update(tail).digest('binary')
}

function oneShotHeadedHmac(
  key: Uint8Array,
  digest: string,
  head: Uint8Array,
): HeadedHmac | undefined {
  const padded = padKey(key, digest, head.length + PLACE_BYTES)
  if (padded === undefined) return undefined
  const { hash, block, inner, outer } = padded
  const start = block + head.length
  inner.set(head, block)
  const long = nativeHeadedHmac(key, digest, head)
  return (tail) => {
    if (tail.length > PLACE_BYTES) return long(tail)
    inner.set(tail, start)
    const place = inner.subarray(0, start + tail.length)
    outer.write(hash(digest, place, 'binary'), block, 'latin1')
    return hash(digest, outer, 'binary')
  }
}

/** A key ready for two one-shot hashes: what follows its block in each buffer is written anew. */
interface PaddedKey {
  hash: typeof crypto.hash
  block: number
  inner: Buffer
  outer: Buffer
}

/**
 * H(K XOR opad, H(K XOR ipad, text))                                          RFC 2104 section 2
 *
 * The padded keys are made once, each at the head of a buffer. `undefined` for other digests, and on
 * a runtime without `crypto.hash`.
 */
function padKey(key: Uint8Array, digest: string, room: number): PaddedKey | undefined {
  const block = BLOCK_BYTES[digest]
  const { hash } = crypto as Partial<typeof crypto>
  if (block === undefined || hash === undefined) return undefined
  const size = hash(digest, '', 'buffer').length
  const inner = Buffer.alloc(block + room, 0x36)
  const outer = Buffer.alloc(block + size, 0x5c)
  const short = key.length > block ? hash(digest, key, 'buffer') : key
  for (const [at, byte] of short.entries()) {
    inner[at]! ^= byte
    outer[at]! ^= byte
  }
  return { hash, block, inner, outer }
}
