/** `flaskCookie`: reads and writes Flask's session cookie without `createSessions`, for tools. */

import { createHash, createHmac } from 'node:crypto'
import type { Rejection } from '../backends/backend.ts'
import { SessionError } from '../base/errors.ts'
import { invalid } from '../base/options.ts'
import { keyring, type Secret } from '../crypto/keyring.ts'
import { MAX_TEXT_BYTES, packDeflated, unpack } from '../crypto/payload.ts'
import { authenticator, type TimedSigner, timedSigner } from '../crypto/signed.ts'
import type { Tag } from '../record/text/tag.ts'
import { endedBy } from '../record/lifetime.ts'
import { flaskCodec } from './layout.ts'

/** How itsdangerous derives the signing key from secret and salt: `key_derivation`. Flask uses `hmac`. */
export type Derivation = 'hmac' | 'concat' | 'django-concat' | 'none'

/** The options of `flaskCookie`. Units are Flask's: seconds. */
export interface FlaskCookieOptions {
  /** Flask's `SECRET_KEY`, as text or bytes. Text is taken literally: `base64:` means nothing. */
  secret: Secret | undefined
  /** Flask's `SECRET_KEY_FALLBACKS`: previous secrets, which only verify. @default none */
  fallbacks?: readonly Secret[]
  /** The salt of itsdangerous. @default 'cookie-session', as in Flask */
  salt?: Secret
  /** The hash of both HMACs, by its name in OpenSSL or in Python's hashlib. @default 'sha1', as in Flask */
  digest?: string
  /** How the signing key is derived. @default 'hmac', as in Flask */
  derivation?: Derivation
  /** The age in seconds at which a cookie expires; `null`: never. @default 2678400, 31 days */
  maxAge?: number | null
  /** The app's own tags, for its own types. @default none */
  tags?: readonly Tag[]
}

/** The data of a cookie, or why it was not accepted. */
export type OpenedFlaskCookie =
  /** It is valid: its data, and when it was signed. */
  | { ok: true; data: unknown; signedAt: Date }
  /** It is not. */
  | { ok: false; reason: Rejection }

/** What `flaskCookie` returns. */
export interface FlaskCookie {
  /**
   * Verifies and decodes a cookie's value.
   *
   * @param options.now in seconds since 1970. @default the current time
   */
  open(value: string, options?: { now?: number }): OpenedFlaskCookie
  /**
   * Encodes and signs a cookie's value.
   *
   * @param options.now in seconds since 1970. @default the current time
   * @throws ERR_VALUE_UNSUPPORTED, ERR_COOKIE_TOO_LARGE
   */
  seal(data: unknown, options?: { now?: number }): string
}

/**
 * Makes a reader and writer of Flask's session cookie.
 *
 * @throws ERR_SECRET_MISSING, ERR_OPTION_INVALID
 *
 * @example
 * import { flaskCookie } from 'sojourn/flask'
 * const cookie = flaskCookie({ secret: process.env.SECRET_KEY })
 * const opened = cookie.open(cookie.seal({ user_id: 7 }))
 * if (opened.ok) console.log(opened.data, opened.signedAt)
 */
export function flaskCookie(options: FlaskCookieOptions): FlaskCookie {
  const { maxAge = 2_678_400, fallbacks = [], tags = [] } = options
  const { secrets } = keyring([options.secret as Secret, ...fallbacks], {
    where: 'secret',
    remedy: 'Pass the SECRET_KEY of the Flask app.',
    refuse: [],
    spelling: 'literal',
  })
  if (maxAge !== null && !Number.isFinite(maxAge)) {
    throw invalid('maxAge', 'has to be a number of seconds, or null')
  }
  if (maxAge !== null) refuseMilliseconds(maxAge, 'maxAge')
  checkAlgorithms(options)
  const codec = flaskCodec(tags, 0)
  const signer = flaskSigner(secrets, options)
  return {
    open(value, { now = Date.now() / 1000 } = {}) {
      const verified = signer.verify(value)
      if (typeof verified === 'string') return { ok: false, reason: verified }
      const { body, seconds } = verified
      const ended =
        maxAge === null ? undefined : endedBy(lifetimeOf(maxAge), signedAt(seconds), now * 1000)
      if (ended) return { ok: false, reason: ended }
      const text = unpack(body)
      const decoded = text === undefined ? undefined : codec.decode(text)
      if (!decoded) return { ok: false, reason: 'payload' }
      return { ok: true, data: decoded.value, signedAt: new Date(seconds * 1000) }
    },
    seal(data, { now = Date.now() / 1000 } = {}) {
      const text = codec.encode(data, 'data')
      const bytes = Buffer.byteLength(text)
      if (bytes > MAX_TEXT_BYTES) {
        const keys = `data (${bytes} bytes)`
        throw new SessionError('ERR_COOKIE_TOO_LARGE', bytes, MAX_TEXT_BYTES, keys)
      }
      return signer.sign(packDeflated(text), Math.floor(now))
    },
  }
}

const DERIVATIONS: readonly string[] = ['hmac', 'concat', 'django-concat', 'none']

/** @throws ERR_OPTION_INVALID */
function checkAlgorithms({ digest = 'sha1', derivation = 'hmac' }: FlaskCookieOptions): void {
  if (!DERIVATIONS.includes(derivation)) {
    throw invalid('derivation', `has to be one of ${DERIVATIONS.join(', ')}`)
  }
  try {
    createHash(opensslName(String(digest)))
  } catch {
    throw invalid('digest', 'is not a hash of this platform')
  }
}

/** The name of a hash in OpenSSL, given that name or the one in Python's hashlib, such as `sha3_256`. */
function opensslName(digest: string): string {
  return HASHLIB_NAMES[digest] ?? digest.replace('_', '-')
}

const HASHLIB_NAMES: Readonly<Record<string, string>> = {
  blake2b: 'blake2b512',
  blake2s: 'blake2s256',
}

/** Makes the signer of Flask's session cookie (`URLSafeTimedSerializer` of itsdangerous). */
export function flaskSigner(
  secrets: readonly Uint8Array[],
  {
    salt = 'cookie-session',
    digest = 'sha1',
    derivation = 'hmac',
  }: Omit<FlaskCookieOptions, 'secret'>,
): TimedSigner {
  const hash = opensslName(digest)
  const keys = secrets.map((secret) => itsdangerousKey(secret, salt, hash, derivation))
  return timedSigner(authenticator(keys, hash))
}

/** The signing key that itsdangerous derives (`Signer.derive_key`). */
export function itsdangerousKey(
  secret: Uint8Array,
  salt: Secret,
  digest: string,
  derivation: Derivation,
): Uint8Array {
  const hash = (...parts: Secret[]) =>
    parts.reduce((state, part) => state.update(part), createHash(digest)).digest()
  switch (derivation) {
    case 'hmac':
      return createHmac(digest, secret).update(salt).digest()
    case 'concat':
      return hash(salt, secret)
    case 'django-concat':
      return hash(salt, 'signer', secret)
    case 'none':
      return secret
  }
}

function lifetimeOf(maxAge: number) {
  const idle = maxAge * 1000
  return { idle, permanent: idle, absolute: undefined, leeway: 0, renewal: 'never' } as const
}

function signedAt(seen: number) {
  return { seen, permanent: false, created: undefined, authenticatedAt: undefined }
}

/** Ten years, in seconds. 31 days in milliseconds, read as seconds, would be 85 years. */
const LONGEST_LIFETIME = 3653 * 86_400

/** Throws if a lifetime is so long that it must be in milliseconds. @throws ERR_OPTION_INVALID */
export function refuseMilliseconds(seconds: number, option: string): void {
  if (Math.abs(seconds) <= LONGEST_LIFETIME) return
  throw invalid(option, `has to be in seconds, as in Flask: ${seconds} are over ten years`)
}
