/** Builds Set-Cookie lines. All attributes are validated once, at start-up. */

import { invalid, oneOf } from '../base/options.ts'

/** The attributes of the session cookie (RFC 6265bis section 4.1.2). */
export interface CookieAttributes {
  name: string
  domain?: string | undefined
  path: string
  httpOnly: boolean
  secure: boolean
  sameSite?: 'Strict' | 'Lax' | 'None' | undefined
  partitioned: boolean
}

/** The attribute that limits a cookie's lifetime. Flask sends `Expires` only. */
export type Expiry = 'Max-Age' | 'Expires'

/** Builds the Set-Cookie lines of one cookie. */
export interface SetCookieWriter {
  readonly name: string
  readonly secure: boolean
  /** The attributes as in the line, without the lifetime: equal texts mean equal attributes. */
  readonly attributes: string
  /**
   * Its Domain and Path. To browsers a cookie of the same name with others is another cookie. Empty
   * for this host only and "/".
   */
  readonly place: string
  /** Sets the cookie for `keepFor` ms from `now`; if `undefined`, until the browser is closed. */
  set(value: string, keepFor: number | undefined, now: number): string
  /** Removes the cookie. Repeats the attributes: with others browsers would keep the cookie. */
  clear(): string
  /** Further lines that go with a line of `set` or `clear`, in a format with more than one cookie. */
  also?(line: string): readonly string[]
}

// Browsers limit a cookie's lifetime to 400 days (RFC 6265bis section 5.5). In seconds.
const MAX_AGE_LIMIT = 400 * 86_400

/**
 * Validates the attributes and makes the writer.
 *
 * @throws ERR_OPTION_INVALID for a name, domain or path outside the grammar (RFC 6265bis section
 * 4.1.1), for a name prefix whose requirements are not met, for `partitioned` without `secure`.
 */
export function setCookieWriter(attributes: CookieAttributes, expiry: Expiry): SetCookieWriter {
  const { name, secure } = attributes
  checkAttributes(attributes)
  const domain = attributes.domain === undefined ? '' : `; Domain=${attributes.domain}`
  const rest =
    (secure ? '; Secure' : '') +
    (attributes.httpOnly ? '; HttpOnly' : '') +
    `; Path=${attributes.path}` +
    (attributes.sameSite ? `; SameSite=${attributes.sameSite}` : '') +
    (attributes.partitioned ? '; Partitioned' : '')
  const untilClosed = domain + rest
  const cleared = `${name}=${domain}; Expires=${new Date(0).toUTCString()}; Max-Age=0${rest}`
  return {
    name,
    secure,
    attributes: untilClosed,
    place: domain === '' && attributes.path === '/' ? '' : `${domain}; Path=${attributes.path}`,
    set(value, keepFor, now) {
      if (keepFor === undefined) return `${name}=${value}${untilClosed}`
      return `${name}=${value}${domain}${until(keepFor, now, expiry)}${rest}`
    },
    clear: () => cleared,
  }
}

function until(keepFor: number, now: number, expiry: Expiry): string {
  if (expiry === 'Expires') return `; Expires=${httpDate(Math.floor((now + keepFor) / 1000))}`
  return `; Max-Age=${Math.max(1, Math.min(Math.floor(keepFor / 1000), MAX_AGE_LIMIT))}`
}

let latest = { seconds: Number.NaN, text: '' }

/** The HTTP date of a time. Cached: most cookies set in one second expire in the same second. */
function httpDate(seconds: number): string {
  if (seconds !== latest.seconds) {
    latest = { seconds, text: new Date(seconds * 1000).toUTCString() }
  }
  return latest.text
}

// token = 1*( ALPHA / DIGIT / "!#$%&'*+-.^_`|~" )                      RFC 9110 section 5.6.2
const TOKEN = /^[a-z0-9!#$%&'*+\-.^_`|~]+$/i
// path-value = *( any CHAR except CTLs or ";" ), at most 1024 octets   RFC 6265bis section 4.1.1
// No space at the end: browsers trim it, so the cookie would have another path than configured.
const PATH = /^\/(?:[\x20-\x3a\x3c-\x7e]*[\x21-\x3a\x3c-\x7e])?$/
// subdomain of LDH labels of at most 63 octets, at most 253 octets     RFC 1034 section 3.5
const DOMAIN = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.(?!$)|$))+$/i
/** Browsers limit name and value together to 4096 bytes, so the name is limited, too. */
const LONGEST_NAME = 1024

function checkAttributes(attributes: CookieAttributes): void {
  const { name, domain, path, secure, sameSite } = attributes
  if (typeof name !== 'string' || !TOKEN.test(name) || name.length > LONGEST_NAME) {
    fail('name', 'is not a cookie name. Use letters, digits and hyphens')
  }
  if (domain !== undefined && (typeof domain !== 'string' || !isDomain(domain))) {
    fail('domain', 'is not a host name. Write it as in example.com')
  }
  if (typeof path !== 'string' || !PATH.test(path) || path.length > 1024) {
    fail('path', 'has to begin with "/", without ";", control characters or a blank at its end')
  }
  if (sameSite !== undefined) oneOf(sameSite, ['Strict', 'Lax', 'None'], 'cookie.sameSite')
  for (const flag of ['httpOnly', 'secure', 'partitioned'] as const) {
    if (typeof attributes[flag] !== 'boolean') fail(flag, 'has to be true or false')
  }
  // Prefixes are matched case-insensitively (RFC 6265bis section 4.1.3).
  if (/^__host-/i.test(name) && (!secure || domain !== undefined || path !== '/')) {
    fail('name', 'begins with "__Host-", which needs secure, path "/" and no domain')
  }
  if (/^__secure-/i.test(name) && !secure)
    fail('name', 'begins with "__Secure-", which needs secure')
  // Browsers' newer prefixes (draft-ietf-httpbis-layered-cookies section 4.1.3).
  if (/^__(?:host-)?http-/i.test(name) && (!secure || !attributes.httpOnly)) {
    fail('name', 'begins with "__Http-" or "__Host-Http-", which needs secure and httpOnly')
  }
  if (attributes.partitioned && !secure) fail('partitioned', 'needs secure')
}

/** The attribute in the spelling of RFC 6265bis. Other texts are refused with the attributes. */
export function sameSiteOf(given: string | null | undefined): CookieAttributes['sameSite'] {
  if (typeof given !== 'string') return given ?? undefined
  const text = given.charAt(0).toUpperCase() + given.slice(1).toLowerCase()
  return text as CookieAttributes['sameSite']
}

/** A host name in ASCII form, or an empty text, which browsers ignore. */
function isDomain(domain: string): boolean {
  return domain === '' || (domain.length <= 253 && DOMAIN.test(domain))
}

function fail(attribute: string, why: string): never {
  throw invalid(`cookie.${attribute}`, why)
}
