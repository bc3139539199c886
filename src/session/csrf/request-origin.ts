/** Decides from a request's headers whether it comes from the own site; and the option `trustedOrigins`. */

import type { RequestFacts } from '../../http/request-facts.ts'
import { invalid } from '../../base/options.ts'

/** The settings of the own site. */
export interface OwnSite {
  /** Other origins whose requests pass. */
  readonly trusted: ReadonlySet<string>
  /** Whether the cookie is Secure: then a page over plain HTTP is not trusted. */
  readonly isSecure: boolean
}

/**
 * `passes`; `cross-site` and `origin`: refused because of Sec-Fetch-Site or Origin; `undecided`: a
 * CSRF token decides; `silent`: neither header was sent, as by clients that are not browsers.
 */
export type OriginVerdict = 'passes' | 'cross-site' | 'origin' | 'undecided' | 'silent'

/**
 * Checks a request's method, `Sec-Fetch-Site` and `Origin`. Scripts cannot set these two headers.
 */
export function originVerdict(facts: RequestFacts, { trusted, isSecure }: OwnSite): OriginVerdict {
  if (isSafeMethod(facts.method) && !isWebSocket(facts)) return 'passes'
  const site = facts.header('sec-fetch-site') ?? undefined
  const origin = facts.header('origin') ?? undefined
  if (site === 'same-origin' || site === 'none') return 'passes'
  if (origin !== undefined && trusted.has(origin)) return 'passes'
  if (site === 'cross-site') return 'cross-site'
  // `same-site`: a subdomain may belong to somebody else. Unknown values decide nothing.
  if (site !== undefined) return 'undecided'
  if (origin === undefined) return 'silent'
  // Pages with `Referrer-Policy: no-referrer` send `null`, to their own site too.
  if (origin === 'null') return 'undecided'
  if (!isOriginOf(facts.header('host'), origin)) return 'origin'
  // An attacker on the network can forge a page over plain HTTP, which never had a Secure cookie.
  if (origin.startsWith('https:')) return 'passes'
  return origin.startsWith('http:') && !isSecure ? 'passes' : 'undecided'
}

/**
 * Whether it is a WebSocket's handshake. Although it is a GET, it is not safe: a page of another
 * origin can open a WebSocket with the visitor's cookies, without a preflight request. Scripts
 * cannot set this header.
 */
function isWebSocket(facts: RequestFacts): boolean {
  return facts.header('upgrade')?.toLowerCase() === 'websocket'
}

/** Whether a method is safe (RFC 9110 section 9.2.1). Unknown methods are not. */
export function isSafeMethod(method: string | undefined): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS' || method === 'TRACE'
}

/**
 * Whether an origin has that host. The default port of a scheme may be left out.
 *
 * The scheme is not compared: behind a proxy that terminates TLS the server does not know it.
 */
function isOriginOf(host: string | null | undefined, origin: string): boolean {
  if (!host || /[@/?#\\\s]/.test(host) || !URL.canParse(origin)) return false
  const url = new URL(origin)
  const own = `${url.protocol}//${host}`
  return url.origin === origin && URL.canParse(own) && new URL(own).host === url.host
}

/** Checks the option `trustedOrigins`. @throws ERR_OPTION_INVALID for text that no browser sends as Origin. */
export function checkedOrigins(origins: unknown): ReadonlySet<string> {
  if (!Array.isArray(origins)) {
    throw invalid('trustedOrigins', "has to be a list of origins: ['https://app.example']")
  }
  for (const [index, origin] of origins.entries()) {
    if (isOrigin(origin)) continue
    throw invalid(
      `trustedOrigins[${index}]`,
      'has to be an origin as browsers send it, such as "https://app.example": scheme and host in lower case, a port only if it is not the default, no path',
    )
  }
  return new Set(origins as string[])
}

// origin = scheme "://" host [ ":" port ]                                 RFC 6454 section 6.2
const OF_AN_APP = /^[a-z][a-z\d+.-]*:\/\/[a-z\d._-]+(:\d+)?$/

function isOrigin(origin: unknown): boolean {
  if (typeof origin !== 'string' || origin.includes('*') || !URL.canParse(origin)) return false
  const known = new URL(origin).origin
  // In the URL standard the schemes of apps and extensions, such as `capacitor:`, have no origin.
  return known === origin || (known === 'null' && OF_AN_APP.test(origin))
}
