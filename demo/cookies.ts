/** Cookies as the browser sends them, for the parts of the demo that act as a browser or a thief. */

import type { IncomingMessage } from 'node:http'

/** The value of a cookie, if the browser has sent it. */
export function cookieOf(
  { headers }: Pick<IncomingMessage, 'headers'>,
  name: string,
): string | undefined {
  const pairs = (headers.cookie ?? '').split(/; */)
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1) || undefined
}

/** A Set-Cookie line in its parts. */
export interface SetCookie {
  readonly name: string
  readonly value: string
  readonly attributes: readonly string[]
}

/** Reads a Set-Cookie line. */
export function setCookieOf(line: string): SetCookie {
  const [pair = '', ...attributes] = line.split(/; */)
  const at = pair.indexOf('=')
  return { name: pair.slice(0, at), value: pair.slice(at + 1), attributes }
}
