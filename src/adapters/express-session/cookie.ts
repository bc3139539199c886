/** `req.session.cookie`: the attributes of one session's cookie, as express-session's class `Cookie`. */

import { invalid } from '../../base/options.ts'
import { sameSiteOf } from '../../http/set-cookie.ts'

/** The attributes of the session cookie, with express-session's names. */
export interface CookieAttributes {
  /**
   * Idle timeout in milliseconds: how long after the last visit the cookie and the session expire.
   * The server enforces it as well. @default null: until the browser is closed; on the server one day
   */
  maxAge?: number | null | undefined
  /** A fixed date at which the cookie expires. Use `maxAge` for a timeout. @default none */
  expires?: Date | boolean | null | undefined
  /** `maxAge` as it was set first. Stores write it; apps need not. @default the value of `maxAge` */
  originalMaxAge?: number | null | undefined
  /** The path below which browsers send the cookie, and requests have a session. @default '/' */
  path?: string | undefined
  /** The host that, with its subdomains, receives the cookie. @default only the host that set it */
  domain?: string | undefined
  /** Hides the cookie from scripts. @default true */
  httpOnly?: boolean | undefined
  /**
   * The browser sends it over HTTPS only. 'auto': if the request came over HTTPS.
   *
   * @default false with a store of express-session, and while NODE_ENV is `development` or `test`;
   * otherwise true
   */
  secure?: boolean | 'auto' | undefined
  /**
   * Whether requests from other sites carry the cookie. `true` is 'strict'; 'auto': 'none' if the
   * request came over HTTPS, otherwise 'lax'. @default none with a
   * store of express-session, otherwise 'lax'
   */
  sameSite?: boolean | 'strict' | 'lax' | 'none' | 'auto' | (string & {}) | undefined
  /** Which cookies Chromium drops first if there are too many. @default none */
  priority?: 'low' | 'medium' | 'high' | undefined
  /** One cookie per top-level site (CHIPS). @default false */
  partitioned?: boolean | undefined
}

/**
 * The attributes of one session's cookie. A change applies to the response and is saved.
 *
 * @example
 * import session from 'sojourn/express-session'
 * const cookie = new session.Cookie({ maxAge: 60_000 })
 * cookie.sameSite = 'strict'
 */
export class Cookie {
  /** `maxAge` as it was set. `touch()` sets `maxAge` back to it at each request. */
  originalMaxAge: number | null | undefined
  /** One cookie per top-level site (CHIPS). */
  partitioned?: boolean | undefined
  /** Which cookies Chromium drops first. */
  priority?: CookieAttributes['priority']
  /** Whether the browser sends it over HTTPS only. */
  secure?: boolean | 'auto' | undefined
  /** Whether it is hidden from scripts. */
  httpOnly?: boolean | undefined
  /** The host that, with its subdomains, receives it. */
  domain?: string | undefined
  /** The path below which browsers send it. */
  path?: string | undefined
  /** Whether requests from other sites carry it. */
  sameSite?: CookieAttributes['sameSite']
  /** The `maxAge` that was set. express-session's stores read this name. */
  _expires: Date | boolean | null | undefined

  constructor(options: CookieAttributes = {}) {
    if (typeof options !== 'object') throw new TypeError('argument options must be a object')
    this.path = '/'
    this.maxAge = null
    this.httpOnly = true
    for (const [name, value] of Object.entries(options ?? {})) {
      if (name !== 'data') (this as Record<string, unknown>)[name] = value
    }
    this.originalMaxAge ??= this.maxAge as number | null
  }

  /** When it expires; `null` for until the browser is closed. */
  get expires(): Date | boolean | null | undefined {
    return this._expires
  }

  set expires(date: Date | boolean | null | undefined) {
    this._expires = date
    this.originalMaxAge = this.maxAge as number | null
  }

  /** Milliseconds until the cookie expires; `null`: until the browser is closed. */
  get maxAge(): number | boolean | null | undefined {
    const { expires } = this
    return expires instanceof Date ? expires.valueOf() - Date.now() : expires
  }

  set maxAge(ms: number | Date | boolean | null | undefined) {
    if (ms && typeof ms !== 'number' && !(ms instanceof Date)) {
      throw new TypeError('maxAge must be a number or Date')
    }
    this.expires = typeof ms === 'number' ? new Date(Date.now() + ms) : ms
  }

  /** The attributes as plain data, as in a row of express-session's stores. */
  get data(): CookieData {
    const { originalMaxAge, partitioned, priority, _expires: expires } = this
    const { secure, httpOnly, domain, path, sameSite } = this
    return {
      originalMaxAge,
      partitioned,
      priority,
      expires,
      secure,
      httpOnly,
      domain,
      path,
      sameSite,
    }
  }

  /** The Set-Cookie line of a value, which is URL-encoded. @throws ERR_OPTION_INVALID for an attribute */
  serialize(name: string, value: string): string {
    return setCookieLine(name, encodeURIComponent(value), this.data)
  }

  /** The same as `data`. */
  toJSON(): CookieData {
    return this.data
  }
}

/** The attributes of `req.session.cookie`, which the app may have replaced by a plain object. */
export function dataOf(cookie: Cookie | CookieAttributes): CookieData {
  return (cookie instanceof Cookie ? cookie : new Cookie(cookie)).data
}

/** The attributes as plain data. */
export interface CookieData extends Omit<CookieAttributes, 'maxAge'> {}

/**
 * The Set-Cookie line for an encoded value, with the attributes in express-session's order.
 *
 * @throws ERR_OPTION_INVALID for a character that an attribute cannot have, perhaps a visitor's input
 */
export function setCookieLine(name: string, value: string, attributes: CookieData): string {
  const { domain, path, expires, httpOnly, secure, partitioned, priority, sameSite } = attributes
  let line = `${name}=${value}`
  if (domain) line += `; Domain=${checkedText(domain, 'domain')}`
  if (path) line += `; Path=${checkedText(path, 'path')}`
  if (expires instanceof Date) {
    if (Number.isNaN(expires.valueOf())) throw invalid('cookie.expires', 'is not a date')
    line += `; Expires=${expires.toUTCString()}`
  }
  if (httpOnly) line += '; HttpOnly'
  if (secure) line += '; Secure'
  if (partitioned) line += '; Partitioned'
  if (priority) line += `; Priority=${choice(priority, PRIORITIES, 'priority')}`
  if (sameSite) {
    const text = sameSite === true ? 'Strict' : String(sameSiteOf(String(sameSite)))
    line += `; SameSite=${choice(text, SAME_SITES, 'sameSite')}`
  }
  return line
}

const PRIORITIES = ['Low', 'Medium', 'High']
const SAME_SITES = ['Strict', 'Lax', 'None']

function choice(given: unknown, choices: readonly string[], attribute: string): string {
  const found = choices.find((one) => one.toLowerCase() === String(given).toLowerCase())
  if (found === undefined)
    throw invalid(`cookie.${attribute}`, `is not one of ${choices.join(', ')}`)
  return found
}

function checkedText(given: unknown, attribute: string): string {
  // av-octet = any CHAR except CTLs or ";"                             RFC 6265bis section 4.1.1
  if (typeof given === 'string' && /^[\x20-\x3a\x3c-\x7e]*$/.test(given)) return given
  throw invalid(`cookie.${attribute}`, 'has a character that a cookie attribute cannot have')
}
