/** `expressSession()`: options for `createSessions` from those of express-session. */

import { foreignBackend } from '../backends/foreign/foreign-backend.ts'
import type { ForeignLifetime } from '../backends/foreign/foreign-rules.ts'
import { invalid, refuseUnknown, requireObject } from '../base/options.ts'
import { systemTimer } from '../base/ports.ts'
import type { Secret } from '../crypto/keyring.ts'
import { cookieValues } from '../http/cookie.ts'
import type { CookieAttributes } from '../http/set-cookie.ts'
import type { SessionOptions } from '../session/setup/options.ts'
import type { BackendPreset } from '../session/setup/preset.ts'
import {
  ATTRIBUTES,
  attributesOf,
  type ForeignAttributes,
  INSTEAD_OF_ATTRIBUTE,
} from './cookie-attributes.ts'
import { ROW_COOKIE, type RowCookie, type RowLayout, rowLayout } from './express-layout.ts'
import { expressStore, type LegacyStore, storeName } from './express-store.ts'
import type { UserIdOption } from './json-layout.ts'
import { signedIds } from './signed-id.ts'

/** Those options of express-session on which its cookie and rows depend. */
export interface ExpressSessionOptions extends UserIdOption {
  /** The secret, or a list: the first signs, all verify. Text is taken literally. */
  secret: Secret | undefined | readonly (Secret | undefined)[]
  /** The store of express-session: connect-redis, connect-pg-simple or another with `get`. */
  store: LegacyStore
  /** The cookie's name. @default 'connect.sid' */
  name?: string
  /** The attributes of the cookie. @default path '/' and httpOnly; no others */
  cookie?: ForeignAttributes & {
    /**
     * Idle timeout in milliseconds, in the browser and in the store.
     *
     * @default null: until the browser is closed; in the store one day
     */
    maxAge?: number | null | undefined
  }
  /** Whether the cookie is sent again with each response. @default false */
  rolling?: boolean
}

/**
 * Returns options for `createSessions` that read and write the cookie and the rows of
 * express-session, so that both can run side by side.
 *
 * These stores have no compare-and-swap: if two processes write one session at the same moment, the
 * later write overwrites the earlier (lost update). Within a process no change is lost, and a logout
 * is final.
 *
 * @throws ERR_OPTION_INVALID
 *
 * @example
 * import { RedisStore } from 'connect-redis'
 * import { createClient } from 'redis'
 * import { createSessions } from 'sojourn'
 * import { expressSession } from 'sojourn/formerly'
 * const store = new RedisStore({ client: await createClient().connect() })
 * const sessions = createSessions(expressSession({ secret: process.env.OLD_SECRET, store }))
 */
export function expressSession(options: ExpressSessionOptions): SessionOptions {
  requireObject(options, 'options')
  refuseUnknown(options, ['secret', 'store', 'name', 'cookie', 'rolling', 'userId'], '')
  const { secret, store, name = 'connect.sid', cookie = {}, rolling = false, userId } = options
  requireObject(cookie, 'cookie')
  refuseUnknown(cookie, [...ATTRIBUTES, 'maxAge'], 'cookie.', INSTEAD_OF_ATTRIBUTE)
  const { maxAge = null, ...attributes } = cookie
  if (maxAge !== null && !Number.isFinite(maxAge)) {
    throw invalid('cookie.maxAge', 'has to be a number of milliseconds')
  }
  const row = { originalMaxAge: maxAge, expires: null, httpOnly: true, path: '/', ...attributes }
  return {
    secret,
    preset: expressPreset({
      store,
      cookie: attributesOf(name, attributes, { secure: false }),
      row,
      rolling,
      resave: true,
      userId,
    }),
  }
}

/** What the preset is made of. */
export interface ExpressPresetRules {
  store: LegacyStore
  cookie: CookieAttributes
  /** The cookie attributes of a session that has not changed them. */
  row: RowCookie
  rolling: boolean
  /** Whether visits extend a session in a store without `touch`. */
  resave: boolean
  /** For the drop-in replacement: see `RowRules`. @default none */
  idKey?: string
  /** The key of the user's id. @default 'userId' */
  userId?: string | undefined
}

/** The preset of express-session's cookie and rows. @throws ERR_OPTION_INVALID */
export function expressPreset(rules: ExpressPresetRules): BackendPreset {
  const { store, cookie, row, idKey, userId = 'userId' } = rules
  if (typeof userId !== 'string' || userId === '' || userId === ROW_COOKIE) {
    throw invalid('userId', "has to be the key of the user's id, such as 'userId'")
  }
  if (!isLegacyStore(store)) {
    throw invalid('store', 'has to be a store of express-session, with get, set and destroy')
  }
  const idle = row.originalMaxAge ?? DAY
  return {
    name: 'express-session',
    engine: storeName(store),
    algorithms: { cookie: "HMAC-SHA-256 (express-session's)" },
    secretName: 'secret',
    tolerates: ['well-known', 'pattern', 'short'],
    lifetime: { idle, permanent: idle, absolute: undefined, leeway: 60_000, renewal: 'visits' },
    cookie,
    cookieValues,
    expiry: 'Expires',
    consumesAllFlashes: false,
    renewsUnasked: true,
    conflicts: CONFLICTS,
    backend({ secrets, tags, clock, writer, withSchema }) {
      const layout = rowLayout({ tags, cookie: row, idKey, userId })
      return foreignBackend({
        store: expressStore(store, clock),
        ids: signedIds(secrets),
        layout: withSchema(layout),
        writer,
        lifetime: lifetimeOf(layout, rules),
        isEmpty: ({ data }) => data.size === (idKey !== undefined && data.has(idKey) ? 1 : 0),
        idKey,
        maxBytes: Number.POSITIVE_INFINITY,
        deadline: DEADLINE,
        clock,
        timer: systemTimer,
      })
    },
  }
}

/** How long connect-redis and connect-pg-simple save a session without `maxAge`. */
const DAY = 86_400_000

/** How long one call of the store may take. express-session waits without a limit. */
const DEADLINE = 10_000

const CONFLICTS: NonNullable<BackendPreset['conflicts']> = [
  ['store', 'cannot be combined with expressSession(): pass the store to it'],
  ['encrypt', 'cannot be combined with expressSession(): express-session could not read the rows'],
  ['audience', 'cannot be combined with expressSession(): express-session has no such setting'],
  ['lifetime', 'cannot be combined with expressSession(): pass cookie: { maxAge } to it'],
  ['cookie', 'cannot be combined with expressSession(): pass name and cookie to it'],
  ['maxBytes', 'cannot be combined with expressSession(): express-session has no such limit'],
  ['version', 'cannot be combined with expressSession(): its rows have no place for it. Use a key'],
]

/** Whether it is a store of express-session. */
export function isLegacyStore(store: unknown): store is LegacyStore {
  const verbs = (store ?? {}) as Partial<LegacyStore>
  return [verbs.get, verbs.set, verbs.destroy].every((verb) => typeof verb === 'function')
}

/** express-session's rules: every visit extends the session; the cookie is sent again if it changed. */
function lifetimeOf(layout: RowLayout, rules: ExpressPresetRules): ForeignLifetime {
  const { rolling, resave, store } = rules
  const extendsVisits = resave || typeof store.touch === 'function'
  return {
    // The store itself returns no session that has expired.
    ended: () => undefined,
    of(record, now) {
      const { originalMaxAge } = layout.cookieOf(record)
      const keepFor = typeof originalMaxAge === 'number' ? originalMaxAge : undefined
      return { expiresAt: now + (keepFor ?? DAY), keepFor }
    },
    // Only an entry that this request has written has an expiry here, and that is up to date.
    extends: (_record, { expiresAt }) => extendsVisits && expiresAt === undefined,
    setsCookie(record, isChanged) {
      return rolling || (isChanged && typeof layout.cookieOf(record).originalMaxAge === 'number')
    },
    stamp(record, now) {
      const cookie = layout.cookieOf(record)
      const { originalMaxAge } = cookie
      const expires =
        typeof originalMaxAge === 'number' ? new Date(now + originalMaxAge).toISOString() : null
      layout.setCookie(record, { ...cookie, expires })
    },
  }
}
