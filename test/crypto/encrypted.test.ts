import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encrypter } from '../../src/crypto/encrypted.ts'
import { deriveKey } from '../../src/crypto/keyring.ts'
import { keyIdOf, messageKey, plainOf, spell } from './envelope.ts'

const SEALED = process.env['QUICK_TESTS'] === '1' ? 4_000 : 100_000
const NOW = 1_800_000_000
const scope = { purpose: 'encrypted', audience: 'shop', cookieName: '__Host-session' }
const key = (letter: string) => Buffer.alloc(32, letter)
const ringOf = (letters: string) => encrypter(Array.from(letters, key), scope)

const texts = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 3000 }),
  fc.string({ unit: 'binary-ascii', maxLength: 300 }),
)
const seconds = fc.integer({ min: 0, max: 253_402_300_799 })

describe('encrypted values', () => {
  test('every text, time and context reads back', () => {
    const box = ringOf('a')
    fc.assert(
      fc.property(texts, seconds, fc.string({ unit: 'binary' }), (text, at, context) => {
        const value = box.seal(text, at, context)
        expect(value).toMatch(/^[\w-]+$/)
        expect(box.open(value, context)).toEqual({ text, seconds: at, key: 0 })
      }),
    )
  })

  test('the first key of a ring seals, and all of them open', () => {
    const rings = fc.shuffledSubarray([...'abcdefgh'], { minLength: 1 })
    fc.assert(
      fc.property(rings, texts, (letters, text) => {
        const ring = ringOf(letters.join(''))
        for (const [index, letter] of letters.entries()) {
          const opened = { text, seconds: NOW, key: index }
          expect(ring.open(ringOf(letter).seal(text, NOW))).toEqual(opened)
        }
        expect(ringOf(letters[0]!).open(ring.seal(text, NOW))).toMatchObject({ text })
      }),
      { numRuns: 30 },
    )
  })

  test('are what docs/formats.md says, byte for byte', () => {
    const salt = randomBytes(24)
    const box = encrypter([key('a')], scope, () => salt)
    const { purpose, audience, cookieName } = scope
    for (const context of ['', 'row-7', 'naïve ☃']) {
      const expected = spell({
        key: key('a'),
        labels: [purpose, audience, cookieName, context],
        salt,
        plain: plainOf(NOW, 'Grüße'),
      })
      expect(box.seal('Grüße', NOW, context)).toBe(expected)
    }
  })

  test('a small record takes at most 120 characters', () => {
    const text = '["tro0000.k3xq0a",{"a":1}]'
    expect(ringOf('a').seal(text, NOW).length).toBeLessThanOrEqual(120)
  })

  test('the same text is never sealed the same twice, and no key and nonce meet again', () => {
    const box = ringOf('a')
    const { purpose, audience, cookieName } = scope
    const labels = [Uint8Array.of(1), keyIdOf(key('a')), purpose, audience, cookieName, '']
    const salts = new Set<string>()
    const keys = new Set<string>()
    for (let time = 0; time < SEALED; time++) {
      const salt = Buffer.from(box.seal('x', NOW), 'base64url').subarray(3, 27)
      salts.add(salt.toString('latin1'))
      const okm = messageKey(key('a'), ['sojourn/1/enc', ...labels, salt])
      keys.add(okm.toString('latin1', 0, 44))
    }
    expect(salts.size).toBe(SEALED)
    expect(keys.size).toBe(SEALED)
  })

  test('two encrypters do not disturb each other, nor two contexts', () => {
    const [one, other] = [ringOf('a'), ringOf('b')]
    const value = one.seal('one', NOW)
    const row = one.seal('row', NOW, 'r')
    expect(other.open(other.seal('other', NOW))).toMatchObject({ text: 'other' })
    expect(one.open(value)).toMatchObject({ text: 'one' })
    expect(one.open(row, 'r')).toMatchObject({ text: 'row' })
    expect(one.open(value)).toMatchObject({ text: 'one' })
  })

  test('keep keys of their own: the bytes they were made of may change', () => {
    const bytes = Buffer.from(key('a'))
    const box = encrypter([bytes], scope)
    const value = box.seal('x', NOW)
    bytes.fill(0)
    expect(box.open(value)).toMatchObject({ text: 'x' })
  })

  test('a context of any length is bound whole', () => {
    const box = ringOf('a')
    const long = 'c'.repeat(100_000)
    const value = box.seal('x', NOW, long)
    expect(box.open(value, long)).toMatchObject({ text: 'x' })
    expect(box.open(value, `${long}c`)).toBe('signature')
    expect(box.open(value, `d${long.slice(1)}`)).toBe('signature')
  })
})

describe('the ring', () => {
  test('a value under a key that is not in it names an unknown key', () => {
    expect(ringOf('ab').open(ringOf('c').seal('x', NOW))).toBe('unknown-key')
  })

  test('the same key may stand in it twice, and counts as the first', () => {
    const ring = ringOf('aba')
    expect(ring.open(ringOf('a').seal('x', NOW))).toMatchObject({ key: 0 })
    expect(ring.open(ringOf('b').seal('x', NOW))).toMatchObject({ key: 1 })
  })

  test('two keys that share an id are refused, with what to do', () => {
    const [one, other] = sharingAnId()
    expect(() => encrypter([one, key('a'), other], scope)).toThrow(
      expect.objectContaining({
        code: 'ERR_OPTION_INVALID',
        message: expect.stringMatching(/"secret".*\[0\] and \[2\].*npx sojourn secret/),
      }),
    )
    expect(() => encrypter([one], scope)).not.toThrow()
  })

  test('a key of another size is refused', () => {
    for (const size of [0, 16, 31, 33, 64]) {
      expect(() => encrypter([Buffer.alloc(size)], scope), `${size}`).toThrow(RangeError)
    }
  })
})

/** Two keys whose ids are the same, found by trying. */
function sharingAnId(): [Uint8Array, Uint8Array] {
  const found = new Map<string, Uint8Array>()
  for (let attempt = 0; ; attempt++) {
    const candidate = deriveKey(Buffer.from('seed 4217'), String(attempt))
    const id = keyIdOf(candidate).toString('hex')
    const before = found.get(id)
    if (before) return [before, candidate]
    found.set(id, candidate)
  }
}
