/** JSON parser for Python's `json`: builds the value of a text that `json-scan.ts` has validated. */

import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COMMA,
  endOfValue,
  isFloatText,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  scanValue,
  skipSpace,
  stringValue,
} from './json-scan.ts'

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
  return scanValue(text) && { value: validValue(text, revive) }
}

/** The value of a valid text. */
export function validValue(text: string, revive?: Revive): unknown {
  let at = skipSpace(text, 0)
  // Whether the value that was read last is a whole number written as a float.
  let isFloat = false

  function value(): unknown {
    isFloat = false
    const start = at
    const first = text.charCodeAt(start)
    if (first === OPEN_BRACE || first === OPEN_BRACKET) return container(first === OPEN_BRACKET)
    at = endOfValue(text, start, 1)
    if (first === QUOTE) return stringValue(text, start, at)
    const bare = text.slice(start, at)
    const scalar = bareValue(bare)
    isFloat = typeof scalar === 'number' && isWholeFloat(bare, scalar)
    return scalar
  }

  function container(isArray: boolean): unknown {
    const made: JsonObject | unknown[] = isArray ? [] : {}
    let size = 0
    let floats: FloatMembers | undefined
    at = skipSpace(text, at + 1)
    for (;;) {
      const next = text.charCodeAt(at)
      if (next === COMMA) at = skipSpace(text, at + 1)
      else if (next === CLOSE_BRACKET || next === CLOSE_BRACE) break
      let key: string | number = size
      if (!isArray) {
        key = value() as string
        at = skipSpace(text, skipSpace(text, at) + 1) // past the colon
      }
      const member = value()
      at = skipSpace(text, at)
      if (Array.isArray(made)) size = made.push(member)
      else if (Object.hasOwn(made, key)) made[key] = member
      else {
        size++
        defineMember(made, key as string, member)
      }
      if (isFloat) (floats ??= new Map()).set(key, member as number)
      else floats?.delete(key)
    }
    at++
    isFloat = false
    if (floats) floatMembers.set(made, floats)
    return revive && !Array.isArray(made) ? revive(made, size, floats) : made
  }

  return value()
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
