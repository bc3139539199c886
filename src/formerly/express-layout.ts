/** The layout of express-session's rows: one flat object, with the cookie's attributes in `cookie`. */

import { type Field, type Fields, splitFields } from '../record/fields.ts'
import type { Layout, SessionRecord } from '../record/record.ts'
import { NO_STAMP, type Stamp } from '../record/stamp.ts'
import { createCodec } from '../record/text/codec.ts'
import type { Tag } from '../record/text/tag.ts'

/** The key of a row under which the attributes of its cookie are. */
const COOKIE = 'cookie'

/** A record whose `cookie` is not among the data. */
interface RowRecord extends SessionRecord {
  cookie?: Field | undefined
}

/**
 * Makes the layout. `showsCookie`: whether `cookie` is one of the keys of the data, as the drop-in
 * needs it; otherwise it is preserved unseen.
 */
export function expressLayout(rules: { tags: readonly Tag[]; showsCookie: boolean }): Layout {
  const codec = createCodec({ tags: rules.tags, sortKeys: false, ascii: false, levelsAround: 1 })
  const record = (data: Fields, cookie?: Field): RowRecord => {
    return { data, meta: data, stamp: NO_STAMP, cookie }
  }
  return {
    codec,
    flat: true,
    names: { permanent: '_permanent', flashes: '_flashes', userId: '_user_id' },
    empty: (_stamp: Stamp) => record(new Map()),
    copy: ({ data, ...more }) => record(new Map(data), (more as RowRecord).cookie),
    encode({ data, ...more }) {
      const { cookie } = more as RowRecord
      return codec.join(cookie ? new Map([[COOKIE, cookie], ...data]) : data)
    },
    decode(text) {
      const data = text.startsWith('{') ? splitFields(text, codec)?.[0] : undefined
      if (!data) return undefined
      const cookie = rules.showsCookie ? undefined : data.get(COOKIE)
      if (cookie) data.delete(COOKIE)
      return record(data, cookie)
    },
    flashItem: (category, message) => [category, message],
  }
}
