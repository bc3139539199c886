/** Two keys against AES-GCM alone: a ciphertext that is genuine under both, as nobody should be able to make. */

import { createCipheriv } from 'node:crypto'

/** What one message is encrypted with. */
export interface MessageKey {
  key: Uint8Array
  nonce: Uint8Array
}

const BLOCK = 16

/**
 * Makes a ciphertext and a tag that are genuine under both keys.
 *
 * Under the first it says `plain`, which has whole blocks, and then one block of chance. The last
 * block solves the equation of the two tags, which is linear in it (Dodis and others, 2018).
 */
export function underBothKeys(
  one: MessageKey,
  other: MessageKey,
  aad: Uint8Array,
  plain: Uint8Array,
): { ciphertext: Buffer; tag: Buffer } {
  const cipher = createCipheriv('aes-256-gcm', one.key, one.nonce)
  const begin = cipher.update(plain)
  const [left, right] = [tagParts(one), tagParts(other)]
  // With the last block zero, this is by what the two tags differ; the block counts as H squared.
  const zero = Buffer.concat([begin, Buffer.alloc(BLOCK)])
  const difference = tagOf(left, aad, zero) ^ tagOf(right, aad, zero)
  const sum = left.hash ^ right.hash
  const last = times(difference, inverse(times(sum, sum)))
  const ciphertext = Buffer.concat([begin, blockOf(last)])
  return { ciphertext, tag: blockOf(tagOf(left, aad, ciphertext)) }
}

/** The two numbers that a key brings into a tag: H, and what hides the sum. */
function tagParts({ key, nonce }: MessageKey): { hash: bigint; mask: bigint } {
  const encrypted = (block: Uint8Array) => {
    const cipher = createCipheriv('aes-256-ecb', key, null).setAutoPadding(false)
    return numberOf(cipher.update(block))
  }
  const first = Buffer.concat([nonce, Uint8Array.of(0, 0, 0, 1)])
  return { hash: encrypted(Buffer.alloc(BLOCK)), mask: encrypted(first) }
}

// GHASH, and the tag                                     NIST SP 800-38D sections 6.4 and 7.1
function tagOf(
  { hash, mask }: { hash: bigint; mask: bigint },
  aad: Uint8Array,
  ciphertext: Uint8Array,
): bigint {
  const lengths = Buffer.alloc(BLOCK)
  lengths.writeBigUInt64BE(BigInt(aad.length * 8))
  lengths.writeBigUInt64BE(BigInt(ciphertext.length * 8), 8)
  const padded = Buffer.alloc(Math.ceil(aad.length / BLOCK) * BLOCK)
  padded.set(aad)
  const bytes = Buffer.concat([padded, ciphertext, lengths])
  let sum = 0n
  for (let at = 0; at < bytes.length; at += BLOCK) {
    sum = times(sum ^ numberOf(bytes.subarray(at, at + BLOCK)), hash)
  }
  return sum ^ mask
}

const REDUCTION = 0xe1n << 120n

// Blocks as polynomials over GF(2), the first bit the lowest power                  section 6.3
function times(x: bigint, y: bigint): bigint {
  let product = 0n
  let shifted = y
  for (let bit = 127n; bit >= 0n; bit -= 1n) {
    if ((x >> bit) & 1n) product ^= shifted
    shifted = shifted & 1n ? (shifted >> 1n) ^ REDUCTION : shifted >> 1n
  }
  return product
}

/** x to the power of 2 ** 128 - 2. */
function inverse(x: bigint): bigint {
  let result = 1n << 127n
  let power = x
  for (let bit = 1; bit < 128; bit += 1) {
    power = times(power, power)
    result = times(result, power)
  }
  return result
}

function numberOf(block: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(block).toString('hex')}`)
}

function blockOf(number: bigint): Buffer {
  return Buffer.from(number.toString(16).padStart(BLOCK * 2, '0'), 'hex')
}
