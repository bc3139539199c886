import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encrypter } from '../../src/crypto/encrypted.ts'

const scope = { purpose: 'session', audience: '', cookieName: 'session' }
const key = (letter: string) => Buffer.alloc(32, letter)

describe('encrypted values', () => {
  test('every text, time and context reads back', () => {
    const texts = fc.string({ unit: 'binary', maxLength: 3000 })
    const box = encrypter([key('a')], scope)
    fc.assert(
      fc.property(texts, fc.nat(), fc.string(), (text, seconds, context) => {
        const value = box.seal(text, seconds, context)
        expect(box.open(value, context)).toEqual({ text, seconds, key: 0 })
      }),
    )
    expect(box.seal('x'.repeat(24), 0).length).toBeLessThanOrEqual(120)
  })
})
