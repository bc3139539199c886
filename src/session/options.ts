/** Every option, its default and its check. */

import { cookieBackend, type CookieFormat } from '../backends/cookie.ts'
import type { Backend } from '../backends/backend.ts'
import { type Duration, milliseconds } from '../base/duration.ts'
import { SessionError } from '../base/errors.ts'
import { type Clock, systemClock } from '../base/ports.ts'
import { deriveKey, explain, keyring, type Secret } from '../crypto/keyring.ts'
import { packDeflated, packPlain } from '../crypto/payload.ts'
import { authenticator, timedSigner } from '../crypto/signed.ts'
import type { Weakness } from '../crypto/weak-secrets.ts'
import { type CookieAttributes, type Expiry, setCookieWriter } from '../http/set-cookie.ts'
import { createCodec, type Tag } from '../record/codec.ts'
import type { Lifetime } from '../record/lifetime.ts'
import { ownLayout } from '../record/record.ts'
import { ownTags } from '../record/tags.ts'
import type { EventListener } from './events.ts'
import { type Hint, hintEnvironment, hintPrinter, missingSecretRemedy } from './hints.ts'

/** What `createSessions` takes. */
export interface SessionOptions {
  /**
   * The secret that signs, as text or bytes; or several: the first signs, all verify.
   *
   * Make one with `npx sojourn secret`. At least 32 bytes, at most 8 secrets.
   */
  secret: Secret | undefined | readonly (Secret | undefined)[]
  /** How long sessions live. The server enforces it, whatever the browser keeps. */
  lifetime?: LifetimeOptions
  /** The cookie's attributes. */
  cookie?: CookieOptions
  /** How to keep types of your own; see `Tag`. @default none */
  tags?: readonly Tag[]
  /** Called for each event, such as a cookie that was rejected. @default nobody listens */
  onEvent?: EventListener
  /** Tells the time in milliseconds since 1970; tests give their own. @default Date.now */
  clock?: Clock
  /** What `flask()` of `sojourn/flask` decides. Not to be written by hand. */
  preset?: Preset
}

/** How long sessions live. Durations are `'30m'`, `'2h'`, `'31d'`, or milliseconds. */
export interface LifetimeOptions {
  /** A session ends when the visitor was away this long. @default '31d', as in Flask */
  idle?: Duration
  /** The same for permanent sessions: `{ idle: '2h', permanent: '30d' }` is "remember me". @default idle */
  permanent?: Duration
  /** A session ends this long after it began or after the last login, whatever happens. @default never */
  absolute?: Duration
}

/** The attributes of the session cookie. They are fixed at start-up. */
export interface CookieOptions {
  /**
   * Its name.
   *
   * @default 'session' while NODE_ENV is `development` or `test`; otherwise '__Host-session', or
   * '__Secure-session' with a domain or a path
   */
  name?: string
  /** The host that, with all below it, gets the cookie. @default only the host that set it */
  domain?: string
  /** @default '/' */
  path?: string
  /** Keep the cookie from scripts. @default true */
  httpOnly?: boolean
  /** Send it over HTTPS only. @default false while NODE_ENV is `development` or `test`, else true */
  secure?: boolean
  /** @default 'Lax' */
  sameSite?: 'Strict' | 'Lax' | 'None'
  /** Keep it apart for each top-level site (CHIPS). @default false */
  partitioned?: boolean
}

/** What a preset decides: the format of the cookie and the habits that go with it. */
export interface Preset {
  /** What its user calls the secret. */
  secretName: string
  /** Weaknesses of a secret that are let through while developing. */
  tolerates: readonly Weakness[]
  lifetime: Lifetime
  cookie: CookieAttributes
  expiry: Expiry
  /** Reading flash messages consumes all of them, shown or not. */
  consumesAllFlashes: boolean
  /** Renew a permanent session even for a route that never asked for it. */
  renewsUnasked: boolean
  format(secrets: readonly Uint8Array[], tags: readonly Tag[]): CookieFormat
}

/** The options, resolved and checked. */
export interface Settings {
  backend: Backend
  cookieName: string
  secureCookie: boolean
  consumesAllFlashes: boolean
  renewsUnasked: boolean
  clock: Clock
  emit: EventListener
  hint: Hint
  /** Whether hints are printed at all: looking into a refused cookie is work nobody needs otherwise. */
  explains: boolean
}

const KNOWN: readonly string[] = [
  'secret',
  'lifetime',
  'cookie',
  'tags',
  'onEvent',
  'clock',
  'preset',
]
const KNOWN_LIFETIME: readonly string[] = ['idle', 'permanent', 'absolute']
const KNOWN_COOKIE: readonly string[] = [
  'name',
  'domain',
  'path',
  'httpOnly',
  'secure',
  'sameSite',
  'partitioned',
]

/**
 * Resolves the options.
 *
 * @throws ERR_SECRET_MISSING, ERR_SECRET_WEAK, ERR_OPTION_INVALID: misuse fails at start-up.
 */
export function resolveOptions(options: SessionOptions): Settings {
  if (typeof options !== 'object' || options === null) {
    throw new SessionError('ERR_OPTION_INVALID', 'options', 'have to be an object with a secret')
  }
  refuseUnknown(options, KNOWN, '')
  const environment = process.env['NODE_ENV']
  const developing = environment === 'development' || environment === 'test'
  const hint = hintPrinter(environment === 'production')
  const { clock = systemClock, onEvent = () => {}, tags = [] } = options
  if (typeof clock !== 'function')
    throw invalid('clock', 'has to be a function that tells the time')
  if (typeof onEvent !== 'function') throw invalid('onEvent', 'has to be a function')
  checkTags(tags)
  const preset = options.preset ?? ownPreset(options, developing)
  if (options.preset) refusePresetConflicts(options)
  const where = preset.secretName
  const { secrets, weaknesses } = keyring(options.secret as Secret | readonly Secret[], {
    where,
    remedy: missingSecretRemedy(where === 'secret' ? 'SESSION_SECRET' : where),
    refuse: developing ? ALL.filter((weakness) => !preset.tolerates.includes(weakness)) : ALL,
  })
  for (const weakness of weaknesses) {
    hint(
      `weak-${weakness}`,
      `The secret in ${where} ${explain(weakness)}. It is refused in production: run \`npx sojourn secret\`.`,
    )
  }
  const writer = setCookieWriter(preset.cookie, preset.expiry)
  if (environment === undefined && preset.cookie.secure && options.cookie?.secure === undefined) {
    hintEnvironment(hint, writer.name)
  }
  return {
    backend: cookieBackend(preset.format(secrets, tags), writer, preset.lifetime),
    cookieName: writer.name,
    secureCookie: writer.secure,
    consumesAllFlashes: preset.consumesAllFlashes,
    renewsUnasked: preset.renewsUnasked,
    clock,
    emit: onEvent,
    hint,
    explains: environment !== 'production',
  }
}

const ALL: readonly Weakness[] = ['well-known', 'pattern', 'short']

/** Browsers drop a cookie whose name and value are longer (RFC 6265bis section 5.6). */
const COOKIE_LIMIT = 4096

function ownPreset({ lifetime = {}, cookie = {} }: SessionOptions, developing: boolean): Preset {
  requireObject(lifetime, 'lifetime')
  requireObject(cookie, 'cookie')
  refuseUnknown(lifetime, KNOWN_LIFETIME, 'lifetime.')
  refuseUnknown(cookie, KNOWN_COOKIE, 'cookie.')
  const secure = cookie.secure ?? !developing
  const attributes: CookieAttributes = {
    name: cookie.name ?? defaultName(cookie, secure),
    domain: cookie.domain,
    path: cookie.path ?? '/',
    httpOnly: cookie.httpOnly ?? true,
    secure,
    sameSite: cookie.sameSite ?? 'Lax',
    partitioned: cookie.partitioned ?? false,
  }
  if (attributes.sameSite === 'None' && !secure) {
    throw invalid('cookie.sameSite', "'None' needs secure: browsers drop the cookie otherwise")
  }
  const idle = milliseconds(lifetime.idle ?? '31d', 'lifetime.idle')
  return {
    secretName: 'secret',
    tolerates: ['short'],
    lifetime: {
      idle,
      permanent:
        lifetime.permanent === undefined
          ? idle
          : milliseconds(lifetime.permanent, 'lifetime.permanent'),
      absolute:
        lifetime.absolute === undefined
          ? undefined
          : milliseconds(lifetime.absolute, 'lifetime.absolute'),
      leeway: 60_000,
      renewal: 'visits',
    },
    cookie: attributes,
    expiry: 'Max-Age',
    consumesAllFlashes: false,
    renewsUnasked: false,
    format: (secrets, tags) => ownFormat(secrets, attributes.name, tags),
  }
}

/** A prefix makes the browser itself hold us to the attributes (RFC 6265bis section 4.1.3). */
function defaultName({ domain, path = '/' }: CookieOptions, secure: boolean): string {
  if (!secure) return 'session'
  return domain === undefined && path === '/' ? '__Host-session' : '__Secure-session'
}

/** The key a secret gives our own format, bound to the cookie's name. */
export function ownKey(secret: Uint8Array, cookieName: string): Uint8Array {
  return deriveKey(secret, 'sojourn/1', 'session', '', cookieName)
}

/** Our own format: the layout of itsdangerous, SHA-256, and a key bound to the cookie's name. */
function ownFormat(
  secrets: readonly Uint8Array[],
  cookieName: string,
  tags: readonly Tag[],
): CookieFormat {
  const keys = secrets.map((secret) => ownKey(secret, cookieName))
  return {
    layout: ownLayout(createCodec({ tags: [...tags, ...ownTags], sortKeys: false, ascii: false })),
    signer: timedSigner(authenticator(keys, 'sha256')),
    // Deflating costs more than signing, so only what would not fit is deflated.
    pack: (text, crowded) => (crowded ? packDeflated(text) : packPlain(text)),
    duplicates: 'newest',
    clearsUnasked: false,
    resignsOldKeys: true,
    limit: { bytes: COOKIE_LIMIT, of: 'name-and-value' },
  }
}

function requireObject(given: unknown, option: string): void {
  if (typeof given === 'object' && given !== null && !Array.isArray(given)) return
  throw invalid(option, 'has to be an object')
}

function checkTags(tags: unknown): void {
  if (!Array.isArray(tags)) throw invalid('tags', 'has to be a list of tags')
  for (const tag of tags as (Partial<Tag> | null | undefined)[]) {
    const verbs = [tag?.test, tag?.encode, tag?.decode]
    if (typeof tag?.key === 'string' && verbs.every((verb) => typeof verb === 'function')) continue
    throw invalid('tags', 'holds something else than { key, test, encode, decode }')
  }
}

function refusePresetConflicts({ lifetime, cookie }: SessionOptions): void {
  if (lifetime) throw invalid('lifetime', 'is decided by the preset. Use its own names')
  if (cookie) throw invalid('cookie', 'is decided by the preset. Use its own names')
}

/** Refuses a name that is not an option: it is a slip of the pen, and would be silently ignored. */
export function refuseUnknown(given: object, known: readonly string[], prefix: string): void {
  for (const name of Object.keys(given)) {
    if (known.includes(name)) continue
    throw invalid(`${prefix}${name}`, `is not known. There are: ${known.join(', ')}`)
  }
}

function invalid(option: string, why: string): SessionError {
  return new SessionError('ERR_OPTION_INVALID', option, why)
}
