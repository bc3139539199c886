/** The contract between `session/` and the option `formerly`: where sessions were before. */

import type { Backend, CommitRequest, Committed, Opened } from '../../backends/backend.ts'
import type { StoredBackend } from '../../backends/store-backend.ts'
import type { Clock, Maybe } from '../../base/ports.ts'
import type { CookieReader } from '../../http/cookie.ts'
import type { RequestFacts } from '../../http/request-facts.ts'
import type { Lifetime } from '../../record/lifetime.ts'
import type { SessionRecord } from '../../record/record.ts'
import type { Development } from '../development/development.ts'
import type { Emit } from '../explain/emitter.ts'
import type { LoginKeys, LoginProtection } from './preset.ts'

/** What `formerly()` of `sojourn/formerly` returns, so that an app without it loads none of it. */
export interface Formerly {
  /** Checks the options. @throws ERR_OPTION_INVALID */
  connect(context: FormerContext): FormerSides
}

/** What one side is made of. */
export interface FormerSettings {
  readonly backend: Backend
  /** The same backend if it is one on a store. */
  readonly stored: StoredBackend | undefined
  readonly cookieName: string
  /** The name of its store; empty for sessions in the cookie. */
  readonly engine: string
  /** Its Domain and Path: see `SetCookieWriter`. */
  readonly cookiePlace: string
  readonly cookieValues: CookieReader
  readonly loginKeys: LoginKeys | undefined
  readonly protection: LoginProtection | undefined
  /** Whose format it is, for the side's name: 'sojourn', 'flask'. */
  readonly format: string
}

/** What `connect` is given. */
export interface FormerContext {
  /** The new side. */
  readonly ours: FormerSettings & {
    readonly lifetime: Lifetime
    readonly audience: string
    readonly secrets: readonly Uint8Array[]
    readonly clock: Clock
    readonly emit: Emit
    readonly development: Development | undefined
  }
  /** Resolves the `SessionOptions` of a former side, which inherits the clock and the listener. */
  resolve(options: object): FormerSettings
}

/** The former sides of one `createSessions`. */
export interface FormerSides {
  /**
   * Looks at the cookies of the former sides, once our own have been opened.
   *
   * @returns `undefined` if there is nothing to do. A former side that fails throws as our own store.
   */
  open(facts: RequestFacts, opened: Opened, now: number): Maybe<FormerVisit | undefined>
  use(): FormerUse[]
  readonly policy: readonly FormerPolicy[]
  /** Those on a store, for `sessions.close()`. */
  readonly stored: readonly StoredBackend[]
}

/** The former sessions of one request. */
export interface FormerVisit {
  /** The former session as a record of ours, if this request moves one. */
  readonly record: SessionRecord | undefined
  /** Our session, if a concurrent request has moved the former one a moment ago. */
  readonly opened: Opened | undefined
  /** Commits on our side, then ends or writes the former sessions. */
  commit(request: CommitRequest): Maybe<Committed>
}

/** A former side, and how many of its visitors have come over, since `createSessions` was called. */
export interface FormerUse {
  /** The option `name`. */
  name: string
  /** From then on its sessions are not accepted any more. */
  until: Date
  /** How many sessions were moved. */
  moved: number
  /** When the last one was moved. @default undefined: none was */
  lastAt: Date | undefined
  /** How many requests had a cookie of this name that did not verify, has expired, or was revoked. */
  refused: number
}

/** A former side in `describePolicy()`. */
export interface FormerPolicy {
  /** The option `name`. */
  readonly name: string
  /** The name of its session cookie. */
  readonly cookieName: string
  /** ISO 8601: from then on its sessions are not accepted any more. */
  readonly until: string
  /** Whether changes are written on this side, too. */
  readonly dualWrite: boolean
}
