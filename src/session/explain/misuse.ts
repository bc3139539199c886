/** Argument checks: keys, user ids, flash categories and labels. */

import { SessionError } from '../../base/errors.ts'

/** Throws unless the key is a string. @throws ERR_VALUE_UNSUPPORTED */
export function checkKey(key: unknown): void {
  if (typeof key !== 'string') {
    throw new SessionError('ERR_VALUE_UNSUPPORTED', typeof key, 'a key has to be a string')
  }
}

/** What every store accepts as an owner. */
const MAX_USER_ID_BYTES = 1024

/**
 * Returns the user's id as text.
 *
 * @throws ERR_USER_ID_INVALID unless it is an integer, or well-formed text of 1 to 1024 bytes.
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
  // In UTF-8 all lone surrogates are encoded alike, so two users could share one id.
  if (/\p{Surrogate}/u.test(userId)) return 'text with a lone surrogate'
  return Buffer.byteLength(userId) > MAX_USER_ID_BYTES ? 'text of over 1024 bytes' : undefined
}

/** Throws unless the flash category is text. @throws ERR_VALUE_UNSUPPORTED */
export function checkCategory(category: unknown): void {
  if (typeof category === 'string') return
  throw new SessionError('ERR_VALUE_UNSUPPORTED', 'flash', 'its category has to be text')
}

/** In UTF-16 code units. */
const MAX_LABEL_LENGTH = 200

/** Throws unless the label is `undefined` or short text. @throws ERR_VALUE_UNSUPPORTED */
export function checkLabel(label: unknown): void {
  if (label === undefined || (typeof label === 'string' && label.length <= MAX_LABEL_LENGTH)) return
  const why = `it has to be text of at most ${MAX_LABEL_LENGTH} characters`
  throw new SessionError('ERR_VALUE_UNSUPPORTED', 'label', why)
}
