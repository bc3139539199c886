/** `cookieSession()`: options for `createSessions` that read and write the cookies of cookie-session 2. */

import { isUtf8 } from 'node:buffer'
import { invalid, refuseUnknown } from '../base/options.ts'
import type { Clock } from '../base/ports.ts'
import type { Secret } from '../crypto/keyring.ts'
import type { Sealer } from '../crypto/sealer.ts'
import { type Authenticator, authenticator } from '../crypto/signed.ts'
import { cookieValues } from '../http/cookie.ts'
import type { SetCookieWriter } from '../http/set-cookie.ts'
import { unread } from '../record/fields.ts'
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
  securesByDefault,
  SHARED_RULES,
} from './cookie-attributes.ts'
import { CODEC, jsonFields, jsonLayout, numberIn, type UserIdOption } from './json-layout.ts'

/** The options of cookie-session 2. */
export interface CookieSessionOptions extends ForeignAttributes, UserIdOption {
  /** The cookie's name; its signature is in a second one, `NAME.sig`. @default 'session' */
  name?: string
  /** The secrets: the first signs, all verify. @default the `secret` */
  keys?: readonly (Secret | undefined)[]
  /** One secret, instead of `keys`. @default none */
  secret?: Secret | undefined
  /** How long browsers store the cookie, in milliseconds. @default until the browser is closed */
  maxAge?: number
  /** The hash of Keygrip, if the app makes one: `new Keygrip(keys, 'sha256')`. @default 'sha1' */
  algorithm?: 'sha1' | 'sha256' | 'sha512'
  /** Must be `true`: unsigned cookies are not accepted. @default true */
  signed?: boolean
  /** Has no effect: a cookie of this name is always replaced. @default true */
  overwrite?: boolean
}

const KNOWN = [
  'name',
  'keys',
  'secret',
  'maxAge',
  'algorithm',
  'signed',
  'overwrite',
  'userId',
  ...ATTRIBUTES,
]

const INSTEAD: Readonly<Record<string, string>> = {
  ...INSTEAD_OF_ATTRIBUTE,
  secureProxy: 'Write secure: true',
}

/**
 * Returns options for `createSessions` that read and write the cookies of cookie-session.
 *
 * Its cookies contain no time, so the server cannot expire a session: only the browser ends it, after
 * maxAge or when it is closed.
 *
 * @throws ERR_OPTION_INVALID for an unknown option, or a value of the wrong type
 *
 * @example
 * import { createSessions } from 'sojourn'
 * import { cookieSession } from 'sojourn/formerly'
 * createSessions(cookieSession({ keys: [process.env.COOKIE_KEY] }))
 */
export function cookieSession(options: CookieSessionOptions): SessionOptions {
  requireOptions(options, '{ keys: [process.env.COOKIE_KEY] }')
  refuseUnknown(options, KNOWN, '', INSTEAD)
  const { name = 'session', algorithm = 'sha1', userId } = options
  if (options.signed !== undefined && options.signed !== true) {
    throw invalid('signed', 'has to be true: anybody could write an unsigned session')
  }
  if (!['sha1', 'sha256', 'sha512'].includes(algorithm)) {
    throw invalid('algorithm', "has to be 'sha1', 'sha256' or 'sha512'")
  }
  const maxAge = duration(options.maxAge, 'maxAge', 'milliseconds')
  const preset: Preset = {
    ...SHARED_RULES,
    name: 'cookie-session',
    algorithms: {
      cookie: `HMAC-${algorithm.toUpperCase().replace('SHA', 'SHA-')} (Keygrip's)`,
      keys: 'HMAC-SHA-256',
    },
    secretName: options.keys === undefined ? 'secret' : 'keys',
    lifetime: {
      idle: NEVER,
      permanent: NEVER,
      absolute: undefined,
      leeway: 60_000,
      renewal: 'never',
    },
    cookie: attributesOf(name, options, { secure: securesByDefault() }),
    cookieValues: signedValues,
    writer: (plain, secrets) =>
      lastingWriter(signingWriter(plain, authenticator(secrets, algorithm)), maxAge || undefined),
    conflicts: conflictsOf('cookieSession'),
    format: ({ secrets, clock, scope, tags }) => ({
      layout: jsonLayout({ userId, tags, preset: 'cookieSession' }),
      sealer: keygripSealer(scope.cookieName, authenticator(secrets, algorithm), clock),
      duplicates: 'first',
      clearsUnasked: false,
      resignsOldKeys: true,
      limit: { bytes: 4096, of: 'name-and-value' },
    }),
  }
  return { secret: secretsOf(options), preset }
}

function secretsOf({ keys, secret }: CookieSessionOptions): SessionOptions['secret'] {
  if (keys === undefined || keys === null) return secret
  if (Array.isArray(keys)) return keys as Secret[]
  throw invalid(
    'keys',
    'has to be a list of secrets; for a Keygrip pass its keys, and its algorithm',
  )
}

/** The cookies contain no time, so sessions do not expire on the server. */
const NEVER = Number.POSITIVE_INFINITY

const SIGNATURE = '.sig'

// value = base64 "." signature      ; of the two cookies NAME and NAME.sig. Base64 has no dot
/** The first value of the cookie with the first signature: the pair that cookie-session reads. */
function signedValues(header: string | null | undefined, name: string): string[] {
  const [value] = cookieValues(header, name)
  // cookie-session clears the cookie by setting it to an empty value.
  if (!value) return []
  const [signature = ''] = cookieValues(header, name + SIGNATURE)
  return [`${value}.${signature}`]
}

/** Adds the signature's cookie, with the same attributes. */
function signingWriter(plain: SetCookieWriter, { sign }: Authenticator): SetCookieWriter {
  const { name } = plain
  return {
    ...plain,
    also(line) {
      const end = line.indexOf(';')
      const pair = line.slice(0, end < 0 ? undefined : end)
      const signature = pair === `${name}=` ? '' : sign(pair)
      return [`${name}${SIGNATURE}=${signature}${line.slice(pair.length)}`]
    },
  }
}

/** Reads `base64.signature`; writes the base64, whose signature the writer adds. */
function keygripSealer(name: string, { verify }: Authenticator, clock: Clock): Sealer {
  return {
    seal: (text, seconds) => Buffer.from(renewed(text, seconds), 'utf8').toString('base64'),
    open(value) {
      const dot = value.lastIndexOf('.')
      if (dot < 0) return 'malformed'
      const base64 = value.slice(0, dot)
      const key = verify(`${name}=${base64}`, value.slice(dot + 1))
      if (key === undefined) return 'signature'
      const bytes = Buffer.from(base64, 'base64')
      if (!isUtf8(bytes)) return 'payload'
      const text = bytes.toString('utf8')
      const now = clock()
      if (hasExpired(text, now)) return 'expired'
      return { text, seconds: Math.floor(now / 1000), key }
    },
  }
}

// koa-session has the same format, with two members for its expiry: when the session expires, and how
// long it lasts. Both are in milliseconds.
const EXPIRES = '_expire'
const MAX_AGE = '_maxAge'

function hasExpired(text: string, now: number): boolean {
  if (!text.includes(EXPIRES)) return false
  const expiresAt = numberIn(jsonFields(text), EXPIRES)
  return expiresAt !== undefined && expiresAt < now
}

/** The text with the expiry that a change at this time leads to. */
function renewed(text: string, seconds: number): string {
  const fields = text.includes(MAX_AGE) ? jsonFields(text) : undefined
  const maxAge = numberIn(fields, MAX_AGE)
  if (!fields || maxAge === undefined) return text
  fields.set(EXPIRES, unread(String(seconds * 1000 + maxAge)))
  return CODEC.join(fields)
}
