/** HMAC as two one-shot hashes over prepared pads: the cheapest that Node offers for a short text. */

import { hash } from 'node:crypto'

const BLOCK = 64

/** Computes the HMAC of an ASCII text under one key of at most 64 bytes. */
export function bareHmac(algorithm: 'sha1' | 'sha256', key: Uint8Array): (text: string) => Buffer {
  const inner = Buffer.alloc(BLOCK + 8192, 0x36)
  const outer = Buffer.alloc(BLOCK + (algorithm === 'sha1' ? 20 : 32), 0x5c)
  for (const [index, byte] of key.entries()) {
    inner[index]! ^= byte
    outer[index]! ^= byte
  }
  return (text) => {
    const end = BLOCK + inner.write(text, BLOCK, 'latin1')
    outer.set(hash(algorithm, inner.subarray(0, end), 'buffer'), BLOCK)
    return hash(algorithm, outer, 'buffer')
  }
}
