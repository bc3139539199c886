/** Finds the cookies in pasted text: a value, a header, or a whole response. */

import { cookieValues } from '../http/cookie.ts'

/** One cookie. A bare value has no name. */
export interface PastedCookie {
  name: string | undefined
  value: string
  /** The attributes of a Set-Cookie line. */
  attributes: readonly string[]
}

// header-line = [ "<" / ">" ] ( "Set-Cookie" / "Cookie" ) ":" value;   curl -v marks directions
const HEADER = /^[ \t]*(?:[<>][ \t]*)?(set-cookie|cookie):(.*)$/gim

// Begins with `name=value`. The padding of base64 does not match.
const PAIRS = /^[^=;\s"]+=[^=;\s]/

const ATTRIBUTE =
  /;\s*(?:(?:path|domain|expires|max-age|samesite)=|(?:httponly|secure|partitioned)\s*(?:;|$))/i

/** The cookies in a text, in order. Lines of other headers are ignored. */
export function cookiesIn(text: string): PastedCookie[] {
  const headers = [...text.matchAll(HEADER)]
  if (headers.length > 0) {
    return headers.flatMap(([, header = '', content = '']) =>
      header.length > 6 ? fromSetCookie(content.trim()) : fromCookie(content.trim()),
    )
  }
  const only = text.trim()
  if (PAIRS.test(only)) return ATTRIBUTE.test(only) ? fromSetCookie(only) : fromCookie(only)
  const value = only.replace(/^(["'])(.*)\1$/, '$2')
  return only === '' ? [] : [{ name: undefined, value, attributes: [] }]
}

function fromCookie(header: string): PastedCookie[] {
  const names = new Set(header.split(';').map((pair) => pair.split('=', 1)[0]!.trim()))
  return [...names].flatMap((name) =>
    cookieValues(header, name).map((value) => ({ name, value, attributes: [] })),
  )
}

function fromSetCookie(line: string): PastedCookie[] {
  const [pair = '', ...attributes] = line.split(';').map((part) => part.trim())
  return fromCookie(pair).map((cookie) => ({ ...cookie, attributes }))
}
