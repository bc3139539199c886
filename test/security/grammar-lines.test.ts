/** The Set-Cookie line as a whole: prefixes, expiry, removal, injection, and only one of our name. */

import { parseSetCookie } from 'cookie'
import { describe, expect, test } from 'vitest'
import { flask } from '../../src/flask/flask.ts'
import { createSessions, type SessionOptions } from '../../src/index.ts'
import { served, WAYS } from '../promises/both-ways.ts'
import { SECRET, T0, Visitor } from '../session/visitor.ts'
import { KINDS } from './kinds.ts'

const starts = (cookie: NonNullable<SessionOptions['cookie']>) => () =>
  createSessions({ secret: SECRET, cookie })
const invalid = expect.objectContaining({ code: 'ERR_OPTION_INVALID' })

/** Every spelling of a text that differs in case alone. */
function cases(text: string): string[] {
  const letters = [...text].map((letter) => [
    ...new Set([letter.toLowerCase(), letter.toUpperCase()]),
  ])
  return letters.reduce<string[]>(
    (begun, choices) => begun.flatMap((before) => choices.map((choice) => before + choice)),
    [''],
  )
}

describe('browsers hold a cookie to the rules of its prefix, so createSessions does, in any case', () => {
  test('__Host- needs Secure, the path "/" and no domain', () => {
    for (const prefix of cases('__Host-')) {
      const name = `${prefix}s`
      expect(starts({ name, secure: true }), name).not.toThrow()
      for (const broken of [
        { secure: false },
        { path: '/a' },
        { domain: 'example.com' },
        { domain: '' },
      ]) {
        expect(starts({ name, secure: true, ...broken }), name).toThrow(invalid)
      }
    }
  })

  test('__Secure- needs Secure', () => {
    for (const prefix of cases('__Secure-')) {
      const name = `${prefix}s`
      expect(starts({ name, secure: true, path: '/a', domain: 'example.com' }), name).not.toThrow()
      expect(starts({ name, secure: false }), name).toThrow(invalid)
    }
  })

  test('__Http- and __Host-Http- need Secure and HttpOnly as well', () => {
    for (const prefix of [...cases('__Http-'), '__Host-Http-', '__HOST-HTTP-', '__host-http-']) {
      const name = `${prefix}s`
      expect(starts({ name, secure: true }), name).not.toThrow()
      expect(starts({ name, secure: false }), name).toThrow(invalid)
      expect(starts({ name, secure: true, httpOnly: false }), name).toThrow(invalid)
    }
    expect(starts({ name: '__Host-Http-s', secure: true, path: '/a' })).toThrow(invalid)
    expect(starts({ name: '__Http-s', secure: true, path: '/a' })).not.toThrow()
  })

  test('a name that only looks like one has no rules', () => {
    for (const name of [
      '_Host-s',
      '__Host',
      '__Host_s',
      'a__Host-s',
      '__Hosts-',
      '__Secures-',
      '-__Secure-',
      '_Http-s',
      '__Https-s',
    ]) {
      expect(starts({ name, secure: false, path: '/a' }), name).not.toThrow()
    }
  })

  test('SameSite=None and Partitioned need Secure', () => {
    expect(starts({ sameSite: 'None', secure: false })).toThrow(invalid)
    expect(starts({ sameSite: 'None', secure: true })).not.toThrow()
    expect(starts({ partitioned: true, secure: false })).toThrow(invalid)
    expect(starts({ partitioned: true, secure: true })).not.toThrow()
  })
})

describe('how long a browser keeps the cookie', () => {
  const kept = async (idle: number, absolute?: number) => {
    const sessions = createSessions({
      secret: SECRET,
      clock: () => T0,
      lifetime: { idle: `${idle}ms`, ...(absolute ? { absolute: `${absolute}ms` } : {}) },
    })
    const { setCookie } = await new Visitor(sessions).visit((session) => {
      session.permanent = true
      session.set('a', 1)
    })
    return /; Max-Age=([^;]*)/.exec(setCookie!)?.[1]
  }

  test('Max-Age is digits, at least one second, and never over 400 days', async () => {
    const day = 86_400_000
    const lifetimes = [60_000, 60_001, 61_999, day, 399 * day, 400 * day, 401 * day, 36_500 * day]
    const ages = await Promise.all(lifetimes.map((idle) => kept(idle)))
    expect(ages).toEqual([
      '60',
      '60',
      '61',
      '86400',
      '34473600',
      '34560000',
      '34560000',
      '34560000',
    ])
    for (const age of ages) expect(age).toMatch(/^[1-9]\d*$/)
    expect(await kept(36_500 * day, 90_500)).toBe('90')
  })

  test('Expires, which Flask sends, is an IMF-fixdate', async () => {
    const IMF =
      /; Expires=((?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d GMT)(?:;|$)/
    for (const seconds of [1, 59, 86_400, 400 * 86_400, 3653 * 86_400]) {
      const options = flask({ SECRET_KEY: SECRET, PERMANENT_SESSION_LIFETIME: seconds })
      const { setCookie } = await new Visitor(
        createSessions({ ...options, clock: () => T0 }),
      ).visit((session) => void (session.permanent = true))
      expect(Date.parse(IMF.exec(setCookie!)![1]!)).toBe(T0 + seconds * 1000)
    }
  })
})

/** What hostile users call themselves and everything else. */
const INJECTIONS = [
  'a\r\nSet-Cookie: session=evil',
  'a\nb',
  'a\rb',
  '\u0000',
  'a; Domain=evil.example; Path=/',
  'a, session=evil',
  '"; HttpOnly=; x="',
  '\u2028\u2029\u0085',
  '\uff0c\uff1b\uff1d',
  '%0d%0aSet-Cookie:%20a=b',
  '__proto__',
]

describe.each(KINDS)('$name: whatever a session holds', ({ app }) => {
  test('the line stays in the grammar, with the attributes it always has', async () => {
    for (const text of INJECTIONS) {
      const { sessions } = app()
      const visitor = new Visitor(sessions)
      const { headers, setCookie } = await visitor.visit((session) => {
        session.login(text)
        session.set(text, text).set('nested', { [text]: [text] })
        session.label = text
        session.flash(text, text)
      })
      // cookie-octet, without even those that need no quoting but have a meaning elsewhere
      expect(setCookie).toMatch(/^session=[\w.-]+; HttpOnly; Path=\/(?:; SameSite=Lax)?$/)
      expect(headers.getSetCookie()).toHaveLength(1)
      for (const [, value] of headers) expect(value).toMatch(/^[\x20-\x7e]*$/)
      await visitor.visit((session) => {
        expect(session.userId).toBe(text)
        expect(session.get(text)).toBe(text)
        expect(session.flashes()).toEqual([{ category: text, message: text }])
      })
    }
  })

  test.each([{ permanent: false }, { permanent: true }])(
    'its removal names the same cookie, $permanent',
    async ({ permanent }) => {
      const { sessions } = app()
      const visitor = new Visitor(sessions)
      const set = await visitor.visit((session) => {
        session.permanent = permanent
        session.login('u1')
      })
      const cleared = await visitor.visit((session) => session.logout())
      const identity = (line: string | undefined) => ({
        ...parseSetCookie(line!),
        value: undefined,
        expires: undefined,
        maxAge: undefined,
      })
      expect(identity(cleared.setCookie)).toEqual(identity(set.setCookie))
      const { value, expires, maxAge } = parseSetCookie(cleared.setCookie!)!
      expect([value, expires?.getTime(), maxAge]).toEqual(['', 0, 0])
    },
  )
})

describe.each(WAYS)('through %s', (way) => {
  test.each(KINDS)(
    '$name: one response sets our cookie once, whatever is done and set besides',
    async ({ app }) => {
      const { sessions } = app()
      await served(
        way,
        sessions,
        async (open) => {
          const session = await open()
          session.set('n', 1)
          await session.commit()
          session.login('u1')
          session.regenerate()
          session.permanent = true
          session.login('u1')
          await session.commit()
          session.set('n', 2)
          return {
            headers: [
              ['set-cookie', 'session=evil; Path=/'],
              ['set-cookie', 'other=kept'],
              ['set-cookie', 'session=again'],
            ],
          }
        },
        async (ask) => {
          const lines = (await ask()).headers.getSetCookie()
          const names = lines.map((line) => line.split('=')[0])
          expect(names.sort()).toEqual(['other', 'session'])
          const ours = lines.find((line) => line.startsWith('session='))!
          const session = await sessions.open(ours.split(';')[0])
          expect([session.userId, session.get('n'), session.permanent]).toEqual(['u1', 2, true])
        },
      )
    },
  )
})
