import { parseSetCookie } from 'cookie'
import { describe, expect, test } from 'vitest'
import { SessionError } from '../../src/base/errors.ts'
import { type CookieAttributes, setCookieWriter } from '../../src/http/set-cookie.ts'

const plain: CookieAttributes = {
  name: 'session',
  path: '/',
  httpOnly: true,
  secure: false,
  sameSite: 'Lax',
  partitioned: false,
}
const refused = (attribute: string) =>
  expect.objectContaining({
    code: 'ERR_OPTION_INVALID',
    message: expect.stringContaining(`"cookie.${attribute}"`),
  })

describe('a Set-Cookie line', () => {
  test('has the attributes it was given', () => {
    const writer = setCookieWriter(plain, 'Max-Age')
    expect(writer.name).toBe('session')
    expect(writer.secure).toBe(false)
    expect(writer.set('v', undefined, 0)).toBe('session=v; HttpOnly; Path=/; SameSite=Lax')
    expect(writer.set('v', 90_999, 0)).toBe('session=v; Max-Age=90; HttpOnly; Path=/; SameSite=Lax')
    const full: CookieAttributes = {
      name: '__Secure-s',
      domain: 'example.com',
      path: '/app',
      httpOnly: false,
      secure: true,
      sameSite: 'None',
      partitioned: true,
    }
    expect(setCookieWriter(full, 'Max-Age').secure).toBe(true)
    expect(setCookieWriter(full, 'Expires').set('v', 1000, 1_700_000_000_000)).toBe(
      '__Secure-s=v; Domain=example.com; Expires=Tue, 14 Nov 2023 22:13:21 GMT; Secure; Path=/app; SameSite=None; Partitioned',
    )
    expect(
      setCookieWriter({ ...plain, sameSite: undefined }, 'Max-Age').set('v', undefined, 0),
    ).toBe('session=v; HttpOnly; Path=/')
  })

  test('Expires is that of its own second, whatever line was written before', () => {
    const { set } = setCookieWriter(plain, 'Expires')
    const T0 = 1_700_000_000_000
    const ends = [0, 999, 1000, 60_000, 999, 0].map((later) => {
      return /Expires=([^;]+)/.exec(set('v', 1000, T0 + later))?.[1]
    })
    expect(ends).toEqual(
      [0, 0, 1, 60, 0, 0].map((later) => new Date(T0 + 1000 + later * 1000).toUTCString()),
    )
  })

  test('Max-Age is a whole number of seconds from 1 second to 400 days', () => {
    const { set } = setCookieWriter(plain, 'Max-Age')
    const maxAge = (keepFor: number) => parseSetCookie(set('v', keepFor, 0))!.maxAge
    expect([0, 1, 999, 1000, 1999, 34_559_999_999, 34_560_000_000, 1e15].map(maxAge)).toEqual([
      1, 1, 1, 1, 1, 34_559_999, 34_560_000, 34_560_000,
    ])
  })

  test('a removal has the same attributes, or the browser would keep the cookie', () => {
    const variants: Partial<CookieAttributes>[] = [
      {},
      { domain: 'example.com', secure: true, sameSite: 'None', partitioned: true },
      { path: '/app', httpOnly: false, sameSite: undefined },
      { name: '__Host-s', secure: true },
    ]
    for (const variant of variants) {
      const writer = setCookieWriter({ ...plain, ...variant }, 'Max-Age')
      const set = parseSetCookie(writer.set('v', undefined, 0))!
      const { expires, maxAge, ...cleared } = parseSetCookie(writer.clear())!
      expect(cleared).toEqual({ ...set, value: '' })
      expect(maxAge).toBe(0)
      expect(expires!.getTime()).toBe(0)
    }
  })
})

describe('each attribute is checked against its grammar', () => {
  /** What a browser reads from the line, `undefined` if the attributes are refused. */
  const line = (attributes: CookieAttributes) => {
    try {
      return parseSetCookie(setCookieWriter(attributes, 'Max-Age').set('v', 60_000, 0))!
    } catch (error) {
      return error instanceof SessionError && error.code === 'ERR_OPTION_INVALID'
        ? undefined
        : (error as never)
    }
  }
  // In the inner loop one of sixteen, where only letters of distant scripts are.
  const step = process.env['QUICK_TESTS'] === '1' ? 16 : 1
  const everyCharacter = Array.from({ length: 0x10000 }, (_, code) =>
    String.fromCharCode(code),
  ).filter((_, code) => code < 0x3000 || code % step === 0)

  /** Texts with each character between these, that are neither refused nor read back as they were. */
  function misread(
    attribute: 'name' | 'path' | 'domain',
    before: string,
  ): { texts: string[]; accepted: number } {
    const { stackTraceLimit } = Error
    Error.stackTraceLimit = 0
    let accepted = 0
    const texts = everyCharacter
      .flatMap((character) => [before + character, `${before}${character}b`])
      .filter((text) => {
        const read = line({ ...plain, [attribute]: text })
        if (!read) return false
        accepted++
        const { name, value, path, domain, maxAge, httpOnly, sameSite, ...more } = read
        const expected = { name: 'session', path: '/', domain: undefined, [attribute]: text }
        const same =
          name === expected.name &&
          path === expected.path &&
          domain === expected.domain &&
          `${value} ${maxAge} ${httpOnly} ${sameSite}` === 'v 60 true lax' &&
          Object.keys(more).length === 0
        return !same
      })
    Error.stackTraceLimit = stackTraceLimit
    return { texts, accepted }
  }

  test.each([
    ['name', '', 154],
    ['name', 'a', 154],
    ['path', '', 2],
    ['path', 'a', 0],
    ['path', '/', 187],
    ['domain', '', 124],
    ['domain', 'a', 126],
    ['domain', 'a.', 124],
  ] as const)('every character in the %s, after %j', (attribute, before, accepted) => {
    expect(misread(attribute, before)).toEqual({ texts: [], accepted })
  })

  test('every character in SameSite is refused: there are three values', () => {
    const accepted = everyCharacter.filter(
      (character) =>
        line({ ...plain, sameSite: `Lax${character}` as 'Lax' }) ||
        line({ ...plain, sameSite: character as 'Lax' }),
    )
    expect(accepted).toEqual([])
  })

  const good: Partial<CookieAttributes>[] = [
    { name: "!#$%&'*+-.^_`|~09azAZ" },
    { path: '/a b=c,d"e\\' },
    { path: `/${'x'.repeat(1023)}` },
    { domain: 'localhost' },
    { domain: 'a-b.EXAMPLE.co' },
    { domain: '127.0.0.1' },
    { domain: `${'a.'.repeat(126)}b` },
    { name: '__Host-s', secure: true },
    { name: '__Secure-s', secure: true, domain: 'e.com', path: '/x' },
    { secure: true, partitioned: true },
  ]
  test.each(good)('%j is accepted', (attributes) => {
    expect(line({ ...plain, ...attributes })).toBeDefined()
  })

  const bad: [string, object][] = [
    ['name', { name: '' }],
    ['name', { name: 'a b' }],
    ['name', { name: 'a=b' }],
    ['name', { name: 'é' }],
    ['name', { name: 5 }],
    ['path', { path: '' }],
    ['path', { path: 'x' }],
    ['path', { path: '/a;b' }],
    ['path', { path: '/é' }],
    ['path', { path: '/a ' }],
    ['path', { path: `/${'x'.repeat(1024)}` }],
    ['path', { path: null }],
    ['domain', { domain: '.example.com' }],
    ['domain', { domain: 'example.com.' }],
    ['domain', { domain: 'a..b' }],
    ['domain', { domain: '-a.com' }],
    ['domain', { domain: 'a-' }],
    ['domain', { domain: 'example.com:80' }],
    ['domain', { domain: 'a'.repeat(254) }],
    ['domain', { domain: 5 }],
    ['domain', { domain: null }],
    ['sameSite', { sameSite: 'lax' }],
    ['sameSite', { sameSite: true }],
    ['httpOnly', { httpOnly: 1 }],
    ['secure', { secure: 'yes' }],
    ['partitioned', { partitioned: null }],
    ['partitioned', { partitioned: true }],
    ['name', { name: '__Host-s' }],
    ['name', { name: '__Host-s', secure: true, domain: 'e.com' }],
    ['name', { name: '__Host-s', secure: true, path: '/x' }],
    ['name', { name: '__HOST-s' }],
    ['name', { name: '__Secure-s' }],
    ['name', { name: '__secure-s' }],
  ]
  test.each(bad)('cookie.%s is refused in %j', (attribute, attributes) => {
    expect(() => setCookieWriter({ ...plain, ...attributes }, 'Max-Age')).toThrow(
      refused(attribute),
    )
  })
})
