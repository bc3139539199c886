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
  const deflated = body.startsWith('.')
  const packed = decodeBase64url(deflated ? body.slice(1) : body)
  const bytes = packed && deflated ? inflate(packed) : packed
  return bytes && isUtf8(bytes) ? bytes.toString('utf8') : undefined
}

function inflate(bytes: Buffer): Buffer | undefined {
  try {
    return inflateSync(bytes, { maxOutputLength: MAX_TEXT_BYTES })
  } catch {
    return undefined
  }
}
