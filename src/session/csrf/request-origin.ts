/** Where a request comes from, as its headers say it: decided without a session. */

import type { RequestFacts } from '../../http/request-facts.ts'
import { invalid } from '../../base/options.ts'

/** What tells the site's own pages from others. */
export interface OwnSite {
  /** Other origins whose requests are taken for the site's own. */
  readonly trusted: ReadonlySet<string>
  /** Whether the cookie is Secure: then no page over plain HTTP is the site's own. */
  readonly isSecure: boolean
}

/**
 * What the headers say: it passes, it is refused because of one of them, or they do not decide.
 *
 * `silent` is a request without either header: no browser of the last years sends one.
 */
export type OriginVerdict = 'passes' | 'cross-site' | 'origin' | 'undecided' | 'silent'

/**
 * Judges a request by its method, `Sec-Fetch-Site` and `Origin`.
 *
 * No page can set these headers: browsers write them themselves.
 */
export function originVerdict(facts: RequestFacts, { trusted, isSecure }: OwnSite): OriginVerdict {
  if (isSafeMethod(facts.method)) return 'passes'
  const site = facts.header('sec-fetch-site') ?? undefined
  const origin = facts.header('origin') ?? undefined
  if (site === 'same-origin' || site === 'none') return 'passes'
  if (origin !== undefined && trusted.has(origin)) return 'passes'
  if (site === 'cross-site') return 'cross-site'
  // A neighbour on the same site may be somebody else's; and a value that nobody knows says nothing.
  if (site !== undefined) return 'undecided'
  if (origin === undefined) return 'silent'
  // A page with `Referrer-Policy: no-referrer` sends it, to its own site too.
  if (origin === 'null') return 'undecided'
  if (!isOriginOf(facts.header('host'), origin)) return 'origin'
  // Somebody on the way can write a page over plain HTTP, and such a page never had the cookie.
  if (origin.startsWith('https:')) return 'passes'
  return origin.startsWith('http:') && !isSecure ? 'passes' : 'undecided'
}

/** Whether a method only asks (RFC 9110 section 9.2.1). An unknown one does not. */
export function isSafeMethod(method: string | undefined): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS' || method === 'TRACE'
}

/**
 * Whether an origin has that host. A port that goes without saying is left out on either side.
 *
 * The scheme is not compared: behind a proxy that ends TLS nobody here knows the site's own.
 */
function isOriginOf(host: string | null | undefined, origin: string): boolean {
  if (!host || /[@/?#\\\s]/.test(host) || !URL.canParse(origin)) return false
  const url = new URL(origin)
  const own = `${url.protocol}//${host}`
  return url.origin === origin && URL.canParse(own) && new URL(own).host === url.host
}

/** The option `trustedOrigins`. @throws ERR_OPTION_INVALID for what no browser would send. */
export function checkedOrigins(origins: unknown): ReadonlySet<string> {
  if (!Array.isArray(origins)) {
    throw invalid('trustedOrigins', "has to be a list of origins: ['https://app.example']")
  }
  for (const [index, origin] of origins.entries()) {
    if (isOrigin(origin)) continue
    throw invalid(
      `trustedOrigins[${index}]`,
      'has to be an origin as browsers send it, such as "https://app.example": a scheme and a whole host in lower case, a port only if it is not the usual one, and nothing after it',
    )
  }
  return new Set(origins as string[])
}

// origin = scheme "://" host [ ":" port ]                                 RFC 6454 section 6.2
const OF_AN_APP = /^[a-z][a-z\d+.-]*:\/\/[a-z\d._-]+(:\d+)?$/

function isOrigin(origin: unknown): boolean {
  if (typeof origin !== 'string' || origin.includes('*') || !URL.canParse(origin)) return false
  const known = new URL(origin).origin
  // Schemes of apps and extensions, such as `capacitor:`, have no origin in the URL standard.
  return known === origin || (known === 'null' && OF_AN_APP.test(origin))
}
