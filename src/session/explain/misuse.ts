/** Argument checks: keys, user ids, flash categories and labels. */

import { SessionError } from '../../base/errors.ts'
import { milliseconds } from '../../base/duration.ts'
import { invalid, refuseUnknown, requireObject } from '../../base/options.ts'
import type { Layout } from '../../record/record.ts'
import type { OwnTimeouts } from '../../record/session-lifetime.ts'
import { isMarkup } from '../../record/text/values.ts'

/** Throws unless the key is a string. @throws ERR_VALUE_UNSUPPORTED */
export function checkKey(key: unknown): void {
  if (typeof key !== 'string') {
    throw new SessionError('ERR_VALUE_UNSUPPORTED', typeof key, 'a key has to be a string')
  }
}

/** The longest user id that every store accepts. */
const MAX_USER_ID_BYTES = 1024

/**
 * Returns the user's id as text.
 *
 * @param call the method that it was given to, for the message.
 * @throws ERR_USER_ID_INVALID unless it is an integer, or well-formed text of 1 to 1024 bytes.
 */
export function checkedUserId(userId: unknown, call: string): string {
  if (Number.isSafeInteger(userId)) return String(userId)
  if (typeof userId === 'bigint') return checkedUserId(String(userId), call)
  const kind = typeof userId === 'string' ? faultOfText(userId) : String(typeof userId)
  if (kind === undefined) return userId as string
  throw new SessionError('ERR_USER_ID_INVALID', call, kind)
}

/** Whether a user may have this id: `login` would accept it. */
export function isUserId(userId: string): boolean {
  return faultOfText(userId) === undefined
}

function faultOfText(userId: string): string | undefined {
  if (userId === '') return 'an empty string'
  // In UTF-8 all lone surrogates are encoded alike, so two users could share one id.
  if (/\p{Surrogate}/u.test(userId)) return 'text with a lone surrogate'
  return Buffer.byteLength(userId) > MAX_USER_ID_BYTES ? 'text of over 1024 bytes' : undefined
}

/** Returns the option `signal`, one of those known. @throws ERR_OPTION_INVALID */
export function checkedSignal(
  options: { signal?: AbortSignal | undefined },
  known: readonly string[] = [],
): AbortSignal | undefined {
  // An AbortSignal in place of the options would be ignored silently: it has no keys of its own.
  if (requireObject(options, 'options', SIGNAL) instanceof AbortSignal) {
    throw invalid('options', `has to be an object. Write ${SIGNAL}`)
  }
  refuseUnknown(options, ['signal', ...known], '')
  const { signal } = options
  if (signal === undefined || typeof signal?.addEventListener === 'function') return signal
  throw invalid('signal', 'has to be an AbortSignal, such as AbortSignal.timeout(500)')
}

const SIGNAL = '{ signal }'

/** Returns a handle, if there is one. @throws ERR_OPTION_INVALID for other values, such as a session */
export function checkedHandle(handle: unknown, option: string): string | undefined {
  if (handle === undefined || typeof handle === 'string') return handle
  throw invalid(option, 'has to be the handle of a session, which is text: session.handle')
}

/** Throws unless an updater is a function. @throws ERR_VALUE_UNSUPPORTED */
export function checkUpdater(key: string, fn: unknown): void {
  if (typeof fn === 'function') return
  const why = 'update() takes a function, as (n = 0) => n + 1; set() takes a value'
  throw new SessionError('ERR_VALUE_UNSUPPORTED', key, why)
}

/** Common categories of other libraries. In connect-flash the category comes before the text. */
const CATEGORIES = /^(?:error|info|success|warning|warn|danger|notice|message|debug)$/

/**
 * Throws unless the message is text or markup, and the category text.
 *
 * If category and text are in connect-flash's order, it throws only if the category is a sentence:
 * otherwise it may be a category of the app.
 *
 * @throws ERR_VALUE_UNSUPPORTED
 */
export function checkFlash(message: unknown, category: unknown): void {
  if (typeof message !== 'string' && !isMarkup(message)) {
    throw unsupportedFlash("its message has to be text or markup: flash('Saved', 'success')")
  }
  if (typeof category !== 'string') throw unsupportedFlash('its category has to be text')
  if (isReversedFlash(message, category) && /\s/.test(category)) {
    throw unsupportedFlash(`the message comes first: flash(text, '${String(message)}')`)
  }
}

/** Whether message and category may be in connect-flash's order. */
export function isReversedFlash(message: unknown, category: string): boolean {
  return CATEGORIES.test(String(message)) && !CATEGORIES.test(category)
}

function unsupportedFlash(why: string): SessionError {
  return new SessionError('ERR_VALUE_UNSUPPORTED', 'flash', why)
}

/**
 * Returns the list of texts in a method's only option.
 *
 * @param example the call as it should be, for the message
 * @throws ERR_OPTION_INVALID
 */
export function checkedList(
  options: unknown,
  name: string,
  example: string,
): readonly string[] | undefined {
  const isPlainObject = typeof options === 'object' && options !== null && !Array.isArray(options)
  if (isPlainObject) refuseUnknown(options, [name], '')
  const list = isPlainObject ? (options as Record<string, unknown>)[name] : null
  if (list === undefined) return undefined
  if (Array.isArray(list) && list.every((item) => typeof item === 'string')) return list as string[]
  throw invalid(name, `has to be a list of texts: ${example}`)
}

/** In UTF-16 code units. */
const MAX_LABEL_LENGTH = 200

/** The label, cut to its limit: a visitor may have written it. @throws ERR_VALUE_UNSUPPORTED */
export function checkedLabel(label: unknown): string | undefined {
  if (label === undefined) return undefined
  if (typeof label !== 'string') {
    throw new SessionError('ERR_VALUE_UNSUPPORTED', 'label', 'it has to be text')
  }
  if (label.length <= MAX_LABEL_LENGTH) return label
  // Does not cut a surrogate pair.
  return label.slice(0, MAX_LABEL_LENGTH).replace(/[\ud800-\udbff]$/, '')
}

/**
 * The timeouts of `session.lifetime` in whole seconds; `undefined` for none.
 *
 * @throws ERR_OPTION_INVALID, also for a timeout that is `undefined`: a missing setting must not
 * disable it.
 */
export function checkedLifetime(lifetime: unknown): OwnTimeouts | undefined {
  if (lifetime === undefined) return undefined
  const given = requireObject(lifetime, LIFETIME, "{ idle: '15m' }, or undefined")
  refuseUnknown(given, ['idle', 'absolute'], `${LIFETIME}.`)
  const inSeconds = (name: 'idle' | 'absolute') => {
    if (!(name in given)) return undefined
    const option = `${LIFETIME}.${name}`
    const seconds = Math.floor(milliseconds((given as SessionTimeouts)[name], option) / 1000)
    if (seconds < 1) throw invalid(option, "is less than a second. Write '15m' or '8h'")
    return seconds
  }
  const own = { idle: inSeconds('idle'), absolute: inSeconds('absolute') }
  return own.idle === undefined && own.absolute === undefined ? undefined : own
}

const LIFETIME = 'session.lifetime'

type SessionTimeouts = { idle?: unknown; absolute?: unknown }

/** @throws ERR_OPTION_INVALID if the layout cannot store the timeouts: then nothing would enforce them. */
export function refuseLifetime({ names }: Layout): void {
  if (names.lifetime !== undefined) return
  throw invalid(LIFETIME, "cannot be combined with flask(): Flask's cookie has no field for it")
}

/** Throws before anything is saved unless these are `Headers`. @throws ERR_OPTION_INVALID */
export function checkHeaders(headers: unknown): void {
  if (typeof (headers as Partial<Headers> | null)?.getSetCookie === 'function') return
  throw invalid(
    'headers',
    'has to be a Headers object. Behind an adapter write await session.commit(), or with options session.commit(undefined, { signal })',
  )
}
