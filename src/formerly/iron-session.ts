/** `ironSession()`: options for `createSessions` that read and write the cookie of iron-session 8 and 9. */

import { invalid, refuseUnknown, requireObject } from '../base/options.ts'
import { cookieValues } from '../http/cookie.ts'
import type { SetCookieWriter } from '../http/set-cookie.ts'
import type { SessionOptions } from '../session/setup/options.ts'
import type { Preset } from '../session/setup/preset.ts'
import {
  ATTRIBUTES,
  attributesOf,
  conflictsOf,
  duration,
  type ForeignAttributes,
  INSTEAD_OF_ATTRIBUTE,
  lastingWriter,
  requireOptions,
  SHARED_RULES,
} from './cookie-attributes.ts'
import { ironSealer, SKEW } from './iron-seal.ts'
import { jsonLayout, type UserIdOption } from './json-layout.ts'

/** The options of iron-session 8 and 9. Both write the same seals. */
export interface IronSessionOptions extends UserIdOption {
  /** The cookie's name. */
  cookieName: string
  /** The password, at least 32 characters; or several, under whole numbers: the highest one seals. */
  password: string | Readonly<Record<string, string>> | undefined
  /** The age in seconds at which a seal expires; 0: never. @default 1209600, 14 days */
  ttl?: number
  /**
   * The cookie's attributes, and `maxAge` in seconds; `undefined`: until the browser is closed.
   * @default `{ httpOnly: true, secure: true, sameSite: 'lax', path: '/' }`, maxAge ttl - 60
   */
  cookieOptions?: ForeignAttributes & {
    /** In seconds: how long browsers keep the cookie. @default ttl - 60 */
    maxAge?: number | undefined
  }
  /** Whether to read sessions that iron-session 9 has split into several cookies, too. @default false */
  chunk?: boolean
}

const KNOWN = ['cookieName', 'password', 'ttl', 'cookieOptions', 'chunk', 'userId']

const INSTEAD: Readonly<Record<string, string>> = {
  onUnsealError: "Write onEvent of createSessions: the event 'rejected' has the reason",
  name: 'Write cookieName',
  secret: 'Write password',
  cookie: 'Write cookieOptions',
}

/**
 * Returns options for `createSessions` that read and write iron-session's cookie.
 *
 * @throws ERR_OPTION_INVALID for an unknown option, or a value of the wrong type
 *
 * @example
 * import { createSessions } from 'sojourn'
 * import { ironSession } from 'sojourn/formerly'
 * createSessions(ironSession({ cookieName: 'shop', password: process.env.PASSWORD }))
 */
export function ironSession(options: IronSessionOptions): SessionOptions {
  requireOptions(options, "{ cookieName: 'shop', password }")
  refuseUnknown(options, KNOWN, '', INSTEAD)
  const { cookieOptions = {}, chunk = false, userId } = options
  requireObject(cookieOptions, 'cookieOptions')
  refuseUnknown(cookieOptions, [...ATTRIBUTES, 'maxAge'], 'cookieOptions.', INSTEAD_OF_ATTRIBUTE)
  if (!options.cookieName) throw invalid('cookieName', 'is missing. Pass that of iron-session')
  const passwords = passwordsOf(options.password)
  const { ttl, maxAge } = timesOf(options)
  const never = ttl === 0
  const idle = never ? Number.POSITIVE_INFINITY : (ttl + SKEW) * 1000
  const preset: Preset = {
    ...SHARED_RULES,
    name: 'iron-session',
    algorithms: {
      cookie: "AES-256-CBC and HMAC-SHA-256 (iron-session's)",
      keys: 'PBKDF2-HMAC-SHA-1 with one round',
    },
    secretName: 'password',
    lifetime: { idle, permanent: idle, absolute: undefined, leeway: 60_000, renewal: 'never' },
    cookie: attributesOf(options.cookieName, cookieOptions, { secure: true, sameSite: 'Lax' }),
    cookieValues: chunk ? chunkedValues : cookieValues,
    writer: (plain) => lastingWriter(chunk ? clearingChunks(plain) : plain, maxAge),
    conflicts: conflictsOf('ironSession'),
    format: ({ secrets, clock, tags }) => ({
      layout: jsonLayout({ userId, tags, preset: 'ironSession' }),
      sealer: ironSealer({
        passwords: secrets.map((secret, at) => ({ secret, id: passwords[at]!.id })),
        ttl,
        clock,
      }),
      duplicates: 'first',
      clearsUnasked: false,
      resignsOldKeys: true,
      limit: { bytes: 4096, of: 'line' },
    }),
  }
  return { secret: passwords.map(({ password }) => password), preset }
}

/** In the order of their ids, the highest first. @throws ERR_OPTION_INVALID */
function passwordsOf(given: IronSessionOptions['password']) {
  // createSessions reports a missing password.
  if (given === undefined || typeof given === 'string') return [{ id: '1', password: given }]
  requireObject(given, 'password', "{ 1: '...', 2: '...' }")
  const passwords = Object.entries(given).map(([id, password]) => ({ id, password }))
  if (passwords.length === 0) throw invalid('password', 'is empty')
  for (const { id, password } of passwords) {
    if (!/^\d+$/.test(id)) throw invalid('password', "has to have whole numbers: { 1: '...' }")
    if (typeof password !== 'string' || password === '') {
      throw invalid(`password.${id}`, 'has to be text')
    }
  }
  return passwords.sort((one, other) => Number(other.id) - Number(one.id))
}

/** `ttl` in seconds, `maxAge` in milliseconds. */
function timesOf({ ttl: given, cookieOptions = {} }: IronSessionOptions) {
  const ttl = duration(given, 'ttl', 'seconds') ?? 1_209_600
  if (!Number.isSafeInteger(ttl)) throw invalid('ttl', 'has to be a whole number of seconds')
  if ('maxAge' in cookieOptions) {
    const maxAge = duration(cookieOptions.maxAge, 'cookieOptions.maxAge', 'seconds')
    return maxAge === undefined ? { ttl: 0, maxAge } : { ttl, maxAge: maxAge * 1000 }
  }
  if (ttl === 0) return { ttl, maxAge: Number.POSITIVE_INFINITY }
  // As in iron-session, the cookie expires before the seal does.
  return { ttl, maxAge: (ttl > SKEW ? ttl - SKEW : ttl) * 1000 }
}

/** The most chunks that iron-session 9 writes and reads. */
const MAX_CHUNKS = 4

/** The value of the cookie, or of its chunks `name.0` to `name.3` if there is none. */
function chunkedValues(header: string | null | undefined, name: string): string[] {
  const whole = cookieValues(header, name)
  if (whole.length > 0) return whole
  let joined = ''
  for (let at = 0; at < MAX_CHUNKS; at++) {
    const [part] = cookieValues(header, `${name}.${at}`)
    if (!part) break
    joined += part
  }
  return joined === '' ? [] : [joined]
}

/** Clears the chunks as well: any left in the browser would bring the session back after a logout. */
function clearingChunks(plain: SetCookieWriter): SetCookieWriter {
  const rest = plain.clear().slice(plain.name.length)
  const lines = Array.from({ length: MAX_CHUNKS }, (_, at) => `${plain.name}.${at}${rest}`)
  return { ...plain, also: () => lines }
}
