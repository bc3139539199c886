/** Reads and writes the bytes of a session: msgpack or JSON, never pickle. */

import { codeOf } from '../../base/errors.ts'
import { scanValue } from '../../record/text/json-scan.ts'
import { spellFloat } from '../../record/text/number.ts'
import type { Codec } from '../../record/text/codec.ts'
import type { Format } from './layout.ts'
import { textOfMsgpack } from './read-msgpack.ts'
import { msgpackOf, refuseSurrogates } from './write-msgpack.ts'
import { escapedText, onlyMember, unescaped, type Wire, wireOf } from './wire.ts'

/** Converts between a session's bytes in the store and its text in the layout. */
export interface Serializer {
  /** The bytes of a text. @throws ERR_VALUE_UNSUPPORTED for a key that UTF-8 cannot encode */
  encode(text: string): Buffer
  /** The text of the bytes: in this format or, as Flask-Session, in the other one. */
  decode(bytes: Uint8Array): string | undefined
}

/** The most bytes that are read. None of our sessions is that large. */
const MAX_BYTES = 1_048_576

/** Makes the serializer of a format. `codec`: that of the layout. */
export function serializerOf(format: Format, codec: Codec): Serializer {
  const isTag = (key: string) => codec.isTag(key)
  const decoders = [
    (bytes: Uint8Array) => textOfMsgpack(bytes, isTag),
    (bytes: Uint8Array) => textOfJson(bytes, isTag),
  ]
  if (format === 'json') decoders.reverse()
  return {
    encode: format === 'msgpack' ? msgpackOf : jsonOf,
    decode(bytes) {
      if (bytes.length > MAX_BYTES) return undefined
      for (const decode of decoders) {
        const text = decode(bytes)
        if (text !== undefined) return text
      }
      return undefined
    },
  }
}

function textOfJson(bytes: Uint8Array, isTag: (key: string) => boolean): string | undefined {
  let text: string
  try {
    text = UTF8.decode(bytes)
  } catch {
    return undefined
  }
  if (!/^[ \t\n\r]*\{/.test(text) || scanValue(text) === undefined) return undefined
  // A tag's key begins with a space, which may also be written as an escape.
  if (!/" |\\u/.test(text)) return text
  try {
    return spell(wireOf(text), isTag)
  } catch (error) {
    // An escaped lone surrogate: msgspec refuses it as well.
    if (codeOf(error) === 'ERR_VALUE_UNSUPPORTED') return undefined
    throw error
  }
}

/** The JSON of a layout's text without tags, and with null for NaN, as msgspec writes it. */
function jsonOf(text: string): Buffer {
  return Buffer.from(/"(?: |\\u)|NaN|Infinity/.test(text) ? spell(wireOf(text)) : text)
}

/** Encodes a value: with escapes for the layout, without them for the store. */
function spell(value: Wire, isTag?: (key: string) => boolean): string {
  if (typeof value === 'string') return quoted(value)
  if (typeof value === 'number') {
    return isTag || Number.isFinite(value) ? spellFloat(value) : 'null'
  }
  if (Array.isArray(value)) return `[${value.map((item: Wire) => spell(item, isTag)).join(',')}]`
  if (!(value instanceof Map)) return String(value)
  const map = isTag ? value : (unescaped(value) ?? value)
  const [only, content] = onlyMember(map) ?? []
  if (isTag && only !== undefined && isTag(only)) return escapedText(only, spell(content!, isTag))
  const members = [...map].map(([key, member]) => `${quoted(key)}:${spell(member, isTag)}`)
  return `{${members.join(',')}}`
}

function quoted(text: string): string {
  refuseSurrogates(text)
  return JSON.stringify(text)
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
