/** Finds the cookies in what somebody pasted: a value, a header, or a whole response. */

import { cookieValues } from '../../http/cookie.ts'

/** One cookie. A bare value has no name. */
export interface PastedCookie {
  name: string | undefined
  value: string
  /** What follows the value in a Set-Cookie line. */
  attributes: readonly string[]
}

/** The cookies in a text, in its order. Lines of other headers are passed over. */
export function cookiesIn(text: string): PastedCookie[] {
  // header-line = [ "<" / ">" ] ( "Set-Cookie" / "Cookie" ) ":" value;   curl -v marks directions
  const headers = [...text.matchAll(/^[ \t]*(?:[<>][ \t]*)?(set-cookie|cookie):(.*)$/gim)]
  if (headers.length > 0) {
    return headers.flatMap(([, header = '', content = '']) =>
      header.length > 6 ? fromSetCookie(content.trim()) : fromCookie(content.trim()),
    )
  }
  const only = text.trim()
  if (!isPairs(only))
    return only === '' ? [] : [{ name: undefined, value: unquoted(only), attributes: [] }]
  return hasAttributes(only) ? fromSetCookie(only) : fromCookie(only)
}

/** Whether this begins as `name=value`; the padding of base64 does not. */
function isPairs(text: string): boolean {
  return /^[^=;\s"]+=[^=;\s]/.test(text)
}

function hasAttributes(text: string): boolean {
  return /;\s*(?:path|domain|expires|max-age|samesite)=|;\s*(?:httponly|secure|partitioned)\s*(?:;|$)/i.test(
    text,
  )
}

function fromCookie(header: string): PastedCookie[] {
  const names = header.split(';').map((pair) => pair.split('=', 1)[0]!.trim())
  return [...new Set(names)].flatMap((name) =>
    name === '' ? [] : cookieValues(header, name).map((value) => ({ name, value, attributes: [] })),
  )
}

function fromSetCookie(line: string): PastedCookie[] {
  const [pair = '', ...attributes] = line.split(';')
  const [found] = fromCookie(pair)
  return found ? [{ ...found, attributes: attributes.map((attribute) => attribute.trim()) }] : []
}

function unquoted(text: string): string {
  return /^(["']).*\1$/.test(text) ? text.slice(1, -1) : text
}
