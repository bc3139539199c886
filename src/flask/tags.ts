/** Flask's JSON tags, decoded as leniently as Flask decodes them in Python. */

import { isBytes, isDate } from '../base/realm.ts'
import { isReadObject } from '../record/text/shapes.ts'
import { type Tag, UNREADABLE } from '../record/text/tag.ts'
import { bytesTag, markupTag, tupleTag, uuidTag } from '../record/text/tags.ts'
import { isMarkup, markup, tuple, uuid } from '../record/text/values.ts'
import { readHttpDate, writeHttpDate } from './http-date.ts'
import { pythonText } from './python-text.ts'

/** ` t`, decoded as by Python's `tuple()`, from any iterable. */
const flaskTupleTag: Tag = {
  ...tupleTag,
  decode(content: unknown, float) {
    if (typeof content === 'string') return tuple(...content)
    if (isMarkup(content)) return tuple(...content.html)
    if (Array.isArray(content)) return tupleTag.decode(content, float)
    if (isBytes(content)) return tuple(...content)
    return isReadObject(content) ? tuple(...Object.keys(content)) : UNREADABLE
  },
}

/** ` b`, decoded as by Python's `b64decode()`, which skips characters outside the alphabet. */
const flaskBytesTag: Tag = {
  ...bytesTag,
  decode(content: unknown) {
    if (isBytes(content)) return lenientBase64(latin1(content)) ?? UNREADABLE
    const text = textOf(content)
    if (text === undefined || /[^\0-\x7f]/.test(text)) return UNREADABLE
    return lenientBase64(text) ?? UNREADABLE
  },
}

/** ` m`, decoded as by `Markup()`, from the text of any value. */
const flaskMarkupTag: Tag = {
  ...markupTag,
  decode(content: unknown, float) {
    const text = pythonText(content, float)
    const isSpelledOut = typeof content !== 'string' && !isMarkup(content)
    return isSpelledOut && text.length > LONGEST_REPR ? UNREADABLE : markup(text)
  },
}

/** The most characters of Markup: nested lists of Markup could double the text at each level. */
const LONGEST_REPR = 4096

/** ` u`, decoded as by `uuid.UUID()`, with dashes, braces or `urn:uuid:` too. */
const flaskUuidTag: Tag = {
  ...uuidTag,
  decode(content: unknown) {
    const text = textOf(content)
    if (text === undefined) return UNREADABLE
    const bare = text.replaceAll('urn:', '').replaceAll('uuid:', '')
    const digits = withoutBraces(bare).replaceAll('-', '')
    // int(digits, 16): Python accepts spaces around, a sign, 0x and single underscores.
    const number = /^\s*\+?(?:0[xX]_?)?([0-9a-fA-F]+(?:_[0-9a-fA-F]+)*)\s*$/.exec(digits)?.[1]
    if ([...digits].length !== 32 || number === undefined) return UNREADABLE
    return uuid(number.replaceAll('_', '').padStart(32, '0'))
  },
}

/** ` d`: a date, to the second. Text that is not a date is `null`, as in Flask. */
const flaskDateTag: Tag<Date> = {
  key: ' d',
  test: (value): value is Date => isDate(value) && hasPythonYear(value),
  encode: writeHttpDate,
  decode(content: unknown) {
    const text = textOf(content)
    if (text !== undefined) return readHttpDate(text) ?? null
    if (isBytes(content)) return null
    return isEmptyInPython(content) ? null : UNREADABLE
  },
}

/** The tags of Flask's `TaggedJSONSerializer`, in its order. */
export const flaskTags: readonly Tag[] = [
  flaskTupleTag,
  flaskBytesTag,
  flaskMarkupTag,
  flaskUuidTag,
  flaskDateTag,
]

/** Markup is a string in Python. */
function textOf(content: unknown): string | undefined {
  if (isMarkup(content)) return content.html
  return typeof content === 'string' ? content : undefined
}

/** Python's `strip('{}')`. A regular expression for the end would take quadratic time. */
function withoutBraces(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && '{}'.includes(text[start]!)) start++
  while (end > start && '{}'.includes(text[end - 1]!)) end--
  return text.slice(start, end)
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1')
}

function hasPythonYear(date: Date): boolean {
  const year = date.getUTCFullYear()
  return year >= 1 && year <= 9999
}

function isEmptyInPython(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0
  if (isReadObject(value)) return Object.keys(value).length === 0
  return !value && !Number.isNaN(value)
}

/** `binascii.a2b_base64` without its strict mode; `undefined` where it raises. */
function lenientBase64(text: string): Uint8Array | undefined {
  let digits = ''
  let pads = 0
  for (const character of text) {
    if (character === '=') {
      // Sufficient padding ends the input; the rest is ignored.
      if (digits.length % 4 >= 2 && (digits.length % 4) + ++pads >= 4) return decode(digits)
    } else if (/[A-Za-z0-9+/]/.test(character)) {
      digits += character
      pads = 0
    }
  }
  return digits.length % 4 === 0 ? decode(digits) : undefined
}

function decode(digits: string): Uint8Array {
  return new Uint8Array(Buffer.from(digits, 'base64'))
}
