/** JSON scanner for Python's `json`: validates a text, finds its members, and whether it is plain. */

/** The deepest nesting of objects and lists that is read or written: recursion is safe. */
export const MAX_DEPTH = 64

/** The most digits of an integer, as in Python (`sys.set_int_max_str_digits`). */
const MAX_DIGITS = 4300

/** Plain numbers of at most this many characters are exact as a double: not rounded, no bigint. */
const LONGEST_PLAIN_NUMBER = 15

const BLANK = 0x20
export const QUOTE = 0x22
export const COMMA = 0x2c
const POINT = 0x2e
const ZERO = 0x30
const NINE = 0x39
const COLON = 0x3a
const LARGE_E = 0x45
export const OPEN_BRACKET = 0x5b
const BACKSLASH = 0x5c
export const CLOSE_BRACKET = 0x5d
const SMALL_E = 0x65
export const OPEN_BRACE = 0x7b
export const CLOSE_BRACE = 0x7d

// "Plain" texts are JSON as we write it, which JSON.parse reads as we do: no white space between
// tokens, no escape, no string that begins with a space (as a tag does), and no number that Python
// reads differently from JSON.parse or that we write differently. A scan sets this to false.
let isPlain = true

/** Whether a text is valid JSON, and plain. Invalid texts and those nested too deeply: `undefined`. */
export function scanValue(text: string): 'plain' | 'unusual' | undefined {
  isPlain = true
  const end = endOfValue(text, 0, 1)
  if (end < 0 || skipSpace(text, end) !== text.length) return undefined
  return isPlain ? 'plain' : 'unusual'
}

/** The value of a plain text without tags. */
export function plainValue(text: string): unknown {
  const first = text.charCodeAt(0)
  if (first === QUOTE) return text.slice(1, -1)
  // A number: Number() is faster than JSON.parse.
  return first <= NINE ? Number(text) : (JSON.parse(text) as unknown)
}

/** The members of each object at the top of a text; `undefined` for an item that is no object. */
export interface Scanned<Member> {
  readonly objects: (Map<string, Member> | undefined)[]
  readonly isPlain: boolean
}

/**
 * Splits a top-level object, or each object of a top-level list, into members: calls `make` with
 * their text. Validates the whole text without building values; returns `undefined` if it is invalid.
 */
export function scanMembers<Member>(
  text: string,
  make: (text: string) => Member,
): Scanned<Member> | undefined {
  const objects: (Map<string, Member> | undefined)[] = []
  function endOfTop(_: string, from: number, depth: number): number {
    const at = skipSpace(text, from)
    if (text.charCodeAt(at) !== OPEN_BRACE) {
      objects.push(undefined)
      return endOfValue(text, at, depth)
    }
    const members = new Map<string, Member>()
    objects.push(members)
    return endOfObject(text, at, depth, members, make)
  }
  isPlain = true
  const list = find(text, 0, OPEN_BRACKET)
  const end = list < 0 ? endOfTop(text, 0, 1) : endOfList(text, list, 1, endOfTop)
  return end < 0 || skipSpace(text, end) !== text.length ? undefined : { objects, isPlain }
}

// The functions below return the end of what begins at `at`, or -1. V8 compiles them to one loop while
// they are this small: white space is skipped only where another token was expected.

/** `depth` counts containers including its own. White space may come before the value. */
export function endOfValue(text: string, at: number, depth: number): number {
  const first = text.charCodeAt(at)
  if (first === QUOTE) return endOfString(text, at)
  if (first === OPEN_BRACE) return endOfObject(text, at, depth)
  if (first === OPEN_BRACKET) return endOfList(text, at, depth)
  if (first > BLANK) return endOfBare(text, at, first)
  const next = skipSpace(text, at)
  return next === at ? -1 : endOfValue(text, next, depth)
}

/** The index of the next token if it is this character, or -1. */
function find(text: string, at: number, code: number): number {
  return text.charCodeAt(at) === code ? at : findLater(text, at, code)
}

function findLater(text: string, from: number, code: number): number {
  const at = skipSpace(text, from)
  return text.charCodeAt(at) === code ? at : -1
}

function endOfObject(
  text: string,
  at: number,
  depth: number,
  members?: Map<string, unknown>,
  make?: (text: string) => unknown,
): number {
  if (depth > MAX_DEPTH) return -1
  const open = at
  for (;;) {
    const key = find(text, at + 1, QUOTE)
    if (key < 0) return at === open ? find(text, at + 1, CLOSE_BRACE) + 1 || -1 : -1
    const keyEnd = endOfString(text, key)
    const colon = find(text, keyEnd, COLON)
    if (colon < 0) return -1
    at = endOfValue(text, colon + 1, depth + 1)
    if (at < 0) return -1
    if (members) {
      const name = isPlain ? text.slice(key + 1, keyEnd - 1) : stringValue(text, key, keyEnd)
      const start = isPlain ? colon + 1 : skipSpace(text, colon + 1)
      members.set(name, make!(text.slice(start, at)))
    }
    let next = text.charCodeAt(at)
    if (next <= BLANK) next = text.charCodeAt((at = skipSpace(text, at)))
    if (next === CLOSE_BRACE) return at + 1
    if (next !== COMMA) return -1
  }
}

function endOfList(text: string, at: number, depth: number, endOfItem?: typeof endOfValue): number {
  if (depth > MAX_DEPTH) return -1
  const first = skipSpace(text, at + 1)
  if (text.charCodeAt(first) === CLOSE_BRACKET) return first + 1
  for (;;) {
    at = endOfItem ? endOfItem(text, at + 1, depth + 1) : endOfValue(text, at + 1, depth + 1)
    if (at < 0) return -1
    let next = text.charCodeAt(at)
    if (next <= BLANK) next = text.charCodeAt((at = skipSpace(text, at)))
    if (next === CLOSE_BRACKET) return at + 1
    if (next !== COMMA) return -1
  }
}

/** The index of the next token. */
export function skipSpace(text: string, at: number): number {
  for (;;) {
    const code = text.charCodeAt(at)
    if (code !== BLANK && code !== 0x0a && code !== 0x0d && code !== 0x09) return at
    isPlain = false
    at++
  }
}

// string = DQUOTE *( unescaped / "\" ( one of "\/bfnrt / "u" 4HEXDIG ) ) DQUOTE   RFC 8259 section 7
const ESCAPE = /["\\/bfnrt]|u[0-9a-fA-F]{4}/y

function endOfString(text: string, start: number): number {
  if (text.charCodeAt(start + 1) === BLANK) isPlain = false
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) return at + 1
    if (code === BACKSLASH) at = lastOfEscape(text, at + 1)
    else if (code < BLANK) return -1
  }
  return -1
}

/** The last index of an escape, or beyond the text. */
function lastOfEscape(text: string, at: number): number {
  isPlain = false
  ESCAPE.lastIndex = at
  return ESCAPE.test(text) ? ESCAPE.lastIndex - 1 : text.length
}

/** The text of the string from `start` to `end`. */
export function stringValue(text: string, start: number, end: number): string {
  const quoted = text.slice(start, end)
  return quoted.includes('\\') ? (JSON.parse(quoted) as string) : quoted.slice(1, -1)
}

// number = ["-"] ( "0" / 1-9 *DIGIT ) ["." 1*DIGIT] [ ("e" / "E") ["+" / "-"] 1*DIGIT ]
const BARE = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|NaN|-?Infinity/y
// Plain ones have no exponent, and are not -0, 1.0 or 1.50.
const PLAIN = /(?!-0(?!\.))-?(?:0|[1-9]\d*)(?:\.\d*[1-9])?(?![\d.eE])|true|false|null/y

function endOfBare(text: string, at: number, first: number): number {
  // Most are integers: checking the digits is enough.
  let end = at
  let code = first
  while (code >= ZERO && code <= NINE) code = text.charCodeAt(++end)
  const isInteger = end > at && code !== POINT && code !== SMALL_E && code !== LARGE_E
  const isAlone = first !== ZERO || end - at === 1
  if (isInteger && isAlone && end - at <= LONGEST_PLAIN_NUMBER) return end
  PLAIN.lastIndex = at
  const isPlainBare = PLAIN.test(text) && PLAIN.lastIndex - at <= LONGEST_PLAIN_NUMBER
  return isPlainBare ? PLAIN.lastIndex : endOfUnusual(text, at)
}

function endOfUnusual(text: string, at: number): number {
  isPlain = false
  BARE.lastIndex = at
  if (!BARE.test(text)) return -1
  const end = BARE.lastIndex
  return end - at > MAX_DIGITS && isLongInteger(text.slice(at, end)) ? -1 : end
}

function isLongInteger(bare: string): boolean {
  return !isFloatText(bare) && bare.replace('-', '').length > MAX_DIGITS
}

export function isFloatText(number: string): boolean {
  return /[.eE]/.test(number)
}
