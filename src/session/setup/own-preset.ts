/** The options `lifetime` and `cookie`, their defaults, and our own cookie format. */

import type { CookieFormat } from '../../backends/cookie-format.ts'
import { type Duration, milliseconds } from '../../base/duration.ts'
import { packDeflated, packPlain } from '../../crypto/payload.ts'
import { signingSealer } from '../../crypto/sealer.ts'
import { authenticator, timedSigner } from '../../crypto/signed.ts'
import { cookieValues } from '../../http/cookie.ts'
import { type CookieAttributes, sameSiteOf } from '../../http/set-cookie.ts'
import { createCodec } from '../../record/text/codec.ts'
import type { Tag } from '../../record/text/tag.ts'
import { type Layout, ownLayout } from '../../record/record.ts'
import { ownTags } from '../../record/text/tags.ts'
import { cookieSealer } from './encryption.ts'
import { keysFor } from '../../crypto/keys.ts'
import type { CookiePreset, FormatContext } from './preset.ts'
import { invalid, refuseUnknown, requireObject } from '../../base/options.ts'

/** When sessions expire. Durations are `'30m'`, `'2h'` or `'31d'`. */
export interface LifetimeOptions {
  /**
   * Idle timeout: a session expires this long after the visitor's last request (sliding
   * expiration). Not the cookie's Max-Age, which `session.permanent` decides. In express-session
   * `cookie.maxAge` with `rolling: true`; in Flask PERMANENT_SESSION_LIFETIME. @default '31d', as
   * in Flask
   */
  idle?: Duration
  /**
   * Idle timeout of sessions with `session.permanent = true`: `{ idle: '2h', permanent: '30d' }` is
   * "remember me". @default the value of `idle`
   */
  permanent?: Duration
  /**
   * Absolute timeout: a session expires this long after it began or after the last login, with or
   * without activity. Neither express-session nor Flask has one. @default never
   */
  absolute?: Duration
  /**
   * Idle timeout of sessions in which nobody is signed in, permanent ones included, so that those of
   * bots do not fill a store: `{ idle: '31d', anonymous: '1d' }`. It ends with a login, and applies
   * again after a logout. At most the longer of `idle` and `permanent`. Neither express-session nor
   * Flask has one. @default none: the same timeouts as other sessions
   */
  anonymous?: Duration
}

/** Timeouts of one session: `session.lifetime`. Durations are `'15m'`, `'8h'`, of a second or more. */
export interface SessionLifetime {
  /** Idle timeout. @default that of the options */
  idle?: Duration
  /** Absolute timeout, counted from the beginning or the last login. @default that of the options */
  absolute?: Duration
}

/** The attributes of the session cookie, the same for all visitors. For Max-Age see `lifetime`. */
export interface CookieOptions {
  /**
   * The cookie's name: `name` of express-session, SESSION_COOKIE_NAME of Flask.
   *
   * @default 'session' if the cookie is not `secure`, as while NODE_ENV is `development` or `test`;
   * otherwise '__Host-Http-session', or '__Secure-session' with a domain or a path, or
   * '__Host-session' without `httpOnly`
   */
  name?: string
  /** The host that, with its subdomains, receives the cookie. @default only the host that set it */
  domain?: string
  /** The path below which browsers send the cookie. Not a protection from other pages. @default '/' */
  path?: string
  /** Hides the cookie from scripts (`document.cookie`). @default true */
  httpOnly?: boolean
  /**
   * The browser sends the cookie over HTTPS only. express-session's 'auto' does not exist.
   *
   * @default false while NODE_ENV is `development` or `test`, otherwise true
   */
  secure?: boolean
  /**
   * Whether requests from other sites carry the cookie; in any case. 'None' needs `secure`.
   *
   * @default 'Lax'
   */
  sameSite?: SameSite | Lowercase<SameSite>
  /** One cookie per top-level site, for embedded pages (CHIPS). Needs `secure`. @default false */
  partitioned?: boolean
}

type SameSite = 'Strict' | 'Lax' | 'None'

/** In bytes. Browsers drop a cookie whose name and value are longer (RFC 6265bis section 5.6). */
export const COOKIE_LIMIT = 4096

const IDLE_TIMEOUT = 'The idle timeout is idle'
const MAX_AGE = "Write lifetime: { idle: '1d' }, and session.permanent = true for a Max-Age"

/** The preset that `createSessions` uses unless one is given. @throws ERR_OPTION_INVALID */
export function ownPreset(
  { lifetime = {}, cookie = {} }: { lifetime?: LifetimeOptions; cookie?: CookieOptions },
  developing: boolean,
): CookiePreset {
  requireObject(lifetime, 'lifetime', "{ idle: '2h' }")
  requireObject(cookie, 'cookie')
  refuseUnknown(lifetime, ['idle', 'permanent', 'absolute', 'anonymous'], 'lifetime.', {
    maxAge: IDLE_TIMEOUT,
    timeout: IDLE_TIMEOUT,
    ttl: IDLE_TIMEOUT,
  })
  const secure = cookie.secure ?? !developing
  const attributes: CookieAttributes = {
    name: cookie.name ?? defaultName(cookie, secure),
    domain: cookie.domain,
    path: cookie.path ?? '/',
    httpOnly: cookie.httpOnly ?? true,
    secure,
    sameSite: sameSiteOf(cookie.sameSite ?? 'Lax'),
    partitioned: cookie.partitioned ?? false,
  }
  refuseUnknown(cookie, Object.keys(attributes), 'cookie.', { maxAge: MAX_AGE, expires: MAX_AGE })
  if (attributes.sameSite === 'None' && !secure) {
    throw invalid('cookie.sameSite', "'None' needs secure: browsers drop the cookie otherwise")
  }
  const optional = (name: 'permanent' | 'absolute' | 'anonymous') => {
    const given = lifetime[name]
    return given === undefined ? undefined : milliseconds(given, `lifetime.${name}`)
  }
  const idle = milliseconds(lifetime.idle ?? '31d', 'lifetime.idle')
  const idleIs = lifetime.idle === undefined ? "which is '31d' by default" : `'${lifetime.idle}'`
  const permanent = optional('permanent') ?? idle
  if (permanent < idle) {
    throw invalid(
      'lifetime.permanent',
      `is shorter than lifetime.idle, ${idleIs}. To shorten all sessions, set idle`,
    )
  }
  const anonymous = optional('anonymous')
  if (anonymous !== undefined && anonymous > permanent) {
    throw invalid(
      'lifetime.anonymous',
      lifetime.permanent === undefined
        ? `is longer than lifetime.idle, ${idleIs}: it only shortens`
        : `is longer than lifetime.permanent, '${lifetime.permanent}': it only shortens`,
    )
  }
  return {
    name: 'sojourn',
    secretName: 'secret',
    tolerates: ['short'],
    lifetime: {
      idle,
      permanent,
      absolute: optional('absolute'),
      anonymous,
      leeway: 60_000,
      renewal: 'visits',
    },
    cookie: attributes,
    cookieValues,
    expiry: 'Max-Age',
    consumesAllFlashes: false,
    renewsUnasked: false,
    format: ownFormat,
  }
}

/**
 * With a prefix browsers refuse a cookie of this name that lacks the attributes, whoever sets it
 * (RFC 6265bis section 4.1.3; `__Host-Http-`: draft-ietf-httpbis-layered-cookies). A browser that
 * does not know `__Host-Http-` still applies the rules of `__Host-`. One that does not know `__Http-`
 * would apply none, so a cookie with a domain or a path is `__Secure-`.
 */
function defaultName(
  { domain, path = '/', httpOnly = true }: CookieOptions,
  secure: boolean,
): string {
  if (!secure) return 'session'
  if (domain !== undefined || path !== '/') return '__Secure-session'
  return httpOnly ? '__Host-Http-session' : '__Host-session'
}

/** Our own record layout, with the app's own tags. */
export function layoutWith(tags: readonly Tag[]): Layout {
  return ownLayout(
    createCodec({ tags: [...tags, ...ownTags], sortKeys: false, ascii: false, refusesNaN: true }),
  )
}

/**
 * Our own format: the layout of itsdangerous with SHA-256, or an encrypted envelope; each under keys
 * bound to the cookie's name.
 */
function ownFormat(context: FormatContext): CookieFormat {
  const { secrets, scope, tags, encryption } = context
  const signer = timedSigner(authenticator(keysFor(secrets, 'session', scope), 'sha256'))
  // Compression costs more than signing, so a cookie is compressed only if it would not fit
  // otherwise.
  const signing = signingSealer(signer, [packPlain, packDeflated])
  return {
    layout: layoutWith(tags),
    sealer: encryption ? cookieSealer(encryption, context, signing) : signing,
    duplicates: 'newest',
    clearsUnasked: false,
    resignsOldKeys: true,
    limit: { bytes: COOKIE_LIMIT, of: 'name-and-value' },
  }
}
