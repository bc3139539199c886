import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeStamp, encodeStamp, NONCES, spellNonce } from '../../src/record/stamp.ts'

test('a stamp says when a session began and which it is, and nothing else is one', () => {
  expect(encodeStamp({ created: 1_700_000_000, nonce: 'x7y2q0' })).toBe('s44we8.x7y2q0')
  expect(encodeStamp({ created: 0, nonce: undefined })).toBe('0')
  expect(encodeStamp({ created: undefined, nonce: 'x7y2q0' })).toBe('')
  for (const text of ['.', 'A', '1.', '1.abcde', '1.abcdefg', '-1', '1.abcde!', '0123456789', ' 1'])
    expect(decodeStamp(text), text).toBeUndefined()
})

test('every stamp is read as it was written', () => {
  fc.assert(
    fc.property(
      fc.option(fc.nat(253_402_300_799), { nil: undefined }),
      fc.option(fc.nat(NONCES - 1).map(spellNonce), { nil: undefined }),
      (created, nonce) => {
        const stamp = { created, nonce: created === undefined ? undefined : nonce }
        expect(decodeStamp(encodeStamp(stamp))).toEqual(stamp)
      },
    ),
  )
})

test('every nonce has six characters', () => {
  expect(spellNonce(0)).toBe('000000')
  expect(spellNonce(NONCES - 1)).toBe('zzzzzz')
})
