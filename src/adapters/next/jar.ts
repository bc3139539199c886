/** The facts of a request from Next's cookie jar, `await cookies()`, and its headers. */

import type { CookieJar } from '../../http/cookie-jar.ts'
import type { RequestFacts } from '../../http/request-facts.ts'

/** The result of `await cookies()`. Within one request it is always the same object. */
export interface NextCookies extends CookieJar {
  get(name: string): { readonly value: string } | undefined
}

/** The result of `await headers()`. */
export interface NextHeaders {
  get(name: string): string | null
}

/** The facts of a request. Next gives pages neither its method nor its address. */
export function jarFacts(
  method: string | undefined,
  name: string,
  jar: NextCookies,
  headers: NextHeaders,
): RequestFacts {
  const sent = headers.get('cookie')
  const value = jar.get(name)?.value
  // The jar has one value for each name. The header has all values, but not those set since then.
  const isAsSent = value === undefined || (value !== '' && sent?.includes(`${name}=${value}`))
  const cookie = isAsSent ? sent : `${name}=${value}`
  return { method, cookie, header: (header) => headers.get(header) }
}
