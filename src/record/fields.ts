/** Lazily decoded dictionary: each value stays encoded text until it is read. */

import type { Codec } from './text/codec.ts'
import { scanMembers } from './text/json-scan.ts'
import { isObject } from './text/shapes.ts'

/**
 * One value: its encoded text, and the decoded `live` value once it was read or set.
 *
 * Records share fields, so only `live` may be changed in place.
 */
export interface Field {
  readonly text: string
  live?: Live | undefined
}

/** A decoded value. */
export interface Live {
  value: unknown
  /** Whether the app's schema accepts it; `undefined` if that was not checked. */
  isValid?: boolean
  /** The text of `value`, if the schema returned another value than the stored one. */
  text?: string | undefined
}

/**
 * An object that the app has set. It is encoded once, when its text is first read (on commit).
 *
 * Until then, changes that the app makes to the object are included.
 */
class LateField implements Field {
  readonly live: Live
  readonly #key: string
  readonly #codec: Codec
  #text: string | undefined

  constructor(value: object, key: string, codec: Codec) {
    this.live = { value }
    this.#key = key
    this.#codec = codec
  }

  get isSpelled(): boolean {
    return this.#text !== undefined
  }

  /** @throws ERR_VALUE_UNSUPPORTED if the object by now contains a value that cannot be stored. */
  get text(): string {
    return (this.#text ??= this.#codec.encode(this.live.value, this.#key))
  }
}

/** Makes the field of an app's value. @throws ERR_VALUE_UNSUPPORTED if it cannot be stored. */
export function givenField(value: unknown, key: string, codec: Codec): Field {
  const text = codec.check(value, key)
  if (text === undefined) return new LateField(value as object, key, codec)
  return isObject(value) ? { text, live: { value } } : unread(text)
}

/** Makes a field, encoded at once. @throws ERR_VALUE_UNSUPPORTED */
export function spelled(value: unknown, key: string, codec: Codec): Field {
  return { text: codec.encode(value, key), live: { value } }
}

/** Whether a field is not encoded yet. */
export function isUnspelled(field: Field): boolean {
  return field instanceof LateField && !field.isSpelled
}

/** Fields by key, in order. The text of an unchanged field is written byte for byte. */
export type Fields = Map<string, Field>

/** The decoded value of a field: the same object each time. */
export function liveValue(field: Field, codec: Codec): unknown {
  field.live ??= codec.decode(field.text)
  return field.live?.value
}

/** The stored value, also where the app reads what its schema returned for it. */
export function storedValue(field: Field, codec: Codec): unknown {
  const isStored = field.live?.text === undefined
  return isStored ? liveValue(field, codec) : codec.decode(field.text)?.value
}

/** A newly decoded value as the app reads it, which can be changed without changing the field. */
export function freshValue(field: Field, codec: Codec): unknown {
  return codec.decode(field.live?.text ?? field.text)?.value
}

/** Whether the live value was changed in place, so that it differs from the text. */
export function hasDrifted(field: Field, key: string, codec: Codec): boolean {
  const { live } = field
  // The app has no object that its schema refused.
  if (!isObject(live?.value) || live.isValid === false || isUnspelled(field)) return false
  const text = live.text ?? field.text
  const now = codec.encode(live.value, key)
  // Re-encoded, since another writer may have encoded the same value differently.
  return now !== text && now !== codec.encode(codec.decode(text)?.value, key)
}

/**
 * Splits a text into the fields of its object, or of each object if it is a list.
 *
 * Returns `undefined` if the text is not JSON or any value in it cannot be decoded: a cookie is
 * rejected as a whole. A list's element that is not an object is `undefined`.
 */
export function splitFields(text: string, codec: Codec): (Fields | undefined)[] | undefined {
  const scanned = scanMembers(text, unread)
  if (!scanned) return undefined
  const { objects, isPlain } = scanned
  if ((isPlain && codec.hasMarkedTags) || !codec.mayHoldTags(text)) return objects
  return objects.every((fields) => !fields || isReadable(fields, codec)) ? objects : undefined
}

/** Copies the map; the fields are shared. `new Map(fields)` takes twice as long. */
export function copyFields(fields: Fields): Fields {
  const copy: Fields = new Map()
  fields.forEach((field, key) => copy.set(key, field))
  return copy
}

/** Makes a field that is not decoded yet. */
export function unread(text: string): Field {
  // The same members in every field: one hidden class in V8.
  return { text, live: undefined }
}

function isReadable(fields: Fields, codec: Codec): boolean {
  for (const field of fields.values()) {
    if (codec.mayHoldTags(field.text) && !(field.live = codec.decode(field.text))) return false
  }
  return true
}
