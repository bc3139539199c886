/** Parses a Cookie header for the Flask preset: all values of one cookie, as Werkzeug 3.1 reads them. */

/**
 * Returns the values of one cookie, in the order sent. Names are case-sensitive; nothing is
 * percent-decoded.
 *
 * A pair is ignored if its name is empty or its unquoted value contains white space or a quotation
 * mark. Duplicates are all returned: a server must not rely on their order (RFC 6265 section
 * 4.2.2), so the caller decides by which of them verify.
 */
export function werkzeugCookieValues(header: string | null | undefined, name: string): string[] {
  if (!header || !header.includes(name) || UNREADABLE.test(name)) return []
  const only = onlyValue(header, name)
  if (only !== undefined) return [only]
  const values: string[] = []
  let at = 0
  while (at < header.length) {
    const pair = nextPair(header, at)
    if (pair.name === name && pair.value !== undefined) values.push(pair.value)
    at = pair.next
  }
  return values
}

// Werkzeug ignores a pair whose name or unquoted value contains one of these.
const UNREADABLE = /[\s"]/

/**
 * Fast path: the value, if the header has the name once and no quotes, as browsers send it.
 *
 * Returns `undefined` for any other header, which the parser then reads.
 */
function onlyValue(header: string, name: string): string | undefined {
  const at = header.indexOf(name)
  const start = at + name.length + 1
  const begins = at === 0 || header.startsWith('; ', at - 2)
  if (!begins || header[start - 1] !== '=' || NO_NAME.test(name)) return undefined
  if (header.includes('"') || header.includes(name, start)) return undefined
  const semicolon = header.indexOf(';', start)
  const value = header.slice(start, semicolon < 0 ? undefined : semicolon)
  return UNREADABLE.test(value) ? undefined : value
}

// A name ends at these characters, and is never empty.
const NO_NAME = /[=;]|^$/

interface Pair {
  name: string
  value: string | undefined
  next: number
}

// cookie-string = pair *( ";" pair );  pair = name [ "=" ( quoted / unquoted ) ]
// quoted = DQUOTE *( "\" any / any but DQUOTE and "\" ) DQUOTE, followed by ";" or the end
function nextPair(header: string, start: number): Pair {
  let semicolon = header.indexOf(';', start)
  if (semicolon < 0) semicolon = header.length
  // Not indexOf: for each pair without a value it would search the rest of the header (quadratic).
  let equals = start
  while (equals < semicolon && header[equals] !== '=') equals++
  if (equals === semicolon) {
    const name = trim(header.slice(start, semicolon))
    return { name, value: name === '' ? undefined : '', next: semicolon + 1 }
  }
  const name = trim(header.slice(start, equals))
  const open = skipBlank(header, equals + 1)
  if (header[open] === '"') {
    const close = endOfQuoted(header, open)
    if (close > 0) {
      const next = skipBlank(header, close + 1)
      return { name, value: unquote(header.slice(open + 1, close)), next: next + 1 }
    }
  }
  const value = trim(header.slice(open, semicolon))
  return {
    name,
    value: name === '' || UNREADABLE.test(value) ? undefined : value,
    next: semicolon + 1,
  }
}

/** The index of the closing quotation mark, or -1 if this is not a complete quoted value. */
function endOfQuoted(header: string, open: number): number {
  for (let at = open + 1; at < header.length; at++) {
    if (header[at] === '\\') at++
    else if (header[at] === '"') {
      const after = skipBlank(header, at + 1)
      return after >= header.length || header[after] === ';' ? at : -1
    }
  }
  return -1
}

// quoted-pair = "\" ( 3OCTDIG / any )
function unquote(quoted: string): string {
  if (!quoted.includes('\\')) return quoted
  // Octal escapes are bytes of UTF-8; other characters are unchanged.
  const bytes = Buffer.from(quoted, 'utf8')
    .toString('latin1')
    .replace(/\\([0-3][0-7]{2}|[^])/g, (_, escaped: string) =>
      escaped.length === 1 ? escaped : String.fromCharCode(Number.parseInt(escaped, 8)),
    )
  return Buffer.from(bytes, 'latin1').toString('utf8')
}

function skipBlank(text: string, at: number): number {
  while (text[at] === ' ' || text[at] === '\t') at++
  return at
}

// Only SP and HTAB: String.trim would turn U+2000 + "__Host-x" into a name with a trusted prefix.
function trim(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && (text[start] === ' ' || text[start] === '\t')) start++
  while (end > start && (text[end - 1] === ' ' || text[end - 1] === '\t')) end--
  return text.slice(start, end)
}
