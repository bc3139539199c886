/** The contract of a preset: the cookie's format and the defaults that differ between Flask and us. */

import type { CookieFormat } from '../../backends/cookie-format.ts'
import type { EncryptionSchedule } from '../../crypto/sealer.ts'
import type { Weakness } from '../../crypto/weak-secrets.ts'
import type { CookieReader } from '../../http/cookie.ts'
import type { CookieAttributes, Expiry } from '../../http/set-cookie.ts'
import type { Tag } from '../../record/text/tag.ts'
import type { Lifetime } from '../../record/lifetime.ts'
import type { RequestFacts } from '../../http/request-facts.ts'
import type { EncryptionContext } from './encryption.ts'

/** What `format` of a preset is given. */
export interface FormatContext extends EncryptionContext {
  tags: readonly Tag[]
  encryption: EncryptionSchedule | undefined
}

/** Makes the keys that a login writes, from the request. */
export type LoginKeys = (facts: RequestFacts) => Readonly<Record<string, unknown>>

/** An option of `createSessions` that a preset may rule out. */
export type PresetConflict =
  | 'store'
  | 'encrypt'
  | 'audience'
  | 'lifetime'
  | 'cookie'
  | 'maxBytes'
  | 'version'

/** A preset: our own (`own-preset.ts`), or Flask's. */
export interface Preset {
  /** The option's name for the secret, for messages. */
  secretName: string
  /** Weaknesses of a secret that only warn while NODE_ENV is `development` or `test`. */
  tolerates: readonly Weakness[]
  lifetime: Lifetime
  cookie: CookieAttributes
  /** Reads the Cookie header. */
  cookieValues: CookieReader
  expiry: Expiry
  /** Whether reading one category of flash messages deletes all categories, as in Flask. */
  consumesAllFlashes: boolean
  /** Whether a permanent session is extended by requests that never open it, as in Flask. */
  renewsUnasked: boolean
  /** Keys that a login writes beside the user's id, as Flask-Login does; `undefined` deletes one. */
  loginKeys?: LoginKeys
  /** Options that cannot be combined with it, and why. @default none */
  conflicts?: readonly (readonly [option: PresetConflict, why: string])[]
  format(context: FormatContext): CookieFormat
}
