/** HMAC (RFC 2104) under a fixed key: by one-shot `crypto.hash` if available, else `createHmac`. */

import * as crypto from 'node:crypto'

/** Returns the HMAC of a text (UTF-8) in base64url without padding. */
export type Hmac = (text: string) => string

/** Makes the HMAC function of one key. `digest` is a name that `createHmac` accepts: `sha256`. */
export function hmacOf(key: Uint8Array, digest: string): Hmac {
  return keyed({ key, digest, head: new Uint8Array(), encoding: 'base64url' })
}

/** Returns the HMAC of a fixed head followed by `tail`, as latin1: one character for each byte. */
export type HeadedHmac = (tail: Uint8Array) => string

/** Makes the HMAC function of one key for messages that begin with the same bytes, `head`. */
export function headedHmac(key: Uint8Array, digest: string, head: Uint8Array): HeadedHmac {
  return keyed({ key, digest, head, encoding: 'binary' })
}

interface Keyed {
  key: Uint8Array
  digest: string
  head: Uint8Array
  encoding: 'base64url' | 'binary'
}

/** Block size B of each hash, in bytes (RFC 2104 section 2). */
const BLOCK_BYTES: Readonly<Record<string, number>> = { sha1: 64, sha256: 64, sha512: 128 }

/** The longest message hashed in the prepared buffer. Browsers store cookies of at most 4096 bytes. */
const PLACE_BYTES = 16_384

/** UTF-8 needs at most this many bytes for a UTF-16 code unit. */
const BYTES_PER_UNIT = 3

function keyed({ key, digest, head, encoding }: Keyed): (message: string | Uint8Array) => string {
  // A KeyObject is prepared once; raw bytes would be prepared again for each call.
  const prepared = crypto.createSecretKey(key)
  const first = Uint8Array.from(head)
  const native = (message: string | Uint8Array) =>
    crypto.createHmac(digest, prepared).update(first).update(message).digest(encoding)
  const padded = padKey(key, digest, head.length + PLACE_BYTES)
  if (padded === undefined) return native
  const { hash, block, inner, outer } = padded
  const start = block + head.length
  inner.set(head, block)
  return (message) => {
    const isText = typeof message === 'string'
    // `write` would silently truncate a longer text.
    if (message.length * (isText ? BYTES_PER_UNIT : 1) > PLACE_BYTES) return native(message)
    let end = start + message.length
    if (isText) end = start + inner.write(message, start, 'utf8')
    else inner.set(message, start)
    // As a string: a small Buffer costs more garbage collection than copying the digest twice.
    outer.write(hash(digest, inner.subarray(0, end), 'binary'), block, 'latin1')
    return hash(digest, outer, encoding)
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
