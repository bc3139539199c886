/** What a reviewer asks of a page that sets a session cookie, and the answers. */

import { privateCacheControl, setCookieName, varyWithCookie } from '../../http/headers.ts'
import { COOKIE_LIMIT } from '../inspect/description.ts'
import { cookiesIn } from '../inspect/pasted.ts'
import { recognise } from '../inspect/formats.ts'
import type { Format } from '../inspect/recognised.ts'
import { USUAL_NAMES } from '../inspect/verify.ts'
import { type CookieFacts, cookieFindings, ownNaming } from './cookie-checks.ts'
import { check, consider, type Finding } from './finding.ts'
import type { Page } from './this-machine.ts'

/** A session cookie that a page has set. Its value is shown to nobody. */
export interface SetCookie extends CookieFacts {
  value: string
  format: Format
}

/** The session cookie among those a page has set: by its name, or by its looks. */
export function sessionCookieOf({ headers }: Page, wanted: string | undefined) {
  const set = (headers['set-cookie'] ?? []).map(read).filter(({ value }) => value !== '')
  if (wanted !== undefined) return set.find(({ name }) => name === wanted)
  return (
    set.find(({ format }) => format in FORMATS) ??
    set.find(({ name }) => USUAL_NAMES.includes(name))
  )
}

function read(line: string): SetCookie {
  const [found] = cookiesIn(`Set-Cookie: ${line}`)
  const { value = '', attributes = [] } = found ?? {}
  const given = new Map(
    attributes.map((attribute) => {
      const [key = '', ...text] = attribute.split('=')
      return [key.trim().toLowerCase(), text.join('=').trim()]
    }),
  )
  return {
    name: setCookieName(line),
    value,
    format: recognise(value).format,
    secure: given.has('secure'),
    httpOnly: given.has('httponly'),
    sameSite: given.get('samesite') ?? null,
    domain: given.get('domain') || null,
    path: given.get('path') ?? '/',
  }
}

/** Every question that the cookie's line answers. */
export function lineFindings(cookie: SetCookie): Finding[] {
  const { name, value, format } = cookie
  const size = Buffer.byteLength(name) + Buffer.byteLength(value)
  const [says, remedy] = FORMATS[format] ?? [
    'no format of Sojourn.',
    'Which cookie is meant? Say so with --name NAME.',
  ]
  return [
    consider('format', remedy === '', `${name}: ${says}`, [`${name}: ${says}`, remedy]),
    ...cookieFindings(cookie, ownNaming),
    check('size', size <= COOKIE_LIMIT, `${size} bytes, of ${COOKIE_LIMIT} that browsers keep.`, [
      `${size} bytes: browsers keep ${COOKIE_LIMIT}, and drop this cookie.`,
      'Keep less in it, or sessions in a store.',
    ]),
  ]
}

/** The formats that are sessions of ours, and the remedy for what a reviewer asks about. */
const FORMATS: Partial<Record<Format, readonly [says: string, remedy: string]>> = {
  sojourn: [
    'signed, and can be read by whoever holds it.',
    'encrypt: true, or keep nothing private in it.',
  ],
  flask: [
    "Flask's, signed with SHA-1, and can be read by whoever holds it.",
    'Keep nothing private in it.',
  ],
  'sojourn-encrypted': ['encrypted.', ''],
  'sojourn-id': ['an id; what the session holds is in a store.', ''],
}

/** What has to hold of every answer that belongs to a session, and of those that set its cookie. */
export function answerFindings(pages: readonly Page[], name: string): Finding[] {
  const counts = pages.map(({ headers }) => {
    return headers['set-cookie']?.filter((line) => setCookieName(line) === name).length ?? 0
  })
  const most = Math.max(...counts)
  const setting = pages.filter((_, at) => counts[at]! > 0)
  return [
    check('one cookie', most === 1, 'It is set once.', [
      `It is set ${most} times in one answer, and browsers differ in which they keep.`,
      'One middleware, mounted once; nothing else sets a cookie of that name.',
    ]),
    check('caching', setting.every(isPrivate), 'No shared cache keeps the answer that sets it.', [
      'A shared cache may keep the answer that sets it, and hand the session to the next visitor.',
      'Cache-Control: private or no-store. Something behind the middleware takes it away.',
    ]),
    check('Vary', pages.every(varies), 'Caches keep apart who asks.', [
      'Caches are not told that the answer depends on the cookie.',
      'Vary: Cookie. Something behind the middleware takes it away.',
    ]),
  ]
}

/** Whether the library itself would leave the header as it is. */
function isPrivate({ headers }: Page): boolean {
  const given = headers['cache-control'] ?? ''
  const spaceless = (text: string) => text.replaceAll(/\s/g, '')
  return spaceless(privateCacheControl(given)) === spaceless(given)
}

function varies({ headers: { vary = '' } }: Page): boolean {
  return vary.trim() === '*' || varyWithCookie(vary) === vary
}
