/** Warns of session cookies that were not accepted, or that came more than once, and says why. */

import type { Opened, Rejection } from '../../backends/backend.ts'
import { unpack } from '../../crypto/payload.ts'
import { decodeSeconds } from '../../crypto/signed.ts'
import { WARNINGS } from '../../base/channels.ts'
import type { Warn } from './warn.ts'
import { foreignCookie } from './foreign-cookies.ts'

/** The format of the session's own cookies. `other`: those of another library, under its preset. */
type OwnLayout = 'own' | 'encrypted' | 'flask' | 'stored' | 'other'

/** What tells the format of the session's own cookies, of the settings. */
export interface OwnCookies {
  readonly cookieName: string
  readonly stored: object | undefined
  readonly policy: {
    readonly format: string
    readonly encryption: { readonly of: string; readonly migrateUntil: string | null }
  }
}

/** `encrypted`: only while signed cookies are not accepted as well. */
function layoutOf({ stored, policy }: OwnCookies, now: number): OwnLayout {
  if (stored) return 'stored'
  if (policy.format !== 'sojourn') return policy.format === 'flask' ? 'flask' : 'other'
  const { of, migrateUntil } = policy.encryption
  const acceptsSigned = migrateUntil !== null && now < Date.parse(migrateUntil)
  return of === 'cookie' && !acceptsSigned ? 'encrypted' : 'own'
}

/** How many rejected cookies are examined. A few show the cause, and an attacker must not cause work. */
const EXAMINED = 32

/** Makes the warnings of one `createSessions`. `startedAt`: its call, in milliseconds since 1970. */
export function cookieWarnings(warn: Warn, startedAt: number) {
  let looksLeft = EXAMINED
  return {
    /** Warns that a cookie was not accepted, and says why. */
    rejected(our: OwnCookies, opened: Opened, now: number): void {
      if (WARNINGS.hasSubscribers || looksLeft-- > 0) {
        warn(...causeOf(our.cookieName, opened, layoutOf(our, now), startedAt))
      }
    },
    /** Warns that the browser sent several cookies of our name. */
    duplicates(name: string, { presented, verified }: Opened): void {
      warn(
        'duplicates',
        `The browser sent ${presented.length} cookies named "${name}", ${verified} of them valid: one was set with another Domain or Path. The newest valid one is used. Delete the other, or change the cookie's name.`,
      )
    },
  }
}

/** The cause of a rejection, and its line. */
function causeOf(
  name: string,
  { presented, rejected }: Opened,
  layout: OwnLayout,
  startedAt: number,
): [cause: string, line: string] {
  const value = presented[0] ?? ''
  if (rejected[0] !== 'signature' && rejected[0] !== 'malformed') {
    const line = REJECTED[rejected[0] as keyof typeof REJECTED]
    return [
      `rejected-${rejected[0]}`,
      line.replace(IDLE, layout === 'flask' ? FLASK_IDLE : OWN_IDLE),
    ]
  }
  if (layout === 'stored' && signedText(value)?.startsWith('[')) {
    return ['before-the-store', BEFORE_THE_STORE]
  }
  if (layout === 'encrypted' && signedText(value)?.startsWith('[')) {
    return ['before-encryption', BEFORE_ENCRYPTION]
  }
  const owner =
    ownerOf(value, layout) ?? (rejected[0] === 'malformed' ? "another program's" : undefined)
  if (owner) {
    return [`foreign-${owner}`, `The cookie "${name}" looks like ${owner}. ${SHARED_COOKIES}`]
  }
  const seconds = decodeSeconds(value.split('.').at(-2) ?? '')
  const line =
    seconds !== undefined && seconds > 0 && seconds * 1000 < startedAt
      ? `The cookie "${name}" was signed with another secret before this process started. ${FIX_SECRET} If another app set it: ${SHARED_COOKIES}`
      : `The cookie "${name}" does not verify: it was changed, or signed with ${UNKNOWN_SECRET}, perhaps by another app. ${SHARED_COOKIES}`
  return ['signature', line]
}

const UNKNOWN_SECRET = 'a secret that is not configured here'
const FIX_SECRET =
  'A secret made at start-up logs everyone out on each restart: set one in the environment (npx sojourn secret --write .env).'
const SHARED_COOKIES =
  "Cookies do not know ports: apps on localhost:3000 and localhost:3001 share them. Use another cookie name, as cookie: { name: 'shop' }."
const IDLE = 'lifetime.idle'
const OWN_IDLE =
  'lifetime.idle (lifetime.permanent, if it is permanent), or than the shorter lifetime.anonymous or session.lifetime that applied to it'
const FLASK_IDLE = 'PERMANENT_SESSION_LIFETIME'
const NEW_SESSION = 'The visitor gets a new session.'

const REJECTED: Readonly<Record<Exclude<Rejection, 'signature' | 'malformed'>, string>> = {
  'unknown-key': `A session cookie was encrypted with ${UNKNOWN_SECRET}. ${FIX_SECRET}`,
  expired: `A session expired: it was idle for longer than ${IDLE}. ${NEW_SESSION}`,
  'expired-absolute': `A session expired: it is older than lifetime.absolute, or than the absolute timeout of its session.lifetime. ${NEW_SESSION}`,
  future:
    'A session cookie was signed in the future: the clocks of your servers differ. Synchronize them (NTP).',
  payload:
    'A session cookie verifies but cannot be read: another program signs with the same secret. Give each its own secret or audience.',
  gone: `A session is not in the store: it was ended, or this is the store of another environment. ${NEW_SESSION}`,
  revoked: `A session was revoked: sessions.revokeUser was called after its login. ${NEW_SESSION}`,
  superseded:
    'A request with the session id from before a login was treated as anonymous: it was sent before the login finished.',
  replayed:
    'A session id was replayed after it had been renewed: a stolen cookie, or a browser that never received the new one. It is not accepted.',
  corrupt:
    'A row in the store cannot be read: another program writes to it, or the option tags lacks a tag.',
}

const BEFORE_THE_STORE = `A cookie contains the session itself, from before sessions were saved in a store. ${NEW_SESSION} If another app set it: ${SHARED_COOKIES}`

const BEFORE_ENCRYPTION = `A cookie is signed and not encrypted: it is from before the option encrypt was set. ${NEW_SESSION} To accept such cookies until a date, set encrypt: { migrateUntil }. If another app set it: ${SHARED_COOKIES}`

/** The text in a cookie of itsdangerous' layout, which ours and Flask's have. */
function signedText(value: string): string | undefined {
  const parts = value.split('.')
  return parts.length >= 3 ? unpack(parts.slice(0, -2).join('.')) : undefined
}

/** Whose cookie this probably is, if it is not ours. */
function ownerOf(value: string, layout: OwnLayout): string | undefined {
  // Under a preset, our own cookies have that library's format.
  if (layout === 'other') return undefined
  const foreign = foreignCookie(value)
  if (foreign) return foreign.title
  const text = signedText(value)
  if (layout !== 'flask') return text?.startsWith('{') ? "Flask's" : undefined
  return text?.startsWith('[') ? "Sojourn's own, without the flask preset" : undefined
}
