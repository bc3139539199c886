/** The error of a session that is too large, with its largest keys. */

import { printableShort } from '../base/printable.ts'
import { type KeySize, SessionError } from '../base/errors.ts'
import type { Layout, SessionRecord } from './record.ts'

/** How many keys such an error names. */
const NAMED = 3

/** The bytes of each key's text in UTF-8, flash messages included. */
export function sizesOf({ data, meta }: SessionRecord, { names }: Layout): KeySize[] {
  const sizes = [...data].map(([key, { text }]) => ({ key, bytes: Buffer.byteLength(text) }))
  const flashes = meta === data ? undefined : meta.get(names.flashes)
  if (flashes) sizes.push({ key: 'flash messages', bytes: Buffer.byteLength(flashes.text) })
  return sizes
}

/** Makes the error. `sizes` are those of all keys. */
export function tooLarge(
  code: 'ERR_COOKIE_TOO_LARGE' | 'ERR_SESSION_TOO_LARGE',
  bytes: number,
  most: number,
  sizes: readonly KeySize[],
): SessionError {
  const largest = sizes
    .toSorted((a, b) => b.bytes - a.bytes)
    .slice(0, NAMED)
    // A key may come from a request, and an event is logged.
    .map(({ key, bytes }) => ({ key: printableShort(key, 100), bytes }))
  const named = largest.map((size) => `${size.key} (${size.bytes} bytes)`).join(', ')
  return Object.assign(new SessionError(code, bytes, most, named), { largest })
}
