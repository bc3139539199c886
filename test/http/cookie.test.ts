import { parseCookie } from 'cookie'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cookieValues } from '../../src/http/cookie.ts'
import { NO_NAMES } from './near-names.ts'
import { expectGrowthBelow } from '../processor-time.ts'

describe('a cookie ends at a semicolon, as in browsers', () => {
  test.each([
    ['a="x; s=1; b="', ['1']],
    ['a="; s=1', ['1']],
    ['a="\\"; s=1; b="', ['1']],
    ['s="1; a="', ['"1']],
    ['a=x"1"; s=1', ['1']],
    ['s=1;s=2;\ts=3', ['1', '2', '3']],
    ['s = 1 ; a=2', ['1']],
    ['s="1"', ['1']],
    ['s="', ['"']],
    ['s=""', ['']],
    ['s=', ['']],
    ['s=1=2', ['1=2']],
    ['s=a b', ['a b']],
  ])('%j', (header, values) => {
    expect(cookieValues(header, 's')).toEqual(values)
  })

  test.each([
    '',
    's',
    's; a=1',
    '=s=1',
    'as=1',
    'a s=1',
    'a=s=1',
    'S=1',
    '$Version=1, s=1',
    'a=1 s=2',
  ])('there is no such cookie in %j', (header) => {
    expect(cookieValues(header, 's')).toEqual([])
  })

  test('there is nothing to read in no header, and nothing under no name', () => {
    expect(cookieValues(undefined, 'a')).toEqual([])
    expect(cookieValues(null, 'a')).toEqual([])
    expect(cookieValues('=1; a=1', '')).toEqual([])
  })

  test.each(NO_NAMES)('the name in %j is not taken for another', (header) => {
    expect(cookieValues(header, '__Host-x')).toEqual([])
  })

  test('whatever a neighbour contains, the cookies beside it are read', () => {
    const text = fc.string({ unit: fc.constantFrom(...'as="\\ \t,0\u0000é'), maxLength: 8 })
    fc.assert(
      fc.property(text, text, (before, behind) => {
        expect(cookieValues(`a=${before}; s=1; a=${behind}`, 's')).toEqual(['1'])
      }),
      { numRuns: 5000 },
    )
  })

  test('ordinary headers read as the cookie package reads them', () => {
    const token = fc.string({
      unit: fc.constantFrom(...'abcXYZ019!#$&*+-.^_`|~'),
      minLength: 1,
      maxLength: 8,
    })
    // No percent signs: there the package decodes, and we do not.
    const value = fc.string({ unit: fc.constantFrom(...'abcXYZ019-_.=/+:!()"'), maxLength: 30 })
    fc.assert(
      fc.property(fc.array(fc.tuple(token, value), { minLength: 1, maxLength: 8 }), (pairs) => {
        const header = pairs.map(([name, text]) => `${name}=${text}`).join('; ')
        const bare = (text: string) =>
          /^".*"$/.test(text) && text.length > 1 ? text.slice(1, -1) : text
        const oracle = parseCookie(header)
        for (const [name] of pairs) {
          const values = cookieValues(header, name)
          expect(values[0]).toBe(bare(oracle[name]!))
          expect(values).toEqual(
            pairs.filter(([own]) => own === name).map(([, text]) => bare(text)),
          )
        }
      }),
      { numRuns: 2000 },
    )
  })

  test('time is linear in the length of the header', async () => {
    for (const piece of [';', 'a;', 'a=;', 'a="', ' ', 'a ', ' a', 'a=', ' a=', 'a = ;', 'a\t\t']) {
      const reading = (length: number) => {
        const header = `${piece.repeat(Math.ceil(length / piece.length))};a=1`
        return () => cookieValues(header, 'a')
      }
      // Sixteen times the text: linear takes 16 times as long, quadratic 256 times.
      await expectGrowthBelow(100, { little: reading(32_000), much: reading(512_000) }, piece)
    }
  })
})
