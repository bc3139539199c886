import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeBase64url, encodeBase64url, lengthPrefixed } from '../../src/base/bytes.ts'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

describe('base64url', () => {
  test('every sequence of bytes survives', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const text = encodeBase64url(bytes)
        expect(text).toMatch(/^[A-Za-z0-9_-]*$/)
        expect(new Uint8Array(decodeBase64url(text)!)).toEqual(bytes)
      }),
    )
  })

  test('a view into a larger buffer is encoded without its surroundings', () => {
    expect(encodeBase64url(new Uint8Array([9, 1, 2, 3, 9]).subarray(1, 4))).toBe('AQID')
  })

  test('one value has one spelling: of all two-character texts only canonical ones decode', () => {
    const accepted = [...ALPHABET].flatMap((a) =>
      [...ALPHABET].filter((b) => decodeBase64url(a + b) !== undefined).map((b) => a + b),
    )
    expect(accepted).toHaveLength(256)
  })

  test.each(['A', 'AQ==', 'AQ=', 'A Q', 'AQ\n', 'A+/_', '\u0141Q', 'AQ.', 'A\u0000', 'ＡＱ'])(
    'foreign spelling %j does not decode',
    (text) => expect(decodeBase64url(text)).toBeUndefined(),
  )

  test('the empty text is no bytes', () => {
    expect(decodeBase64url('')).toHaveLength(0)
  })
})

describe('length prefixes', () => {
  test('the prefix is four bytes, big-endian, and counts bytes', () => {
    expect([...lengthPrefixed('é', '')]).toEqual([0, 0, 0, 2, 0xc3, 0xa9, 0, 0, 0, 0])
    expect([...lengthPrefixed('a'.repeat(300))].slice(0, 5)).toEqual([0, 0, 1, 44, 97])
  })

  test('no two lists of texts give the same bytes', () => {
    const lists = fc.array(fc.string({ unit: 'grapheme', maxLength: 4 }), { maxLength: 4 })
    fc.assert(
      fc.property(lists, lists, (a, b) => {
        const same = lengthPrefixed(...a).equals(lengthPrefixed(...b))
        expect(same).toBe(JSON.stringify(a) === JSON.stringify(b))
      }),
      { numRuns: 500 },
    )
  })
})
