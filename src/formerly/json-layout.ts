/** The record layout of other libraries' sessions: one flat object of plain JSON. */

import { invalid } from '../base/options.ts'
import { type Fields, splitFields } from '../record/fields.ts'
import type { Layout, SessionRecord } from '../record/record.ts'
import { NO_STAMP } from '../record/stamp.ts'
import { jsonCodec } from '../record/text/json-codec.ts'
import type { Tag } from '../record/text/tag.ts'

/** The option of every preset that says where the app stores the user's id. */
export interface UserIdOption {
  /**
   * The key of the user's id, at the top level of the session. `session.login(id)` writes it as text;
   * `session.userId` reads text or a whole number. @default 'userId'
   */
  userId?: string
}

/** How a library's layout differs. */
export interface JsonLayoutOptions {
  userId: string | undefined
  /** The app's own tags. They are refused: the library could not read them. */
  tags: readonly Tag[]
  /** The preset's name, for messages. */
  preset: string
  /** A key that belongs to the library and not to the app's data: its sealer writes and reads it. */
  own?: string
}

/** Makes the layout. @throws ERR_OPTION_INVALID */
export function jsonLayout({ userId = 'userId', tags, preset, own }: JsonLayoutOptions): Layout {
  if (tags.length > 0) {
    throw invalid('tags', `cannot be combined with ${preset}(): that library reads plain JSON`)
  }
  if (typeof userId !== 'string' || userId === '' || userId === own) {
    throw invalid('userId', "has to be the key of the user's id, such as 'userId'")
  }
  const record = (data: Fields): SessionRecord => ({ data, meta: data, stamp: NO_STAMP })
  return {
    codec: CODEC,
    flat: true,
    names: { permanent: '_permanent', flashes: '_flashes', userId },
    empty: () => record(new Map()),
    copy: ({ data }) => record(new Map(data)),
    encode({ data }) {
      if (own === undefined || !data.has(own)) return CODEC.join(data)
      return CODEC.join([...data].filter(([key]) => key !== own))
    },
    decode(text) {
      const data = jsonFields(text)
      if (own !== undefined) data?.delete(own)
      return data && record(data)
    },
    flashItem: (category, message) => [category, message],
  }
}

/** JSON as the libraries write it. */
export const CODEC = jsonCodec()

/** The fields of a JSON object; `undefined` for other texts. */
export function jsonFields(text: string): Fields | undefined {
  return /^[ \t\n\r]*\{/.test(text) ? splitFields(text, CODEC)?.[0] : undefined
}

/** The number under a key of a session's fields, if there is one. */
export function numberIn(fields: Fields | undefined, key: string): number | undefined {
  const value = Number(fields?.get(key)?.text)
  return Number.isFinite(value) ? value : undefined
}
