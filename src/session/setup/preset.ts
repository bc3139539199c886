/** The interface of a preset: the format of its sessions, and its differences from our own preset. */

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

/** The arguments of a preset's `format`. */
export interface FormatContext extends EncryptionContext {
  tags: readonly Tag[]
  encryption: EncryptionSchedule | undefined
}

/** The arguments of a preset's `backend`. */
export interface PresetBackendContext extends FormatContext {
  writer: SetCookieWriter
  lifetime: Lifetime
  /** Returns the preset's layout with the app's schema. The preset has to use the returned layout. */
  withSchema(layout: Layout): Layout
}

/** Makes the keys that a login or a logout writes, from the request. */
export type LoginKeys = (facts: RequestFacts) => Readonly<Record<string, unknown>>

/**
 * Compares the login of a session with the current request. If they do not match, returns the changes
 * that are made at once, such as a logout. `at`: in seconds since 1970.
 */
export type LoginProtection = (
  record: SessionRecord,
  layout: Layout,
  facts: RequestFacts,
  at: number,
) => readonly Change[] | undefined

/** An option of `createSessions` that may conflict with a preset. */
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

/** A preset for sessions in the cookie, or in one of our stores. */
export interface CookiePreset extends PresetRules {
  /** The format of a cookie that contains the session. */
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

/** The differences between presets, except where and how a session is saved. */
export interface PresetRules {
  /** The name of the format, for `describePolicy`: 'sojourn', 'flask'. */
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
  /** Keys that a logout writes into the new session, as Flask-Login does. */
  logoutKeys?: LoginKeys
  /** Checks a login against the request. @default none: a login is valid from any address and browser */
  protection?: LoginProtection | undefined
  /** Options that cannot be combined with it, and why. @default none */
  conflicts?: readonly (readonly [option: PresetConflict, why: string])[]
}
