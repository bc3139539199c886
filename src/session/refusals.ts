/** Refuses what cannot be meant, in the words of the user: options, keys, user ids. */

import { SessionError } from '../base/errors.ts'

/** Refuses a name that is not an option: it is a slip of the pen, and would be silently ignored. */
export function refuseUnknown(given: object, known: readonly string[], prefix: string): void {
  for (const name of Object.keys(given)) {
    if (known.includes(name)) continue
    throw invalid(`${prefix}${name}`, `is not known. There are: ${known.join(', ')}`)
  }
}

/** The error for an option that is wrong. */
export function invalid(option: string, why: string): SessionError {
  return new SessionError('ERR_OPTION_INVALID', option, why)
}

/** Refuses anything but an object. */
export function requireObject(given: unknown, option: string): void {
  if (typeof given === 'object' && given !== null && !Array.isArray(given)) return
  throw invalid(option, 'has to be an object')
}

/** Refuses a key that is no string. */
export function checkKey(key: unknown): void {
  if (typeof key !== 'string') {
    throw new SessionError('ERR_VALUE_UNSUPPORTED', typeof key, 'a key has to be a string')
  }
}

/** The user's id as text. @throws ERR_USER_ID_INVALID for anything but text or an integer. */
export function checkedUserId(userId: unknown): string {
  const isId =
    (typeof userId === 'string' && userId !== '') ||
    typeof userId === 'bigint' ||
    Number.isSafeInteger(userId)
  if (isId) return String(userId)
  throw new SessionError(
    'ERR_USER_ID_INVALID',
    userId === '' ? 'an empty string' : String(typeof userId),
  )
}
