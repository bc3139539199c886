/** What a reviewer asks of a page that sets a session cookie, and the answers. */

import type { IncomingHttpHeaders } from 'node:http'
import { privateCacheControl, setCookieName, varyWithCookie } from '../../http/headers.ts'
import { type Format, recognise } from '../inspect/formats.ts'
import { cookiesIn } from '../inspect/pasted.ts'
import { USUAL_NAMES } from '../inspect/verify.ts'
import { COOKIE_LIMIT } from '../../session/setup/own-preset.ts'
import { type CookieFacts, cookieFindings, ownNaming } from './cookie-checks.ts'
import { check, consider, type Finding } from './finding.ts'

/** A session cookie that a page has set. Its value is shown to nobody. */
interface SetCookie extends CookieFacts {
  size: number
  format: Format
}

/** The session cookie among those a page has set: by its name, or by its looks. */
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

/** The formats that are sessions of ours, or of Flask's. */
const FORMATS: Partial<Record<Format, string>> = {
  sojourn: 'signed, and can be read by whoever holds it.',
  flask: "Flask's, signed with SHA-1, and can be read by whoever holds it.",
  'sojourn-encrypted': 'encrypted.',
  'sojourn-id': 'an id; what the session holds is in a store.',
}

/** Every question that a page answers. `protocol`: that of its address, as in a URL. */
export function pageFindings(
  headers: IncomingHttpHeaders,
  cookie: SetCookie,
  protocol: string,
): Finding[] {
  const { name, size, format } = cookie
  const { vary = '', 'cache-control': caching = '' } = headers
  const times = headers['set-cookie']?.filter((line) => setCookieName(line) === name).length
  const looks = `${name}: ${FORMATS[format] ?? 'no format of Sojourn.'}`
  // A header is right if the library itself would leave it as it is.
  const spaceless = (text: string) => text.replaceAll(/\s/g, '')
  const isPrivate = spaceless(privateCacheControl(caching)) === spaceless(caching)
  return [
    consider('format', ['sojourn-encrypted', 'sojourn-id'].includes(format), looks, [
      looks,
      format in FORMATS
        ? 'Keep nothing private in it, or encrypt it: encrypt: true.'
        : 'Which cookie is meant? Say so with --name NAME.',
    ]),
    // An app in development sets no Secure cookie over plain HTTP, and is right.
    ...cookieFindings(cookie, ownNaming, protocol === 'http:' ? consider : check),
    check('size', size <= COOKIE_LIMIT, `${size} bytes, of ${COOKIE_LIMIT} that browsers keep.`, [
      `${size} bytes: browsers keep ${COOKIE_LIMIT}, and drop this cookie.`,
      'Keep less in it, or sessions in a store.',
    ]),
    check('one cookie', times === 1, 'It is set once.', [
      `It is set ${times} times in one answer, and browsers differ in which they keep.`,
      'One middleware, mounted once; nothing else sets a cookie of that name.',
    ]),
    check('caching', isPrivate, 'No shared cache keeps the answer that sets it.', [
      'A shared cache may keep the answer that sets it, and hand the session to the next visitor.',
      'Cache-Control: private or no-store. Something behind the middleware takes it away.',
    ]),
    check(
      'Vary',
      vary.trim() === '*' || varyWithCookie(vary) === vary,
      'Caches keep apart who asks.',
      [
        'Caches are not told that the answer depends on the cookie.',
        'Vary: Cookie. Something behind the middleware takes it away.',
      ],
    ),
  ]
}
