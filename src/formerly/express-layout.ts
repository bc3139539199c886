/** The layout of express-session's rows: one flat object, with the cookie's attributes in `cookie`. */

import { invalid } from '../base/options.ts'
import type { Field, Fields } from '../record/fields.ts'
import type { Layout, SessionRecord } from '../record/record.ts'
import { NO_STAMP } from '../record/stamp.ts'
import type { Tag } from '../record/text/tag.ts'
import { CODEC as codec, jsonFields } from './json-layout.ts'

/** The key of a row that holds the attributes of its cookie. */
export const ROW_COOKIE = 'cookie'

/** The attributes of a cookie as express-session writes them to a row. */
export interface RowCookie {
  readonly originalMaxAge: number | null
  readonly expires?: string | null
  readonly [attribute: string]: unknown
}

/** What the layout needs to know. */
export interface RowRules {
  readonly tags: readonly Tag[]
  /** The cookie attributes of a session that has not changed them. */
  readonly cookie: RowCookie
  /**
   * For the drop-in replacement: the key of the data that shows the session id. `cookie` is then a
   * key of the data as well. @default none: the data does not show them, and `cookie` is preserved
   */
  readonly idKey?: string | undefined
  /** The key of the user's id. */
  readonly userId: string
}

/** The layout, and the cookie of a record, which is not among its data. */
export interface RowLayout extends Layout {
  cookieOf(record: SessionRecord): RowCookie
  setCookie(record: SessionRecord, cookie: RowCookie): void
}

interface RowRecord extends SessionRecord {
  cookie?: Field | undefined
}

/** Makes the layout. @throws ERR_OPTION_INVALID */
export function rowLayout({ tags, cookie: usual, idKey, userId }: RowRules): RowLayout {
  if (tags.length > 0) {
    throw invalid('tags', 'cannot be combined with expressSession(): its rows are plain JSON')
  }
  const isShown = idKey !== undefined
  const record = (data: Fields, cookie?: Field): RowRecord => {
    return { data, meta: data, stamp: NO_STAMP, cookie }
  }
  const cookieField = (of: RowRecord) => (isShown ? of.data.get(ROW_COOKIE) : of.cookie)

  return {
    codec,
    flat: true,
    names: { permanent: '_permanent', flashes: '_flashes', userId },
    empty: () => record(new Map()),
    copy: (of: RowRecord) => record(new Map(of.data), of.cookie),
    encode(of: RowRecord) {
      const members = new Map(of.data)
      if (idKey !== undefined) members.delete(idKey)
      const cookie = cookieField(of)
      members.delete(ROW_COOKIE)
      const text = cookie?.text ?? codec.encode(usual, ROW_COOKIE)
      return codec.join(new Map([[ROW_COOKIE, { text }], ...members]))
    },
    decode(text) {
      const data = jsonFields(text)
      if (!data) return undefined
      const cookie = isShown ? undefined : data.get(ROW_COOKIE)
      if (!isShown) data.delete(ROW_COOKIE)
      return record(data, cookie)
    },
    flashItem: (category, message) => [category, message],
    cookieOf(of: RowRecord) {
      const own = cookieField(of)
      const value = own && (codec.decode(own.text)?.value as Partial<RowCookie> | null)
      return typeof value === 'object' && value !== null ? { ...usual, ...value } : usual
    },
    setCookie(of: RowRecord, cookie) {
      const field = { text: codec.encode(cookie, ROW_COOKIE) }
      if (isShown) of.data.set(ROW_COOKIE, field)
      else of.cookie = field
    },
  }
}
