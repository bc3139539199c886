/** The tag ` di`, under which an object is escaped whose only key is that of a tag. */

import { firstKey, isReadObject } from './shapes.ts'
import { type Tag, UNREADABLE } from './tag.ts'

/** Escapes an object whose only key is a tag's: ` t` is encoded as ` t__` under ` di`. */
export const ESCAPE_TAG: Tag<never> = {
  key: ' di',
  test: (_value): _value is never => false,
  encode: (value) => value,
  decode(content: unknown) {
    if (!isReadObject(content)) return UNREADABLE
    const key = firstKey(content)
    if (key === undefined) return UNREADABLE
    // As Python's key[:-2]: removes the last two code points, whatever they are.
    return Object.fromEntries([[[...key].slice(0, -2).join(''), content[key]]])
  },
}

/**
 * Added to a codec's tags, it accepts ` di` only as this codec writes it.
 *
 * Without it ` di` is read as in Flask: any object's first member, its key cut by two characters.
 */
export const exactEscapeTag: Tag<never> = {
  ...ESCAPE_TAG,
  decode(content: unknown, float) {
    const names = isReadObject(content) ? Object.keys(content) : []
    const isOurs = names.length === 1 && names[0]!.endsWith('__')
    return isOurs ? ESCAPE_TAG.decode(content, float) : UNREADABLE
  },
}
