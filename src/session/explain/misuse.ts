/** Checks of arguments: keys, user ids, flash categories and labels. */

import { SessionError } from '../../base/errors.ts'

/** Refuses a key that is no string. */
export function checkKey(key: unknown): void {
  if (typeof key !== 'string') {
    throw new SessionError('ERR_VALUE_UNSUPPORTED', typeof key, 'a key has to be a string')
  }
}

/** More than any id needs, and what every store takes. */
const MAX_USER_ID_BYTES = 1024

/**
 * The user's id as text.
 *
 * @throws ERR_USER_ID_INVALID for anything but an integer or well-formed text of up to 1024 bytes.
 */
export function checkedUserId(userId: unknown): string {
  if (Number.isSafeInteger(userId)) return String(userId)
  if (typeof userId === 'bigint') return checkedUserId(String(userId))
  const kind = typeof userId === 'string' ? faultOfText(userId) : String(typeof userId)
  if (kind === undefined) return userId as string
  throw new SessionError('ERR_USER_ID_INVALID', kind)
}

function faultOfText(userId: string): string | undefined {
  if (userId === '') return 'an empty string'
  // Two such texts are one to a store that keeps UTF-8.
  if (/\p{Surrogate}/u.test(userId)) return 'text with half a surrogate pair'
  return Buffer.byteLength(userId) > MAX_USER_ID_BYTES ? 'text of over 1024 bytes' : undefined
}

/** Refuses a category that is no text. @throws ERR_VALUE_UNSUPPORTED */
export function checkCategory(category: unknown): void {
  if (typeof category === 'string') return
  throw new SessionError('ERR_VALUE_UNSUPPORTED', 'flash', 'its category has to be text')
}

/** A label of that many characters is a sentence already. */
const MAX_LABEL_LENGTH = 200

/** Refuses a label that could not be shown. @throws ERR_VALUE_UNSUPPORTED */
export function checkLabel(label: unknown): void {
  if (label === undefined || (typeof label === 'string' && label.length <= MAX_LABEL_LENGTH)) return
  const why = `it has to be text of at most ${MAX_LABEL_LENGTH} characters`
  throw new SessionError('ERR_VALUE_UNSUPPORTED', 'label', why)
}
