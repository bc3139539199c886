/** `fastifySession()`: options for `createSessions` from those of @fastify/session 11. */

import { foreignBackend } from '../backends/foreign/foreign-backend.ts'
import type { ForeignLifetime } from '../backends/foreign/foreign-rules.ts'
import type { ForeignIds } from '../backends/foreign/foreign-store.ts'
import { invalid, refuseUnknown, requireObject } from '../base/options.ts'
import { systemTimer } from '../base/ports.ts'
import type { Secret } from '../crypto/keyring.ts'
import { authenticator } from '../crypto/signed.ts'
import { cookieValues } from '../http/cookie.ts'
import type { SessionOptions } from '../session/setup/options.ts'
import type { BackendPreset } from '../session/setup/preset.ts'
import {
  ATTRIBUTES,
  attributesOf,
  conflictsOf,
  duration,
  type ForeignAttributes,
  INSTEAD_OF_ATTRIBUTE,
  requireOptions,
  SHARED_RULES,
} from './cookie-attributes.ts'
import { ROW_COOKIE, type RowCookie, type RowLayout, rowLayout } from './express-layout.ts'
import { isLegacyStore } from './express-session.ts'
import { expressStore, type LegacyStore, storeName } from './express-store.ts'
import type { UserIdOption } from './json-layout.ts'
import { randomId } from './signed-id.ts'

/** Those options of @fastify/session on which its cookie and rows depend. */
export interface FastifySessionOptions extends UserIdOption {
  /** The secret, or a list: the first signs, all verify. Text is taken literally. */
  secret: Secret | undefined | readonly (Secret | undefined)[]
  /** The plugin's store, with get, set and destroy, such as connect-redis. Not its default in memory. */
  store: LegacyStore
  /** The cookie's name. @default 'sessionId' */
  cookieName?: string
  /** The beginning of the cookie's value. @default '' */
  cookiePrefix?: string
  /** The cookie's attributes, `maxAge` in milliseconds. @default path '/', httpOnly and secure */
  cookie?: ForeignAttributes & {
    /**
     * In milliseconds: how long browser and store keep a session.
     *
     * @default until the browser is closed; in the store one day
     */
    maxAge?: number | undefined
  }
  /** Whether visits extend a session. @default true */
  rolling?: boolean
  /** The hash of the signature. @default 'sha256' */
  algorithm?: 'sha256' | 'sha512' | 'sha1'
  /** Has no effect: a session without data is not saved. @default false */
  saveUninitialized?: boolean
}

const KNOWN = [
  'secret',
  'store',
  'cookieName',
  'cookiePrefix',
  'cookie',
  'rolling',
  'algorithm',
  'saveUninitialized',
  'userId',
]

const INSTEAD: Readonly<Record<string, string>> = {
  idGenerator: 'Leave it out: session ids are always random',
  name: 'Write cookieName',
}

/**
 * Returns options for `createSessions` that read and write the cookie and the rows of @fastify/session,
 * so that both can run side by side.
 *
 * These stores have no compare-and-swap: if two processes write one session at the same moment, the
 * later write overwrites the earlier (lost update).
 *
 * @throws ERR_OPTION_INVALID for an unknown option, or a value of the wrong type
 *
 * @example
 * import { RedisStore } from 'connect-redis'
 * import { createClient } from 'redis'
 * import { createSessions } from 'sojourn'
 * import { fastifySession } from 'sojourn/formerly'
 * const store = new RedisStore({ client: await createClient().connect() })
 * createSessions(fastifySession({ secret: process.env.OLD_SECRET, store }))
 */
export function fastifySession(options: FastifySessionOptions): SessionOptions {
  requireOptions(options, '{ secret, store }')
  refuseUnknown(options, KNOWN, '', INSTEAD)
  const { secret, store, cookieName = 'sessionId', cookiePrefix = '', cookie = {} } = options
  const { algorithm = 'sha256', userId = 'userId' } = options
  requireObject(cookie, 'cookie')
  refuseUnknown(cookie, [...ATTRIBUTES, 'maxAge'], 'cookie.', INSTEAD_OF_ATTRIBUTE)
  const maxAge = duration(cookie.maxAge, 'cookie.maxAge', 'milliseconds') || null
  if (!isLegacyStore(store)) {
    throw invalid('store', 'has to be the store of @fastify/session, with get, set and destroy')
  }
  if (typeof secret === 'object' && secret !== null && 'unsign' in secret) {
    throw invalid('secret', 'is a signer: pass its secrets, and its hash as algorithm')
  }
  if (!['sha256', 'sha512', 'sha1'].includes(algorithm)) {
    throw invalid('algorithm', "has to be 'sha256', 'sha512' or 'sha1'")
  }
  if (typeof userId !== 'string' || userId === '' || userId === ROW_COOKIE) {
    throw invalid('userId', "has to be the key of the user's id, such as 'userId'")
  }
  const attributes = attributesOf(cookieName, cookie, { secure: true })
  const { name: _, ...rest } = attributes
  const idle = maxAge ?? DAY
  const preset: BackendPreset = {
    ...SHARED_RULES,
    name: 'fastify-session',
    engine: storeName(store),
    algorithms: {
      cookie: `HMAC-${algorithm.toUpperCase().replace('SHA', 'SHA-')} (@fastify/session's)`,
    },
    secretName: 'secret',
    lifetime: { idle, permanent: idle, absolute: undefined, leeway: 60_000, renewal: 'visits' },
    cookie: attributes,
    cookieValues,
    renewsUnasked: options.rolling ?? true,
    conflicts: conflictsOf('fastifySession'),
    backend({ secrets, tags, clock, writer, withSchema }) {
      const row: RowCookie = { expires: null, originalMaxAge: maxAge, ...rest }
      const layout = rowLayout({ tags, cookie: row, userId })
      // Like the plugin this never calls `touch`: with connect-redis `touch` does not change
      // `cookie.expires` of the row, which decides when a session expires.
      const { touch: _touch, ...rows } = expressStore(store, clock)
      return foreignBackend({
        store: rows,
        ids: plainIds(secrets, algorithm, cookiePrefix),
        layout: withSchema(layout),
        writer,
        lifetime: lifetimeOf(layout, options.rolling ?? true),
        isEmpty: ({ data }) => data.size === 0,
        maxBytes: Number.POSITIVE_INFINITY,
        deadline: DEADLINE,
        clock,
        timer: systemTimer,
      })
    },
  }
  return { secret: secret as SessionOptions['secret'], preset }
}

/** How long stores save a session without `maxAge`. */
const DAY = 86_400_000

/** How long one call of the store may take. The plugin waits without a limit. */
const DEADLINE = 10_000

// value = percent-encoded( prefix id "." signature ); the signature is base64 without the "=" at its end
function plainIds(secrets: readonly Uint8Array[], algorithm: string, prefix: string): ForeignIds {
  const { sign, verify } = authenticator(secrets, algorithm)
  return {
    create: randomId,
    parse(value) {
      const text = percentDecoded(value)
      const dot = text.lastIndexOf('.')
      if (!text.startsWith(prefix) || dot <= prefix.length) return 'malformed'
      const id = text.slice(prefix.length, dot)
      const signature = text.slice(dot + 1)
      if (!/^[a-z0-9+/]+$/i.test(signature)) return 'malformed'
      const key = verify(id, signature.replaceAll('+', '-').replaceAll('/', '_'))
      return key === undefined ? 'signature' : { id, key }
    },
    spell(id) {
      const signature = sign(id).replaceAll('-', '+').replaceAll('_', '/')
      return encodeURIComponent(`${prefix}${id}.${signature}`)
    },
  }
}

function percentDecoded(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}

/** The plugin's rules: a session expires at `expires` of its cookie, and each visit extends that. */
function lifetimeOf(layout: RowLayout, rolling: boolean): ForeignLifetime {
  const maxAgeOf = (cookie: RowCookie) =>
    typeof cookie.originalMaxAge === 'number' ? cookie.originalMaxAge : undefined
  return {
    ended(record, _entry, now) {
      const { expires } = layout.cookieOf(record)
      return expires && !(Date.parse(expires) > now) ? 'expired' : undefined
    },
    of(record, now) {
      const keepFor = maxAgeOf(layout.cookieOf(record))
      return { expiresAt: now + (keepFor ?? DAY), keepFor }
    },
    // Only an entry that this request has written has an expiry here, and that is up to date.
    extends: (_record, { expiresAt }) => rolling && expiresAt === undefined,
    setsCookie: (record, isChanged) =>
      (rolling || isChanged) && maxAgeOf(layout.cookieOf(record)) !== undefined,
    stamp(record, now) {
      const cookie = layout.cookieOf(record)
      const maxAge = maxAgeOf(cookie)
      const expires = maxAge === undefined ? null : new Date(now + maxAge).toISOString()
      layout.setCookie(record, { ...cookie, expires })
    },
  }
}
