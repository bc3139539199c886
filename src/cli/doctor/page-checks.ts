/** The checks of a page that sets a session cookie. */

import type { IncomingHttpHeaders } from 'node:http'
import { privateCacheControl, setCookieName, varyWithCookie } from '../../http/headers.ts'
import { type Format, recognise } from '../../inspect/formats.ts'
import { cookiesIn } from '../../inspect/pasted.ts'
import { USUAL_NAMES } from '../../inspect/verify.ts'
import { COOKIE_LIMIT } from '../../session/setup/own-preset.ts'
import { type CookieFacts, cookieFindings, ownNaming } from './cookie-checks.ts'
import { check, consider, type Finding } from './finding.ts'

/** A session cookie that a page has set. Its value is never shown. */
interface SetCookie extends CookieFacts {
  size: number
  format: Format
}

/** The session cookie among those that a page has set: by its name, or by its format. */
export function sessionCookieOf(headers: IncomingHttpHeaders, wanted: string | undefined) {
  const set = (headers['set-cookie'] ?? []).flatMap(read)
  if (wanted !== undefined) return set.find(({ name }) => name === wanted)
  return (
    set.find(({ format }) => format in FORMATS) ??
    set.find(({ name }) => USUAL_NAMES.includes(name))
  )
}

function read(line: string): SetCookie[] {
  return cookiesIn(`Set-Cookie: ${line}`).flatMap(({ name = '', value, attributes }) => {
    const given = new Map(
      attributes.map((attribute) => {
        const [, key = '', text = ''] = /^([^=]*)=?(.*)$/s.exec(attribute) ?? []
        return [key.trim().toLowerCase(), text.trim()]
      }),
    )
    // An empty value clears the cookie.
    if (value === '') return []
    return {
      name,
      size: Buffer.byteLength(name) + Buffer.byteLength(value),
      format: recognise(value).format,
      secure: given.has('secure'),
      httpOnly: given.has('httponly'),
      sameSite: given.get('samesite') ?? null,
      domain: given.get('domain') || null,
      path: given.get('path') ?? '/',
    }
  })
}

/** The formats of Sojourn's and Flask's sessions. */
const FORMATS: Partial<Record<Format, string>> = {
  sojourn: 'signed; whoever has the cookie can read the session.',
  flask: "Flask's, signed with SHA-1; whoever has the cookie can read the session.",
  'sojourn-encrypted': 'encrypted.',
  'sojourn-id': 'a session id; the session is in a store.',
}

/** Checks the response of a page. `protocol`: that of its URL. */
export function pageFindings(
  headers: IncomingHttpHeaders,
  cookie: SetCookie,
  protocol: string,
): Finding[] {
  const { name, size, format } = cookie
  const { vary = '', 'cache-control': caching = '' } = headers
  const times = headers['set-cookie']?.filter((line) => setCookieName(line) === name).length
  const looks = `${name}: ${FORMATS[format] ?? 'not a format of Sojourn.'}`
  // A header is correct if the library itself would not change it.
  const spaceless = (text: string) => text.replaceAll(/\s/g, '')
  const isPrivate = spaceless(privateCacheControl(caching)) === spaceless(caching)
  return [
    consider('format', ['sojourn-encrypted', 'sojourn-id'].includes(format), looks, [
      looks,
      format in FORMATS
        ? 'Store nothing private in it, or encrypt it: encrypt: true.'
        : 'Choose the session cookie with --name NAME.',
    ]),
    // In development it is correct that the cookie is not Secure over plain HTTP.
    ...cookieFindings(cookie, ownNaming, protocol === 'http:' ? consider : check),
    check(
      'size',
      size <= COOKIE_LIMIT,
      `${size} of the ${COOKIE_LIMIT} bytes that browsers store.`,
      [
        `${size} bytes: browsers drop a cookie of more than ${COOKIE_LIMIT} bytes.`,
        'Store less in it, or use a store.',
      ],
    ),
    check('one cookie', times === 1, 'It is set once.', [
      `It is set ${times} times in one response. Browsers differ in which one they store.`,
      'Mount one middleware, once, and set no other cookie of that name.',
    ]),
    check('caching', isPrivate, 'No shared cache stores the response that sets it.', [
      'A shared cache may store the response that sets it, and give the session to the next visitor.',
      'Find what removes Cache-Control: private, which the middleware sets.',
    ]),
    check(
      'Vary',
      vary.trim() === '*' || varyWithCookie(vary) === vary,
      'Caches know that the response depends on the cookie.',
      [
        'Caches do not know that the response depends on the cookie.',
        'Find what removes Vary: Cookie, which the middleware sets.',
      ],
    ),
  ]
}
