/** What a reviewer asks of a session cookie: of its options, or of the line that sets it. */

import { check, consider, type Finding } from './finding.ts'

/** A cookie as its options, or its Set-Cookie line, describe it. */
export interface CookieFacts {
  readonly name: string
  readonly secure: boolean
  readonly httpOnly: boolean
  readonly sameSite: string | null
  readonly domain: string | null
  readonly path: string
}

/** What an app calls an option of the cookie. */
export type Naming = (option: keyof CookieFacts) => string

export const ownNaming: Naming = (option) => `cookie.${option}`
export const flaskNaming: Naming = (option) => `SESSION_COOKIE_${option.toUpperCase()}`

/** What the prefix of a name makes the browser itself watch over. Case does not matter to it. */
const PREFIXES: readonly [prefix: string, says: string][] = [
  ['__Host-Http-', 'no other host, no plain HTTP and no script can have set the cookie.'],
  ['__Host-', 'no other host and no plain HTTP can have set the cookie.'],
  ['__Http-', 'no plain HTTP and no script can have set the cookie; hosts beside this one can.'],
  ['__Secure-', 'no plain HTTP can have set the cookie; hosts beside this one can.'],
]

/**
 * Every question that the attributes answer.
 *
 * @param secureness how a missing Secure is judged.
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
      'The cookie is sent over plain HTTP too, where anybody on the way can take it.',
      `On your own machine over plain HTTP this is as it has to be. In production: NODE_ENV=production, or ${named('secure')}: true.`,
    ]),
    check('HttpOnly', httpOnly, 'No script can read the cookie.', [
      'A script in the page can read the cookie, an injected one too.',
      `${named('httpOnly')}: true.`,
    ]),
    consider('SameSite', /^(?:lax|strict)$/i.test(sameSite ?? ''), `${sameSite}: ${LAX}`, [
      `${sameSite ?? 'not set'}: other sites can have requests sent with the cookie.`,
      `${named('sameSite')}: 'Lax', or a csrfGuard on every form and call.`,
    ]),
    consider('prefix', prefix !== undefined, `${prefix?.join(': ')}`, [
      'Other hosts of the domain and plain HTTP can set a cookie of that name.',
      'A name that begins with __Host-Http- (with a domain or a path: __Secure-), the default outside development.',
    ]),
    consider(
      'scope',
      domain === null,
      `Only the host that set the cookie gets it, below ${path}.`,
      [
        `Every host below ${domain} gets the cookie, and can set it.`,
        `Leave ${named('domain')} out, unless they are to share sessions.`,
      ],
    ),
  ]
}

const LAX = 'what other sites post comes without the cookie.'
