import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encrypter } from '../../src/crypto/encrypted.ts'
import { type Envelope, keyIdOf, plainOf, spell } from './envelope.ts'

const NOW = 1_800_000_000
const KEY = Buffer.alloc(32, 'a')
const OTHER = Buffer.alloc(32, 'b')
const scope = { purpose: 'encrypted', audience: 'shop', cookieName: 'session' }
const box = encrypter([KEY, OTHER], scope)

const genuine: Envelope = {
  key: KEY,
  labels: ['encrypted', 'shop', 'session', ''],
  salt: Buffer.alloc(24, 's'),
  plain: plainOf(NOW, '["tro0000.k3xq0a",{"a":1}]'),
}

test('what these forgeries are made from opens', () => {
  expect(box.open(spell(genuine))).toMatchObject({ seconds: NOW, key: 0 })
})

describe('a value opens only for what it was sealed for', () => {
  const value = box.seal('x', NOW, 'row')

  test.each([
    ['purpose', { ...scope, purpose: 'row' }],
    ['audience', { ...scope, audience: 'shop2' }],
    ['empty audience', { ...scope, audience: '' }],
    ['cookie name', { ...scope, cookieName: 'Session' }],
    ['boundary between labels', { ...scope, audience: 'shops', cookieName: 'ession' }],
  ])('not for another %s', (_what, other) => {
    expect(encrypter([KEY], scope).open(value, 'row')).toMatchObject({ text: 'x' })
    expect(encrypter([KEY], other).open(value, 'row')).toBe('signature')
  })

  test('not for another context', () => {
    for (const context of ['', 'ro', 'rows', 'ROW', 'row\0']) {
      expect(box.open(value, context), context).toBe('signature')
    }
    expect(box.open(box.seal('x', NOW), 'row')).toBe('signature')
  })

  test('not under another key, even where it names that key', () => {
    expect(box.open(spell({ ...genuine, keyId: keyIdOf(OTHER) }))).toBe('signature')
    expect(encrypter([OTHER], scope).open(value, 'row')).toBe('unknown-key')
  })
})

describe('a value that was tampered with does not open', () => {
  test.each([
    ['empty text', '', ''],
    ['small text', '["tro0000.k3xq0a",{"a":1}]', ''],
    ['text bound to a row', 'Grüße 😀', 'row'],
  ])('whichever bit is flipped: %s', (_what, text, context) => {
    const bytes = Buffer.from(box.seal(text, NOW, context), 'base64url')
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = Buffer.from(bytes)
      flipped[bit >> 3]! ^= 0x80 >> (bit & 7)
      const expected = bit < 8 ? 'malformed' : bit < 24 ? 'unknown-key' : 'signature'
      expect(box.open(flipped.toString('base64url'), context), `bit ${bit}`).toBe(expected)
    }
  })

  test('not with the right tag and a wrong commitment', () => {
    const commitment = Buffer.alloc(16, 1)
    expect(box.open(spell({ ...genuine, commitment }))).toBe('signature')
  })

  test('not with the right commitment and a wrong tag', () => {
    expect(box.open(spell({ ...genuine, tag: Buffer.alloc(16, 1) }))).toBe('signature')
  })

  test('not with a shorter or a longer tag', () => {
    for (const tagBytes of [4, 8, 12, 13, 14, 15]) {
      const value = spell({ ...genuine, tagBytes })
      expect(box.open(value), `${tagBytes}`).toBe('signature')
    }
    const longer = Buffer.concat([Buffer.from(spell(genuine), 'base64url'), Buffer.alloc(1)])
    expect(box.open(longer.toString('base64url'))).toBe('signature')
    // Nothing but a shortened tag after the time: too short to be looked at.
    const empty = { ...genuine, plain: plainOf(NOW, '') }
    expect(box.open(spell(empty))).toMatchObject({ text: '' })
    expect(box.open(spell({ ...empty, tagBytes: 15 }))).toBe('malformed')
    expect(box.open(spell({ ...empty, tagBytes: 4 }))).toBe('malformed')
  })

  test('of another version it is malformed, even where the rest belongs together', () => {
    for (const version of [0, 2, 255]) {
      expect(box.open(spell({ ...genuine, version })), `${version}`).toBe('malformed')
    }
  })
})

describe('what was sealed and cannot be read', () => {
  test.each([
    ['bytes that are not UTF-8', plainOf(NOW, Buffer.from([0x61, 0xff]))],
    ['a surrogate in UTF-8', plainOf(NOW, Buffer.from([0xed, 0xa0, 0x80]))],
    ['an overlong spelling', plainOf(NOW, Buffer.from([0xc0, 0x80]))],
    ['a time past the year 9999', plainOf(253_402_300_800, 'x')],
    ['the last time that five bytes hold', plainOf(2 ** 40 - 1, 'x')],
    ['less than a time', Buffer.alloc(4)],
  ])('%s is malformed', (_what, plain) => {
    expect(box.open(spell({ ...genuine, plain }))).toBe('malformed')
  })

  test('the last second of the year 9999 is a time', () => {
    const plain = plainOf(253_402_300_799, 'x')
    expect(box.open(spell({ ...genuine, plain }))).toMatchObject({ seconds: 253_402_300_799 })
  })
})

describe('a value has one spelling', () => {
  test('no other spelling of the same bytes opens', () => {
    const value = spell(genuine)
    const last = value.charCodeAt(value.length - 1)
    for (const other of [
      `${value}=`,
      `${value}==`,
      ` ${value}`,
      `${value}\n`,
      `${value}\0`,
      `${value}A`,
      value.slice(0, -1) + String.fromCharCode(last + 1),
      value.slice(0, -1) + String.fromCharCode(last + 0x100),
      value.slice(0, 40) + ' ' + value.slice(40),
      Buffer.from(value, 'base64url').toString('base64'),
      Buffer.from(value, 'base64url').toString('hex'),
    ]) {
      expect(typeof box.open(other), other).toBe('string')
    }
  })
})

describe('whatever a visitor sends', () => {
  const opened = (value: string, context?: string) => box.open(value, context)
  const refusals = ['malformed', 'unknown-key', 'signature']

  test('nothing throws, and nothing but what was sealed opens', () => {
    const value = spell(genuine)
    const garbage = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.string({ unit: fc.constantFrom(...'AQID-_az09'), maxLength: 300 }),
      fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 200 }).map(fromUnits),
      fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString('base64url')),
      fc.uint8Array({ maxLength: 300 }).map((bytes) => {
        return value.slice(0, 4) + Buffer.from(bytes).toString('base64url')
      }),
      fc.tuple(fc.nat(value.length), fc.string(), fc.nat(20)).map(([at, text, cut]) => {
        return value.slice(0, at) + text + value.slice(at + cut)
      }),
    )
    fc.assert(
      fc.property(garbage, fc.string(), (text, context) => {
        fc.pre(text !== value)
        expect(refusals).toContain(opened(text))
        expect(refusals).toContain(opened(text, context))
      }),
      { numRuns: 3000 },
    )
  })

  test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', '', '\ud800'])(
    'not a beginning such as %j',
    (beginning) => {
      for (const length of [0, 10, 82, 100, 1000]) {
        expect(refusals).toContain(opened(beginning + 'A'.repeat(length)))
      }
    },
  )

  test('a value that is too short is refused before any work, a huge one with little', () => {
    expect(opened(spell(genuine).slice(0, 84))).toBe('malformed')
    expect(opened('A'.repeat(1_000_000))).toBe('malformed')
    expect(opened('AQAA' + 'A'.repeat(1_000_000))).toBe('unknown-key')
    expect(opened(spell(genuine).slice(0, 4) + 'A'.repeat(1_000_000))).toBe('signature')
  })
})

function fromUnits(units: number[]): string {
  return String.fromCharCode(...units)
}
