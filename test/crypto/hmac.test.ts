import { createHmac, createSecretKey } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { headedHmac, hmacOf } from '../../src/crypto/hmac.ts'

const DIGESTS = ['sha1', 'sha256', 'sha512', 'md5', 'sha3-256']
const TEXTS = [
  '',
  'a.b',
  'naïve ☃ 😀',
  '\ud800',
  'a\udc00b\ud83d',
  'x'.repeat(5461),
  'x'.repeat(5462),
  '☃'.repeat(5461),
  '☃'.repeat(5462),
  '😀'.repeat(2731),
  '\udc00'.repeat(20_000),
]

describe.each(DIGESTS)('HMAC with %s', (digest) => {
  const expected = (key: Uint8Array, text: string) =>
    createHmac(digest, createSecretKey(key)).update(text, 'utf8').digest('base64url')

  test('is what createHmac says, whatever the key and the text', () => {
    const keys = fc.uint8Array({ minLength: 0, maxLength: 300 })
    const texts = fc.oneof(
      fc.string({ unit: 'binary-ascii', maxLength: 3000 }),
      fc.string({ unit: 'binary', maxLength: 3000 }),
      fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 300 }).map(fromUnits),
      fc.array(fc.integer({ min: 0xd7ff, max: 0xe000 }), { maxLength: 300 }).map(fromUnits),
      fc.constantFrom(...TEXTS),
    )
    fc.assert(
      fc.property(keys, fc.array(texts, { minLength: 1, maxLength: 4 }), (key, list) => {
        const hmac = hmacOf(key, digest)
        // One after the other: a shorter text must not see the end of a longer one before it.
        for (const text of list) expect(hmac(text)).toBe(expected(key, text))
      }),
    )
  })

  test('is what createHmac says for keys around the size of a block', () => {
    for (const length of [0, 1, 32, 63, 64, 65, 127, 128, 129, 136, 137, 300]) {
      const key = Buffer.alloc(length, 0xa7)
      const hmac = hmacOf(key, digest)
      for (const text of TEXTS) expect(hmac(text), `${length}`).toBe(expected(key, text))
    }
  })

  test('keeps a key of its own: the bytes it was made of may change', () => {
    const key = Buffer.alloc(32, 1)
    const hmac = hmacOf(key, digest)
    const before = hmac('x')
    key.fill(2)
    expect(hmac('x')).toBe(before)
    expect(hmac('x'.repeat(20_000))).toBe(expected(Buffer.alloc(32, 1), 'x'.repeat(20_000)))
  })
})

describe.each(DIGESTS)('HMAC with %s after a fixed head', (digest) => {
  const expected = (key: Uint8Array, head: Uint8Array, tail: Uint8Array) =>
    createHmac(digest, createSecretKey(key)).update(head).update(tail).digest('binary')

  test('is what createHmac says, whatever the key, the head and the tail', () => {
    const bytes = (maxLength: number) => fc.uint8Array({ maxLength })
    const tails = fc.oneof(
      bytes(300),
      fc.constantFrom(16_383, 16_384, 16_385, 40_000).map((size) => Buffer.alloc(size, 0xe9)),
    )
    fc.assert(
      fc.property(
        bytes(300),
        bytes(300),
        fc.array(tails, { minLength: 1, maxLength: 4 }),
        (key, head, list) => {
          const [ownKey, ownHead] = [Buffer.from(key), Buffer.from(head)]
          const hmac = headedHmac(ownKey, digest, ownHead)
          // The bytes it was made of may change.
          ownKey.fill(0)
          ownHead.fill(0)
          for (const tail of list) expect(hmac(tail)).toBe(expected(key, head, tail))
        },
      ),
    )
  })
})

test('two HMACs do not disturb each other', () => {
  const [one, other] = [
    hmacOf(Buffer.alloc(32, 1), 'sha256'),
    hmacOf(Buffer.alloc(32, 2), 'sha256'),
  ]
  const before = one('x')
  expect(other('x')).not.toBe(before)
  expect(one('x')).toBe(before)
})

test('a digest that nobody knows is refused', () => {
  expect(() => hmacOf(Buffer.alloc(32, 1), 'sha257')('x')).toThrow(/digest/i)
})

function fromUnits(units: number[]): string {
  return String.fromCharCode(...units)
}
