/** Next's cookie jar, `await cookies()`: what a session reads of it. */

import type { CookieJar } from '../../http/cookie-jar.ts'
import type { RequestFacts } from '../../http/request-facts.ts'

/** Of `await cookies()`. It is the same object for everything that one request calls. */
export interface NextCookies extends CookieJar {
  get(name: string): { readonly value: string } | undefined
}

/** Of `await headers()`. */
export interface NextHeaders {
  get(name: string): string | null
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
