/** Encodes the text of a signed value as base64url, with or without zlib compression. */

import { isUtf8 } from 'node:buffer'
import { deflateSync, inflateSync } from 'node:zlib'
import { decodeBase64url } from '../base/bytes.ts'

/** The most bytes of a decompressed text: a small cookie can be a decompression bomb. */
export const MAX_TEXT_BYTES = 65_536

// body = base64url / "." base64url-of-zlib
/** Encodes a text, compressed if that makes it shorter (as itsdangerous' URLSafeSerializer). */
export function packDeflated(text: string): string {
  const plain = Buffer.from(text, 'utf8')
  const deflated = deflateSync(plain)
  return deflated.length < plain.length - 1
    ? `.${deflated.toString('base64url')}`
    : plain.toString('base64url')
}

/** Encodes a text without compression. */
export function packPlain(text: string): string {
  if (text.length * BYTES_PER_UNIT > PLACE_BYTES) return Buffer.from(text).toString('base64url')
  return place.toString('base64url', 0, place.write(text, 'utf8'))
}

/** UTF-8 needs at most this many bytes for a UTF-16 code unit. */
export const BYTES_PER_UNIT = 3

// One shared buffer: allocating one for each body costs more than the encoding itself.
const PLACE_BYTES = 16_384
const place = Buffer.alloc(PLACE_BYTES)

/**
 * Decodes a body. Returns `undefined` if it is not canonical base64url, not a complete zlib stream
 * of at most 64 KiB, or not UTF-8. Call it only after the signature has been verified.
 */
export function unpack(body: string): string | undefined {
  if (body.startsWith('.')) {
    const packed = decodeBase64url(body.slice(1))
    const bytes = packed && inflate(packed)
    return bytes && utf8Text(bytes, bytes.length)
  }
  const bytes = body.length <= PLACE_BYTES ? place : Buffer.alloc(body.length)
  const end = bytes.write(body, 'base64url')
  return bytes.toString('base64url', 0, end) === body ? utf8Text(bytes, end) : undefined
}

/** The text of the bytes up to `end`, or `undefined` if they are not UTF-8. */
function utf8Text(bytes: Buffer, end: number): string | undefined {
  const text = bytes.toString('utf8', 0, end)
  // Invalid UTF-8 decodes to U+FFFD; a valid text may contain that character, too.
  return text.includes('\ufffd') && !isUtf8(bytes.subarray(0, end)) ? undefined : text
}

function inflate(bytes: Buffer): Buffer | undefined {
  try {
    return inflateSync(bytes, { maxOutputLength: MAX_TEXT_BYTES })
  } catch {
    return undefined
  }
}
