/** The values of Flask-Session's formats, between the layout's JSON text and the bytes in the store. */

import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COMMA,
  endOfValue,
  isFloatText,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  skipSpace,
  stringValue,
} from '../../record/text/json-scan.ts'

/**
 * A value with Python's types: an integer is a bigint, a float is a number. Objects are Maps, so that
 * keys such as "1" stay in their order.
 */
export type Wire =
  | null
  | boolean
  | bigint
  | number
  | string
  | readonly Wire[]
  | ReadonlyMap<string, Wire>

/** An object, with its keys in the order of the text. */
export type WireMap = ReadonlyMap<string, Wire>

/** The key under which the layout escapes an object whose only key is that of a tag. */
const ESCAPE = ' di'

/** The key and value of an object with exactly one member; otherwise `undefined`. */
export function onlyMember(map: WireMap): readonly [key: string, value: Wire] | undefined {
  return map.size === 1 ? [...map][0] : undefined
}

/** The object that the layout has escaped; `undefined` if this is not an escape. */
export function unescaped(map: WireMap): WireMap | undefined {
  const [key, content] = onlyMember(map) ?? []
  const inner = key === ESCAPE && content instanceof Map ? onlyMember(content) : undefined
  return inner?.[0].endsWith('__') ? new Map([[inner[0].slice(0, -2), inner[1]]]) : undefined
}

/** The text of an object that consists of one member, whose key is that of a tag. */
export function escapedText(key: string, text: string): string {
  return `{${JSON.stringify(ESCAPE)}:{${JSON.stringify(`${key}__`)}:${text}}}`
}

/** Parses a valid text. Tags and escapes are not decoded. */
export function wireOf(text: string): Wire {
  let at = 0

  function value(): Wire {
    const start = (at = skipSpace(text, at))
    const first = text.charCodeAt(start)
    if (first === OPEN_BRACE) return map()
    if (first === OPEN_BRACKET) return list()
    at = endOfValue(text, start, 1)
    if (first === QUOTE) return stringValue(text, start, at)
    return bare(text.slice(start, at))
  }

  function list(): Wire {
    const items: Wire[] = []
    while (isInside(CLOSE_BRACKET)) items.push(value())
    return items
  }

  function map(): Wire {
    const members = new Map<string, Wire>()
    while (isInside(CLOSE_BRACE)) {
      const key = value() as string
      at = skipSpace(text, at) + 1 // past the colon
      members.set(key, value())
    }
    return members
  }

  /** Skips the opening bracket or a comma; at the closing bracket it ends. */
  function isInside(close: number): boolean {
    at = skipSpace(text, at)
    const code = text.charCodeAt(at)
    if (code !== close) at = skipSpace(text, at + 1)
    if (code !== close && (code === COMMA || text.charCodeAt(at) !== close)) return true
    at++
    return false
  }

  return value()
}

function bare(text: string): Wire {
  switch (text) {
    case 'null':
      return null
    case 'true':
      return true
    case 'false':
      return false
    case 'NaN':
      return Number.NaN
    case 'Infinity':
      return Number.POSITIVE_INFINITY
    case '-Infinity':
      return Number.NEGATIVE_INFINITY
    default:
      return isFloatText(text) ? Number(text) : BigInt(text)
  }
}
