/** The contract between `session/` and the option `formerly`, so that apps without it load none of it. */

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

/** What `formerly()` of `sojourn/formerly` returns. */
export interface Formerly {
  /** Checks the options. @throws ERR_OPTION_INVALID */
  connect(context: FormerContext): FormerSides
}

/** The parts of one side. */
export interface FormerSettings {
  readonly backend: Backend
  /** The same backend, if it uses a store. */
  readonly stored: StoredBackend | undefined
  readonly cookieName: string
  /** The name of its store; empty for sessions in the cookie. */
  readonly engine: string
  /** Its Domain and Path: see `SetCookieWriter`. */
  readonly cookiePlace: string
  readonly cookieValues: CookieReader
  readonly loginKeys: LoginKeys | undefined
  readonly protection: LoginProtection | undefined
  /** The format, for the side's name: 'sojourn', 'flask'. */
  readonly format: string
}

/** The arguments of `connect`. */
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
   * Opens the cookies of the former sides, after our own.
   *
   * @returns `undefined` if there is nothing to do. If a former store fails, it throws like our own
   * store.
   */
  open(facts: RequestFacts, opened: Opened, now: number): Maybe<FormerVisit | undefined>
  use(): FormerUse[]
  readonly policy: readonly FormerPolicy[]
  /** The sides with a store, for `sessions.close()`. */
  readonly stored: readonly StoredBackend[]
}

/** The former sessions of one request. */
export interface FormerVisit {
  /** The former session, converted to a record of ours, if this request moves one. */
  readonly record: SessionRecord | undefined
  /** Our session, if a concurrent request has just moved the former one. */
  readonly opened: Opened | undefined
  /** Commits on our side, then ends or writes the former sessions. */
  commit(request: CommitRequest): Maybe<Committed>
}

/** A former side, and how many of its visitors were moved since `createSessions` was called. */
export interface FormerUse {
  /** The option `name`. */
  name: string
  /** Until when its sessions are accepted. */
  until: Date
  /** How many sessions were moved. */
  moved: number
  /** When the last one was moved; `undefined` if none was. */
  lastAt: Date | undefined
  /** How many requests had a cookie of this name that was invalid, expired or revoked. */
  refused: number
}

/** A former side in `describePolicy()`. */
export interface FormerPolicy {
  /** The option `name`. */
  readonly name: string
  /** The name of its session cookie. */
  readonly cookieName: string
  /** Until when its sessions are accepted, in ISO 8601. */
  readonly until: string
  /** Whether changes are written on this side, too. */
  readonly dualWrite: boolean
}
