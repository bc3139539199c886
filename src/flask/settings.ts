/** Flask's settings of the session cookie and its lifetime, checked, as rules of a preset. */

import { domainToASCII } from 'node:url'
import { invalid } from '../base/options.ts'
import type { Secret } from '../crypto/keyring.ts'
import { type CookieAttributes, sameSiteOf } from '../http/set-cookie.ts'
import type { PresetRules } from '../session/setup/preset.ts'
import { werkzeugCookieValues } from './cookie-header.ts'
import { refuseMilliseconds } from './flask-cookie.ts'
import { type FlaskLoginConfig, flaskLoginRules } from './flask-login.ts'

/** The settings of Flask's sessions, whether they are in the cookie or in a store. */
export interface FlaskSettings extends FlaskLoginConfig {
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
}

/** Types of settings, by name. */
export type Types = Readonly<Record<string, 'string' | 'number' | 'boolean'>>

/** The type of each of these settings except the secrets. */
export const FLASK_TYPES: Types = {
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
  SESSION_PROTECTION: 'string',
  REMEMBER_COOKIE_NAME: 'string',
}

/** Throws if a setting has another type. `null` counts as not set. @throws ERR_OPTION_INVALID */
export function checkTypes(config: object, types: Types): void {
  for (const [name, type] of Object.entries(types)) {
    const value: unknown = (config as Record<string, unknown>)[name]
    if (value === undefined || value === null) continue
    if (typeof value !== type || Number.isNaN(value)) throw invalid(name, `has to be a ${type}`)
  }
}

/** The secrets, the current one first. @throws ERR_OPTION_INVALID */
export function secretsOf(config: FlaskSettings): (Secret | undefined)[] {
  const fallbacks = config.SECRET_KEY_FALLBACKS ?? []
  if (!Array.isArray(fallbacks))
    throw invalid('SECRET_KEY_FALLBACKS', 'has to be a list of secrets')
  return [config.SECRET_KEY ?? undefined, ...(fallbacks as readonly Secret[])]
}

/** The rules for secret, cookie and lifetime from Flask's settings. @throws ERR_OPTION_INVALID */
export function rulesOf(config: FlaskSettings) {
  const {
    PERMANENT_SESSION_LIFETIME: lifetime = 2_678_400,
    SESSION_REFRESH_EACH_REQUEST: refresh = true,
  } = config
  refuseMilliseconds(lifetime, 'PERMANENT_SESSION_LIFETIME')
  return {
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
    ...flaskLoginRules(config),
  } satisfies Omit<PresetRules, 'name'>
}

function attributesOf(config: FlaskSettings): CookieAttributes {
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

/** The Domain as Werkzeug writes it: without leading dots and port, in ASCII. */
function asciiDomain(domain: string): string {
  const bare = domain.replace(/^\.+/, '').replace(/:.*$/, '')
  if (/^[\x20-\x7e]*$/.test(bare)) return bare
  // Empty if it is not a host name: browsers would ignore such a Domain.
  return domainToASCII(bare) || bare
}

/** The Path as Werkzeug writes it: percent-encodes all but unreserved characters and %!$&'()*+,/:=@. */
function quotePath(path: string): string {
  if (/\p{Surrogate}/u.test(path)) {
    throw invalid('SESSION_COOKIE_PATH', 'contains a lone surrogate')
  }
  return encodeURI(path).replace(/%25/g, '%').replace(/[;?#]/g, encodeURIComponent)
}
