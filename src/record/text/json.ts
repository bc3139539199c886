/** JSON as Python writes it: builds a value, or only notes where the values of keys stand. */

import { isFloatText, QUOTE, type Sink, walk } from './json-walk.ts'

/** Where the text of one value stands. */
export interface Span {
  start: number
  end: number
}

/** A JSON object as read, as JSON.parse makes it: `__proto__` and `constructor` are ordinary keys. */
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
  // What most keys hold needs no walk.
  if (SHORT.test(text)) return { value: bareValue(text) }
  const builder = valueBuilder(text, revive)
  return walk(text, builder) ? { value: builder.result() } : undefined
}

/** Literals, and integers that are safe whatever their digits. */
const SHORT = /^(?:0|[1-9]\d{0,14}|true|false|null)$/

/**
 * The spans of a top-level object's members, or of each object in a top-level array.
 *
 * The whole text is checked and nothing is built: `undefined` where `parseJson` would say so too.
 */
export function scanJson(text: string): (Map<string, Span> | undefined)[] | undefined {
  const scanner = memberScanner(text)
  return walk(text, scanner) ? scanner.objects : undefined
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
      return Number.isSafeInteger(number) || isFloatText(bare) ? number : BigInt(bare)
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
    if (Object.hasOwn(container, key)) container[key] = value
    else {
      frame.size++
      defineMember(container, key, value)
    }
    frame.floats?.delete(key)
    return key
  }

  return {
    open(isArray) {
      const container: JsonObject | unknown[] = isArray ? [] : {}
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

/** Adds a member of its own, whatever an object inherits under that name. */
function defineMember(object: JsonObject, key: string, value: unknown): void {
  if (!(key in object)) object[key] = value
  else {
    Object.defineProperty(object, key, {
      value,
      configurable: true,
      enumerable: true,
      writable: true,
    })
  }
}

/** Whether our own encoder would spell this float as an integer. */
function isWholeFloat(bare: string, value: number): boolean {
  return Number.isSafeInteger(value) && !Object.is(value, -0) && isFloatText(bare)
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
