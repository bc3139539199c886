import { parseCookie } from 'cookie'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { werkzeugCookieValues as cookieValues } from '../../src/flask/cookie-header.ts'
import { NO_NAMES } from '../http/near-names.ts'
import { expectGrowthBelow } from '../processor-time.ts'
import fixture from '../fixtures/cookie-header.json' with { type: 'json' }

interface Case {
  header_utf8?: string
  header_latin1_bytes_hex?: string
  two_headers?: string[]
  cookies: string[][]
}

/** What a server reads: HTTP headers are bytes, and Node gives each byte as one character. */
function headerText({ header_utf8, header_latin1_bytes_hex }: Case): string {
  const bytes =
    header_latin1_bytes_hex === undefined
      ? Buffer.from(header_utf8!, 'utf8')
      : Buffer.from(header_latin1_bytes_hex, 'hex')
  return bytes.toString('latin1')
}

const recorded = (fixture.parse as Case[]).filter((item) => !item.two_headers)

describe('a Cookie header reads as Werkzeug reads it', () => {
  test('all recorded headers are there', () => expect(recorded.length).toBeGreaterThan(45))

  test.each(recorded.map((item) => [headerText(item), item.cookies] as const))(
    '%j',
    (header, cookies) => {
      const names = new Set([
        ...cookies.map(([name]) => name!),
        // Every name somebody could see in it, so that what Werkzeug drops is asked for too.
        ...header
          .split(';')
          .flatMap((pair) => [pair.split('=')[0]!, pair.split('=')[0]!.trim(), pair.trim()]),
        ...header.split(/[=;, ]/),
      ])
      names.delete('')
      for (const name of names) {
        const expected = cookies.filter(([own]) => own === name).map(([, value]) => value)
        expect(cookieValues(header, name), name).toEqual(expected)
      }
    },
  )
})

describe('a Cookie header reads as the cookie package reads it', () => {
  const token = fc.string({
    unit: fc.constantFrom(...'abcXYZ019!#$&*+-.^_`|~'),
    minLength: 1,
    maxLength: 8,
  })
  // No quotation marks, percent signs or blanks: there the package decodes, and we do not.
  const value = fc.string({ unit: fc.constantFrom(...'abcXYZ019-_.=/+:!()'), maxLength: 30 })

  test('on headers of ordinary cookies', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(token, value), { minLength: 1, maxLength: 8 }), (pairs) => {
        const header = pairs.map(([name, text]) => `${name}=${text}`).join('; ')
        const oracle = parseCookie(header)
        for (const [name] of pairs) {
          expect(cookieValues(header, name)[0]).toBe(oracle[name])
          expect(cookieValues(header, name)).toEqual(
            pairs.filter(([own]) => own === name).map(([, text]) => text),
          )
        }
      }),
      { numRuns: 2000 },
    )
  })
})

describe('hostile Cookie headers', () => {
  test('there is nothing to read in no header', () => {
    expect(cookieValues(undefined, 'a')).toEqual([])
    expect(cookieValues(null, 'a')).toEqual([])
    expect(cookieValues('', 'a')).toEqual([])
  })

  test.each([...NO_NAMES, 'a="; __Host-x=1; "'])(
    'the name in %j is not taken for another',
    (header) => {
      expect(cookieValues(header, '__Host-x')).toEqual([])
    },
  )

  test('$Version begins no other syntax', () => {
    expect(cookieValues('$Version=1; __Host-x="a\\"b; c"; $Path=/', '__Host-x')).toEqual(['a"b; c'])
    expect(cookieValues('$Version=1, __Host-x=1', '__Host-x')).toEqual([])
  })

  test.each(['a="1"x; b=2', 'a="1" x; b=2', 'a="1"=; b=2', 'a=x"1"; b=2', 'a="1""; b=2'])(
    'text beside quotation marks spoils the value of %j, and no other',
    (header) => {
      expect(cookieValues(header, 'a')).toEqual([])
      expect(cookieValues(header, 'b')).toEqual(['2'])
    },
  )

  test('characters outside ASCII stand beside escapes as they came', () => {
    expect(cookieValues('a="\u00c3\u00a9\\054"', 'a')).toEqual(['\u00c3\u00a9,'])
  })

  test('a header that says the name once is read as pair by pair', () => {
    const pieces = [
      ...'a=;"\\ \t,07\u0000\u00a0é',
      'a=1',
      '; a=xyz',
      '; ',
      'ba=',
      'a',
      ';a=2',
      '=a',
    ]
    const headers = fc
      .array(fc.constantFrom(...pieces), { maxLength: 6 })
      .map((list) => list.join(''))
    fc.assert(
      fc.property(headers, fc.constantFrom('a', 'a', 'ba', '', '=', 'a;', '=a'), (header, name) => {
        // Behind a quoted pair of another name every pair is read one by one.
        expect(cookieValues(header, name)).toEqual(cookieValues(`q="";${header}`, name))
      }),
      { numRuns: 30_000 },
    )
  })

  test('any header is read without an error', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'a=;"\\ \t,07\u0000é') }), (header) => {
        for (const value of cookieValues(header, 'a')) expect(typeof value).toBe('string')
      }),
      { numRuns: 20_000 },
    )
  })

  test('time is linear in the length of the header', async () => {
    const pieces = [
      ';',
      'a;',
      'a=;',
      'a="',
      'a="\\',
      'a="";',
      '"',
      ' ',
      '= ',
      'a="\\";',
      'a="x" ',
      'a="; ',
      'a ',
      '\\"',
    ]
    for (const piece of pieces) {
      const reading = (length: number) => {
        const header = `${piece.repeat(Math.ceil(length / piece.length))};a=1`
        return () => cookieValues(header, 'a')
      }
      // Sixteen times the text: linear takes 16 times as long, quadratic 256 times.
      await expectGrowthBelow(100, { little: reading(32_000), much: reading(512_000) }, piece)
    }
  })
})
