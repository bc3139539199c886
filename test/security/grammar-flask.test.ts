/** What the Flask preset makes of its settings is in the grammar of Set-Cookie, or nothing starts. */

import { expect, test } from 'vitest'
import { flask } from '../../src/flask/flask.ts'
import { setCookieWriter } from '../../src/http/set-cookie.ts'
import { SECRET } from '../session/visitor.ts'
import {
  ALNUM,
  codePoints,
  codes,
  isTried,
  LAST,
  range,
  unlessRefused,
  withoutStackTraces,
} from './code-points.ts'

withoutStackTraces()

const attributes = (config: object) =>
  unlessRefused(() => flask({ SECRET_KEY: SECRET, ...config }).preset!.cookie)

// Werkzeug's quote(path, safe="%!$&'()*+,/:=@"), which keeps the unreserved characters too.
const kept = new Set([...ALNUM, ...codes("-._~%!$&'()*+,/:=@")])
const quoted = (c: string) =>
  kept.has(c.codePointAt(0)!)
    ? c
    : [...Buffer.from(c)]
        .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
        .join('')

// In blocks: quoting goes by the character, and a path has room for many.
test.each(['SESSION_COOKIE_PATH', 'APPLICATION_ROOT'])(
  'each code point in %s is kept, or quoted as Werkzeug does',
  (setting) => {
    for (let first = 0; first <= LAST; first += 64) {
      const isHalf = (code: number) => code >= 0xd800 && code <= 0xdfff
      const block = range(first, first + 63).filter((code) => isTried(code) && !isHalf(code))
      if (block.length === 0) continue
      const characters = block.map((code) => String.fromCodePoint(code))
      const cookie = attributes({ [setting]: `/a${characters.join('')}b` })!
      const expected = `session=v; HttpOnly; Path=/a${characters.map(quoted).join('')}b`
      if (setCookieWriter(cookie, 'Expires').set('v', undefined, 0) === expected) continue
      expect.fail(`the block that begins with U+${first.toString(16)}`)
    }
  },
)

test('each code point in SESSION_COOKIE_DOMAIN ends as a host name in ASCII, or is refused', () => {
  const HOST = /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/
  const wrong = codePoints((c) => {
    const cookie = attributes({ SESSION_COOKIE_DOMAIN: `a${c}b.example` })
    const sent = cookie && unlessRefused(() => setCookieWriter(cookie, 'Expires').clear())
    const domain =
      sent && /^session=; Domain=([^;]*); Expires=Thu, 01 Jan 1970 00:00:00 GMT;/.exec(sent)?.[1]
    return sent !== undefined && !HOST.test(domain?.toLowerCase() ?? '')
  }, 0x2ffff)
  expect(wrong).toEqual([])
})

test('SESSION_COOKIE_SAMESITE is written in its one spelling', () => {
  const written = new Set<string | undefined>()
  for (let code = 0; code <= 0xffff; code++) {
    const c = String.fromCharCode(code)
    for (const text of [`${c}trict`, `${c}ax`, `N${c}ne`, `stric${c}`]) {
      const cookie = attributes({ SESSION_COOKIE_SAMESITE: text })
      const sent =
        cookie && unlessRefused(() => setCookieWriter(cookie, 'Expires').set('v', undefined, 0))
      if (sent !== undefined) written.add(sent)
    }
  }
  expect([...written].sort()).toEqual(
    ['Lax', 'None', 'Strict'].map((value) => `session=v; HttpOnly; Path=/; SameSite=${value}`),
  )
})

test.each([
  'SESSION_COOKIE_PATH',
  'APPLICATION_ROOT',
  'SESSION_COOKIE_DOMAIN',
  'SESSION_COOKIE_NAME',
])('half a surrogate pair in %s is refused when the app starts', (setting) => {
  for (let code = 0xd800; code <= 0xdfff; code++) {
    const cookie = attributes({ [setting]: `/a${String.fromCharCode(code)}b` })
    expect(cookie && unlessRefused(() => setCookieWriter(cookie, 'Expires'))).toBeUndefined()
  }
})
