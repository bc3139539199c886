/** Every code point in every attribute: what reaches Set-Cookie is in its grammar. */

import { stringifySetCookie } from 'cookie'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { flask } from '../../src/flask/flask.ts'
import { type CookieAttributes, setCookieWriter } from '../../src/http/set-cookie.ts'
import { createSessions, type SessionOptions } from '../../src/index.ts'
import { SECRET } from '../session/visitor.ts'
import {
  ALNUM,
  AV_OCTET,
  codePoints,
  codes,
  LAST,
  LDH,
  range,
  sorted,
  TCHAR,
  unlessRefused,
  withoutStackTraces,
} from './code-points.ts'

const plain: CookieAttributes = {
  name: 'session',
  path: '/',
  httpOnly: true,
  secure: false,
  sameSite: 'Lax',
  partitioned: false,
}

withoutStackTraces()

const line = (attributes: Partial<CookieAttributes>) =>
  unlessRefused(() =>
    setCookieWriter({ ...plain, ...attributes }, 'Max-Age').set('v', undefined, 0),
  )
const startsWith = (options: Partial<SessionOptions>) =>
  unlessRefused(() => createSessions({ secret: SECRET, ...options })) !== undefined
const startsFlaskWith = (config: object) =>
  unlessRefused(() => createSessions(flask({ SECRET_KEY: SECRET, ...config }))) !== undefined

describe('of all code points', () => {
  test('a name takes those of a token, and no other', () => {
    const accepted = codePoints((c) => line({ name: `a${c}b` }) !== undefined)
    expect(accepted).toEqual(TCHAR)
    for (const code of accepted) {
      const name = `a${String.fromCodePoint(code)}b`
      expect(line({ name })).toBe(`${name}=v; HttpOnly; Path=/; SameSite=Lax`)
    }
  })

  test('a path takes those of an attribute value, and no other', () => {
    expect(
      codePoints(
        (c) => line({ path: `/a${c}b` }) === `session=v; HttpOnly; Path=/a${c}b; SameSite=Lax`,
      ),
    ).toEqual(AV_OCTET)
  })

  test('a domain takes those of a host name, and no other', () => {
    expect(codePoints((c) => line({ domain: `a${c}b` }) !== undefined)).toEqual(
      sorted([...LDH, 0x2e]),
    )
  })

  test('SameSite takes none: there are three values, in one spelling', () => {
    expect(codePoints((c) => line({ sameSite: `La${c}x` as 'Lax' }) !== undefined)).toEqual([])
    const spelled = (before: string, c: string, after: string) =>
      line({ sameSite: `${before}${c}${after}` as 'Lax' }) !== undefined
    expect(codePoints((c) => spelled('', c, 'ax'), 0xffff)).toEqual(codes('L'))
    expect(codePoints((c) => spelled('Stric', c, ''), 0xffff)).toEqual(codes('t'))
    expect(codePoints((c) => spelled('N', c, 'ne'), 0xffff)).toEqual(codes('o'))
  })
})

describe('the ends of an attribute have rules of their own', () => {
  const atTheEnds = (make: (c: string) => Partial<CookieAttributes>) =>
    codePoints((c) => line(make(c)) !== undefined, 0xffff)

  test('a path begins with a slash and ends without a blank, which browsers would cut off', () => {
    expect(atTheEnds((path) => ({ path }))).toEqual(codes('/'))
    expect(atTheEnds((c) => ({ path: `${c}/a` }))).toEqual(codes('/'))
    expect(atTheEnds((c) => ({ path: `/a${c}` }))).toEqual(AV_OCTET.filter((code) => code !== 0x20))
  })

  test('a label of a domain begins and ends with a letter or a digit', () => {
    for (const make of [
      (domain: string) => ({ domain }),
      (c: string) => ({ domain: `${c}a.b` }),
      (c: string) => ({ domain: `a${c}.b` }),
      (c: string) => ({ domain: `a.${c}b` }),
      (c: string) => ({ domain: `a.b${c}` }),
    ]) {
      const accepted = atTheEnds(make)
      expect(accepted).toEqual(ALNUM)
    }
  })
})

describe('lengths', () => {
  test.each([
    ['a name of 1 024 characters', { name: 'a'.repeat(1024) }, { name: 'a'.repeat(1025) }],
    ['a path of 1 024', { path: `/${'a'.repeat(1023)}` }, { path: `/${'a'.repeat(1024)}` }],
    ['a label of 63', { domain: `${'a'.repeat(63)}.b` }, { domain: `b.${'a'.repeat(64)}` }],
    ['a domain of 253', { domain: `${'a.'.repeat(126)}b` }, { domain: `${'a.'.repeat(126)}bc` }],
  ])('%s is the longest', (_, longest, longer) => {
    expect(line(longest)).toBeDefined()
    expect(line(longer)).toBeUndefined()
  })
})

describe('misuse fails at start-up, before there is a response', () => {
  const few = [...range(0, 0xff), 0x2028, 0xd800, 0xdfff, 0xfeff, 0xffff, 0x1f36a, LAST]
  const accepted = (starts: (character: string) => boolean) =>
    few.filter((code) => starts(String.fromCodePoint(code)))

  test('in createSessions', () => {
    expect(accepted((c) => startsWith({ cookie: { name: `a${c}b` } }))).toEqual(TCHAR)
    expect(accepted((c) => startsWith({ cookie: { path: `/a${c}b` } }))).toEqual(AV_OCTET)
    expect(accepted((c) => startsWith({ cookie: { domain: `${c}b` } }))).toEqual(ALNUM)
    expect(accepted((c) => startsWith({ cookie: { sameSite: c as 'Lax' } }))).toEqual([])
  })

  test('in the names of Flask', () => {
    expect(accepted((c) => startsFlaskWith({ SESSION_COOKIE_NAME: `a${c}b` }))).toEqual(TCHAR)
    expect(accepted((c) => startsFlaskWith({ SESSION_COOKIE_SAMESITE: `Lax${c}` }))).toEqual([])
  })

  test.each(['name', 'path', 'domain', 'sameSite', 'secure', 'httpOnly', 'partitioned'])(
    'where cookie.%s is of another type',
    (attribute) => {
      const values = [0, 1, 1n, Symbol('x'), {}, [], ['/'], () => '/', Object('/'), new Date(0)]
      for (const value of values) {
        expect(startsWith({ cookie: { [attribute]: value } }), String(value)).toBe(false)
      }
    },
  )
})

describe('the cookie package agrees', () => {
  const theirs = (attributes: { name?: string; domain?: string; path?: string }) => {
    try {
      return stringifySetCookie({ name: 'session', value: 'v', ...attributes })
    } catch {
      return undefined
    }
  }
  const label = fc.string({ unit: fc.constantFrom(...'aZ09-._ ;\r\n\u0000é'), maxLength: 12 })

  test('on every host name, save for its leading dot', () => {
    fc.assert(
      fc.property(label, (domain) => {
        const expected =
          domain !== '' && !domain.startsWith('.') && theirs({ domain }) !== undefined
        // An empty one is written as it is: to browsers it means none.
        expect(line({ domain }) !== undefined).toBe(expected || domain === '')
      }),
      { numRuns: 20_000, seed: 1 },
    )
  })

  test('that every name and every path we accept can be written', () => {
    const text = fc.string({
      unit: fc.constantFrom(...'aZ09-._/=" ;,\\<>\t\r\n\u0000\u007fé'),
      maxLength: 8,
    })
    fc.assert(
      fc.property(text, (given) => {
        const path = `/${given}`
        if (line({ name: given }) !== undefined) expect(theirs({ name: given })).toBeDefined()
        // The package's expression leaves out "<", which its own comment allows.
        if (line({ path }) !== undefined)
          expect(theirs({ path: path.replaceAll('<', '') })).toBeDefined()
      }),
      { numRuns: 20_000, seed: 2 },
    )
  })
})
