/** Resolves the options of `createSessions`: fills in the defaults and makes the backend. */

import type { Backend } from '../../backends/backend.ts'
import { cookieBackend } from '../../backends/cookie.ts'
import type { StoredBackend } from '../../backends/store-backend.ts'
import { type Clock, systemClock } from '../../base/ports.ts'
import { explain, keyring, type Secret } from '../../crypto/keyring.ts'
import { keysFor } from '../../crypto/keys.ts'
import type { Weakness } from '../../crypto/weak-secrets.ts'
import type { CookieReader } from '../../http/cookie.ts'
import { setCookieWriter } from '../../http/set-cookie.ts'
import { type Csrf, csrfProtection } from '../csrf/csrf.ts'
import { checkedOrigins } from '../csrf/request-origin.ts'
import { type Emit, eventEmitter, failurePrinter } from '../explain/emitter.ts'
import {
  type Hint,
  hintEnvironment,
  hintReplaced,
  hintPrinter,
  missingSecretRemedy,
} from '../explain/hints.ts'
import { encryptionOf } from './encryption.ts'
import { checkOptions, type SessionOptions } from './options.ts'
import { layoutWith, ownPreset } from './own-preset.ts'
import { type Policy, policyOf } from './policy.ts'
import type { LoginKeys } from './preset.ts'

/** The options, checked and with their defaults, as `session/` uses them. */
export interface Settings {
  backend: Backend
  /** The same backend if it is one on a store. */
  stored: StoredBackend | undefined
  /** The name of the store's engine, for messages. */
  engine: string
  onUnavailable: 'error' | 'anonymous-readonly'
  cookieName: string
  secureCookie: boolean
  cookieValues: CookieReader
  consumesAllFlashes: boolean
  renewsUnasked: boolean
  loginKeys: LoginKeys | undefined
  clock: Clock
  emit: Emit
  /** Reports that the app's own Set-Cookie of the session cookie's name was replaced. */
  onReplaced: () => void
  hint: Hint
  /** Whether development warnings are printed: only then is a rejected cookie examined. */
  explains: boolean
  csrf: Csrf
  policy: Policy
}

/**
 * Checks the options and fills in the defaults, so that misuse fails at start-up.
 *
 * @throws ERR_SECRET_MISSING, ERR_SECRET_WEAK, ERR_OPTION_INVALID
 */
export function resolveOptions(options: SessionOptions): Settings {
  checkOptions(options)
  const environment = process.env['NODE_ENV']
  const developing = environment === 'development' || environment === 'test'
  const hint = hintPrinter(environment === 'production')
  const { clock: given = systemClock, onEvent, tags = [], audience = '' } = options
  const { store, onUnavailable = 'error' } = options
  // Some clocks return fractions of a millisecond, which a record cannot hold.
  const clock = () => Math.floor(given())
  // In development a warning tells of failures.
  const unheard = environment === 'production' ? failurePrinter(clock) : () => {}
  const emit = onEvent ? eventEmitter(onEvent) : unheard
  const preset = options.preset ?? ownPreset(options, developing)
  const where = preset.secretName
  const { secrets, weaknesses } = keyring(options.secret as Secret | readonly Secret[], {
    where,
    remedy: () => missingSecretRemedy(where === 'secret' ? 'SESSION_SECRET' : where),
    // Flask takes every secret literally: it has no `base64:` prefix.
    spelling: options.preset ? 'literal' : 'prefixed',
    refuse: developing ? ALL.filter((weakness) => !preset.tolerates.includes(weakness)) : ALL,
  })
  for (const weakness of weaknesses) {
    hint(
      `weak-${weakness}`,
      `The secret in "${where}" ${explain(weakness)}. It is refused in production: run \`npx sojourn secret\`.`,
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
    cookieValues: preset.cookieValues,
    consumesAllFlashes: preset.consumesAllFlashes,
    renewsUnasked: preset.renewsUnasked,
    loginKeys: preset.loginKeys,
    clock,
    emit,
    onReplaced() {
      emit({ type: 'set-cookie-replaced' })
      hintReplaced(hint, writer.name)
    },
    hint,
    explains: environment !== 'production',
    csrf: csrfProtection({
      keys: keysFor(secrets, 'csrf', scope),
      layout: backend.layout,
      trusted: checkedOrigins(options.trustedOrigins ?? []),
      isSecure: writer.secure,
      emit,
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
