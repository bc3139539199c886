/** HMAC (RFC 2104) under a fixed key: by one-shot `crypto.hash` if available, else `createHmac`. */

import * as crypto from 'node:crypto'

/** Returns the HMAC of a text (UTF-8) in base64url without padding. */
export type Hmac = (text: string) => string

/** Makes the HMAC function of one key. `digest` is a name that `createHmac` accepts: `sha256`. */
export function hmacOf(key: Uint8Array, digest: string): Hmac {
  return oneShotHmac(key, digest) ?? nativeHmac(key, digest)
}

function nativeHmac(key: Uint8Array, digest: string): Hmac {
  // A KeyObject is prepared once; raw bytes would be prepared again for each call.
  const prepared = crypto.createSecretKey(key)
  return (text) => crypto.createHmac(digest, prepared).update(text, 'utf8').digest('base64url')
}

/** Block size B of each hash, in bytes (RFC 2104 section 2). */
const BLOCK_BYTES: Readonly<Record<string, number>> = { sha1: 64, sha256: 64, sha512: 128 }

/** The longest text hashed in the prepared buffer. Browsers store cookies of at most 4096 bytes. */
const PLACE_BYTES = 16_384

/** UTF-8 needs at most this many bytes for a UTF-16 code unit. */
const BYTES_PER_UNIT = 3

function oneShotHmac(key: Uint8Array, digest: string): Hmac | undefined {
  const padded = padKey(key, digest, PLACE_BYTES)
  if (padded === undefined) return undefined
  const { hash, block, inner, outer } = padded
  const long = nativeHmac(key, digest)
  return (text) => {
    // `write` would silently truncate a longer text.
    if (text.length * BYTES_PER_UNIT > PLACE_BYTES) return long(text)
    const end = block + inner.write(text, block, 'utf8')
    // As a string: a small Buffer costs more garbage collection than copying the digest twice.
    outer.write(hash(digest, inner.subarray(0, end), 'binary'), block, 'latin1')
    return hash(digest, outer, 'base64url')
  }
}

/** Returns the HMAC of a fixed head followed by `tail`, as latin1: one character for each byte. */
export type HeadedHmac = (tail: Uint8Array) => string

/** Makes the HMAC function of one key for messages that begin with the same bytes, `head`. */
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

/** A key padded for the two hashes: each call overwrites both buffers after the first block. */
interface PaddedKey {
  hash: typeof crypto.hash
  block: number
  inner: Buffer
  outer: Buffer
}

/**
 * H(K XOR opad, H(K XOR ipad, text))                                          RFC 2104 section 2
 *
 * Both padded keys are made once, each at the start of a buffer. Returns `undefined` for other
 * digests and on a runtime without `crypto.hash`.
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
