/** Flask-Login's remember cookie: recorded cookies, and what an app does with them. */

import { readFileSync } from 'node:fs'
import { describe, expect, test, vi } from 'vitest'
import { type FlaskConfig, flask, flaskCookie, rememberToken } from '../../src/flask/flask.ts'
import { createSessions, type Session } from '../../src/index.ts'

interface Vector {
  name?: string
  key: { utf8?: string; b64?: string }
  key_bytes_hex?: string
  payload?: string
  cookie: string
  /** `null`: refused. An exception is a 500 in Flask-Login. */
  expect: string | null | { exception: string }
}

const { cookie_vectors: vectors } = JSON.parse(
  readFileSync(new URL('../fixtures/flask-login/recorded.json', import.meta.url), 'utf8'),
) as { cookie_vectors: Vector[] }

const keyOf = ({ utf8, b64 }: Vector['key']) => utf8 ?? Buffer.from(b64!, 'base64')

/** A cookie's value as Werkzeug quotes it in a header. */
const inHeader = (value: string) =>
  /^[\x21-\x7e]*$/.test(value)
    ? value
    : `"${[...Buffer.from(value)].map((byte) => (byte < 127 ? String.fromCharCode(byte) : `\\${byte.toString(8)}`)).join('')}"`

const SECRET_KEY = 'remember-7f1c0a9e4b6d2835aa'
const remember = rememberToken({ SECRET_KEY })
const cookieOf = (line: string) => line.split(';')[0]!

describe('the remember cookie', () => {
  test('of each recorded case is verified, and issued byte for byte, as by Flask-Login 0.6.3', () => {
    expect(vectors).toHaveLength(49)
    for (const { key, cookie, payload, expect: recorded } of vectors) {
      const token = rememberToken({ SECRET_KEY: keyOf(key) })
      // A digest that is not ASCII is an error 500 in Flask-Login, and no user here.
      const user = typeof recorded === 'string' ? recorded : undefined
      expect(token.verify(`other=1; remember_token=${inHeader(cookie)}`), cookie).toBe(user)
      if (payload) {
        expect(cookieOf(token.issue(payload))).toBe(`remember_token=${inHeader(cookie)}`)
      }
    }
  })

  test('of an id with quotes, separators and other letters comes back as that id', () => {
    for (const id of ['a|b', 'a b', 'say "hi"', 'a;b,c\\d', 'é漢😀', 'tab\tnewline\n\x1b', '7']) {
      expect(remember.verify(cookieOf(remember.issue(id)))).toBe(id)
    }
  })

  test('has the attributes that the configuration says, and its clearing repeats them', () => {
    vi.useFakeTimers({ now: 1_700_000_000_000, toFake: ['Date'] })
    try {
      expect(remember.issue(42)).toMatch(
        /^remember_token=42\|[0-9a-f]{128}; Expires=Wed, 13 Nov 2024 22:13:20 GMT; HttpOnly; Path=\/$/,
      )
      const other = rememberToken({
        SECRET_KEY,
        REMEMBER_COOKIE_NAME: 'keep',
        REMEMBER_COOKIE_DURATION: 60,
        REMEMBER_COOKIE_DOMAIN: 'example.com',
        REMEMBER_COOKIE_PATH: '/app',
        REMEMBER_COOKIE_SECURE: true,
        REMEMBER_COOKIE_HTTPONLY: false,
        REMEMBER_COOKIE_SAMESITE: 'lax',
      })
      expect(other.issue('7')).toMatch(
        /^keep=7\|[0-9a-f]{128}; Domain=example.com; Expires=Tue, 14 Nov 2023 22:14:20 GMT; Secure; Path=\/app; SameSite=Lax$/,
      )
      expect(other.clear()).toBe(
        'keep=; Domain=example.com; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Secure; Path=/app; SameSite=Lax',
      )
    } finally {
      vi.useRealTimers()
    }
  })

  test('of another secret, a fallback included, is nobody', () => {
    const before = cookieOf(rememberToken({ SECRET_KEY: 'the-one-before-2b7e151628aed2' }).issue(7))
    expect(remember.verify(before)).toBeUndefined()
  })

  test('counts as the first one sent, as in Flask-Login, so that both apps know the same user', () => {
    const [ada, eve] = [cookieOf(remember.issue('ada')), cookieOf(remember.issue('eve'))]
    expect(remember.verify(`${ada}; ${eve}`)).toBe('ada')
    expect(remember.verify(`remember_token=x|1; ${eve}`)).toBeUndefined()
  })

  test.each([
    ['a secret that is not Latin-1', { SECRET_KEY: 'schlüssel-€' }, 'SECRET_KEY'],
    ['no secret', { SECRET_KEY: undefined }, 'SECRET_KEY'],
    ['milliseconds', { SECRET_KEY, REMEMBER_COOKIE_DURATION: 31_536_000_000 }, 'in seconds'],
    ['a text for a flag', { SECRET_KEY, REMEMBER_COOKIE_SECURE: 'yes' }, 'REMEMBER_COOKIE_SECURE'],
    ['an unknown setting', { SECRET_KEY, REMEMBER_COOKIE_AGE: 1 }, 'REMEMBER_COOKIE_AGE'],
    ['an unknown SameSite', { SECRET_KEY, REMEMBER_COOKIE_SAMESITE: 'Lux' }, 'sameSite'],
  ])('cannot be set up with %s', (_, config, told) => {
    expect(() => rememberToken(config as never)).toThrow(told)
  })

  test('is not signed with a secret that everybody knows, outside development', () => {
    vi.stubEnv('NODE_ENV', 'production')
    try {
      expect(() => rememberToken({ SECRET_KEY: 'your_secret_key' })).toThrow(
        expect.objectContaining({ code: 'ERR_SECRET_WEAK' }),
      )
    } finally {
      vi.unstubAllEnvs()
    }
  })
})

/** One request with these cookies: what the session's cookie holds afterwards. */
async function visit(
  cookies: string,
  act: (session: Session<any>) => unknown,
  config: Partial<FlaskConfig> = {},
): Promise<unknown> {
  const sessions = createSessions<any>(flask({ SECRET_KEY, ...config }))
  const facts = { cookie: cookies, address: '127.0.0.1', header: () => undefined }
  const request = {}
  const mounted = sessions.mount([request], facts)!
  const session = await sessions.get(request)
  await act(session)
  const { setCookie } = (await mounted.finish())!
  if (setCookie === undefined) return 'untouched'
  const opened = flaskCookie({ secret: SECRET_KEY }).open(cookieOf(setCookie).slice(8))
  return opened.ok ? opened.data : 'cleared'
}

const sealed = (data: object) => `session=${flaskCookie({ secret: SECRET_KEY }).seal(data)}`
const token = cookieOf(remember.issue(42))

describe('a visitor with a remember cookie', () => {
  test('is signed in, not fresh, and without an _id', async () => {
    const act = (session: Session<any>) => {
      expect(remember.signIn(session, token)).toBe('42')
      expect(session.userId).toBe('42')
    }
    expect(await visit(token, act)).toEqual({ _user_id: '42', _fresh: false })
    const cart = sealed({ cart: ['tea'] })
    expect(await visit(`${cart}; ${token}`, act)).toEqual({
      _user_id: '42',
      _fresh: false,
      cart: ['tea'],
    })
  })

  test('who is signed in as somebody else stays that', async () => {
    const act = (session: Session<any>) => expect(remember.signIn(session, token)).toBeUndefined()
    expect(await visit(sealed({ _user_id: 'ada', _fresh: false }), act)).toBe('untouched')
  })

  test('stays out with a cookie that does not verify, or without an id', async () => {
    for (const cookie of [`${token}0`, 'remember_token=42|', cookieOf(remember.clear()), '']) {
      const act = (session: Session<any>) => void remember.signIn(session, cookie)
      expect(await visit(cookie, act)).toBe('untouched')
    }
  })

  test('stays signed out after a logout, although the browser still has the cookie', async () => {
    const signedIn = sealed({ _user_id: '42', _fresh: true, cart: ['tea'] })
    const out = await visit(`${signedIn}; ${token}`, (session) => session.logout())
    expect(out).toEqual({ _remember: 'clear' })
    const next = `${sealed(out as object)}; ${token}`
    const act = (session: Session<any>) => {
      expect(remember.signIn(session, token)).toBeUndefined()
      expect(remember.setCookie(session)).toBe(remember.clear())
    }
    expect(await visit(next, act)).toBe('cleared')
  })

  test('is remembered under another name, too', async () => {
    const other = rememberToken({ SECRET_KEY, REMEMBER_COOKIE_NAME: 'keep' })
    const cookies = `${sealed({ _user_id: '42' })}; ${cookieOf(other.issue(42))}`
    const logout = (session: Session<any>) => session.logout()
    expect(await visit(cookies, logout, { REMEMBER_COOKIE_NAME: 'keep' })).toEqual({
      _remember: 'clear',
    })
    expect(await visit(cookies, logout)).toBe('cleared')
  })

  test('is signed out by clear(), too, and by a logout that preserves keys', async () => {
    const cookies = `${sealed({ _user_id: '42', language: 'de' })}; ${token}`
    expect(await visit(cookies, (session) => session.clear())).toEqual({ _remember: 'clear' })
    const keep = ['language', '_user_id', '_remember']
    expect(await visit(cookies, (session) => session.logout({ keep }))).toEqual({
      _remember: 'clear',
      language: 'de',
    })
  })

  test('is not signed in by a prefetch, which could not save it', async () => {
    const sessions = createSessions<any>(flask({ SECRET_KEY }))
    const request = {}
    const header = (name: string) => (name === 'sec-purpose' ? 'prefetch' : undefined)
    sessions.mount([request], { method: 'GET', cookie: token, header })
    const session = await sessions.get(request)
    expect(remember.signIn(session, token)).toBeUndefined()
    expect(session.userId).toBeUndefined()
  })
})

describe('a login that asks for a remember cookie', () => {
  test('gets it from setCookie, with the duration that was asked for', async () => {
    let line: string | undefined
    const data = await visit('', (session) => {
      session.login(7)
      remember.ask(session, { seconds: 60 })
      line = remember.setCookie(session)
    })
    expect(remember.verify(cookieOf(line!))).toBe('7')
    expect(data).toMatchObject({ _user_id: '7', _remember_seconds: 60 })
    expect(data).not.toHaveProperty('_remember')
  })

  test('leaves the wish in the session for Flask otherwise', async () => {
    const data = await visit('', (session) => {
      session.login(7)
      remember.ask(session)
    })
    expect(data).toMatchObject({ _user_id: '7', _remember: 'set' })
  })

  test('gets it again with each response only if the configuration says so', async () => {
    const each = rememberToken({ SECRET_KEY, REMEMBER_COOKIE_REFRESH_EACH_REQUEST: true })
    const signedIn = sealed({ _user_id: '7', _fresh: false })
    expect(
      await visit(signedIn, (session) => {
        expect(remember.setCookie(session)).toBeUndefined()
        expect(each.verify(cookieOf(each.setCookie(session)!))).toBe('7')
      }),
    ).toBe('untouched')
    await visit('', (session) => expect(each.setCookie(session)).toBeUndefined())
  })

  test('is not sent by a prefetch, which could not save that it was', async () => {
    const sessions = createSessions<any>(flask({ SECRET_KEY }))
    const request = {}
    const cookie = sealed({ _user_id: '7', _remember: 'set' })
    const header = (name: string) => (name === 'sec-purpose' ? 'prefetch' : undefined)
    sessions.mount([request], { method: 'GET', cookie, header })
    const session = await sessions.get(request)
    expect(remember.setCookie(session)).toBeUndefined()
    expect(session.get('_remember')).toBe('set')
  })

  test.each([
    ['a century, which Flask allows', 3_155_760_000, '2126'],
    ['more than a date can hold', 1e15, '2027'],
    ['no number', 'soon', '2027'],
    ['NaN', Number.NaN, '2027'],
    ['infinite', Number.POSITIVE_INFINITY, '2027'],
  ])('gets it if the duration that Flask left is %s', async (_, seconds, year) => {
    vi.useFakeTimers({ now: Date.UTC(2026, 10, 30), toFake: ['Date'] })
    try {
      const asked = sealed({ _user_id: '7', _remember: 'set', _remember_seconds: seconds })
      let line: string | undefined
      await visit(asked, (session) => {
        line = remember.setCookie(session)
      })
      expect(remember.verify(cookieOf(line!))).toBe('7')
      expect(line).toMatch(new RegExp(`Expires=\\w+, \\d+ \\w+ ${year} `))
    } finally {
      vi.useRealTimers()
    }
  })
})
