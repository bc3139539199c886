/** `flask()`: options for `createSessions` from Flask's configuration, to share sessions with a Flask app. */

import { domainToASCII } from 'node:url'
import type { Secret } from '../crypto/keyring.ts'
import { packDeflated } from '../crypto/payload.ts'
import { signingSealer } from '../crypto/sealer.ts'
import { type CookieAttributes, sameSiteOf } from '../http/set-cookie.ts'
import type { SessionOptions } from '../session/setup/options.ts'
import type { Preset } from '../session/setup/preset.ts'
import { invalid, refuseUnknown } from '../base/options.ts'
import { werkzeugCookieValues } from './cookie-header.ts'
import { flaskSigner, refuseMilliseconds } from './flask-cookie.ts'
import { flaskLoginKeys } from './flask-login.ts'
import { flaskCodec, flaskLayout } from './layout.ts'

export { type Tag, UNREADABLE } from '../record/text/tag.ts'
export {
  float,
  type Float,
  isFloat,
  isMarkup,
  isTuple,
  isUuid,
  type Markup,
  markup,
  type Tuple,
  tuple,
  type Uuid,
  uuid,
} from '../record/text/values.ts'
export {
  type Derivation,
  flaskCookie,
  type FlaskCookie,
  type FlaskCookieOptions,
  type OpenedFlaskCookie,
} from './flask-cookie.ts'

/** The settings of Flask's session, with Flask's names, defaults and units: seconds and bytes. */
export interface FlaskConfig {
  /** The secret that signs. Text is taken literally, as in Flask: `base64:` means nothing. */
  SECRET_KEY: Secret | null | undefined
  /** Previous secrets, which only verify. @default none */
  SECRET_KEY_FALLBACKS?: readonly Secret[] | null
  /** The cookie's name. @default 'session' */
  SESSION_COOKIE_NAME?: string
  /** The host that, with its subdomains, receives the cookie. @default only the host that set it */
  SESSION_COOKIE_DOMAIN?: string | null
  /** The path below which browsers send the cookie. @default the value of APPLICATION_ROOT */
  SESSION_COOKIE_PATH?: string | null
  /** The cookie's path unless SESSION_COOKIE_PATH is set. @default '/' */
  APPLICATION_ROOT?: string
  /** Hides the cookie from scripts. @default true */
  SESSION_COOKIE_HTTPONLY?: boolean
  /** The browser sends the cookie over HTTPS only. @default false, in production too, as in Flask */
  SESSION_COOKIE_SECURE?: boolean
  /** 'Strict', 'Lax' or 'None', in upper or lower case. @default no attribute */
  SESSION_COOKIE_SAMESITE?: string | null
  /** Implies SESSION_COOKIE_SECURE. @default false */
  SESSION_COOKIE_PARTITIONED?: boolean
  /** Idle timeout in seconds, of every session, permanent or not. @default 2678400, 31 days */
  PERMANENT_SESSION_LIFETIME?: number
  /** Whether the cookie of a permanent session is sent with each response. @default true */
  SESSION_REFRESH_EACH_REQUEST?: boolean
  /** Limit of the whole Set-Cookie value in bytes; 0 for none. A larger cookie throws, where Flask only warns. @default 4093 */
  MAX_COOKIE_SIZE?: number
}

/**
 * Returns options for `createSessions` that read and write the session cookie of a Flask app.
 *
 * @example
 * const sessions = createSessions(flask({ SECRET_KEY: process.env.SECRET_KEY }))
 *
 * @throws ERR_OPTION_INVALID for an unknown setting, or a value of the wrong type
 */
export function flask(config: FlaskConfig): SessionOptions {
  if (typeof config !== 'object' || config === null) throw invalid('config', 'has to be an object')
  refuseUnknown(config, ['SECRET_KEY', 'SECRET_KEY_FALLBACKS', ...Object.keys(TYPES)], '')
  const fallbacks = config.SECRET_KEY_FALLBACKS ?? []
  if (!Array.isArray(fallbacks))
    throw invalid('SECRET_KEY_FALLBACKS', 'has to be a list of secrets')
  return { secret: [config.SECRET_KEY ?? undefined, ...fallbacks], preset: presetOf(config) }
}

function presetOf(config: FlaskConfig): Preset {
  const {
    PERMANENT_SESSION_LIFETIME: lifetime = 2_678_400,
    MAX_COOKIE_SIZE: limit = 4093,
    SESSION_REFRESH_EACH_REQUEST: refresh = true,
  } = config
  checkTypes(config)
  refuseMilliseconds(lifetime, 'PERMANENT_SESSION_LIFETIME')
  if (limit < 0) throw invalid('MAX_COOKIE_SIZE', 'is negative. Use 0 for no limit')
  return {
    name: 'flask',
    algorithms: { cookie: "HMAC-SHA-1 (Flask's)", keys: "HMAC-SHA-1 (Flask's)" },
    secretName: 'SECRET_KEY',
    tolerates: ['well-known', 'pattern', 'short'],
    lifetime: {
      idle: lifetime * 1000,
      permanent: lifetime * 1000,
      absolute: undefined,
      leeway: 60_000,
      renewal: refresh ? 'permanent-each-request' : 'never',
    },
    cookie: attributesOf(config),
    cookieValues: werkzeugCookieValues,
    expiry: 'Expires',
    consumesAllFlashes: true,
    renewsUnasked: refresh,
    loginKeys: flaskLoginKeys,
    conflicts: CONFLICTS,
    format: ({ secrets, tags }) => ({
      layout: flaskLayout(flaskCodec(tags)),
      sealer: signingSealer(flaskSigner(secrets, {}), [packDeflated]),
      duplicates: 'first',
      clearsUnasked: true,
      resignsOldKeys: false,
      limit: { bytes: limit === 0 ? Number.POSITIVE_INFINITY : limit, of: 'line' },
    }),
  }
}

const CONFLICTS: NonNullable<Preset['conflicts']> = [
  ['store', 'cannot be combined with flask(): Flask reads only its own cookie'],
  ['encrypt', 'cannot be combined with flask(): Flask could not read the cookie'],
  ['audience', 'cannot be combined with flask(): Flask has no such setting'],
  ['lifetime', 'cannot be combined with flask(): pass PERMANENT_SESSION_LIFETIME to flask()'],
  ['maxBytes', 'cannot be combined with flask(): pass MAX_COOKIE_SIZE to flask()'],
  ['version', 'cannot be combined with flask(): its cookie has no place for a number. Use a key'],
  ['cookie', 'cannot be combined with flask(): pass SESSION_COOKIE_NAME and the like to flask()'],
]

/** The type of each setting except the secrets. */
const TYPES: Readonly<Partial<Record<keyof FlaskConfig, 'string' | 'number' | 'boolean'>>> = {
  SESSION_COOKIE_NAME: 'string',
  SESSION_COOKIE_DOMAIN: 'string',
  SESSION_COOKIE_PATH: 'string',
  APPLICATION_ROOT: 'string',
  SESSION_COOKIE_HTTPONLY: 'boolean',
  SESSION_COOKIE_SECURE: 'boolean',
  SESSION_COOKIE_SAMESITE: 'string',
  SESSION_COOKIE_PARTITIONED: 'boolean',
  PERMANENT_SESSION_LIFETIME: 'number',
  SESSION_REFRESH_EACH_REQUEST: 'boolean',
  MAX_COOKIE_SIZE: 'number',
}

function checkTypes(config: FlaskConfig): void {
  for (const [name, type] of Object.entries(TYPES)) {
    const value: unknown = config[name as keyof FlaskConfig]
    if (value === undefined || value === null) continue
    if (typeof value !== type || Number.isNaN(value)) throw invalid(name, `has to be a ${type}`)
  }
}

function attributesOf(config: FlaskConfig): CookieAttributes {
  const { SESSION_COOKIE_DOMAIN: domain, SESSION_COOKIE_SAMESITE: sameSite } = config
  const partitioned = config.SESSION_COOKIE_PARTITIONED ?? false
  return {
    name: config.SESSION_COOKIE_NAME ?? 'session',
    domain: typeof domain === 'string' ? asciiDomain(domain) : undefined,
    path: quotePath(config.SESSION_COOKIE_PATH || config.APPLICATION_ROOT || '/'),
    httpOnly: config.SESSION_COOKIE_HTTPONLY ?? true,
    secure: (config.SESSION_COOKIE_SECURE ?? false) || partitioned,
    sameSite: sameSiteOf(sameSite),
    partitioned,
  }
}

/** As Werkzeug: without leading dots and port, and in ASCII. */
function asciiDomain(domain: string): string {
  const bare = domain.replace(/^\.+/, '').replace(/:.*$/, '')
  if (/^[\x20-\x7e]*$/.test(bare)) return bare
  // Empty if it is not a host name: browsers would treat that as no Domain at all.
  return domainToASCII(bare) || bare
}

/** As Werkzeug: percent-encodes all but unreserved characters and %!$&'()*+,/:=@. */
function quotePath(path: string): string {
  if (/\p{Surrogate}/u.test(path)) {
    throw invalid('SESSION_COOKIE_PATH', 'contains a lone surrogate')
  }
  return encodeURI(path).replace(/%25/g, '%').replace(/[;?#]/g, encodeURIComponent)
}
