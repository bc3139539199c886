/** `rememberToken`: verifies and issues Flask-Login's cookie that signs a visitor in again. */

import { createHmac, timingSafeEqual } from 'node:crypto'
import { codeOf } from '../base/errors.ts'
import { invalid, refuseUnknown, requireObject } from '../base/options.ts'
import { isBytes } from '../base/realm.ts'
import { keyring, type Secret } from '../crypto/keyring.ts'
import { setCookieWriter, sameSiteOf } from '../http/set-cookie.ts'
import { float, isFloat } from '../record/text/values.ts'
import type { Session } from '../session/session.ts'
import { werkzeugCookieValues } from './cookie-header.ts'
import { refuseMilliseconds } from './flask-cookie.ts'

/** The settings of Flask-Login's remember cookie, with its names and defaults. */
export interface RememberConfig {
  /** The secret that signs. As in Flask-Login, SECRET_KEY_FALLBACKS are not used for this cookie. */
  SECRET_KEY: Secret | null | undefined
  /** The cookie's name. Pass the same name to `flask()`. @default 'remember_token' */
  REMEMBER_COOKIE_NAME?: string
  /** How long browsers store the cookie, in seconds. No server checks it. @default 31536000, a year */
  REMEMBER_COOKIE_DURATION?: number
  /** The host that, with its subdomains, receives the cookie. @default only the host that set it */
  REMEMBER_COOKIE_DOMAIN?: string | null
  /** The path below which browsers send the cookie. @default '/' */
  REMEMBER_COOKIE_PATH?: string
  /** The browser sends the cookie over HTTPS only. @default false, in production too, as in Flask-Login */
  REMEMBER_COOKIE_SECURE?: boolean
  /** Hides the cookie from scripts. @default true */
  REMEMBER_COOKIE_HTTPONLY?: boolean
  /** 'Strict', 'Lax' or 'None', in upper or lower case. @default no attribute */
  REMEMBER_COOKIE_SAMESITE?: string | null
  /** Whether `setCookie` renews the cookie of every signed-in visitor. @default false */
  REMEMBER_COOKIE_REFRESH_EACH_REQUEST?: boolean
}

/** What `rememberToken` returns. Add its Set-Cookie lines to the response: `res.append('Set-Cookie', line)`. */
export interface RememberToken {
  /** The user id in the request's cookie, if it is valid. It never expires on the server. */
  verify(cookieHeader: string | null | undefined): string | undefined
  /**
   * Signs an anonymous visitor in if the cookie is valid, as Flask-Login does. The login is not
   * fresh.
   *
   * Returns the user id, or `undefined` if nobody was signed in. After a logout it signs nobody in,
   * even if the browser still has the cookie. Check that the user still exists; otherwise call
   * `session.logout()`.
   */
  signIn(session: Session<any, any>, cookieHeader: string | null | undefined): string | undefined
  /**
   * Call it after `session.login` to have the cookie set, like `login_user(user, remember=True)`.
   * Either `setCookie` here sends it, or the next response of the Flask app, whichever is first.
   *
   * @param options.seconds its duration. @default REMEMBER_COOKIE_DURATION
   */
  ask(session: Session<any, any>, options?: { seconds?: number }): void
  /** The Set-Cookie line for this response, as in Flask-Login's `after_request`: sets, clears, or none. */
  setCookie(session: Session<any, any>): string | undefined
  /** A Set-Cookie line with a cookie for a user. @param options.seconds as for `ask` */
  issue(userId: string | number | bigint, options?: { seconds?: number }): string
  /** A Set-Cookie line that clears the cookie. A copy of it stays valid. */
  clear(): string
}

/**
 * Makes a reader and writer of Flask-Login's remember cookie.
 *
 * The cookie is the user id and its HMAC-SHA-512, without a time. A copy of it signs in as this user
 * until SECRET_KEY is changed, which signs all visitors out.
 *
 * @throws ERR_SECRET_MISSING, ERR_SECRET_WEAK, ERR_OPTION_INVALID
 *
 * @example
 * import { rememberToken } from 'sojourn/flask'
 * const remember = rememberToken({ SECRET_KEY: process.env.SECRET_KEY })
 * const userId = remember.signIn(session, req.headers.cookie)
 */
export function rememberToken(config: RememberConfig): RememberToken {
  requireObject(config, 'config')
  refuseUnknown(config, ['SECRET_KEY', ...Object.keys(DEFAULTS)], '')
  const settings = { ...DEFAULTS, ...withoutMissing(config) }
  const { REMEMBER_COOKIE_NAME: name, REMEMBER_COOKIE_DURATION: duration } = settings
  for (const [option, like] of Object.entries(DEFAULTS)) {
    const value: unknown = settings[option as keyof typeof DEFAULTS]
    if (like !== undefined && typeof value !== typeof like) {
      throw invalid(option, `has to be a ${typeof like}`)
    }
  }
  checkSeconds(duration, 'REMEMBER_COOKIE_DURATION')
  const key = keyOf(config.SECRET_KEY)
  const writer = setCookieWriter(
    {
      name,
      domain: settings.REMEMBER_COOKIE_DOMAIN,
      path: settings.REMEMBER_COOKIE_PATH,
      httpOnly: settings.REMEMBER_COOKIE_HTTPONLY,
      secure: settings.REMEMBER_COOKIE_SECURE,
      sameSite: sameSiteOf(settings.REMEMBER_COOKIE_SAMESITE),
      partitioned: false,
    },
    'Expires',
  )
  const digestOf = (payload: string) => createHmac('sha512', key).update(payload).digest('hex')

  function verify(cookieHeader: string | null | undefined): string | undefined {
    // The first cookie, as in Flask-Login, so that both apps find the same user.
    const [value = ''] = werkzeugCookieValues(cookieHeader, name)
    const at = value.lastIndexOf('|')
    if (at < 0) return undefined
    const payload = value.slice(0, at)
    const given = Buffer.from(value.slice(at + 1))
    const expected = Buffer.from(digestOf(payload))
    return given.length === expected.length && timingSafeEqual(given, expected)
      ? payload
      : undefined
  }

  function issue(
    userId: string | number | bigint,
    { seconds = duration }: { seconds?: number } = {},
  ): string {
    checkSeconds(seconds, 'seconds')
    return lineOf(userId, seconds)
  }

  function lineOf(userId: string | number | bigint, seconds: number): string {
    const payload = String(userId)
    if (payload === '' || /\p{Surrogate}/u.test(payload)) {
      throw invalid('userId', 'is empty or has a lone surrogate')
    }
    return writer.set(quoted(`${payload}|${digestOf(payload)}`), seconds * 1000, Date.now())
  }

  return {
    verify,
    signIn(session, cookieHeader) {
      if (session.isUnavailable || session.userId !== undefined) return undefined
      if (session.get('_remember') === 'clear') return undefined
      const userId = verify(cookieHeader)
      if (userId === undefined || userId === '') return undefined
      try {
        session.login(userId)
      } catch (error) {
        // A prefetch cannot change the session, and some ids of Flask are invalid here.
        if (CANNOT.includes(codeOf(error))) return undefined
        throw error
      }
      session.set('_fresh', false)
      session.delete('_id')
      return userId
    },
    ask(session, { seconds } = {}) {
      session.set('_remember', 'set')
      if (seconds === undefined) return
      checkSeconds(seconds, 'seconds')
      session.set('_remember_seconds', float(seconds))
    },
    setCookie(session) {
      const { userId } = session
      const asked: unknown = session.get('_remember')
      if (asked !== undefined && !isDropped(session, '_remember')) return undefined
      if (asked === 'clear') return writer.clear()
      const isDue = asked === 'set' || settings.REMEMBER_COOKIE_REFRESH_EACH_REQUEST
      if (!isDue || userId === undefined) return undefined
      const given: unknown = session.get('_remember_seconds')
      const seconds = isFloat(given) ? given.float : given
      // Flask may have written a value that `ask` refuses: that must not fail each response.
      return lineOf(userId, isDuration(seconds) ? seconds : duration)
    },
    issue,
    clear: () => writer.clear(),
  }
}

/** Deletes a key. Returns false if the session is read-only, as in a prefetch. */
function isDropped(session: Session<any, any>, key: string): boolean {
  try {
    session.delete(key)
    return true
  } catch (error) {
    if (codeOf(error) === 'ERR_SESSION_READ_ONLY') return false
    throw error
  }
}

/** Whether a cookie can expire in so many seconds: before the year 10000. */
function isDuration(seconds: unknown): seconds is number {
  return typeof seconds === 'number' && Math.abs(Date.now() / 1000 + seconds) <= LAST_SECOND
}

const LAST_SECOND = 253_402_300_799

const CANNOT: readonly string[] = ['ERR_SESSION_READ_ONLY', 'ERR_USER_ID_INVALID']

const DEFAULTS = {
  REMEMBER_COOKIE_NAME: 'remember_token',
  REMEMBER_COOKIE_DURATION: 31_536_000,
  REMEMBER_COOKIE_DOMAIN: undefined as string | undefined,
  REMEMBER_COOKIE_PATH: '/',
  REMEMBER_COOKIE_SECURE: false,
  REMEMBER_COOKIE_HTTPONLY: true,
  REMEMBER_COOKIE_SAMESITE: undefined as string | undefined,
  REMEMBER_COOKIE_REFRESH_EACH_REQUEST: false,
}

function withoutMissing(config: RememberConfig): Partial<typeof DEFAULTS> {
  const given = Object.entries(config).filter(
    ([name, value]) => name in DEFAULTS && value !== undefined && value !== null,
  )
  return Object.fromEntries(given)
}

/** @throws ERR_OPTION_INVALID */
function checkSeconds(seconds: unknown, option: string): void {
  if (typeof seconds !== 'number' || !Number.isFinite(seconds)) {
    throw invalid(option, 'has to be a number of seconds')
  }
  refuseMilliseconds(seconds, option)
}

/** The bytes of the secret: Flask-Login encodes text as Latin-1, unlike Flask's session cookie. */
function keyOf(secret: RememberConfig['SECRET_KEY']): Uint8Array {
  const developing = process.env.NODE_ENV === 'development' || process.env.NODE_ENV === 'test'
  keyring([secret as Secret], {
    where: 'SECRET_KEY',
    remedy: 'Pass the SECRET_KEY of the Flask app.',
    refuse: developing ? [] : ['well-known', 'pattern', 'short'],
    spelling: 'literal',
  })
  if (isBytes(secret)) return secret
  const text = secret as string
  if (!/^[\0-\xff]*$/.test(text)) {
    throw invalid('SECRET_KEY', 'has a character that is not Latin-1: Flask-Login cannot use it')
  }
  return Buffer.from(text, 'latin1')
}

// cookie-value as Werkzeug 3.1 writes it: text = *( ALPHA / DIGIT / "_" / those below ), or quoted
const PLAIN = /^[\w!#$%&'()*+\-./:<=>?@[\]^`{|}~]*$/

function quoted(value: string): string {
  if (PLAIN.test(value)) return value
  const bytes = Buffer.from(value).toString('latin1')
  const escaped = bytes.replace(/[\0-\x1f",;\\\x7f-\xff]/g, (byte) =>
    byte === '"' || byte === '\\'
      ? `\\${byte}`
      : `\\${byte.charCodeAt(0).toString(8).padStart(3, '0')}`,
  )
  return `"${escaped}"`
}
