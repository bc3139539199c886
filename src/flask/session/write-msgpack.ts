/** Writes msgpack, as msgspec does for Flask-Session, from the text of the layout. */

import { SessionError } from '../../base/errors.ts'
import { BYTES, SECONDS_34, TIMESTAMP, TOO_LONG } from './msgpack-types.ts'
import { onlyMember, unescaped, type Wire, type WireMap, wireOf } from './wire.ts'

/** The bytes of a text of the layout, as msgspec writes them. @throws ERR_VALUE_UNSUPPORTED */
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

/** Refuses lone surrogates, which UTF-8 cannot encode. @throws ERR_VALUE_UNSUPPORTED */
export function refuseSurrogates(text: string): void {
  if (!/\p{Surrogate}/u.test(text)) return
  throw new SessionError('ERR_VALUE_UNSUPPORTED', 'a key or a text', 'it holds a lone surrogate')
}

/** Writes a length: in the marker `fixed` itself up to `most`, otherwise after a marker for its width. */
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

/** The shortest form of an integer. @throws ERR_VALUE_UNSUPPORTED if it does not fit into 64 bits */
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
