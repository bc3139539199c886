/** Fast JSON parser for the subset that we write; leaves all other JSON to the full parser. */

import { MAX_DEPTH, QUOTE } from './json-walk.ts'

// "Plain" JSON is a strict subset of what json-walk.ts reads, with the same results: no white space
// between tokens, no escape, no string that begins with a space (as a tag does), and no number that
// Python reads differently from JSON.parse or that we write differently. A text that is not plain
// may be valid: the full parser decides.

const BLANK = 0x20
const COMMA = 0x2c
const COLON = 0x3a
const OPEN_BRACKET = 0x5b
const BACKSLASH = 0x5c
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const POINT = 0x2e
const ZERO = 0x30
const NINE = 0x39
const LARGE_E = 0x45
const SMALL_E = 0x65

/** Parses a plain text without tags; returns `undefined` if the text is not plain. */
export function plainValue(text: string): { value: unknown } | undefined {
  if (endOfValue(text, 0, 1) !== text.length) return undefined
  const first = text.charCodeAt(0)
  if (first === QUOTE) return { value: text.slice(1, -1) }
  // A number: Number() is faster than JSON.parse.
  if (first <= NINE) return { value: Number(text) }
  return { value: JSON.parse(text) as unknown }
}

/**
 * Splits a plain object, or each object of a plain list, into members: `make` is called with their
 * text. An element that is not an object is `undefined`, and so is the result for other texts.
 */
export function plainMembers<Member>(
  text: string,
  make: (text: string) => Member,
): (Map<string, Member> | undefined)[] | undefined {
  const isList = text.charCodeAt(0) === OPEN_BRACKET
  const found: (Map<string, Member> | undefined)[] = []
  for (let at = isList ? 1 : 0; ; at++) {
    const depth = isList ? 2 : 1
    if (text.charCodeAt(at) === OPEN_BRACE) {
      const members = new Map<string, Member>()
      found.push(members)
      at = endOfObject(text, at, depth, (key, start, end) => {
        members.set(key, make(text.slice(start, end)))
      })
    } else {
      found.push(undefined)
      at = endOfValue(text, at, depth)
    }
    if (at < 0) return undefined
    if (!isList) return at === text.length ? found : undefined
    const next = text.charCodeAt(at)
    if (next === CLOSE_BRACKET) return at + 1 === text.length ? found : undefined
    if (next !== COMMA) return undefined
  }
}

/** The end of the value that begins at `at`, or -1. `depth` counts containers including its own. */
function endOfValue(text: string, at: number, depth: number): number {
  const first = text.charCodeAt(at)
  if (first === QUOTE) return endOfString(text, at)
  if (first === OPEN_BRACE) return endOfObject(text, at, depth)
  if (first === OPEN_BRACKET) return endOfList(text, at, depth)
  return endOfBare(text, at, first)
}

function endOfString(text: string, start: number): number {
  if (text.charCodeAt(start + 1) === BLANK) return -1
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) return at + 1
    if (code === BACKSLASH || code < BLANK) return -1
  }
  return -1
}

function endOfObject(
  text: string,
  at: number,
  depth: number,
  found?: (key: string, start: number, end: number) => void,
): number {
  if (depth > MAX_DEPTH) return -1
  if (text.charCodeAt(at + 1) === CLOSE_BRACE) return at + 2
  for (;;) {
    const key = at + 1
    const colon = text.charCodeAt(key) === QUOTE ? endOfString(text, key) : -1
    if (colon < 0 || text.charCodeAt(colon) !== COLON) return -1
    at = endOfValue(text, colon + 1, depth + 1)
    if (at < 0) return -1
    found?.(text.slice(key + 1, colon - 1), colon + 1, at)
    const next = text.charCodeAt(at)
    if (next === CLOSE_BRACE) return at + 1
    if (next !== COMMA) return -1
  }
}

function endOfList(text: string, at: number, depth: number): number {
  if (depth > MAX_DEPTH) return -1
  if (text.charCodeAt(at + 1) === CLOSE_BRACKET) return at + 2
  for (;;) {
    at = endOfValue(text, at + 1, depth + 1)
    if (at < 0) return -1
    const next = text.charCodeAt(at)
    if (next === CLOSE_BRACKET) return at + 1
    if (next !== COMMA) return -1
  }
}

/** Numbers of at most this many characters are exact as a double: not rounded, not a bigint. */
const LONGEST_NUMBER = 15

// bare = integer / decimal / "true" / "false" / "null"      ; no exponent, no -0, no 1.0 and no 1.50
const BARE = /(?!-0(?!\.))-?(?:0|[1-9]\d*)(?:\.\d*[1-9])?(?![\d.eE])|true|false|null/y

function endOfBare(text: string, at: number, first: number): number {
  // Most are integers: checking the digits is enough.
  let end = at
  let code = first
  while (code >= 0x30 && code <= 0x39) code = text.charCodeAt(++end)
  const isInteger = end > at && code !== POINT && code !== SMALL_E && code !== LARGE_E
  if (isInteger && (first !== ZERO || end - at === 1)) return within(at, end)
  BARE.lastIndex = at
  return BARE.test(text) ? within(at, BARE.lastIndex) : -1
}

function within(at: number, end: number): number {
  return end - at > LONGEST_NUMBER ? -1 : end
}
