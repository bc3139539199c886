import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { seededRandom } from '../record/random.ts'
import { packDeflated, packPlain, unpack } from '../../src/crypto/payload.ts'
import { expectQuick } from '../processor-time.ts'

const deflated = (bytes: string | Uint8Array) => `.${deflateSync(bytes).toString('base64url')}`

describe('payloads', () => {
  test('every text reads back, deflated or not', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), (text) => {
        expect(unpack(packPlain(text))).toBe(text)
        expect(unpack(packDeflated(text))).toBe(text)
      }),
    )
  })

  test('of any length, one after the other, read back: none sees the end of another', () => {
    const lengths = [20_000, 3, 16_385, 12_289, 12_288, 5462, 5461, 0, 1]
    for (const length of lengths) {
      for (const unit of ['x', 'é', '☃', '\ufffd']) {
        const text = unit.repeat(length)
        expect(packPlain(text)).toBe(Buffer.from(text).toString('base64url'))
        expect(unpack(packPlain(text))).toBe(text)
      }
    }
  })

  test('that are not UTF-8 are none, even beside the character that stands for such bytes', () => {
    const body = (...bytes: number[]) => Buffer.from(bytes).toString('base64url')
    expect(unpack(body(0x61, 0xff))).toBeUndefined()
    expect(unpack(body(0xef, 0xbf, 0xbd))).toBe('\ufffd')
    expect(unpack(body(0xef, 0xbf, 0xbd, 0xc3))).toBeUndefined()
  })

  test('are deflated only where that makes them shorter, the dot included', () => {
    expect(packDeflated('short')).toBe(packPlain('short'))
    expect(packDeflated('a'.repeat(100))).toBe(deflated('a'.repeat(100)))
    // As itsdangerous decides it: at least two bytes have to be saved. Texts that save one and two.
    const random = seededRandom(3)
    const saved = new Set<number>()
    for (let round = 0; round < 2000; round++) {
      const text = Array.from(
        { length: 30 + (round % 30) },
        () => 'abcd'[Math.floor(random() * 4)],
      ).join('')
      const saving = text.length - deflateSync(text).length
      saved.add(saving)
      expect(packDeflated(text)).toBe(saving >= 2 ? deflated(text) : packPlain(text))
    }
    expect([...saved]).toEqual(expect.arrayContaining([0, 1, 2]))
  })

  test('of up to 64 KiB inflate; a bomb does not', async () => {
    expect(unpack(deflated('x'.repeat(65_536)))).toHaveLength(65_536)
    expect(unpack(deflated('x'.repeat(65_537)))).toBeUndefined()
    const bomb = deflated(Buffer.alloc(64 * 1024 * 1024))
    expect(bomb.length).toBeLessThan(100_000)
    const before = process.memoryUsage().arrayBuffers
    expect(unpack(bomb)).toBeUndefined()
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * 1024 * 1024)
    await expectQuick(() => unpack(bomb))
  })

  test('what follows the end of a stream is ignored, as Python ignores it', () => {
    const stream = deflateSync('x'.repeat(50))
    expect(unpack(`.${Buffer.concat([stream, Buffer.from('more')]).toString('base64url')}`)).toBe(
      'x'.repeat(50),
    )
  })

  const stream = deflateSync('x'.repeat(50))
  test.each([
    ['raw deflate', `.${deflateRawSync('x'.repeat(50)).toString('base64url')}`],
    ['gzip', `.${gzipSync('x'.repeat(50)).toString('base64url')}`],
    ['a stream that was cut', `.${stream.subarray(0, -1).toString('base64url')}`],
    [
      'a wrong checksum',
      `.${Buffer.from([...stream.subarray(0, -1), stream.at(-1)! ^ 1]).toString('base64url')}`,
    ],
    ['nothing', '.'],
    ['two dots', `.${deflated('x'.repeat(50))}`],
    ['padding', 'YQ=='],
    ['standard base64', '+/+/'],
    ['stray low bits', 'YR'],
    ['bytes that are no UTF-8', Buffer.from([0xc3, 0x28]).toString('base64url')],
    ['deflated bytes that are no UTF-8', deflated(Buffer.from([0xff, 0xfe]))],
    ['a surrogate in UTF-8', Buffer.from([0xed, 0xa0, 0x80]).toString('base64url')],
  ])('%s is refused', (_, body) => expect(unpack(body)).toBeUndefined())

  test('a byte order mark is kept, and so is no JSON', () => {
    expect(unpack(Buffer.from('\ufeff{}').toString('base64url'))).toBe('\ufeff{}')
  })
})
