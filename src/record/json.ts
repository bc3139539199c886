/** JSON as Python writes it: one iterative walk that builds a value or only notes where keys stand. */

/** Nesting beyond this is refused, on reading and on writing. */
export const MAX_DEPTH = 64

/** Python refuses integers with more digits (`sys.set_int_max_str_digits`). */
const MAX_DIGITS = 4300

/** Where the text of one value stands. */
export interface Span {
  start: number
  end: number
}

/** A JSON object as read: no prototype, so `__proto__` and `constructor` are ordinary keys. */
export type JsonObject = { [key: string]: unknown }

/**
 * Called for each finished object, innermost first; what it returns takes the object's place.
 *
 * `floats` names the members that were spelled as a float although they are whole (`1.0`).
 */
export type Revive = (object: JsonObject, size: number, floats: FloatMembers | undefined) => unknown

/** Members of a container that hold a whole number spelled as a float, with that number. */
export type FloatMembers = Map<string | number, number>

const floatMembers = new WeakMap<object, FloatMembers>()

/** What this object or array held as `1.0` when it was read, so that writing it back can keep it. */
export function floatMembersOf(container: object): FloatMembers | undefined {
  return floatMembers.get(container)
}

/** Says that one container was made from another, member by member. */
export function sameFloatMembers<Container extends object>(
  from: object,
  made: Container,
): Container {
  const members = floatMembers.get(from)
  if (members) floatMembers.set(made, members)
  return made
}

/**
 * The value of a JSON text, or `undefined` if it is not JSON or is nested too deep.
 *
 * The grammar is that of Python's `json`: RFC 8259 plus NaN, Infinity and -Infinity. Integers
 * beyond 2^53 become bigint. Of duplicate keys the last value counts, in the first one's position.
 */
export function parseJson(text: string, revive?: Revive): { value: unknown } | undefined {
  const builder = valueBuilder(text, revive)
  return walk(text, builder) ? { value: builder.result() } : undefined
}

/**
 * The spans of a top-level object's members, or of each object in a top-level array.
 *
 * The whole text is checked and nothing is built: `undefined` where `parseJson` would say so too.
 */
export function scanJson(text: string): (Map<string, Span> | undefined)[] | undefined {
  const scanner = memberScanner(text)
  return walk(text, scanner) ? scanner.objects : undefined
}

/** What the walk tells of the text it goes through. */
interface Sink {
  open(isArray: boolean, start: number): void
  key(start: number, end: number): void
  scalar(start: number, end: number): void
  close(end: number): void
}

const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const BACKSLASH = 0x5c
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

/** Goes through a JSON text from left to right; false as soon as it is not JSON. */
function walk(text: string, sink: Sink): boolean {
  // Without escapes and control characters a string ends at the next quotation mark.
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
    // A value has ended: close what ends with it, up to the next comma.
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

/** Reads `"key":` and answers where its value begins, or -1. */
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
  return DIGIT.test(number) && !isFloat(number) && number.replace('-', '').length > MAX_DIGITS
}

function isFloat(number: string): boolean {
  return /[.eE]/.test(number)
}

function stringValue(text: string, start: number, end: number): string {
  const quoted = text.slice(start, end)
  return quoted.includes('\\') ? (JSON.parse(quoted) as string) : quoted.slice(1, -1)
}

function bareValue(bare: string): unknown {
  switch (bare) {
    case 'true':
      return true
    case 'false':
      return false
    case 'null':
      return null
    case 'NaN':
      return Number.NaN
    case 'Infinity':
      return Number.POSITIVE_INFINITY
    case '-Infinity':
      return Number.NEGATIVE_INFINITY
    case '-0':
      return 0 // Python's integer zero has no sign.
    default: {
      const number = Number(bare)
      return Number.isSafeInteger(number) || isFloat(bare) ? number : BigInt(bare)
    }
  }
}

interface Frame {
  container: JsonObject | unknown[]
  key: string
  size: number
  floats: FloatMembers | undefined
}

function valueBuilder(text: string, revive: Revive | undefined): Sink & { result(): unknown } {
  const frames: Frame[] = []
  let frame: Frame | undefined
  let root: unknown

  function put(value: unknown): string | number {
    if (!frame) {
      root = value
      return 0
    }
    const { container, key } = frame
    if (Array.isArray(container)) return container.push(value) - 1
    if (!(key in container)) frame.size++
    container[key] = value
    frame.floats?.delete(key)
    return key
  }

  return {
    open(isArray) {
      const container = isArray ? [] : (Object.create(null) as JsonObject)
      frames.push((frame = { container, key: '', size: 0, floats: undefined }))
    },
    key(start, end) {
      frame!.key = stringValue(text, start, end)
    },
    scalar(start, end) {
      if (text.charCodeAt(start) === QUOTE) {
        put(stringValue(text, start, end))
        return
      }
      const bare = text.slice(start, end)
      const value = bareValue(bare)
      const member = put(value)
      if (frame && typeof value === 'number' && isWholeFloat(bare, value)) {
        frame.floats ??= new Map()
        frame.floats.set(member, value)
      }
    },
    close() {
      const { container, size, floats } = frames.pop()!
      frame = frames[frames.length - 1]
      if (floats) floatMembers.set(container, floats)
      put(revive && !Array.isArray(container) ? revive(container, size, floats) : container)
    },
    result: () => root,
  }
}

/** Whether our own encoder would spell this float as an integer. */
function isWholeFloat(bare: string, value: number): boolean {
  return Number.isSafeInteger(value) && !Object.is(value, -0) && isFloat(bare)
}

function memberScanner(text: string): Sink & { objects: (Map<string, Span> | undefined)[] } {
  const objects: (Map<string, Span> | undefined)[] = []
  let depth = 0
  let listDepth = 0 // 1 while inside a top-level array
  let members: Map<string, Span> | undefined
  let key = ''
  let start = 0

  return {
    objects,
    open(isArray, at) {
      if (depth === 0 && isArray) listDepth = 1
      else if (depth === listDepth) objects.push((members = isArray ? undefined : new Map()))
      else if (depth === listDepth + 1) start = at
      depth++
    },
    key(from, to) {
      if (members && depth === listDepth + 1) key = stringValue(text, from, to)
    },
    scalar(from, to) {
      if (depth === listDepth) objects.push(undefined)
      else if (members && depth === listDepth + 1) members.set(key, { start: from, end: to })
    },
    close(end) {
      depth--
      if (members && depth === listDepth + 1) members.set(key, { start, end })
    },
  }
}
