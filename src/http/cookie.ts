/** Parses a Cookie header: all values of one cookie, as browsers write them (RFC 6265bis). */

/** Reads the values of one cookie from a Cookie header, in the order sent. */
export type CookieReader = (header: string | null | undefined, name: string) => string[]

// cookie-string = pair *( ";" pair );  pair = name "=" value       RFC 6265bis section 5.8.3
//
// A value ends at ";", whatever it contains: to browsers a quotation mark is a character like any
// other. Only around a whole value they are removed, since some clients add them.
/**
 * Returns the values of one cookie, in the order sent. Names are case-sensitive; nothing is
 * percent-decoded.
 *
 * Duplicates are all returned: a server must not rely on their order (RFC 6265 section 4.2.2), so
 * the caller decides by which of them verify.
 */
export function cookieValues(header: string | null | undefined, name: string): string[] {
  if (!header || NO_NAME.test(name)) return []
  // Not filled by `push`, which reserves room for sixteen more.
  let values: string[] | undefined
  let at = header.indexOf(name)
  while (at >= 0) {
    const equals = skipBlank(header, at + name.length)
    if (header.charCodeAt(equals) === EQUALS && beginsPair(header, at)) {
      const semicolon = header.indexOf(';', equals)
      const value = unquoted(header, equals + 1, semicolon < 0 ? header.length : semicolon)
      if (values === undefined) values = [value]
      else values.push(value)
    }
    at = header.indexOf(name, at + name.length)
  }
  return values ?? []
}

// A name ends at these characters, and is never empty.
const NO_NAME = /[=;]|^$/

function beginsPair(header: string, at: number): boolean {
  while (isBlank(header.charCodeAt(at - 1))) at--
  return at === 0 || header.charCodeAt(at - 1) === SEMICOLON
}

function unquoted(header: string, start: number, end: number): string {
  start = skipBlank(header, start)
  while (end > start && isBlank(header.charCodeAt(end - 1))) end--
  const isQuoted = end - start > 1 && header[start] === '"' && header[end - 1] === '"'
  return isQuoted ? header.slice(start + 1, end - 1) : header.slice(start, end)
}

function skipBlank(text: string, at: number): number {
  while (isBlank(text.charCodeAt(at))) at++
  return at
}

// Only SP and HTAB: String.trim would turn U+2000 + "__Host-x" into a name with a trusted prefix.
function isBlank(code: number): boolean {
  return code === SPACE || code === TAB
}

const TAB = 0x09
const SPACE = 0x20
const SEMICOLON = 0x3b
const EQUALS = 0x3d
