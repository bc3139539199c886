/** Msgpack, as msgspec writes it for Flask-Session: to and from the text of the layout. */

import { SessionError } from '../../base/errors.ts'
import { MAX_DEPTH } from '../../record/text/json-scan.ts'
import { spellFloat } from '../../record/text/number.ts'
import { escapedText, onlyMember, unescaped, type Wire, type WireMap, wireOf } from './wire.ts'

/** The tag of bytes: standard base64. */
export const BYTES = ' b'
/** The tag of an aware datetime: whole seconds since 1970, and nanoseconds. */
export const TIMESTAMP = ' d'

/** The extension type of a timestamp. All others are refused. */
const TIMESTAMP_TYPE = -1

/** The years 1 and 9999, which Python's datetimes begin and end with. In seconds since 1970. */
export const FIRST_SECOND = -62_135_596_800n
export const LAST_SECOND = 253_402_300_799n

/** Thrown where the bytes are not what msgspec writes. */
const MALFORMED = Symbol('malformed')

/**
 * The text of a session's bytes; `undefined` if they are no msgpack object, or hold what msgspec
 * refuses or never writes: another extension, a key that is no string, a key twice, invalid UTF-8.
 *
 * @param isTag whether the layout takes an object with this single key for a tagged value.
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

/** Of a text of the layout: its bytes, as msgspec writes them. @throws ERR_VALUE_UNSUPPORTED */
export function msgpackOf(text: string): Buffer {
  const parts: Uint8Array[] = []
  write(wireOf(text), parts)
  return Buffer.concat(parts)
}

function write(value: Wire, parts: Uint8Array[]): void {
  if (value === null) parts.push(Buffer.of(0xc0))
  else if (typeof value === 'boolean') parts.push(Buffer.of(value ? 0xc3 : 0xc2))
  else if (typeof value === 'bigint') parts.push(integer(value))
  else if (typeof value === 'number') parts.push(float(value))
  else if (typeof value === 'string') writeString(value, parts)
  else if (value instanceof Map) writeMap(value as WireMap, parts)
  else {
    const items = value as readonly Wire[]
    parts.push(head(items.length, 0x90, 15, [undefined, 0xdc, 0xdd]))
    for (const item of items) write(item, parts)
  }
}

function writeMap(map: WireMap, parts: Uint8Array[]): void {
  const [tag, content] = onlyMember(map) ?? []
  if (tag === BYTES) {
    const bytes = Buffer.from(content as string, 'base64')
    parts.push(head(bytes.length, 0, -1, [0xc4, 0xc5, 0xc6]), bytes)
  } else if (tag === TIMESTAMP) {
    const [seconds, nanoseconds] = content as readonly [bigint, bigint]
    parts.push(instantBytes(seconds, nanoseconds))
  } else {
    const plain = unescaped(map) ?? map
    parts.push(head(plain.size, 0x80, 15, [undefined, 0xde, 0xdf]))
    for (const [key, member] of plain) {
      writeString(key, parts)
      write(member, parts)
    }
  }
}

function writeString(text: string, parts: Uint8Array[]): void {
  refuseSurrogates(text)
  const bytes = Buffer.from(text)
  parts.push(head(bytes.length, 0xa0, 31, [0xd9, 0xda, 0xdb]), bytes)
}

/** UTF-8 has no lone surrogates. @throws ERR_VALUE_UNSUPPORTED */
export function refuseSurrogates(text: string): void {
  if (!/\p{Surrogate}/u.test(text)) return
  throw new SessionError('ERR_VALUE_UNSUPPORTED', 'a key or a text', 'it holds a lone surrogate')
}

/** A length: inside the marker `fixed` up to `most`, or after one of the markers by its width. */
function head(
  length: number,
  fixed: number,
  most: number,
  [byte, two, four]: readonly [number | undefined, number, number],
): Buffer {
  if (length <= most) return Buffer.of(fixed | length)
  if (byte !== undefined && length < 0x100) return Buffer.of(byte, length)
  return length < 0x1_0000 ? sized(two, 2, BigInt(length)) : sized(four, 4, BigInt(length))
}

/** The shortest form of an integer. @throws ERR_VALUE_UNSUPPORTED for one that 64 bits cannot hold */
function integer(value: bigint): Buffer {
  if (value >= 0n) {
    if (value < 0x80n) return Buffer.of(Number(value))
    const width = [1, 2, 4, 8].findIndex((bytes) => value < 1n << BigInt(bytes * 8))
    if (width >= 0) return sized(0xcc + width, 1 << width, value)
  } else {
    if (value >= -32n) return Buffer.of(Number(value) & 0xff)
    const width = [1, 2, 4, 8].findIndex((bytes) => value >= -(1n << BigInt(bytes * 8 - 1)))
    if (width >= 0) return sized(0xd0 + width, 1 << width, value)
  }
  throw new SessionError('ERR_VALUE_UNSUPPORTED', 'a key', TOO_LONG)
}

/** Why msgspec refuses an integer. */
export const TOO_LONG = 'it holds an integer that does not fit into 64 bits'

/** Whether msgspec writes an integer: from -2^63 to 2^64 - 1. */
export function fits(value: bigint): boolean {
  return value >= -(1n << 63n) && value < 1n << 64n
}

function sized(marker: number, bytes: number, value: bigint): Buffer {
  const made = Buffer.alloc(9)
  made.writeBigUInt64BE(BigInt.asUintN(64, value), 1)
  made[8 - bytes] = marker
  return made.subarray(8 - bytes)
}

function float(value: number): Buffer {
  const made = Buffer.of(0xcb, 0, 0, 0, 0, 0, 0, 0, 0)
  made.writeDoubleBE(value, 1)
  return made
}

function instantBytes(seconds: bigint, nanoseconds: bigint): Buffer {
  if (seconds >= 0n && seconds <= SECONDS_34) {
    const isShort = nanoseconds === 0n && seconds < 1n << 32n
    return isShort
      ? Buffer.concat([Buffer.of(0xd6), sized(0xff, 4, seconds)])
      : Buffer.concat([Buffer.of(0xd7), sized(0xff, 8, (nanoseconds << 34n) | seconds)])
  }
  return Buffer.concat([
    Buffer.of(0xc7, 12),
    sized(0xff, 4, nanoseconds),
    sized(0, 8, seconds).subarray(1),
  ])
}

function tagged(tag: string, text: string): string {
  return `{"${tag}":${text}}`
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The most seconds of a timestamp of eight bytes. */
const SECONDS_34 = (1n << 34n) - 1n
