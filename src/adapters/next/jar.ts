/** Next's cookie jar, `await cookies()`: what a session reads of it, and sets in it. */

import type { RequestFacts } from '../../http/request-facts.ts'

/** Of `await cookies()`. It is the same object for everything that one request calls. */
export interface NextCookies {
  get(name: string): { readonly value: string } | undefined
  set(name: string, value: string, attributes: JarAttributes): unknown
}

/** Of `await headers()`. */
export interface NextHeaders {
  get(name: string): string | null
}

/** The attributes of a cookie, as the jar takes them. */
export interface JarAttributes {
  domain?: string
  path?: string
  expires?: Date
  maxAge?: number
  httpOnly?: true
  secure?: true
  sameSite?: 'strict' | 'lax' | 'none'
  partitioned?: true
}

/** What the jar and the headers say of a request. Next tells neither its method nor its address. */
export function jarFacts(
  method: string | undefined,
  name: string,
  jar: NextCookies,
  headers: NextHeaders,
): RequestFacts {
  const sent = headers.get('cookie')
  const value = jar.get(name)?.value
  // The jar has one value of each name. The header has all, but not what an action has set since.
  const isAsSent = value === undefined || (value !== '' && sent?.includes(`${name}=${value}`))
  const cookie = isAsSent ? sent : `${name}=${value}`
  return { method, cookie, header: (header) => headers.get(header) }
}

/** Sets the cookie of a Set-Cookie line, if there is one. */
export function setInJar(jar: NextCookies, line: string | undefined): void {
  if (line === undefined) return
  const [pair = '', ...rest] = line.split('; ')
  const [name, value] = halves(pair)
  jar.set(
    name,
    value,
    Object.assign({}, ...rest.map((attribute) => jarAttribute(...halves(attribute)))),
  )
}

function halves(pair: string): [name: string, value: string] {
  const at = pair.indexOf('=')
  return at < 0 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)]
}

function jarAttribute(name: string, value: string): JarAttributes {
  switch (name) {
    case 'Domain':
      return { domain: value }
    case 'Path':
      return { path: value }
    case 'Expires':
      return { expires: new Date(value) }
    case 'Max-Age':
      return { maxAge: Number(value) }
    case 'SameSite':
      return { sameSite: value.toLowerCase() as NonNullable<JarAttributes['sameSite']> }
    case 'HttpOnly':
      return { httpOnly: true }
    case 'Secure':
      return { secure: true }
    default:
      return { partitioned: true }
  }
}
