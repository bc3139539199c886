/** The checks of a session cookie's attributes, from its options or its Set-Cookie line. */

import { check, consider, type Finding } from './finding.ts'

/** The attributes of a cookie, from its options or its Set-Cookie line. */
export interface CookieFacts {
  readonly name: string
  readonly secure: boolean
  readonly httpOnly: boolean
  readonly sameSite: string | null
  readonly domain: string | null
  readonly path: string
}

/** Returns the name that an option of the cookie has in the app. */
export type Naming = (option: keyof CookieFacts) => string

export const ownNaming: Naming = (option) => `cookie.${option}`
export const flaskNaming: Naming = (option) => `SESSION_COOKIE_${option.toUpperCase()}`

/** What a browser enforces for the prefixes of cookie names. It ignores their case. */
const PREFIXES: readonly [prefix: string, says: string][] = [
  ['__Host-Http-', 'other hosts, plain HTTP and scripts cannot set the cookie.'],
  ['__Host-', 'other hosts and plain HTTP cannot set the cookie.'],
  ['__Http-', 'plain HTTP and scripts cannot set the cookie; other hosts of the domain can.'],
  ['__Secure-', 'plain HTTP cannot set the cookie; other hosts of the domain can.'],
]

/**
 * Checks the attributes.
 *
 * @param secureness `check` or `consider`: how a missing Secure counts.
 */
export function cookieFindings(
  cookie: CookieFacts,
  named: Naming,
  secureness: typeof check = check,
): Finding[] {
  const { name, secure, httpOnly, sameSite, domain, path } = cookie
  const prefix = PREFIXES.find(([prefix]) => name.toLowerCase().startsWith(prefix.toLowerCase()))
  return [
    secureness('Secure', secure, 'The cookie is sent over HTTPS only.', [
      'The cookie is sent over plain HTTP too, where others on the network can read it.',
      `Correct on your own machine over plain HTTP. In production set NODE_ENV=production, or ${named('secure')}: true.`,
    ]),
    check('HttpOnly', httpOnly, 'No script can read the cookie.', [
      'Scripts in the page can read the cookie, also injected ones (XSS).',
      `Set ${named('httpOnly')}: true.`,
    ]),
    consider('SameSite', /^(?:lax|strict)$/i.test(sameSite ?? ''), `${sameSite}: ${LAX}`, [
      `${sameSite ?? 'not set'}: requests from other sites carry the cookie (CSRF).`,
      `Set ${named('sameSite')}: 'Lax', or use csrfGuard for every form and call.`,
    ]),
    consider('prefix', prefix !== undefined, `${prefix?.join(': ')}`, [
      'Other hosts of the domain, and plain HTTP, can set a cookie of that name.',
      'Use a name that begins with __Host-Http- (with a domain or a path: __Secure-), the default outside development.',
    ]),
    consider(
      'scope',
      domain === null,
      `Only the host that set the cookie receives it, below ${path}.`,
      [
        `Every host below ${domain} receives the cookie, and can set it.`,
        `Leave ${named('domain')} out, unless these hosts share sessions.`,
      ],
    ),
  ]
}

const LAX = 'forms of other sites are sent without the cookie.'
