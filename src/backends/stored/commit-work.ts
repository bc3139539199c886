/** What a commit to a store goes by: one request's work, and the rules fixed at start-up. */

import type { Change } from '../../record/changes.ts'
import type { Lifetime } from '../../record/lifetime.ts'
import type { EntryFormat } from './entry.ts'

/** What is decided once, at start-up. All in milliseconds. */
export interface StoredRules extends EntryFormat {
  lifetime: Lifetime
  /** Give a session a new id this long after the last one. */
  rotate: number | undefined
  /** How long a renewed id still opens once the new one was shown. */
  grace: number
}

/** One request's work on the session it opened. */
export interface CommitWork {
  readonly selector: string
  /** The hash of the verifier it came with, and what the browser holds of it. */
  readonly hash: string
  readonly verifier: string
  /** The auth number it opened under. */
  readonly auth: number
  readonly changes: readonly Change[]
  /** Whether its id or its row were written under an old secret, or its row before `encrypt`. */
  readonly isOutdated: boolean
  /** The verifier a renewal gives, and its hash; the same each time within one request. */
  renewal(): { verifier: string; hash: string }
}
