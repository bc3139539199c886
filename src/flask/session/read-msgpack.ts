/** Reads msgpack, as msgspec writes it for Flask-Session, into the text of the layout. */

import { MAX_DEPTH } from '../../record/text/json-scan.ts'
import { spellFloat } from '../../record/text/number.ts'
import { BYTES, FIRST_SECOND, LAST_SECOND, SECONDS_34, TIMESTAMP } from './msgpack-types.ts'
import { escapedText } from './wire.ts'

/** The extension type of a timestamp. All others are refused. */
const TIMESTAMP_TYPE = -1

/** Thrown if msgspec cannot have written the bytes. */
const MALFORMED = Symbol('malformed')

/**
 * The text of a session's bytes; `undefined` if they are not a msgpack object, or contain something
 * that msgspec does not write: another extension, a key that is not a string, a duplicate key,
 * invalid UTF-8.
 *
 * @param isTag whether the layout reads an object with this single key as a tagged value.
 */
export function textOfMsgpack(
  bytes: Uint8Array,
  isTag: (key: string) => boolean,
): string | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 0

  function value(depth: number): string {
    const marker = view.getUint8(at++)
    if (marker < 0x80) return String(marker)
    if (marker >= 0xe0) return String(marker - 256)
    if (marker < 0x90) return map(marker & 0x0f, depth)
    if (marker < 0xa0) return list(marker & 0x0f, depth)
    if (marker < 0xc0) return JSON.stringify(string(marker & 0x1f))
    switch (marker) {
      case 0xc0:
        return 'null'
      case 0xc2:
        return 'false'
      case 0xc3:
        return 'true'
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return tagged(BYTES, `"${Buffer.from(take(size(marker - 0xc4))).toString('base64')}"`)
      case 0xc7:
        return timestamp(size(0))
      case 0xca:
        return spellFloat(view.getFloat32(advance(4)))
      case 0xcb:
        return spellFloat(view.getFloat64(advance(8)))
      case 0xcc:
      case 0xcd:
      case 0xce:
        return String(size(marker - 0xcc))
      case 0xcf:
        return String(view.getBigUint64(advance(8)))
      case 0xd0:
        return String(view.getInt8(advance(1)))
      case 0xd1:
        return String(view.getInt16(advance(2)))
      case 0xd2:
        return String(view.getInt32(advance(4)))
      case 0xd3:
        return String(view.getBigInt64(advance(8)))
      case 0xd6:
        return timestamp(4)
      case 0xd7:
        return timestamp(8)
      case 0xd9:
      case 0xda:
      case 0xdb:
        return JSON.stringify(string(size(marker - 0xd9)))
      case 0xdc:
      case 0xdd:
        return list(size(marker - 0xdb), depth)
      case 0xde:
      case 0xdf:
        return map(size(marker - 0xdd), depth)
      default:
        throw MALFORMED
    }
  }

  /** An unsigned integer of 1, 2 or 4 bytes: `width` is 0, 1 or 2. */
  function size(width: number): number {
    if (width === 0) return view.getUint8(advance(1))
    return width === 1 ? view.getUint16(advance(2)) : view.getUint32(advance(4))
  }

  function advance(length: number): number {
    at += length
    return at - length
  }

  function take(length: number): Uint8Array {
    if (length > bytes.length - at) throw MALFORMED
    const start = advance(length)
    return bytes.subarray(start, at)
  }

  function string(length: number): string {
    try {
      return UTF8.decode(take(length))
    } catch {
      throw MALFORMED
    }
  }

  function list(count: number, depth: number): string {
    if (depth > MAX_DEPTH) throw MALFORMED
    let items = ''
    for (let index = 0; index < count; index++) {
      items += `${index > 0 ? ',' : ''}${value(depth + 1)}`
    }
    return `[${items}]`
  }

  function map(count: number, depth: number): string {
    if (depth > MAX_DEPTH) throw MALFORMED
    const keys = new Set<string>()
    let members = ''
    for (let index = 0; index < count; index++) {
      const key = keyOf(view.getUint8(at++))
      if (keys.has(key)) throw MALFORMED
      keys.add(key)
      const text = value(depth + 1)
      if (count === 1 && isTag(key)) return escapedText(key, text)
      members += `${index > 0 ? ',' : ''}${JSON.stringify(key)}:${text}`
    }
    return `{${members}}`
  }

  function keyOf(marker: number): string {
    if (marker >= 0xa0 && marker < 0xc0) return string(marker & 0x1f)
    if (marker >= 0xd9 && marker <= 0xdb) return string(size(marker - 0xd9))
    throw MALFORMED
  }

  function timestamp(length: number): string {
    if (view.getInt8(advance(1)) !== TIMESTAMP_TYPE) throw MALFORMED
    const { seconds, nanoseconds } = instant(length)
    if (nanoseconds > 999_999_999n || seconds < FIRST_SECOND || seconds > LAST_SECOND) {
      throw MALFORMED
    }
    return tagged(TIMESTAMP, `[${seconds},${nanoseconds}]`)
  }

  function instant(length: number) {
    if (length === 4) return { seconds: BigInt(view.getUint32(advance(4))), nanoseconds: 0n }
    if (length === 8) {
      const packed = view.getBigUint64(advance(8))
      return { seconds: packed & SECONDS_34, nanoseconds: packed >> 34n }
    }
    if (length !== 12) throw MALFORMED
    const nanoseconds = BigInt(view.getUint32(advance(4)))
    return { seconds: view.getBigInt64(advance(8)), nanoseconds }
  }

  try {
    const first = bytes[0] ?? 0
    const isMap = (first >= 0x80 && first < 0x90) || first === 0xde || first === 0xdf
    if (!isMap) return undefined
    const text = value(1)
    return at === bytes.length ? text : undefined
  } catch (error) {
    // A DataView throws a RangeError beyond its end.
    if (error === MALFORMED || error instanceof RangeError) return undefined
    throw error
  }
}

function tagged(tag: string, text: string): string {
  return `{"${tag}":${text}}`
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
