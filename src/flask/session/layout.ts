/** Flask-Session's layout: Flask's dictionary without Flask's tags, as msgpack or as JSON. */

import { SessionError } from '../../base/errors.ts'
import { isDate } from '../../base/realm.ts'
import type { Layout } from '../../record/record.ts'
import { type Codec, createCodec } from '../../record/text/codec.ts'
import { type Tag, UNREADABLE } from '../../record/text/tag.ts'
import { bytesTag } from '../../record/text/tags.ts'
import { refuse } from '../../record/text/unsupported.ts'
import { flaskLayout } from '../layout.ts'
import { FIRST_SECOND, fits, LAST_SECOND, TIMESTAMP, TOO_LONG } from './msgpack-types.ts'

/** `SESSION_SERIALIZATION_FORMAT`. */
export type Format = 'msgpack' | 'json'

/** The tag of a time: an aware datetime of Python, which is read with millisecond precision. */
const timestampTag: Tag<Date> = {
  key: TIMESTAMP,
  test: (value): value is Date => isDate(value) && !Number.isNaN(value.getTime()),
  encode(value) {
    const time = value.getTime()
    const seconds = Math.floor(time / 1000)
    const isPython = seconds >= FIRST_SECOND && seconds <= LAST_SECOND
    return isPython ? [seconds, (time - seconds * 1000) * 1_000_000] : refuse(NO_YEAR)
  },
  decode(content: unknown) {
    const [seconds, nanoseconds] = Array.isArray(content) ? (content as unknown[]) : []
    if (typeof seconds !== 'number' || typeof nanoseconds !== 'number') return UNREADABLE
    return new Date(seconds * 1000 + Math.floor(nanoseconds / 1_000_000))
  },
}

const NO_YEAR = 'it holds a Date outside the years 1 to 9999'

/** A tag that writes nothing: it refuses integers that msgspec refuses, when they are set. */
const integerTag: Tag<bigint> = {
  key: ' i',
  test: (value): value is bigint => typeof value === 'bigint' && !fits(value),
  encode: () => refuse(TOO_LONG),
  decode: () => UNREADABLE,
}

/**
 * The layout of Flask-Session's data. Flash messages are lists; the user's id is in `_user_id`.
 *
 * Refuses a value that Flask-Session would store as another type: from the next request on, both apps
 * would read that other type.
 *
 * @param isPermanent whether new sessions are permanent: SESSION_PERMANENT.
 */
export function flaskSessionLayout(format: Format, isPermanent: boolean): Layout {
  const flask = flaskLayout(flaskSessionCodec(format))
  const record = flask.empty
  return {
    ...flask,
    keepsPermanent: true,
    empty(stamp) {
      const made = record(stamp)
      if (isPermanent) made.data.set('_permanent', { text: 'true' })
      return made
    },
    flashItem: (category, message) => [category, message],
  }
}

/** The JSON codec: keys in the order in which they were set, as in Python; text unescaped, in UTF-8. */
function flaskSessionCodec(format: Format): Codec {
  const codec = createCodec({
    tags: format === 'msgpack' ? [bytesTag, timestampTag, integerTag] : [integerTag],
    sortKeys: false,
    ascii: false,
    levelsAround: 1,
  })
  const checked = (text: string, key: string) => {
    // JSON.stringify writes this escape only for lone surrogates.
    if (/\\ud[89a-f]/.test(text) && hasSurrogate(text)) {
      throw new SessionError('ERR_VALUE_UNSUPPORTED', key, 'it holds a lone surrogate')
    }
    return text
  }
  return {
    ...codec,
    encode: (value, key) => checked(codec.encode(value, key), key),
    check(value, key) {
      const text = codec.check(value, key)
      return text === undefined ? undefined : checked(text, key)
    },
  }
}

/** Matches the escape, but not an escaped backslash before the same letters. */
function hasSurrogate(text: string): boolean {
  return /(?<!\\)(?:\\\\)*\\ud[89a-f]/.test(text)
}
