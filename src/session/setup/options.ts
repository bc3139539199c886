/** `SessionOptions`: every option of `createSessions`, its default and its check. */

import type { BackendStore, StoreOptions } from '../../backends/store-backend.ts'
import { invalid, oneOf, refuseUnknown } from '../../base/options.ts'
import type { Clock } from '../../base/ports.ts'
import type { Secret } from '../../crypto/keyring.ts'
import type { Tag } from '../../record/text/tag.ts'
import type { EventOptions } from '../explain/event-context.ts'
import type { EventListener } from '../explain/events.ts'
import type { SchemaOptions } from '../schema/schema-options.ts'
import type { EncryptOptions } from './encryption.ts'
import type { Formerly } from './former-sides.ts'
import type { CookieOptions, LifetimeOptions } from './own-preset.ts'
import type { Preset } from './preset.ts'

/**
 * The options of `createSessions`. An unknown name throws ERR_OPTION_INVALID.
 *
 * express-session's `resave`, `saveUninitialized` and `rolling` do not exist: a request that
 * changes nothing saves nothing, an anonymous visitor without data gets no cookie, and visits
 * extend a session (sliding expiration). Its `genid` does not either: session ids are always
 * random.
 */
export interface SessionOptions extends StoreOptions, SchemaOptions {
  /**
   * The secret that signs cookies, as text or bytes, of at least 32 bytes; or a list of at most 8:
   * the first is the current secret and signs, the previous ones only verify. As `secret` of
   * express-session; in Flask, SECRET_KEY and SECRET_KEY_FALLBACKS.
   *
   * Make one with `npx sojourn secret`. If the current secret is undefined, throws
   * ERR_SECRET_MISSING.
   */
  secret: Secret | undefined | readonly (Secret | undefined)[]
  /**
   * Where sessions are saved: `memoryStore()`, `sqliteStore(db)`, `redisStore(client)`,
   * `postgresStore(pool)`, or `sessionStore(verbs)` for your own. The same name as in
   * express-session, whose stores do not fit here.
   *
   * @default none: the session is in the cookie, as in Flask
   */
  store?: BackendStore | undefined
  /**
   * Idle and absolute timeout. The server enforces them; express-session has `cookie.maxAge`.
   *
   * @default { idle: '31d' }: no absolute timeout
   */
  lifetime?: LifetimeOptions
  /** The attributes of the session cookie. @default see its members */
  cookie?: CookieOptions
  /**
   * Encrypts the cookie, or with a store its rows, so that nobody without the secret can read the
   * session. `{ migrateUntil: '2027-03-01' }` accepts unencrypted sessions until that time.
   *
   * @default false: signed, not encrypted; whoever has the cookie can read the session
   */
  encrypt?: boolean | EncryptOptions
  /**
   * The most bytes of a session: with a store those of its record, in UTF-8 and before encryption; in
   * the cookie those of its name and value. A commit of more throws ERR_SESSION_TOO_LARGE or
   * ERR_COOKIE_TOO_LARGE, before anything is sent; a larger session from before is still read. In
   * Flask MAX_COOKIE_SIZE; express-session has none. From 256 to:
   *
   * @default 4096 in the cookie, as browsers store; 1048000 with a store, 786000 if it is encrypted
   */
  maxBytes?: number
  /**
   * The name of this app, if several apps share a secret and a cookie name: then no app accepts
   * sessions of another one. Neither express-session nor Flask has it. @default ''
   */
  audience?: string
  /**
   * Other origins that may send requests that pass the CSRF check: `['https://app.example']`. It does
   * not set CORS headers. @default none
   */
  trustedOrigins?: readonly string[]
  /** How to store values of your own types; see `Tag`. @default none */
  tags?: readonly Tag[]
  /** Called for each event, such as `rejected` for an invalid cookie. @default no listener */
  onEvent?: EventListener
  /** Optional facts in events. @default only time, and handle with a store */
  events?: EventOptions
  /** Returns the time in milliseconds since 1970; for tests, `fakeClock()`. @default Date.now */
  clock?: Clock
  /**
   * Accepts sessions from before a change of format, store or library, until a date:
   * `formerly({ sessions: flask({ ... }), until: '2027-03-01' })`, with `formerly` of
   * `sojourn/formerly`. @default none
   */
  formerly?: Formerly
  /** Set by `flask()` and the like. Do not write it by hand. @default this package's own format */
  preset?: Preset
}

/** Options that need a store. */
const STORE_OPTIONS: readonly (keyof StoreOptions)[] = [
  'rotate',
  'grace',
  'onReplay',
  'maxSessionsPerUser',
  'onLimit',
  'onUnavailable',
  'deadlines',
  'concurrency',
  'pollInterval',
]

const KNOWN: readonly string[] = [
  'secret',
  'lifetime',
  'cookie',
  'encrypt',
  'maxBytes',
  'audience',
  'trustedOrigins',
  'tags',
  'onEvent',
  'events',
  'clock',
  'formerly',
  'preset',
  'store',
  'schema',
  'version',
  'migrate',
  'onInvalid',
  ...STORE_OPTIONS,
]

const IN_LIFETIME = "Write lifetime: { idle: '1d' }"
const IN_COOKIE = 'Write it in cookie: { }'
const NOT_NEEDED = 'Leave it out: only changes are saved, and visits extend a session'

/** What to write in place of options that other libraries have, or that belong elsewhere. */
const INSTEAD_OF_OPTION: Readonly<Record<string, string>> = {
  idle: IN_LIFETIME,
  permanent: "Write lifetime: { permanent: '30d' }",
  absolute: "Write lifetime: { absolute: '90d' }",
  anonymous: "Write lifetime: { anonymous: '1d' }",
  maxAge: IN_LIFETIME,
  ttl: IN_LIFETIME,
  timeout: IN_LIFETIME,
  maxSessions: 'Write maxSessionsPerUser',
  userId: 'Write events: { userId: true }',
  requestId: 'Write events: { requestId: () => id }',
  prefix: "It belongs to the store: redisStore(client, { prefix: 'shop' })",
  secrets: 'Write secret: it takes a list, too',
  keys: 'Write secret: it takes a list, too',
  password: 'Write secret',
  name: "Write cookie: { name: 'shop' }",
  secure: IN_COOKIE,
  httpOnly: IN_COOKIE,
  sameSite: IN_COOKIE,
  domain: IN_COOKIE,
  path: IN_COOKIE,
  resave: NOT_NEEDED,
  saveUninitialized: NOT_NEEDED,
  rolling: NOT_NEEDED,
}

/**
 * Checks all options except `secret`, `encrypt`, `trustedOrigins`, and the members of `lifetime` and
 * `cookie`, which are checked where they are resolved.
 *
 * @throws ERR_OPTION_INVALID
 */
export function checkOptions(options: SessionOptions): void {
  if (typeof options !== 'object' || options === null) {
    throw invalid('options', 'has to be an object with a secret')
  }
  refuseUnknown(options, KNOWN, '', INSTEAD_OF_OPTION)
  const { clock, onEvent, tags = [], audience = '', store, onUnavailable = 'error' } = options
  if (clock !== undefined && (typeof clock !== 'function' || !Number.isFinite(clock()))) {
    throw invalid('clock', 'has to be a function that returns the time in milliseconds since 1970')
  }
  if (onEvent !== undefined && typeof onEvent !== 'function') {
    throw invalid('onEvent', 'has to be a function')
  }
  checkTags(tags)
  // In UTF-8 all lone surrogates are encoded alike, so different audiences would have the same keys.
  if (typeof audience !== 'string' || /\p{Surrogate}/u.test(audience)) {
    throw invalid('audience', 'has to be text')
  }
  const { formerly } = options
  if (formerly !== undefined && typeof formerly?.connect !== 'function') {
    throw invalid(
      'formerly',
      "has to be made by formerly() of 'sojourn/formerly': formerly: formerly({ sessions: { ... }, until: '2027-03-01' })",
    )
  }
  const conflict = options.preset?.conflicts?.find(([name]) => options[name])
  if (conflict) throw invalid(...conflict)
  checkStore(store, options)
  oneOf(onUnavailable, ['error', 'anonymous-readonly'], 'onUnavailable')
}

function checkTags(tags: unknown): void {
  if (!Array.isArray(tags)) throw invalid('tags', 'has to be a list of tags')
  for (const tag of tags as (Partial<Tag> | null | undefined)[]) {
    const verbs = [tag?.test, tag?.encode, tag?.decode]
    if (typeof tag?.key === 'string' && verbs.every((verb) => typeof verb === 'function')) continue
    throw invalid('tags', 'contains a value that is not { key, test, encode, decode }')
  }
}

function checkStore(store: BackendStore | undefined, options: StoreOptions): void {
  if (store === undefined) {
    const given = STORE_OPTIONS.find((name) => options[name] !== undefined)
    if (given) throw invalid(given, 'needs a store, such as store: sqliteStore(db)')
  } else if (typeof store?.backend !== 'function') {
    const own = "sessionStore(verbs) of 'sojourn/stores'"
    throw invalid(
      'store',
      `is not a store. Pass redisStore(client), postgresStore(pool) or sqliteStore(db), or for a store of your own ${own}`,
    )
  }
}
