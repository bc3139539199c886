/** A dictionary whose values stay in their own text until somebody asks for one. */

import type { Codec } from './text/codec.ts'
import { scanJson, type Span } from './text/json.ts'
import { plainMembers } from './text/plain.ts'
import { isObject } from './text/shapes.ts'

/**
 * One value: its text, and the live value once it was handed out or set.
 *
 * Never changed in place, save for `live`: records share fields.
 */
export interface Field {
  readonly text: string
  live?: { value: unknown } | undefined
}

/**
 * An object that was set, and is spelled once, late: when its text is first asked for.
 *
 * Until then what the app does to the object is part of what it set.
 */
class LateField implements Field {
  readonly live: { value: unknown }
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

  /** @throws ERR_VALUE_UNSUPPORTED for what the object holds by now. */
  get text(): string {
    return (this.#text ??= this.#codec.encode(this.live.value, this.#key))
  }
}

/** The field of a value the app gave. @throws ERR_VALUE_UNSUPPORTED for one that cannot be kept. */
export function givenField(value: unknown, key: string, codec: Codec): Field {
  const text = codec.check(value, key)
  if (text === undefined) return new LateField(value as object, key, codec)
  return isObject(value) ? { text, live: { value } } : unread(text)
}

/** Whether asking a field for its text would spell it. */
export function isUnspelled(field: Field): boolean {
  return field instanceof LateField && !field.isSpelled
}

/** Values by key, in order. A key that nobody changes keeps its own bytes. */
export type Fields = Map<string, Field>

/** The live value of a field: the same object each time within one record. */
export function liveValue(field: Field, codec: Codec): unknown {
  field.live ??= codec.decode(field.text)
  return field.live?.value
}

/** A value of its own, which can be changed without touching the field. */
export function freshValue(field: Field, codec: Codec): unknown {
  return codec.decode(field.text)?.value
}

/** Whether the live value no longer says what the text says: a change nobody announced. */
export function hasDrifted(field: Field, key: string, codec: Codec): boolean {
  if (!isObject(field.live?.value) || isUnspelled(field)) return false
  const { live, text } = field
  const now = codec.encode(live.value, key)
  // Our own spelling of the text, since another writer may have spelled the same value otherwise.
  return now !== text && now !== codec.encode(codec.decode(text)?.value, key)
}

/** The text of an object with these fields. */
export function joinFields(fields: Fields, codec: Codec): string {
  return codec.join(fields)
}

/**
 * The fields of each object in a text: of the object it is, or of the objects in the list it is.
 *
 * `undefined` if the text is not JSON, or a value in it cannot be read: a cookie opens whole or not
 * at all. An element that is no object is `undefined` in its place.
 */
export function splitFields(text: string, codec: Codec): (Fields | undefined)[] | undefined {
  const plain = codec.hasMarkedTags ? plainMembers(text, unread) : undefined
  if (plain) return plain
  const objects = scanJson(text)
  if (!objects) return undefined
  const mayHoldTags = codec.mayHoldTags(text)
  const split: (Fields | undefined)[] = []
  for (const spans of objects) {
    const fields = spans && fieldsOf(text, spans)
    if (fields && mayHoldTags && !isReadable(fields, codec)) return undefined
    split.push(fields)
  }
  return split
}

function fieldsOf(text: string, spans: Map<string, Span>): Fields {
  const fields: Fields = new Map()
  for (const [key, { start, end }] of spans) fields.set(key, unread(text.slice(start, end)))
  return fields
}

/** A dictionary of its own with the same fields; `new Map(fields)` takes twice as long. */
export function copyFields(fields: Fields): Fields {
  const copy: Fields = new Map()
  fields.forEach((field, key) => copy.set(key, field))
  return copy
}

/** A field that nobody has asked for yet. */
export function unread(text: string): Field {
  // All fields have the same members: the platform then finds them faster.
  return { text, live: undefined }
}

function isReadable(fields: Fields, codec: Codec): boolean {
  for (const field of fields.values()) {
    if (codec.mayHoldTags(field.text) && !(field.live = codec.decode(field.text))) return false
  }
  return true
}
