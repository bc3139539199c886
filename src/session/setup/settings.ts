/** Resolves the options of `createSessions`: fills in the defaults and makes the backend. */

import type { Backend } from '../../backends/backend.ts'
import { cookieBackend } from '../../backends/cookie.ts'
import type { CookieFormat } from '../../backends/cookie-format.ts'
import type { BackendStore, StoredBackend } from '../../backends/store-backend.ts'
import { bytesUpTo } from '../../base/options.ts'
import { type Clock, systemClock } from '../../base/ports.ts'
import { explain, keyring, type Secret } from '../../crypto/keyring.ts'
import { keysFor } from '../../crypto/keys.ts'
import type { Weakness } from '../../crypto/weak-secrets.ts'
import type { CookieReader } from '../../http/cookie.ts'
import { setCookieWriter } from '../../http/set-cookie.ts'
import type { Lifetime } from '../../record/lifetime.ts'
import { userIdOf } from '../../record/record.ts'
import { type Csrf, csrfProtection } from '../csrf/csrf.ts'
import { checkedOrigins } from '../csrf/request-origin.ts'
import { type Emit, eventEmitter, failurePrinter, FAILURES } from '../explain/emitter.ts'
import { type ContextOf, eventContext } from '../explain/event-context.ts'
import { type Development, developmentWarnings } from '../development/development.ts'
import { withSchema } from '../schema/schema-options.ts'
import { encryptionOf } from './encryption.ts'
import type { FormerSettings, FormerSides } from './former-sides.ts'
import { checkOptions, type SessionOptions } from './options.ts'
import { layoutWith, ownPreset } from './own-preset.ts'
import { type Policy, policyOf } from './policy.ts'
import type { LoginKeys, LoginProtection, Preset } from './preset.ts'

/** The options, checked and with their defaults, as `session/` uses them. */
export interface Settings {
  backend: Backend
  /** The same backend, if it uses a store. */
  stored: StoredBackend | undefined
  /** The store that the app passed. */
  store: BackendStore | undefined
  /** The name of the store's engine, for messages; empty for sessions in the cookie. */
  engine: string
  onUnavailable: 'error' | 'anonymous-readonly'
  lifetime: Lifetime
  cookieName: string
  secureCookie: boolean
  cookieValues: CookieReader
  consumesAllFlashes: boolean
  renewsUnasked: boolean
  loginKeys: LoginKeys | undefined
  logoutKeys: LoginKeys | undefined
  protection: LoginProtection | undefined
  clock: Clock
  emit: Emit
  /** The context of events and diagnostics messages. */
  contextOf: ContextOf
  /** Reports that the app's own Set-Cookie of the session cookie's name was replaced. */
  onReplaced: () => void
  /** The development warnings; `undefined` in production. */
  development: Development | undefined
  /** Whether to look for lost changes even if the channel of events has no subscriber. */
  tellsLosses: boolean
  csrf: Csrf
  policy: Policy
  /** The parts that the option `formerly` needs, if these are the settings of a former side. */
  side: FormerSettings
  /** The former sides of the option `formerly`. */
  former: FormerSides | undefined
}

/**
 * Checks the options and fills in the defaults, so that misuse fails at start-up.
 *
 * @throws ERR_SECRET_MISSING, ERR_SECRET_WEAK, ERR_OPTION_INVALID
 */
export function resolveOptions(options: SessionOptions): Settings {
  checkOptions(options)
  const developing = process.env.NODE_ENV === 'development' || process.env.NODE_ENV === 'test'
  const { clock: given = systemClock, onEvent, tags = [], audience = '' } = options
  const { store, onUnavailable = 'error' } = options
  // Some clocks return fractions of a millisecond, which a record cannot store.
  const clock = () => Math.floor(given())
  // The full expression, so that bundlers that know NODE_ENV can leave out code that never runs.
  const development =
    process.env.NODE_ENV === 'production'
      ? undefined
      : developmentWarnings(clock(), () => writer.name)
  const preset: Preset = options.preset ?? ownPreset(options, developing)
  const where = preset.secretName
  const { secrets, weaknesses } = keyring(options.secret as Secret | readonly Secret[], {
    where,
    remedy: () => missingSecretRemedy(where === 'secret' ? 'SESSION_SECRET' : where, development),
    // Flask uses every secret literally: `base64:` is not a prefix there.
    spelling: options.preset ? 'literal' : 'prefixed',
    refuse: developing ? ALL.filter((weakness) => !preset.tolerates.includes(weakness)) : ALL,
  })
  const plain = setCookieWriter(preset.cookie, preset.expiry)
  const writer = preset.writer?.(plain, secrets) ?? plain
  for (const weakness of weaknesses) {
    development?.weakSecret(weakness, where, explain(weakness))
  }
  if (preset.cookie.secure && options.cookie?.secure === undefined) {
    development?.secureByDefault(writer.name)
  }
  const { lifetime } = preset
  const scope = { audience, cookieName: writer.name }
  const encryption = encryptionOf(options.encrypt)
  const context = { secrets, scope, tags, clock, encryption }
  const layout = withSchema(layoutWith(tags), options)
  const contextOf = eventContext(options.events ?? {}, clock, (record) =>
    userIdOf(record, backend.layout),
  )
  const emit = eventEmitter({
    // In development a warning tells of failures.
    listener: onEvent ?? (development ? undefined : failurePrinter(clock)),
    only: onEvent ? undefined : FAILURES,
    cookieName: writer.name,
    contextOf,
  })
  const stored = store?.backend({
    ...context,
    options,
    layout,
    lifetime,
    writer,
    onDropped: (why, handle) => emit({ type: 'removal-dropped', why }, { handle }),
  })
  const backend =
    stored ??
    (preset.backend
      ? preset.backend({
          ...context,
          writer,
          lifetime,
          withSchema: (own) => withSchema(own, options),
        })
      : cookieBackend(limitedFormat(preset.format(context), options), writer, lifetime))
  const { cookieValues, loginKeys, protection } = preset
  const engine = store?.engine ?? preset.engine ?? ''
  const side = {
    backend,
    stored,
    engine,
    cookieName: writer.name,
    cookiePlace: writer.place,
    cookieValues,
    loginKeys,
    protection,
    format: preset.name,
  }
  const former = options.formerly?.connect({
    ours: { ...side, lifetime, clock, emit, development, audience, secrets },
    resolve: (given) =>
      resolveOptions({ ...(given as SessionOptions), clock, ...inherited(options) }).side,
  })
  return {
    backend,
    stored,
    store,
    engine,
    onUnavailable,
    lifetime,
    cookieName: writer.name,
    secureCookie: writer.secure,
    cookieValues,
    consumesAllFlashes: preset.consumesAllFlashes,
    renewsUnasked: preset.renewsUnasked,
    loginKeys,
    logoutKeys: preset.logoutKeys,
    protection,
    clock,
    emit,
    contextOf,
    onReplaced() {
      emit({ type: 'set-cookie-replaced' })
      development?.replaced(writer.name)
    },
    development,
    tellsLosses: onEvent !== undefined || development !== undefined,
    csrf: csrfProtection({
      keys: keysFor(secrets, 'csrf', scope),
      layout: backend.layout,
      trusted: checkedOrigins(options.trustedOrigins ?? []),
      isSecure: writer.secure,
      emit,
      development,
    }),
    policy: policyOf({
      preset,
      secrets,
      weaknesses,
      audience,
      maxBytes: backend.maxBytes,
      encryption,
      store: stored && {
        engine: store!.engine,
        policy: stored.policy,
        algorithms: stored.algorithms,
      },
      data: options,
      hints: development !== undefined,
      formerly: former?.policy ?? [],
    }),
    side,
    former,
  }
}

/** The options that a former side inherits from the new one. */
function inherited({ onEvent, events }: SessionOptions): Partial<SessionOptions> {
  return { ...(onEvent && { onEvent }), ...(events && { events }) }
}

/** The format of the cookie, with the limit of the option `maxBytes`. @throws ERR_OPTION_INVALID */
function limitedFormat(format: CookieFormat, options: SessionOptions): CookieFormat {
  const { limit } = format
  const bytes = bytesUpTo(options.maxBytes, limit.bytes, 'maxBytes', 'a cookie. Use a store')
  const layout = withSchema(format.layout, options)
  return { ...format, layout, limit: { ...limit, bytes, renewed: limit.bytes } }
}

/** What to do about a missing secret. Names a variable that is set, or that a `.env` file contains. */
function missingSecretRemedy(variable: string, development: Development | undefined): string {
  const inFile = development?.secretsInEnvFile() ?? []
  const set = [variable, ...inFile].find((name) => process.env[name])
  if (set) {
    return `process.env.${set} is set: read that, and compare the spelling of the name. For a new secret run \`npx sojourn secret --write .env\`.`
  }
  return (
    development?.notLoaded(variable, inFile) ??
    `Run \`npx sojourn secret --write .env\`, start with \`node --env-file=.env\`, and pass process.env.${variable}.`
  )
}

const ALL: readonly Weakness[] = ['well-known', 'pattern', 'short']
