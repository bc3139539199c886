/** The tags that both formats share (tuple, bytes, markup, UUID), and our own: Date and bigint. */

import { isBytes, isDate } from '../../base/realm.ts'
import { exactEscapeTag } from './escape-tag.ts'
import { type Tag, UNREADABLE } from './tag.ts'
import { sameFloatMembers } from './json.ts'
import {
  isMarkup,
  isTuple,
  isUuid,
  type Markup,
  markup,
  type Tuple,
  tupleOf,
  type Uuid,
  uuid,
} from './values.ts'

/** ` t`: a tuple, as the list of its items. */
export const tupleTag: Tag<Tuple> = {
  key: ' t',
  test: isTuple,
  encode: (value) => sameFloatMembers(value, [...value]),
  decode: (content: unknown) =>
    Array.isArray(content) ? sameFloatMembers(content, tupleOf(content)) : UNREADABLE,
}

/** ` b`: bytes, as canonical standard base64 with padding (RFC 4648 section 4). */
export const bytesTag: Tag<Uint8Array> = {
  key: ' b',
  test: isBytes,
  encode: (value) => Buffer.from(value).toString('base64'),
  decode(content: unknown) {
    if (typeof content !== 'string') return UNREADABLE
    const bytes = Buffer.from(content, 'base64')
    return bytes.toString('base64') === content ? new Uint8Array(bytes) : UNREADABLE
  },
}

/** ` m`: Markup, text that is safe HTML. */
export const markupTag: Tag<Markup> = {
  key: ' m',
  test: isMarkup,
  encode: (value) => value.html,
  decode: (content: unknown) => (typeof content === 'string' ? markup(content) : UNREADABLE),
}

/** ` u`: a UUID, as 32 hexadecimal digits. */
export const uuidTag: Tag<Uuid> = {
  key: ' u',
  test: isUuid,
  encode: (value) => value.uuid.replaceAll('-', ''),
  decode: (content: unknown) =>
    typeof content === 'string' && /^[0-9a-f]{32}$/.test(content) ? uuid(content) : UNREADABLE,
}

/** ` D`: a Date, in milliseconds since 1970. Our own: Flask's ` d` drops fractions of a second. */
const dateTag: Tag<Date> = {
  key: ' D',
  test: (value): value is Date => isDate(value) && !Number.isNaN(value.getTime()),
  encode: (value) => value.getTime(),
  decode(content: unknown, float) {
    // Date would round a fraction.
    const isWhole = typeof content === 'number' && Number.isInteger(content) && !float
    const date = new Date(isWhole ? content : Number.NaN)
    return Number.isNaN(date.getTime()) ? UNREADABLE : date
  },
}

/** ` i`: a bigint that would be read as a number. Our own: Python has one type of integer. */
const bigintTag: Tag<bigint> = {
  key: ' i',
  test: isSmall,
  encode: String,
  decode(content: unknown) {
    const isDecimal = typeof content === 'string' && /^(?:0|-?[1-9]\d{0,15})$/.test(content)
    const value = isDecimal ? BigInt(content) : undefined
    return isSmall(value) ? value : UNREADABLE
  },
}

function isSmall(value: unknown): value is bigint {
  return typeof value === 'bigint' && Number.isSafeInteger(Number(value))
}

/** The tags of our own format. */
export const ownTags: readonly Tag[] = [
  tupleTag,
  bytesTag,
  markupTag,
  uuidTag,
  dateTag,
  bigintTag,
  exactEscapeTag,
]
