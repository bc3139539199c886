/** What a preset decides: the format of the cookie, and the habits that go with it. */

import type { CookieFormat } from '../../backends/cookie.ts'
import type { EncryptionSchedule } from '../../crypto/sealer.ts'
import type { Weakness } from '../../crypto/weak-secrets.ts'
import type { CookieAttributes, Expiry } from '../../http/set-cookie.ts'
import type { Tag } from '../../record/text/tag.ts'
import type { Lifetime } from '../../record/lifetime.ts'
import type { EncryptionContext } from './encryption.ts'

/** What a format is made of beside the preset's own decisions. */
export interface FormatContext extends EncryptionContext {
  tags: readonly Tag[]
  encryption: EncryptionSchedule | undefined
}

/** The decisions of a preset: our own (`own-preset.ts`), or Flask's. */
export interface Preset {
  /** What its user calls the secret. */
  secretName: string
  /** Weaknesses of a secret that are let through while developing. */
  tolerates: readonly Weakness[]
  lifetime: Lifetime
  cookie: CookieAttributes
  expiry: Expiry
  /** Reading flash messages consumes all of them, shown or not. */
  consumesAllFlashes: boolean
  /** Renew a permanent session even for a route that never asked for it. */
  renewsUnasked: boolean
  format(context: FormatContext): CookieFormat
}
