import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { authenticator, decodeSeconds, timedSigner } from '../../src/crypto/signed.ts'

const key = (letter: string) => Buffer.alloc(32, letter)
const signerOf = (...letters: string[]) => timedSigner(authenticator(letters.map(key), 'sha256'))
const hmac = (text: string) => createHmac('sha256', key('a')).update(text).digest('base64url')

describe('signatures', () => {
  test('are HMACs of the text in UTF-8, in base64url', () => {
    expect(authenticator([key('a')], 'sha256').sign('é')).toBe(hmac('é'))
    expect(authenticator([key('a')], 'sha1').sign('x')).toHaveLength(27)
  })

  test('the first key signs, all keys verify and say which they are', () => {
    const ring = authenticator([key('a'), key('b'), key('c')], 'sha256')
    expect(ring.sign('x')).toBe(authenticator([key('a')], 'sha256').sign('x'))
    for (const [index, letter] of ['a', 'b', 'c'].entries()) {
      expect(ring.verify('x', authenticator([key(letter)], 'sha256').sign('x'))).toBe(index)
    }
    expect(ring.verify('x', authenticator([key('d')], 'sha256').sign('x'))).toBeUndefined()
  })

  test('one signature has one spelling', () => {
    const ring = authenticator([key('a')], 'sha256')
    const signature = ring.sign('x')
    const last = signature.charCodeAt(signature.length - 1)
    for (const other of [
      `${signature}=`,
      `${signature} `,
      ` ${signature}`,
      signature.slice(0, -1),
      '',
      `${signature}A`,
      signature.slice(0, -1) + String.fromCharCode(last + 1),
      // The same byte in latin1.
      signature.slice(0, -1) + String.fromCharCode(last + 0x100),
    ]) {
      expect(ring.verify('x', other), other).toBeUndefined()
    }
  })

  test('a signature of another length is refused, not compared', () => {
    const ring = authenticator([key('a')], 'sha256')
    expect(ring.verify('x', 'AQID')).toBeUndefined()
    expect(ring.verify('x', Buffer.alloc(64).toString('base64url'))).toBeUndefined()
  })
})

describe('dated signatures', () => {
  test('body, seconds and signature are joined by dots, as itsdangerous joins them', () => {
    expect(signerOf('a').sign('Ym9keQ', 1_700_000_000)).toBe(
      `Ym9keQ.ZVPxAA.${hmac('Ym9keQ.ZVPxAA')}`,
    )
  })

  test('every body and time reads back', () => {
    const bodies = fc.string({ unit: fc.constantFrom(...'.abcXYZ019-_') })
    fc.assert(
      fc.property(bodies, fc.integer({ min: 0, max: 253_402_300_799 }), (body, seconds) => {
        const ring = signerOf('b', 'a')
        expect(ring.verify(ring.sign(body, seconds))).toEqual({ body, seconds, key: 0 })
        expect(ring.verify(signerOf('a').sign(body, seconds))).toEqual({ body, seconds, key: 1 })
        expect(ring.verify(signerOf('c').sign(body, seconds))).toBe('signature')
      }),
    )
  })

  test.each([
    ['', 'malformed'],
    ['.', 'malformed'],
    ['abc', 'malformed'],
    ['.abc', 'malformed'],
    ['a.', 'signature'],
    ['a.b', 'signature'],
    ['a.b.c', 'signature'],
    ['..', 'signature'],
    [`a.${hmac('a')}`, 'malformed'],
    [`ZVPxAA.${hmac('ZVPxAA')}`, 'malformed'],
    [`a.ZVPxAA=.${hmac('a.ZVPxAA=')}`, 'malformed'],
    [`a.__________8.${hmac('a.__________8')}`, 'malformed'],
    [`a.AAAAAAAAAAAA.${hmac('a.AAAAAAAAAAAA')}`, 'malformed'],
  ])('%j is %s', (value, reason) => expect(signerOf('a').verify(value)).toBe(reason))

  test('the empty body and the empty time are allowed where they are signed', () => {
    expect(signerOf('a').verify(`..${hmac('.')}`)).toEqual({ body: '', seconds: 0, key: 0 })
    expect(signerOf('a').sign('x', 0)).toBe(`x..${hmac('x.')}`)
    expect(signerOf('a').verify(`x..${hmac('x.')}`)).toEqual({ body: 'x', seconds: 0, key: 0 })
  })

  test('times read big-endian, up to the end of the year 9999', () => {
    expect(decodeSeconds('AQ')).toBe(1)
    expect(decodeSeconds('AQA')).toBe(256)
    expect(decodeSeconds('AAAAAAAAAAE')).toBe(1)
    const at = (seconds: number) => {
      const bytes = Buffer.alloc(8)
      bytes.writeBigUInt64BE(BigInt(seconds))
      return decodeSeconds(bytes.toString('base64url'))
    }
    expect(at(253_402_300_799)).toBe(253_402_300_799)
    expect(at(253_402_300_800)).toBeUndefined()
    expect(decodeSeconds('AAAAAAAAAAAB')).toBeUndefined()
    expect(decodeSeconds('A')).toBeUndefined()
  })

  test('a time of six characters is read by hand as it is read from its bytes', () => {
    const characters = fc.string({
      unit: fc.constantFrom(...'AQgwBCDEZaz059-_+/=. é'),
      minLength: 6,
      maxLength: 6,
    })
    const numbers = fc.integer({ min: 0, max: 0xffffffff }).map((seconds) => {
      const bytes = Buffer.alloc(4)
      bytes.writeUInt32BE(seconds)
      return bytes.toString('base64url')
    })
    const fromBytes = (text: string) => {
      const bytes = Buffer.from(text, 'base64url')
      return bytes.toString('base64url') === text ? bytes.readUInt32BE() : undefined
    }
    fc.assert(
      fc.property(fc.oneof(characters, numbers), (text) => {
        expect(decodeSeconds(text)).toBe(fromBytes(text))
      }),
      { numRuns: 5000 },
    )
    for (const last of 'AQgwBD_')
      expect(decodeSeconds(`ZVPxA${last}`)).toBe(fromBytes(`ZVPxA${last}`))
  })
})
