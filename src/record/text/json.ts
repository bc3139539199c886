/** JSON parser for Python's `json`: builds values, or finds the position of an object's members. */

import { isFloatText, QUOTE, type Sink, walk } from './json-walk.ts'

/** The position of a value in a text: from `start` to before `end`. */
export interface Span {
  start: number
  end: number
}

/** A parsed JSON object, as of JSON.parse: `__proto__` and `constructor` are ordinary own keys. */
export type JsonObject = { [key: string]: unknown }

/**
 * Called for each parsed object, innermost first; its result replaces the object.
 *
 * `floats` are the whole numbers among its members that were written as floats (`1.0`).
 */
export type Revive = (object: JsonObject, size: number, floats: FloatMembers | undefined) => unknown

/** Whole numbers that were written as floats (`1.0`), by their key or index in a container. */
export type FloatMembers = Map<string | number, number>

const floatMembers = new WeakMap<object, FloatMembers>()

/** The floats that an object or array was read with, so that they are written as floats again. */
export function floatMembersOf(container: object): FloatMembers | undefined {
  return floatMembers.get(container)
}

/** Copies the floats of one container to another that has the same members. */
export function sameFloatMembers<Container extends object>(
  from: object,
  made: Container,
): Container {
  const members = floatMembers.get(from)
  if (members) floatMembers.set(made, members)
  return made
}

/**
 * Parses a JSON text; returns `undefined` if it is invalid or nested too deeply.
 *
 * The grammar is that of Python's `json`: RFC 8259 plus NaN, Infinity and -Infinity. Integers
 * beyond 2^53 become bigint. A duplicate key has the last value, at the position of the first.
 */
export function parseJson(text: string, revive?: Revive): { value: unknown } | undefined {
  // Most values are short: no tokenizer is needed.
  if (SHORT.test(text)) return { value: bareValue(text) }
  const builder = valueBuilder(text, revive)
  return walk(text, builder) ? { value: builder.result() } : undefined
}

/** Literals, and integers of so few digits that they are safe integers. */
const SHORT = /^(?:0|[1-9]\d{0,14}|true|false|null)$/

/**
 * Finds the members of a top-level object, or of each object in a top-level array.
 *
 * Validates the whole text without building values; returns `undefined` if `parseJson` would.
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

/** Adds an own member, even if the object inherits that name (`__proto__`, `toString`). */
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

/** Whether our encoder would write this float as an integer. */
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
