/** Tagged JSON codec: encodes and decodes values, with one-key objects for types JSON lacks. */

import { withCause, SessionError } from '../../base/errors.ts'
import { invalid } from '../../base/options.ts'
import {
  type FloatMembers,
  floatMembersOf,
  type JsonObject,
  type Revive,
  validValue,
} from './json.ts'
import { MAX_DEPTH, plainValue, scanValue } from './json-scan.ts'
import { compareCodePoints } from './order.ts'
import { isNative } from './native.ts'
import { spellFloat, spellNumber } from './number.ts'
import { ESCAPE_TAG, exactEscapeTag } from './escape-tag.ts'
import { describe, firstKey, isObject, isPlain, isSubclass } from './shapes.ts'
import { refuse, Unsupported } from './unsupported.ts'
import { type Tag, UNREADABLE } from './tag.ts'
import { isFloat } from './values.ts'

/** Options of a codec. */
export interface CodecOptions {
  tags: readonly Tag[]
  /** Sort keys by code point, as Flask's `sort_keys`; otherwise in insertion order. */
  sortKeys: boolean
  /** Escape all characters outside ASCII, as Python's `ensure_ascii`. */
  ascii: boolean
  /** Refuse NaN, which Python writes: it comes of a mistake in the app. @default false */
  refusesNaN?: boolean
  /** How many nesting levels a record adds around a value. @default 2 */
  levelsAround?: number
}

/** Encoded members of an object, by key. */
export type Members = Iterable<readonly [key: string, member: { readonly text: string }]>

/** Turns values into JSON text and back. */
export interface Codec {
  /** Encodes a value. @throws ERR_VALUE_UNSUPPORTED, naming `key`, if it cannot be stored. */
  encode(value: unknown, key: string): string
  /** As `encode`, but returns `undefined` for an object that can be stored and is encoded later. */
  check(value: unknown, key: string): string | undefined
  /** Decodes a text; returns `undefined` if it is invalid. */
  decode(text: string): { value: unknown } | undefined
  /** Encodes an object from encoded members. */
  join(members: Members): string
  /** Whether an object with this single key is a tagged value. */
  isTag(key: string): boolean
  /** Whether all tags begin with a space, which is rare in an app's own keys. */
  readonly hasMarkedTags: boolean
  /** Whether the text may contain tags, so that decoding differs from JSON. */
  mayHoldTags(text: string): boolean
}

/** Makes a codec. An object whose only key is a tag's is escaped under ` di`, as in Flask. */
export function createCodec(options: CodecOptions): Codec {
  const { tags, sortKeys, ascii, refusesNaN = false, levelsAround = 2 } = options
  const deepest = MAX_DEPTH - levelsAround
  const isExact = tags.includes(exactEscapeTag)
  const byKey = new Map([[ESCAPE_TAG.key, (isExact ? exactEscapeTag : ESCAPE_TAG) as Tag]])
  for (const tag of tags) {
    if (tag === exactEscapeTag) continue
    // One tag would decode what the other has encoded.
    if (byKey.has(tag.key)) {
      throw invalid('tags', `has two tags with the key "${tag.key}"`)
    }
    byKey.set(tag.key, tag)
  }
  const hasMarkedTags = [...byKey.keys()].every((key) => key.startsWith(' '))

  const rules = { tags, isTag: (key: string) => byKey.has(key), sortKeys }

  function quote(text: string): string {
    return isSpelledAsItIs(text) ? `"${text}"` : escape(JSON.stringify(text))
  }

  function escape(json: string): string {
    return ascii ? json.replace(/[\u007f-\uffff]/g, escapeCharacter) : json
  }

  function join(members: Members): string {
    const ordered = sortKeys ? [...members].sort(([a], [b]) => compareCodePoints(a, b)) : members
    let joined = ''
    for (const [key, { text }] of ordered) {
      joined += `${joined === '' ? '' : ','}${quote(key)}:${text}`
    }
    return `{${joined}}`
  }

  function numberText(value: number): string {
    return refusesNaN && Number.isNaN(value) ? refuse('it holds NaN') : spellNumber(value)
  }

  function encode(value: unknown, depth: number): string {
    switch (typeof value) {
      case 'string':
        return quote(value)
      case 'number':
        return numberText(value)
      case 'boolean':
        return String(value)
      case 'bigint':
        if (value >= -MAX_INTEGER && value <= MAX_INTEGER) break
        return refuse('it is an integer of more than 4300 digits')
      case 'object':
        break
      default:
        return refuse(
          `it holds ${typeof value === 'undefined' ? 'undefined' : `a ${typeof value}`}`,
        )
    }
    if (value === null) return 'null'
    if (depth > deepest) {
      return refuse(`it is nested deeper than ${deepest} levels, or contains itself`)
    }
    const inner = (content: unknown) => encode(content, depth + 1)
    if (typeof value === 'object' && isPlain(value)) {
      // An undefined property is omitted, as in JSON.stringify: it reads as undefined again.
      const names = Object.keys(value).filter((name) => (value as JsonObject)[name] !== undefined)
      const only = names.length === 1 ? names[0]! : undefined
      if (only === undefined || !byKey.has(only)) {
        return encodeObject(value as JsonObject, names, inner)
      }
      const escaped = Object.create(null) as JsonObject
      escaped[`${only}__`] = (value as JsonObject)[only]
      return `{"${ESCAPE_TAG.key}":${inner(escaped)}}`
    }
    const tag = tags.find((candidate) => candidate.test(value))
    if (tag) return `{${quote(tag.key)}:${inner(tag.encode(value))}}`
    if (Array.isArray(value) && !isSubclass(value)) return encodeArray(value, inner)
    if (typeof value === 'bigint') return String(value)
    if (isFloat(value)) return spellFloat(value.float)
    return refuse(`it holds ${describe(value)}`)
  }

  function encodeObject(object: JsonObject, names: string[], inner: Inner): string {
    const floats = floatMembersOf(object)
    const member = (name: string) => ({ text: spellMember(object[name], floats, name, inner) })
    return join(names.map((name) => [name, member(name)] as const))
  }

  const revive: Revive = (object, size, floats) => {
    if (size !== 1) return object
    const key = firstKey(object)
    const tag = byKey.get(key)
    if (!tag) return object
    const value = tag.decode(object[key], floats?.has(key) ?? false)
    if (value === UNREADABLE) throw UNREADABLE
    // This codec escapes only the keys of tags.
    if (tag === exactEscapeTag && !byKey.has(firstKey(value as JsonObject))) throw UNREADABLE
    return value
  }

  /** Encodes a value, or calls `native` if JSON.stringify writes it as this codec does. */
  function spell<Said>(value: unknown, key: string, native: (value: unknown) => Said) {
    if (typeof value === 'string') return quote(value)
    try {
      if (typeof value === 'number') return numberText(value)
      return isNative(value, rules, deepest) ? native(value) : encode(value, 1)
    } catch (error) {
      if (error instanceof SessionError) throw error
      if (error instanceof Unsupported) {
        throw new SessionError('ERR_VALUE_UNSUPPORTED', key, error.told(key))
      }
      const why = 'reading it threw an error: a getter, a proxy or a tag of the app'
      throw withCause(new SessionError('ERR_VALUE_UNSUPPORTED', key, why), error)
    }
  }

  const spellNative = (value: unknown) => escape(JSON.stringify(value))
  const spellScalar = (value: unknown) => (isObject(value) ? undefined : spellNative(value))

  return {
    encode: (value, key) => spell(value, key, spellNative),
    check: (value, key) => spell(value, key, spellScalar),
    decode(text) {
      const scanned = scanValue(text)
      if (scanned === undefined) return undefined
      if (scanned === 'plain' && hasMarkedTags) return { value: plainValue(text) }
      try {
        return { value: validValue(text, revive) }
      } catch (error) {
        if (error === UNREADABLE) return undefined
        throw error
      }
    },
    join,
    isTag: rules.isTag,
    hasMarkedTags,
    mayHoldTags: (text) => !hasMarkedTags || /"(?: |\\u0020)/.test(text),
  }
}

/** Whether a short text needs no escapes in JSON. */
function isSpelledAsItIs(text: string): boolean {
  if (text.length > 64) return false
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code < 0x20 || code > 0x7e || code === 0x22 || code === 0x5c) return false
  }
  return true
}

type Inner = (content: unknown) => string

const MAX_INTEGER = 10n ** 4300n - 1n

function encodeArray(array: readonly unknown[], inner: Inner): string {
  const floats = floatMembersOf(array)
  const items = Array.from(array, (item, index) => spellMember(item, floats, index, inner))
  return `[${items.join(',')}]`
}

/** Encodes a member: as a float (`1.0`) if the number was read as one and is unchanged. */
function spellMember(
  value: unknown,
  floats: FloatMembers | undefined,
  member: string | number,
  inner: Inner,
): string {
  const wasFloat = floats !== undefined && typeof value === 'number' && floats.get(member) === value
  if (wasFloat) return spellFloat(value)
  try {
    return inner(value)
  } catch (error) {
    if (error instanceof Unsupported) error.path.unshift(member)
    throw error
  }
}

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
