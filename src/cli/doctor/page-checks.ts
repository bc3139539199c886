/** What a reviewer asks of a page that sets a session cookie, and the answers. */

import { setCookieName } from '../../http/headers.ts'
import { COOKIE_LIMIT } from '../inspect/description.ts'
import { check, type Finding, pass, warn } from './finding.ts'
import { cookiesIn } from '../inspect/pasted.ts'
import { prefixFinding } from './policy-checks.ts'
import { recognise } from '../inspect/recognise.ts'
import type { Format } from '../inspect/recognised.ts'
import type { Page } from './this-machine.ts'
import { USUAL_NAMES } from '../inspect/verify.ts'

/** A session cookie that a page has set. Its value is shown to nobody. */
export interface SetCookie {
  name: string
  value: string
  format: Format
  line: string
  attributes: ReadonlyMap<string, string>
}

/** The formats that are sessions of ours. */
const OURS: readonly Format[] = ['sojourn', 'sojourn-encrypted', 'sojourn-id', 'flask']

/** The session cookie among those a page has set: by its name, or by its looks. */
export function sessionCookieOf({ setCookies }: Page, wanted: string | undefined) {
  const set = setCookies.map(read).filter(({ value }) => value !== '')
  if (wanted !== undefined) return set.find(({ name }) => name === wanted)
  return (
    set.find(({ format }) => OURS.includes(format)) ??
    set.find(({ name }) => USUAL_NAMES.includes(name))
  )
}

function read(line: string): SetCookie {
  const name = setCookieName(line)
  const [found] = cookiesIn(`Set-Cookie: ${line}`)
  const attributes = (found?.attributes ?? []).map((attribute) => {
    const [key = '', ...value] = attribute.split('=')
    return [key.trim().toLowerCase(), value.join('=').trim()] as const
  })
  const value = found?.value ?? ''
  return { name, value, format: recognise(value).format, line, attributes: new Map(attributes) }
}

/** Every question that the cookie's line answers. */
export function lineFindings(cookie: SetCookie): Finding[] {
  const { name, value, attributes } = cookie
  const sameSite = attributes.get('samesite')?.toLowerCase()
  const domain = attributes.get('domain')
  const size = Buffer.byteLength(name) + Buffer.byteLength(value)
  return [
    formatFinding(cookie),
    check('Secure', attributes.has('secure'), 'It leaves over HTTPS only.', [
      'The cookie is sent over plain HTTP too, where anybody on the way can take it.',
      'Start the app as in production: NODE_ENV=production. While developing it has to be like this.',
    ]),
    check('HttpOnly', attributes.has('httponly'), 'No script can read it.', [
      'A script in the page can read the cookie.',
      'cookie: { httpOnly: true }, or leave it out.',
    ]),
    sameSite === 'lax' || sameSite === 'strict'
      ? pass('SameSite', `${sameSite}: what other sites post comes without the cookie.`)
      : warn(
          'SameSite',
          `It is ${sameSite ?? 'not said'}.`,
          "cookie: { sameSite: 'Lax' }, or leave it out.",
        ),
    prefixFinding(name),
    domain === undefined || domain === ''
      ? pass('scope', 'Only this host gets it.')
      : warn(
          'scope',
          'Every host below its Domain gets it, and can set it.',
          'Leave cookie.domain out.',
        ),
    check('size', size <= COOKIE_LIMIT, `${size} bytes, of ${COOKIE_LIMIT} that browsers keep.`, [
      `${size} bytes: browsers keep ${COOKIE_LIMIT}, and drop this cookie.`,
      'Keep less in it, or sessions in a store.',
    ]),
  ]
}

function formatFinding({ format, name }: SetCookie): Finding {
  switch (format) {
    case 'sojourn':
      return warn(
        'format',
        `${name}: signed, and can be read by whoever holds it.`,
        'encrypt: true, or keep nothing private in it.',
      )
    case 'flask':
      return warn(
        'format',
        `${name}: Flask's, signed with SHA-1, and can be read by whoever holds it.`,
        'Keep nothing private in it.',
      )
    case 'sojourn-encrypted':
      return pass('format', `${name}: encrypted.`)
    case 'sojourn-id':
      return pass('format', `${name}: an id; what the session holds is in a store.`)
    default:
      return warn(
        'format',
        `${name}: no format of Sojourn.`,
        'Which cookie is meant? Say so with --name NAME.',
      )
  }
}

/** What has to hold of every answer that belongs to a session, and of those that set its cookie. */
export function answerFindings(pages: readonly Page[], name: string): Finding[] {
  const counts = pages.map(({ setCookies }) => {
    return setCookies.filter((line) => setCookieName(line) === name).length
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

function isPrivate({ cacheControl }: Page): boolean {
  const directives = listOf(cacheControl)
  const isShared = directives.some((directive) => /^(?:public$|s-maxage\b)/.test(directive))
  return !isShared && (directives.includes('private') || directives.includes('no-store'))
}

function varies({ vary }: Page): boolean {
  const fields = listOf(vary)
  return fields.includes('cookie') || fields.includes('*')
}

function listOf(header: string): string[] {
  return header
    .toLowerCase()
    .split(',')
    .map((item) => item.trim())
}
