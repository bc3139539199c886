/** Every option, its default and its check. */

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

/** What `createSessions` takes. */
export interface SessionOptions extends StoreOptions {
  /**
   * The secret that signs, as text or bytes; or several: the first signs, all verify.
   *
   * Make one with `npx sojourn secret`. At least 32 bytes, at most 8 secrets.
   */
  secret: Secret | undefined | readonly (Secret | undefined)[]
  /**
   * Where sessions are kept: `memoryStore()`, `sqliteStore(db)`, `redisStore(client)`,
   * `postgresStore(pool)`, or `sessionStore(verbs)` of your own. express-session has the same option.
   *
   * @default none: the cookie carries the session
   */
  store?: BackendStore | undefined
  /** How long sessions live. The server enforces it, whatever the browser keeps. */
  lifetime?: LifetimeOptions
  /** The cookie's attributes. */
  cookie?: CookieOptions
  /**
   * Encrypt what is kept, so that nobody without the secret can read it: the cookie, or with a store
   * its rows. `{ migrateUntil: '2027-03-01' }` lets sessions from before open until then.
   *
   * @default false: signed, and readable for whoever holds it
   */
  encrypt?: boolean | EncryptOptions
  /**
   * Names the app where several share a secret and a cookie's name: none opens another's sessions.
   *
   * @default ''
   */
  audience?: string
  /** Origins of yours whose forms and scripts count as the site's own: `'https://app.example'`. @default none */
  trustedOrigins?: readonly string[]
  /** How to keep types of your own; see `Tag`. @default none */
  tags?: readonly Tag[]
  /** Called for each event, such as a cookie that was rejected. @default nobody listens */
  onEvent?: EventListener
  /** Tells the time in milliseconds since 1970; tests give their own. @default Date.now */
  clock?: Clock
  /** What `flask()` of `sojourn/flask` decides. Not to be written by hand. */
  preset?: Preset
}

/** The options, resolved and checked. */
export interface Settings {
  backend: Backend
  /** The same backend, where it is one on a store. */
  stored: StoredBackend | undefined
  /** What its store is called in messages. */
  engine: string
  onUnavailable: 'error' | 'anonymous-readonly'
  cookieName: string
  secureCookie: boolean
  consumesAllFlashes: boolean
  renewsUnasked: boolean
  clock: Clock
  emit: EventListener
  hint: Hint
  /** Whether hints are printed at all: looking into a refused cookie is work nobody needs otherwise. */
  explains: boolean
  csrf: Csrf
  policy: Policy
}

/** What means nothing without a store. */
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
 * Resolves the options.
 *
 * @throws ERR_SECRET_MISSING, ERR_SECRET_WEAK, ERR_OPTION_INVALID: misuse fails at start-up.
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
    throw invalid('clock', 'has to be a function that tells the time in milliseconds since 1970')
  }
  // Some clocks tell fractions of a millisecond, and no record has a place for them.
  const clock = () => Math.floor(given())
  if (typeof onEvent !== 'function') throw invalid('onEvent', 'has to be a function')
  checkTags(tags)
  // Halves of surrogate pairs are all the same in UTF-8, and so would the keys be.
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
    // Flask takes any text literally.
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
  if (given) throw invalid(given, 'needs a store: pass store: sqliteStore(db), say')
}

/** @throws ERR_OPTION_INVALID */
function checkStore(store: BackendStore): void {
  if (typeof store?.backend === 'function') return
  const own = "sessionStore(verbs) of 'sojourn/stores' for one of your own"
  throw invalid('store', `is no store. Pass sqliteStore(db), say, or ${own}`)
}

function refusePresetConflicts(options: SessionOptions): void {
  const { lifetime, cookie, store, encrypt, audience } = options
  if (store) {
    throw invalid('store', "cannot be had with Flask's preset: Flask reads only its own cookie")
  }
  if (encrypt) {
    throw invalid('encrypt', "cannot be had with Flask's preset: Flask could not read the cookie")
  }
  if (audience) throw invalid('audience', "cannot be had with Flask's preset: Flask has none")
  if (lifetime) throw invalid('lifetime', 'is decided by the preset. Use its own names')
  if (cookie) throw invalid('cookie', 'is decided by the preset. Use its own names')
}
