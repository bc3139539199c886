/** What a reviewer asks of a session cookie: of its options, or of the line that sets it. */

import { check, consider, type Finding, pass, warn } from './finding.ts'

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

/** Every question that the attributes answer. */
export function cookieFindings(cookie: CookieFacts, named: Naming): Finding[] {
  const { name, domain, path } = cookie
  return [
    check('Secure', cookie.secure, 'The cookie leaves over HTTPS only.', [
      'The cookie is sent over plain HTTP too, where anybody on the way can take it.',
      `${named('secure')}: true, and NODE_ENV=production: while developing without HTTPS it has to be like this.`,
    ]),
    check('HttpOnly', cookie.httpOnly, 'No script can read the cookie.', [
      'A script in the page can read the cookie, one that was smuggled in too.',
      `${named('httpOnly')}: true.`,
    ]),
    sameSiteFinding(cookie.sameSite, `${named('sameSite')}: 'Lax'`),
    prefixFinding(name),
    consider('scope', !domain, `Only the host that set the cookie gets it, below ${path}.`, [
      `Every host below ${domain} gets the cookie, and can set it.`,
      `Leave ${named('domain')} out, unless they are to share sessions.`,
    ]),
  ]
}

function sameSiteFinding(sameSite: string | null, remedy: string): Finding {
  switch (sameSite?.toLowerCase()) {
    case 'lax':
    case 'strict':
      return pass('SameSite', `${sameSite}: what other sites post comes without the cookie.`)
    case 'none': {
      const says = 'Other sites can have requests sent with the cookie.'
      return warn('SameSite', says, `${remedy}, or a csrfGuard on every form and call.`)
    }
    default:
      return warn('SameSite', 'Browsers differ in what they take for the default.', remedy)
  }
}

/** What the prefix of a name makes the browser itself watch over. Case does not matter to it. */
const PREFIXES: readonly [prefix: string, says: string][] = [
  ['__Host-Http-', 'no other host, no plain HTTP and no script can have set the cookie.'],
  ['__Host-', 'no other host and no plain HTTP can have set the cookie.'],
  ['__Http-', 'no plain HTTP and no script can have set the cookie; hosts beside this one can.'],
  ['__Secure-', 'no plain HTTP can have set the cookie; hosts beside this one can.'],
]

function prefixFinding(name: string): Finding {
  const found = PREFIXES.find(([prefix]) => name.toLowerCase().startsWith(prefix.toLowerCase()))
  return consider('prefix', found !== undefined, `${found?.[0]}: ${found?.[1]}`, [
    'Other hosts of the domain and plain HTTP can set a cookie of that name.',
    'A name that begins with __Host-Http- (with a domain or a path: __Secure-). It is the default outside development.',
  ])
}
