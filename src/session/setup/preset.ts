/** The contract of a preset: the format of the sessions, and the defaults that differ from ours. */

import type { Backend } from '../../backends/backend.ts'
import type { CookieFormat } from '../../backends/cookie-format.ts'
import type { EncryptionSchedule } from '../../crypto/sealer.ts'
import type { Weakness } from '../../crypto/weak-secrets.ts'
import type { CookieReader } from '../../http/cookie.ts'
import type { CookieAttributes, Expiry, SetCookieWriter } from '../../http/set-cookie.ts'
import type { Tag } from '../../record/text/tag.ts'
import type { Lifetime } from '../../record/lifetime.ts'
import type { RequestFacts } from '../../http/request-facts.ts'
import type { Change } from '../../record/changes.ts'
import type { Layout, SessionRecord } from '../../record/record.ts'
import type { EncryptionContext } from './encryption.ts'

/** What `format` of a preset is given. */
export interface FormatContext extends EncryptionContext {
  tags: readonly Tag[]
  encryption: EncryptionSchedule | undefined
}

/** What `backend` of a preset is given. */
export interface PresetBackendContext extends FormatContext {
  writer: SetCookieWriter
  lifetime: Lifetime
  /** Adds the app's schema to the preset's layout: call it, and use what it returns. */
  withSchema(layout: Layout): Layout
}

/** Makes the keys that a login or a logout writes, from the request. */
export type LoginKeys = (facts: RequestFacts) => Readonly<Record<string, unknown>>

/**
 * Compares the login of a session with the request that presents it. Returns the changes that the
 * session needs at once if they do not fit, such as a logout. `at`: in seconds since 1970.
 */
export type LoginProtection = (
  record: SessionRecord,
  layout: Layout,
  facts: RequestFacts,
  at: number,
) => readonly Change[] | undefined

/** An option of `createSessions` that a preset may rule out. */
export type PresetConflict =
  | 'store'
  | 'encrypt'
  | 'audience'
  | 'lifetime'
  | 'cookie'
  | 'maxBytes'
  | 'version'

/** A preset: our own (`own-preset.ts`), Flask's, or that of another library. */
export type Preset = CookiePreset | BackendPreset

/** A preset for sessions that the cookie carries, or whose id it carries to one of our stores. */
export interface CookiePreset extends PresetRules {
  /** The format of a cookie that carries the session. */
  format(context: FormatContext): CookieFormat
  backend?: undefined
  engine?: undefined
}

/** A preset for sessions in another library's store. */
export interface BackendPreset extends PresetRules {
  /** The store's name, for `describePolicy` and messages. */
  engine: string
  backend(context: PresetBackendContext): Backend
}

/** What differs between presets beside where and how a session is saved. */
export interface PresetRules {
  /** Whose sessions they are, for `describePolicy`: 'sojourn', 'flask'. */
  name: string
  /** Each purpose and its algorithm, for `describePolicy`. @default those of our own preset */
  algorithms?: Readonly<Record<string, string>>
  /** The option's name for the secret, for messages. */
  secretName: string
  /** Weaknesses of a secret that only warn while NODE_ENV is `development` or `test`. */
  tolerates: readonly Weakness[]
  lifetime: Lifetime
  cookie: CookieAttributes
  /** Reads the Cookie header. */
  cookieValues: CookieReader
  expiry: Expiry
  /** Changes how the cookie is written. @default as `cookie` and `expiry` say */
  writer?(plain: SetCookieWriter, secrets: readonly Uint8Array[]): SetCookieWriter
  /** Whether reading one category of flash messages deletes all categories, as in Flask. */
  consumesAllFlashes: boolean
  /** Whether a permanent session is extended by requests that never open it, as in Flask. */
  renewsUnasked: boolean
  /** Keys that a login writes beside the user's id, as Flask-Login does; `undefined` deletes one. */
  loginKeys?: LoginKeys
  /** Keys that a logout writes into the session after it, as Flask-Login does. */
  logoutKeys?: LoginKeys
  /** @default none: a login is valid from everywhere */
  protection?: LoginProtection | undefined
  /** Options that cannot be combined with it, and why. @default none */
  conflicts?: readonly (readonly [option: PresetConflict, why: string])[]
}
