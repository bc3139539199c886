/** `secureSession()`: options for `createSessions` that read and write the cookie of @fastify/secure-session 8. */

import { invalid, refuseUnknown, requireObject } from '../base/options.ts'
import { isBytes } from '../base/realm.ts'
import { cookieValues } from '../http/cookie.ts'
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
import { jsonLayout, type UserIdOption } from './json-layout.ts'
import { KEY_BYTES, SALT_BYTES, secretboxSealer, type Sodium, TIME } from './secretbox.ts'

export type { Sodium } from './secretbox.ts'

/** The options of one session of @fastify/secure-session 8. */
export interface SecureSessionOptions extends UserIdOption {
  /** The package `sodium-native`, which is installed with the plugin. */
  sodium: Sodium
  /**
   * The key of 32 bytes, as bytes or base64; or a list: the first encrypts, all decrypt.
   *
   * @default derived from `secret`
   */
  key?: Uint8Array | string | readonly (Uint8Array | string)[] | undefined
  /** Text from which a key is derived, unless there is a `key`. @default none */
  secret?: string | undefined
  /** The salt for `secret`: 16 bytes, or 16 characters of ASCII. @default that of the plugin */
  salt?: Uint8Array | string
  /** The plugin's name of the session on a request. @default 'session' */
  sessionName?: string
  /** The cookie's name. @default the value of sessionName */
  cookieName?: string
  /** In seconds: a session expires this long after its last change. @default 86401, a day */
  expiry?: number
  /**
   * The cookie's attributes, `maxAge` in seconds.
   *
   * @default path '/' and httpOnly; secure unless NODE_ENV is `development` or `test`
   */
  cookie?: SecureCookieOptions
  /** Another name of `cookie`, as in the plugin. @default none */
  cookieOptions?: SecureCookieOptions
}

/** The attributes of the cookie. */
export interface SecureCookieOptions extends ForeignAttributes {
  /** How long browsers keep the cookie, in seconds. @default until the browser is closed */
  maxAge?: number | undefined
  /** Has no effect: a signature around the encrypted value is ignored, and none is written. @default false */
  signed?: boolean | undefined
}

const KNOWN = [
  'sodium',
  'key',
  'secret',
  'salt',
  'sessionName',
  'cookieName',
  'expiry',
  'cookie',
  'cookieOptions',
  'userId',
]

const INSTEAD: Readonly<Record<string, string>> = {
  keys: 'Write key: it takes a list, too',
  name: 'Write cookieName',
  logLevel: 'Write onEvent of createSessions',
}

/**
 * Returns options for `createSessions` that read and write the cookie of @fastify/secure-session.
 *
 * @throws ERR_OPTION_INVALID for an unknown option, or a value of the wrong type
 *
 * @example
 * import sodium from 'sodium-native'
 * import { createSessions } from 'sojourn'
 * import { secureSession } from 'sojourn/formerly'
 * const key = process.env.SESSION_KEY
 * createSessions(secureSession({ sodium, key, cookie: { path: '/' } }))
 */
export function secureSession(options: SecureSessionOptions): SessionOptions {
  requireOptions(options, '{ sodium, key }')
  refuseUnknown(options, KNOWN, '', INSTEAD)
  const { sodium, sessionName = 'session', cookieName = sessionName, userId } = options
  if (typeof sodium?.crypto_secretbox_open_easy !== 'function') {
    throw invalid(
      'sodium',
      'has to be the package sodium-native, which is installed with the plugin',
    )
  }
  const attributes = options.cookieOptions ?? options.cookie ?? {}
  requireObject(attributes, 'cookie')
  refuseUnknown(attributes, [...ATTRIBUTES, 'maxAge', 'signed'], 'cookie.', INSTEAD_OF_ATTRIBUTE)
  const maxAge = duration(attributes.maxAge, 'cookie.maxAge', 'seconds')
  const expiry = duration(options.expiry, 'expiry', 'seconds') || 86_401
  const { secrets: given, keysOf } = keysFrom(options)
  const preset: Preset = {
    ...SHARED_RULES,
    name: 'secure-session',
    algorithms: {
      cookie: "XSalsa20-Poly1305 (libsodium's secretbox)",
      keys: options.key === undefined ? 'Argon2id' : 'none',
    },
    secretName: options.key === undefined ? 'secret' : 'key',
    lifetime: {
      idle: expiry * 1000,
      permanent: expiry * 1000,
      absolute: undefined,
      leeway: 60_000,
      renewal: 'never',
    },
    cookie: attributesOf(cookieName, attributes, { secure: securesByDefault() }),
    cookieValues,
    writer: (plain) => lastingWriter(plain, maxAge === undefined ? undefined : maxAge * 1000),
    conflicts: conflictsOf('secureSession'),
    format: ({ secrets, clock, tags }) => ({
      layout: jsonLayout({ userId, tags, preset: 'secureSession', own: TIME }),
      sealer: secretboxSealer({ sodium, keys: keysOf(secrets), expiry, clock }),
      duplicates: 'first',
      clearsUnasked: false,
      resignsOldKeys: true,
      limit: { bytes: 4096, of: 'name-and-value' },
    }),
  }
  return { secret: given, preset }
}

interface Keys {
  /** The secrets as `createSessions` gets them, to check them. */
  secrets: SessionOptions['secret']
  /** The encryption keys of the checked secrets. */
  keysOf: (secrets: readonly Uint8Array[]) => Buffer[]
}

function keysFrom({ key, secret, salt, sodium }: SecureSessionOptions): Keys {
  if (key !== undefined && key !== null) {
    const keys = (Array.isArray(key) ? key : [key]) as readonly unknown[]
    return {
      secrets: keys.map((one, at) => keyBytes(one, Array.isArray(key) ? `key[${at}]` : 'key')),
      keysOf: (secrets) => secrets.map((one) => Buffer.from(one)),
    }
  }
  const saltBytes = saltOf(salt)
  if (typeof secret === 'string' && secret !== '' && Buffer.byteLength(secret) < KEY_BYTES) {
    throw invalid('secret', `has to have ${KEY_BYTES} bytes or more`)
  }
  return {
    secrets: secret,
    keysOf: (secrets) => secrets.map((one) => derived(one, saltBytes, sodium)),
  }
}

/** @throws ERR_OPTION_INVALID */
function keyBytes(given: unknown, option: string): Buffer {
  const isKey = typeof given === 'string' || isBytes(given)
  const bytes = typeof given === 'string' ? Buffer.from(given, 'base64') : given
  if (isKey && (bytes as Uint8Array).length === KEY_BYTES) return Buffer.from(bytes as Uint8Array)
  throw invalid(option, `has to be ${KEY_BYTES} bytes, or their base64`)
}

// The default salt of the plugin, which is public.
const SALT = 'mq9hDxBVDbspDR6nLfFT1g=='

/** @throws ERR_OPTION_INVALID */
function saltOf(given: Uint8Array | string | undefined): Buffer {
  if (given === undefined) return Buffer.from(SALT, 'base64')
  const bytes = typeof given === 'string' ? Buffer.from(given, 'ascii') : given
  if (isBytes(bytes) && bytes.length === SALT_BYTES) return Buffer.from(bytes)
  throw invalid('salt', `has to be ${SALT_BYTES} bytes`)
}

function derived(secret: Uint8Array, salt: Buffer, sodium: Sodium): Buffer {
  const key = Buffer.alloc(KEY_BYTES)
  sodium.crypto_pwhash(
    key,
    Buffer.from(secret),
    salt,
    sodium.crypto_pwhash_OPSLIMIT_MODERATE,
    sodium.crypto_pwhash_MEMLIMIT_MODERATE,
    sodium.crypto_pwhash_ALG_DEFAULT,
  )
  return key
}
