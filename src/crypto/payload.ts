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
  return Buffer.from(text, 'utf8').toString('base64url')
}

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
  // In place: a buffer for each body costs more than to decode it.
  const bytes = body.length <= PLACE_CHARACTERS ? place : Buffer.alloc(body.length)
  const end = bytes.write(body, 'base64url')
  return bytes.toString('base64url', 0, end) === body ? utf8Text(bytes, end) : undefined
}

const PLACE_CHARACTERS = 16_384
const place = Buffer.alloc(PLACE_CHARACTERS)

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
