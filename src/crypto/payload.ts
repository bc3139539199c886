/** Packs JSON text into the URL-safe body of a signed value, deflated where that is asked for. */

import { isUtf8 } from 'node:buffer'
import { deflateSync, inflateSync } from 'node:zlib'
import { decodeBase64url } from '../base/bytes.ts'

/** No text is longer, packed or unpacked: a small cookie can hold a bomb. */
export const MAX_TEXT_BYTES = 65_536

// body = base64url / "." base64url-of-zlib
/** The body of a text, deflated if that makes it shorter. */
export function packDeflated(text: string): string {
  const plain = Buffer.from(text, 'utf8')
  const deflated = deflateSync(plain)
  return deflated.length < plain.length - 1
    ? `.${deflated.toString('base64url')}`
    : plain.toString('base64url')
}

/** The body of a text, as it is. */
export function packPlain(text: string): string {
  if (text.length * BYTES_PER_UNIT > PLACE_BYTES) return Buffer.from(text).toString('base64url')
  return place.toString('base64url', 0, place.write(text, 'utf8'))
}

/** UTF-8 spends at most this many bytes on a UTF-16 code unit. */
export const BYTES_PER_UNIT = 3

// In place: a buffer for each body costs more than to encode or decode it.
const PLACE_BYTES = 16_384
const place = Buffer.alloc(PLACE_BYTES)

/**
 * The text of a body, or `undefined` if it is not canonical base64url, not a whole zlib stream of
 * at most 64 KiB, or not UTF-8. To be called on what has been verified.
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

/** The text that the first bytes are, or `undefined` if they are not UTF-8. */
function utf8Text(bytes: Buffer, end: number): string | undefined {
  const text = bytes.toString('utf8', 0, end)
  // What is not UTF-8 comes out as this character; it may also stand there itself.
  return text.includes('\ufffd') && !isUtf8(bytes.subarray(0, end)) ? undefined : text
}

function inflate(bytes: Buffer): Buffer | undefined {
  try {
    return inflateSync(bytes, { maxOutputLength: MAX_TEXT_BYTES })
  } catch {
    return undefined
  }
}
