/** `SessionOptions`: every option of `createSessions`, its default and its check. */

import { cookieBackend } from '../../backends/cookie.ts'
import type { Backend } from '../../backends/backend.ts'
import type { BackendStore, StoredBackend, StoreOptions } from '../../backends/store-backend.ts'
import { SessionError } from '../../base/errors.ts'
import { type Clock, systemClock } from '../../base/ports.ts'
import { explain, keyring, type Secret } from '../../crypto/keyring.ts'
import type { Weakness } from '../../crypto/weak-secrets.ts'
import { setCookieWriter } from '../../http/set-cookie.ts'
import type { Tag } from '../../record/text/tag.ts'
import { type Csrf, csrfProtection } from '../csrf/csrf.ts'
import { encryptionOf, type EncryptOptions } from './encryption.ts'
import type { EventListener } from '../explain/events.ts'
import { type Hint, hintEnvironment, hintPrinter, missingSecretRemedy } from '../explain/hints.ts'
import { keysFor } from '../../crypto/keys.ts'
import { type CookieOptions, layoutWith, type LifetimeOptions, ownPreset } from './own-preset.ts'
import { type Policy, policyOf } from './policy.ts'
import type { Preset } from './preset.ts'
import { invalid, oneOf, refuseUnknown } from '../../base/options.ts'
import { checkedOrigins } from '../csrf/request-origin.ts'

/**
 * The options of `createSessions`. An unknown name throws ERR_OPTION_INVALID.
 *
 * express-session's `resave`, `saveUninitialized` and `rolling` do not exist: a request that changes
 * nothing saves nothing, an anonymous visitor without data gets no cookie, and visits extend a session
 * (sliding expiration). Its `genid` does not either: session ids are always random.
 */
export interface SessionOptions extends StoreOptions {
  /**
   * The secret that signs cookies, as text or bytes, of at least 32 bytes; or a list of at most 8: the
   * first is the current secret and signs, the previous ones only verify. As `secret` of
   * express-session; in Flask, SECRET_KEY and SECRET_KEY_FALLBACKS.
   *
   * Make one with `npx sojourn secret`. An undefined first secret throws ERR_SECRET_MISSING.
   */
  secret: Secret | undefined | readonly (Secret | undefined)[]
  /**
   * Where sessions are saved: `memoryStore()`, `sqliteStore(db)`, `redisStore(client)`,
   * `postgresStore(pool)`, or `sessionStore(verbs)` for your own. The same name as in express-session,
   * whose stores do not fit here.
   *
   * @default none: the session is in the cookie, as in Flask
   */
  store?: BackendStore | undefined
  /** Idle and absolute timeout. The server enforces them; express-session has `cookie.maxAge`. */
  lifetime?: LifetimeOptions
  /** The attributes of the session cookie. */
  cookie?: CookieOptions
  /**
   * Encrypts the cookie, or with a store its rows, so that nobody without the secret can read the
   * session. `{ migrateUntil: '2027-03-01' }` accepts unencrypted sessions until that time.
   *
   * @default false: signed, not encrypted; whoever has the cookie can read the session
   */
  encrypt?: boolean | EncryptOptions
  /**
   * The name of this app, if several apps share a secret and a cookie name: none accepts a session of
   * another. @default ''
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
  /** Returns the time in milliseconds since 1970; for tests, `fakeClock()`. @default Date.now */
  clock?: Clock
  /** Set by `flask()` of `sojourn/flask`. Do not write it by hand. */
  preset?: Preset
}

/** The options, resolved and checked. */
export interface Settings {
  backend: Backend
  /** The same backend if it is one on a store. */
  stored: StoredBackend | undefined
  /** The name of the store's engine, for messages. */
  engine: string
  onUnavailable: 'error' | 'anonymous-readonly'
  cookieName: string
  secureCookie: boolean
  consumesAllFlashes: boolean
  renewsUnasked: boolean
  clock: Clock
  emit: EventListener
  hint: Hint
  /** Whether development warnings are printed: only then is a rejected cookie examined. */
  explains: boolean
  csrf: Csrf
  policy: Policy
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
]

const KNOWN: readonly string[] = [
  'secret',
  'lifetime',
  'cookie',
  'encrypt',
  'audience',
  'trustedOrigins',
  'tags',
  'onEvent',
  'clock',
  'preset',
  'store',
  ...STORE_OPTIONS,
]

/**
 * Checks the options and fills in the defaults, so that misuse fails at start-up.
 *
 * @throws ERR_SECRET_MISSING, ERR_SECRET_WEAK, ERR_OPTION_INVALID
 */
export function resolveOptions(options: SessionOptions): Settings {
  if (typeof options !== 'object' || options === null) {
    throw new SessionError('ERR_OPTION_INVALID', 'options', 'have to be an object with a secret')
  }
  refuseUnknown(options, KNOWN, '')
  const environment = process.env['NODE_ENV']
  const developing = environment === 'development' || environment === 'test'
  const hint = hintPrinter(environment === 'production')
  const { clock: given = systemClock, onEvent = () => {}, tags = [], audience = '' } = options
  if (typeof given !== 'function' || !Number.isFinite(given())) {
    throw invalid('clock', 'has to be a function that returns the time in milliseconds since 1970')
  }
  // Some clocks return fractions of a millisecond, which a record cannot hold.
  const clock = () => Math.floor(given())
  if (typeof onEvent !== 'function') throw invalid('onEvent', 'has to be a function')
  checkTags(tags)
  // Lone surrogates are all encoded alike in UTF-8, so different audiences would have the same keys.
  if (typeof audience !== 'string' || /\p{Surrogate}/u.test(audience)) {
    throw invalid('audience', 'has to be text')
  }
  const preset = options.preset ?? ownPreset(options, developing)
  if (options.preset) refusePresetConflicts(options)
  const { store, onUnavailable = 'error' } = options
  if (store === undefined) refuseStoreOptions(options)
  else checkStore(store)
  oneOf(onUnavailable, ['error', 'anonymous-readonly'], 'onUnavailable')
  const where = preset.secretName
  const { secrets, weaknesses } = keyring(options.secret as Secret | readonly Secret[], {
    where,
    remedy: missingSecretRemedy(where === 'secret' ? 'SESSION_SECRET' : where),
    // Flask takes every secret literally: it has no `base64:` prefix.
    spelling: options.preset ? 'literal' : 'prefixed',
    refuse: developing ? ALL.filter((weakness) => !preset.tolerates.includes(weakness)) : ALL,
  })
  for (const weakness of weaknesses) {
    hint(
      `weak-${weakness}`,
      `The secret in ${where} ${explain(weakness)}. It is refused in production: run \`npx sojourn secret\`.`,
    )
  }
  const writer = setCookieWriter(preset.cookie, preset.expiry)
  if (environment === undefined && preset.cookie.secure && options.cookie?.secure === undefined) {
    hintEnvironment(hint, writer.name)
  }
  const { lifetime } = preset
  const scope = { audience, cookieName: writer.name }
  const encryption = encryptionOf(options.encrypt)
  const context = { secrets, scope, tags, clock, encryption }
  const layout = layoutWith(tags)
  const stored = store?.backend({ ...context, options, layout, lifetime, writer })
  const backend = stored ?? cookieBackend(preset.format(context), writer, lifetime)
  return {
    backend,
    stored,
    engine: store?.engine ?? '',
    onUnavailable,
    cookieName: writer.name,
    secureCookie: writer.secure,
    consumesAllFlashes: preset.consumesAllFlashes,
    renewsUnasked: preset.renewsUnasked,
    clock,
    emit: onEvent,
    hint,
    explains: environment !== 'production',
    csrf: csrfProtection({
      keys: keysFor(secrets, 'csrf', scope),
      layout: backend.layout,
      trusted: checkedOrigins(options.trustedOrigins ?? []),
      isSecure: writer.secure,
      emit: onEvent,
      hint,
    }),
    policy: policyOf({
      preset,
      format: options.preset ? 'flask' : 'sojourn',
      secrets,
      weaknesses,
      audience,
      encryption,
      store: stored && {
        engine: store!.engine,
        rules: stored.storeRules,
        algorithms: stored.algorithms,
      },
      onUnavailable,
      hints: environment !== 'production',
    }),
  }
}

const ALL: readonly Weakness[] = ['well-known', 'pattern', 'short']

function checkTags(tags: unknown): void {
  if (!Array.isArray(tags)) throw invalid('tags', 'has to be a list of tags')
  for (const tag of tags as (Partial<Tag> | null | undefined)[]) {
    const verbs = [tag?.test, tag?.encode, tag?.decode]
    if (typeof tag?.key === 'string' && verbs.every((verb) => typeof verb === 'function')) continue
    throw invalid('tags', 'holds something else than { key, test, encode, decode }')
  }
}

/** @throws ERR_OPTION_INVALID */
function refuseStoreOptions(options: StoreOptions): void {
  const given = STORE_OPTIONS.find((name) => options[name] !== undefined)
  if (given) throw invalid(given, 'needs a store, such as store: sqliteStore(db)')
}

/** @throws ERR_OPTION_INVALID */
function checkStore(store: BackendStore): void {
  if (typeof store?.backend === 'function') return
  const own = "sessionStore(verbs) of 'sojourn/stores'"
  throw invalid('store', `is no store. Pass sqliteStore(db), or for a store of your own ${own}`)
}

function refusePresetConflicts(options: SessionOptions): void {
  const conflict = NOT_WITH_FLASK.find(([name]) => options[name])
  if (conflict) throw invalid(...conflict)
}

const NOT_WITH_FLASK: readonly (readonly [keyof SessionOptions, string])[] = [
  ['store', 'cannot be combined with flask(): Flask reads only its own cookie'],
  ['encrypt', 'cannot be combined with flask(): Flask could not read the cookie'],
  ['audience', 'cannot be combined with flask(): Flask has no such setting'],
  ['lifetime', 'cannot be combined with flask(): pass PERMANENT_SESSION_LIFETIME to flask()'],
  ['cookie', 'cannot be combined with flask(): pass SESSION_COOKIE_NAME and the like to flask()'],
]
