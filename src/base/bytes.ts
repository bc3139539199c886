/** Bytes and their strict, canonical base64url spelling. */

/** Encodes bytes as base64url without padding (RFC 4648 section 5). */
export function encodeBase64url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64url')
}

/**
 * Decodes base64url, or answers `undefined` for any spelling the encoder would not have written.
 *
 * Canonical only: no padding, no foreign characters, no stray low bits. One value has one spelling,
 * so a signature cannot be respelled and still verify.
 */
export function decodeBase64url(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url')
  return bytes.toString('base64url') === text ? bytes : undefined
}

/**
 * Joins texts, in UTF-8, and bytes so that no two lists of them give the same bytes: each is preceded
 * by its length.
 *
 * Length: four bytes, big-endian.
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
