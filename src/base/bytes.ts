/** Base64url, strict and canonical, and length-prefixed bytes. */

/** Encodes bytes as base64url without padding (RFC 4648 section 5). */
export function encodeBase64url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64url')
}

/**
 * Decodes base64url; returns `undefined` for text that `encodeBase64url` would not have written.
 *
 * Only the canonical form is accepted: no padding, no other characters, no unused bits set. Otherwise
 * one signature could be written in several ways that all verify.
 */
export function decodeBase64url(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url')
  return bytes.toString('base64url') === text ? bytes : undefined
}

/**
 * Concatenates texts (as UTF-8) and bytes, each preceded by its length in four bytes, big-endian.
 *
 * Two different lists never give the same bytes, so the result can be signed or hashed.
 */
export function lengthPrefixed(...parts: (string | Uint8Array)[]): Buffer {
  return Buffer.concat(
    parts.flatMap((part) => {
      const bytes = typeof part === 'string' ? Buffer.from(part, 'utf8') : part
      const length = Buffer.alloc(4)
      length.writeUInt32BE(bytes.length)
      return [length, bytes]
    }),
  )
}
