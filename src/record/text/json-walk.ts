/** JSON tokenizer without recursion: validates a text and reports the positions of its tokens. */

/** The deepest nesting of objects and lists that is read or written. */
export const MAX_DEPTH = 64

/** The most digits of an integer, as in Python (`sys.set_int_max_str_digits`). */
const MAX_DIGITS = 4300

/** Receives the tokens of a text, as indices into it. */
export interface Sink {
  open(isArray: boolean, start: number): void
  key(start: number, end: number): void
  scalar(start: number, end: number): void
  close(end: number): void
}

export const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const BACKSLASH = 0x5c
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

/** Reads a JSON text and reports its tokens to `sink`. Returns false at the first error. */
export function walk(text: string, sink: Sink): boolean {
  // If the text has no escapes or control characters, a string ends at the next quotation mark.
  const plain = !/[\\\u0000-\u001f]/.test(text)
  const closers: number[] = []
  let at = skipSpace(text, 0)
  for (;;) {
    const first = text.charCodeAt(at)
    if (first === OPEN_BRACE || first === OPEN_BRACKET) {
      if (closers.length === MAX_DEPTH) return false
      const closer = first === OPEN_BRACE ? CLOSE_BRACE : CLOSE_BRACKET
      closers.push(closer)
      sink.open(first === OPEN_BRACKET, at)
      at = skipSpace(text, at + 1)
      if (text.charCodeAt(at) !== closer) {
        if (closer === CLOSE_BRACE && (at = readKey(text, at, plain, sink)) < 0) return false
        continue
      }
    } else {
      const end = first === QUOTE ? endOfString(text, at, plain) : endOfBare(text, at)
      if (end < 0) return false
      sink.scalar(at, end)
      at = end
    }
    // A value has ended: close the containers that end here, up to the next comma.
    for (;;) {
      at = skipSpace(text, at)
      const closer = closers[closers.length - 1]
      if (closer === undefined) return at === text.length
      const next = text.charCodeAt(at)
      at++
      if (next === COMMA) {
        at = skipSpace(text, at)
        if (closer === CLOSE_BRACE && (at = readKey(text, at, plain, sink)) < 0) return false
        break
      }
      if (next !== closer) return false
      closers.pop()
      sink.close(at)
    }
  }
}

/** Reads `"key":` and returns the index of its value, or -1. */
function readKey(text: string, at: number, plain: boolean, sink: Sink): number {
  if (text.charCodeAt(at) !== QUOTE) return -1
  const end = endOfString(text, at, plain)
  if (end < 0) return -1
  sink.key(at, end)
  const colon = skipSpace(text, end)
  return text.charCodeAt(colon) === COLON ? skipSpace(text, colon + 1) : -1
}

function skipSpace(text: string, at: number): number {
  for (;;) {
    const char = text.charCodeAt(at)
    if (char !== 0x20 && char !== 0x0a && char !== 0x0d && char !== 0x09) return at
    at++
  }
}

// string = DQUOTE *( unescaped / "\" ( one of "\/bfnrt / "u" 4HEXDIG ) ) DQUOTE   RFC 8259 section 7
const ESCAPE = /["\\/bfnrt]|u[0-9a-fA-F]{4}/y

function endOfString(text: string, start: number, plain: boolean): number {
  if (plain) return text.indexOf('"', start + 1) + 1 || -1
  for (let at = start + 1; at < text.length; at++) {
    const char = text.charCodeAt(at)
    if (char === QUOTE) return at + 1
    if (char < 0x20) return -1
    if (char === BACKSLASH) {
      ESCAPE.lastIndex = at + 1
      if (!ESCAPE.test(text)) return -1
      at = ESCAPE.lastIndex - 1
    }
  }
  return -1
}

// number = ["-"] ( "0" / 1-9 *DIGIT ) ["." 1*DIGIT] [ ("e" / "E") ["+" / "-"] 1*DIGIT ]
const BARE = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|NaN|-?Infinity/y
const DIGIT = /\d/

function endOfBare(text: string, start: number): number {
  BARE.lastIndex = start
  if (!BARE.test(text)) return -1
  const end = BARE.lastIndex
  if (end - start > MAX_DIGITS && isLongInteger(text, start, end)) return -1
  return end
}

function isLongInteger(text: string, start: number, end: number): boolean {
  const number = text.slice(start, end)
  return DIGIT.test(number) && !isFloatText(number) && number.replace('-', '').length > MAX_DIGITS
}

export function isFloatText(number: string): boolean {
  return /[.eE]/.test(number)
}
