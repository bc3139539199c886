/** One request's visit: opens its session on first use, commits it before the headers are sent. */

import { codeOf } from '../base/errors.ts'
import { andThen, type Maybe } from '../base/ports.ts'
import { type Outgoing, setsCookie } from '../http/headers.ts'
import type { RequestFacts } from '../http/request-facts.ts'
import type { Change } from '../record/changes.ts'
import { Session } from './session.ts'
import { commitSoFar, lastCommit, makeReadOnly } from './last-commit.ts'
import {
  createGuards,
  type GuardName,
  type Guards,
  nextTurn,
  type Refuser,
  reportUnheeded,
  type Unheeded,
} from './guards.ts'
import { changedNames, reportUnsent, watchSent } from './lost-changes.ts'
import type { GivenToken } from './csrf/csrf.ts'
import { printFailure } from './explain/emitter.ts'
import { openState } from './open-state.ts'
import { NO_CHANGES, protectLogin } from './protection.ts'
import { isPrefetch, PREFETCH } from './prefetch.ts'
import { outgoing } from './set-cookie-line.ts'
import type { Host, State } from './state.ts'
import type { Visit } from './visit.ts'

/** Makes the visit of one request. */
export function createVisit(host: Host, facts: RequestFacts): Visit {
  return new RequestVisit(host, facts)
}

/** A class, because new closures for each request would cost more than everything else here. */
class RequestVisit implements Visit {
  readonly #host: Host
  readonly #facts: RequestFacts
  #opening: Maybe<State> | undefined
  #session: Promise<Session> | undefined
  #isOpening = false
  #isFinished = false
  #awaitsGuards = false
  #readOnly: string | undefined
  /** The changes of the login protection, not of the app. */
  #atOpening: readonly Change[] = NO_CHANGES
  readonly #startedAt: number
  #guards: Guards | undefined
  #refuser: Refuser | undefined
  #hasRefused = false
  /** The names of what was changed, if the response cannot set a cookie. */
  #unsent: readonly string[] | undefined

  constructor(host: Host, facts: RequestFacts) {
    this.#host = host
    this.#facts = facts
    this.#startedAt = host.clock()
  }

  // Without `await`, a session that is already open is returned a tick sooner.
  session(): Promise<Session> {
    if (this.#session) return this.#session
    const opening = this.#open()
    this.#session =
      opening instanceof Promise
        ? opening.then(
            (state) => new Session(state),
            (error: unknown) => {
              this.#allGuards().notOpened(error)
              throw error
            },
          )
        : Promise.resolve(new Session(opening))
    const { development } = this.#host
    return development ? development.watchPromise(this.#session, 'get(req)') : this.#session
  }

  #open(): Maybe<State> {
    if (this.#opening !== undefined) return this.#opening
    // An event listener may call this while the session opens: it gets the session once it is open.
    if (this.#isOpening) return Promise.resolve().then(() => this.#open())
    this.#isOpening = true
    if (this.#isFinished) {
      this.#host.emit({ type: 'opened-late' })
      this.#host.development?.openedLate()
    }
    try {
      const opening = openState(this.#host, this.#facts, this.#startedAt)
      return (this.#opening =
        opening instanceof Promise
          ? opening.then((state) => this.#opened(state))
          : this.#opened(opening))
    } finally {
      this.#isOpening = false
    }
  }

  #opened(state: State): State {
    this.#atOpening = protectLogin(state)
    // Opened after the headers were sent, for example while streaming: it can only be read.
    state.frozen = this.#isFinished
    const why = this.#readOnly ?? (isPrefetch(this.#facts) ? PREFETCH : undefined)
    if (why !== undefined) this.#makeReadOnly(state, why)
    return (this.#opening = state)
  }

  #makeReadOnly(state: State, why: string): void {
    this.#dropAtOpening(state)
    makeReadOnly(state, why)
  }

  /** Applies the login protection to what the app reads, without saving it. Each request repeats it. */
  #dropAtOpening(state: State): void {
    if (this.#atOpening.length === 0) return
    state.changes = state.changes.filter((change) => !this.#atOpening.includes(change))
  }

  commit(): Maybe<void> {
    const state = this.#stateSoFar()
    // A refusal that nothing handles prevents saving. Only `finish` waits until that is known.
    return state && !this.#guards?.unheeded() ? commitSoFar(state) : undefined
  }

  finish(): Maybe<Outgoing | undefined> {
    if (this.#isFinished) return undefined
    if (this.#guards === undefined) return this.#save()
    this.#awaitsGuards = true
    return andThen(this.#guards.unheeded(), (unheeded) => {
      this.#guards?.close()
      if (unheeded) throw this.#refused(unheeded)
      return this.#save()
    })
  }

  #save(): Maybe<Outgoing | undefined> {
    const wasAsked = this.#opening !== undefined
    if (!wasAsked && !(this.#host.renewsUnasked && this.#sentCookie())) {
      this.#isFinished = true
      return undefined
    }
    const opening = this.#open()
    if (!(opening instanceof Promise)) return this.#commit(opening, wasAsked)
    // If opening has failed, there is nothing to commit, and the app has received the error.
    return opening.then(
      (state) => this.#commit(state, wasAsked),
      () => NOTHING_COMMITTED,
    )
  }

  #sentCookie(): boolean {
    const { cookieValues, cookieName } = this.#host
    return cookieValues(this.#facts.cookie, cookieName).length > 0
  }

  #commit(state: State, wasAsked: boolean): Maybe<Outgoing | undefined> {
    this.#isFinished = true
    if (this.#unsent) this.#unsent = changedNames(state)
    const committing = lastCommit(state)
    if (!(committing instanceof Promise)) return this.#headersOf(state, wasAsked)
    return committing.then(() => this.#headersOf(state, wasAsked))
  }

  #headersOf(state: State, wasAsked: boolean): Outgoing | undefined {
    if (this.#unsent) reportUnsent(state, this.#unsent)
    if (state.mayDrift) watchSent(state)
    const headers = outgoing(state)
    // The session was not used or renewed, so the response does not depend on the cookie.
    return wasAsked || setsCookie(headers) ? headers : undefined
  }

  /** Reports a refusal that nothing handled. Nothing that the app did after it is saved. */
  #refused(unheeded: Unheeded): unknown {
    this.#isFinished = true
    const state = this.#stateSoFar()
    if (state) state.frozen = true
    const isUsual = unheeded.wasAwaited && this.#refuser?.isUsual
    if (!isUsual) reportUnheeded(this.#host, unheeded, state?.opened)
    return unheeded.error
  }

  /** The state of the session, if it is open. */
  #stateSoFar(): State | undefined {
    return this.#opening instanceof Promise ? undefined : this.#opening
  }

  guard<Value>(name: GuardName, check: Promise<Value>): Promise<Value> {
    const guards = this.#allGuards()
    const release = this.#refuser?.asked?.() ?? undefined
    const asked = guards.run(name, check, release)
    if (this.#isFinished || release) void this.#decideLate(guards, release)
    return asked
  }

  #allGuards(): Guards {
    return (this.#guards ??= createGuards((unheeded) => {
      if (!this.#awaitsGuards || this.#isFinished) this.#refuseLate(unheeded)
    }))
  }

  /**
   * Runs a guard after the headers were sent, or if there are none: see `Refuser`.
   *
   * It is not unwatched: the error may leave the handler later, after a `finally` that awaits.
   */
  async #decideLate(guards: Guards, release?: () => void): Promise<void> {
    await nextTurn()
    const unheeded = await guards.unheeded()
    if (unheeded) this.#refuseLate(unheeded)
    else release?.()
  }

  #refuseLate(unheeded: Unheeded): void {
    if (this.#hasRefused) return
    this.#hasRefused = true
    this.#refuser?.refuse(this.#refused(unheeded))
  }

  onRefusal(refuser: Refuser): void {
    this.#refuser = refuser
  }

  failed(error: unknown): void {
    this.#host.emit({ type: 'handler-failed', code: codeOf(error) }, this.#stateSoFar()?.opened)
    printFailure(error)
  }

  withoutCookie(): void {
    this.#unsent = []
  }

  checkCsrf(token?: GivenToken): Promise<void> {
    return this.#host.csrf.check(this.#facts, () => this.#open(), token)
  }

  readOnly(why: string): void {
    const state = this.#stateSoFar()
    if (state) this.#makeReadOnly(state, why)
    this.#readOnly = why
  }
}

const NOTHING_COMMITTED: Outgoing = { vary: true, setCookie: undefined }
