/** Flask's record layout: one flat dictionary, in which `_permanent` and `_flashes` are ordinary keys. */

import { type Codec, createCodec } from '../record/text/codec.ts'
import type { Tag } from '../record/text/tag.ts'
import { type Fields, splitFields } from '../record/fields.ts'
import type { JsonObject } from '../record/text/json.ts'
import type { Layout } from '../record/record.ts'
import { NO_STAMP } from '../record/stamp.ts'
import { isPlain } from '../record/text/shapes.ts'
import { tuple } from '../record/text/values.ts'
import { flaskTags } from './tags.ts'

/** Flask's `TaggedJSONSerializer`: sorted keys, ASCII only. The app's own tags are tried first. */
export function flaskCodec(tags: readonly Tag[], levelsAround = 1): Codec {
  return createCodec({
    tags: [...tags, ...flaskTags],
    sortKeys: true,
    ascii: true,
    levelsAround,
  })
}

/** The layout of Flask's session. The user's id is in `_user_id`, as with Flask-Login. */
export function flaskLayout(codec: Codec): Layout {
  const record = (data: Fields) => ({ data, meta: data, stamp: NO_STAMP })
  return {
    codec,
    flat: true,
    names: { permanent: '_permanent', flashes: '_flashes', userId: '_user_id', fresh: '_fresh' },
    empty: () => record(new Map()),
    copy: ({ data }) => record(new Map(data)),
    encode({ data }) {
      const tagKey = onlyTagKey(data, codec)
      return tagKey === undefined
        ? codec.join(data)
        : `{" di":{${JSON.stringify(`${tagKey}__`)}:${data.get(tagKey)!.text}}}`
    },
    decode(text) {
      if (!/^[ \t\n\r]*\{/.test(text)) return undefined
      const data = splitFields(text, codec)?.[0]
      if (!data) return undefined
      // A dictionary whose only key is a tag is a tagged value, at the top level too.
      return onlyTagKey(data, codec) === undefined ? record(data) : unescaped(text)
    },
    flashItem: (category, message) => tuple(category, message),
  }

  function unescaped(text: string) {
    const value = codec.decode(text)?.value
    if (typeof value !== 'object' || value === null || !isPlain(value)) return undefined
    const data: Fields = new Map()
    for (const [key, member] of Object.entries(value as JsonObject)) {
      data.set(key, { text: codec.encode(member, key) })
    }
    return record(data)
  }
}

function onlyTagKey(data: Fields, codec: Codec): string | undefined {
  if (data.size !== 1) return undefined
  const [key] = data.keys()
  return codec.isTag(key!) ? key : undefined
}
