/** One request's visit: opens its session on first use, commits it before the headers are sent. */

import { SessionError } from '../base/errors.ts'
import { andThen, type Maybe } from '../base/ports.ts'
import type { Outgoing } from '../http/headers.ts'
import { cookieValues } from '../http/cookie.ts'
import type { RequestFacts } from '../http/request-facts.ts'
import { Session } from './session.ts'
import { commitState, isSettled } from './commit.ts'
import { changedNames, reportUnsent, watchSent } from './lost-changes.ts'
import type { GivenToken } from './csrf/csrf.ts'
import { type Host, noteDrift, openState, outgoing, type State } from './state.ts'

/** The session handling of one request, for adapters. */
export interface Visit {
  /** Opens the session on the first call; returns the same one each time. */
  session(): Promise<Session>
  /**
   * Commits, freezes the session, and returns the headers that the response needs.
   *
   * Returns `undefined` if the session was not used: the response then needs none. Synchronous if
   * the backend is.
   */
  finish(): Maybe<Outgoing | undefined>
  /** Rejects cross-site requests: see `sessions.checkCsrf`. @throws ERR_CSRF */
  checkCsrf(token?: GivenToken): Promise<void>
  /** For adapters, before `finish`: the response cannot set a cookie. Reports changes that need one. */
  withoutCookie(): void
  /**
   * Makes the session read-only, for a request whose response cannot set a cookie: a page that is
   * already being sent, a WebSocket upgrade.
   *
   * A change throws ERR_SESSION_READ_ONLY. Flash messages are returned and not removed, the session
   * is not renewed, and no Set-Cookie is sent, except that of an earlier commit. Call it before the
   * handler runs.
   *
   * @param why ends the message "This session is read-only: ...". Say where to change it instead.
   * @throws ERR_SESSION_READ_ONLY if the session was changed already: that change would be lost.
   */
  readOnly(why: string): void
}

/** Makes the visit of one request. */
export function createVisit(host: Host, facts: RequestFacts): Visit {
  return new RequestVisit(host, facts)
}

/** A class: new closures for each request would cost more than everything else here. */
class RequestVisit implements Visit {
  readonly #host: Host
  readonly #facts: RequestFacts
  #opening: Maybe<State> | undefined
  #session: Promise<Session> | undefined
  #isOpening = false
  #isFinished = false
  #readOnly: string | undefined
  /** The names of what was changed, if the response cannot set a cookie. */
  #unsent: readonly string[] | undefined

  constructor(host: Host, facts: RequestFacts) {
    this.#host = host
    this.#facts = facts
  }

  // Without `await`: a session that is already open is returned a tick sooner.
  session(): Promise<Session> {
    if (this.#session) return this.#session
    const opening = this.#open()
    return (this.#session =
      opening instanceof Promise
        ? opening.then((state) => new Session(state))
        : Promise.resolve(new Session(opening)))
  }

  #open(): Maybe<State> {
    if (this.#opening !== undefined) return this.#opening
    // Called by an event listener while this session opens: it gets it once it is open.
    if (this.#isOpening) return Promise.resolve().then(() => this.#open())
    this.#isOpening = true
    if (this.#isFinished) warnOpenedLate(this.#host)
    try {
      const opening = openState(this.#host, this.#facts)
      return (this.#opening =
        opening instanceof Promise
          ? opening.then((state) => this.#opened(state))
          : this.#opened(opening))
    } finally {
      this.#isOpening = false
    }
  }

  #opened(state: State): State {
    // Opened after the headers were sent, as while streaming: it can only be read.
    state.frozen = this.#isFinished
    if (this.#readOnly !== undefined) makeReadOnly(state, this.#readOnly)
    return (this.#opening = state)
  }

  finish(): Maybe<Outgoing | undefined> {
    if (this.#isFinished) return undefined
    const wasAsked = this.#opening !== undefined
    if (!wasAsked && !(this.#host.renewsUnasked && this.#sentCookie())) {
      this.#isFinished = true
      return undefined
    }
    const opening = this.#open()
    if (!(opening instanceof Promise)) return this.#commit(opening, wasAsked)
    // If opening failed there is nothing to commit; the app has received the error.
    return opening.then(
      (state) => this.#commit(state, wasAsked),
      () => NOTHING_COMMITTED,
    )
  }

  #sentCookie(): boolean {
    return cookieValues(this.#facts.cookie, this.#host.cookieName).length > 0
  }

  #commit(state: State, wasAsked: boolean): Maybe<Outgoing | undefined> {
    this.#isFinished = true
    if (this.#unsent) this.#unsent = changedNames(state)
    return andThen(lastCommit(state), () => {
      if (this.#unsent) reportUnsent(state, this.#unsent)
      if (state.mayDrift) watchSent(state)
      // Not used and not renewed: the response does not depend on the cookie.
      return wasAsked || state.setCookie !== undefined ? outgoing(state) : undefined
    })
  }

  withoutCookie(): void {
    this.#unsent = []
  }

  checkCsrf(token?: GivenToken): Promise<void> {
    return this.#host.csrf.check(this.#facts, () => this.#open(), token)
  }

  readOnly(why: string): void {
    const opened = this.#opening
    if (opened && !(opened instanceof Promise)) makeReadOnly(opened, why)
    this.#readOnly = why
  }
}

function makeReadOnly(state: State, why: string): void {
  refuseChanges(state, 'An earlier change', why)
  state.readOnly = why
  state.frozen = true
}

function refuseChanges(state: State, what: string, why: string): void {
  noteDrift(state)
  if (state.changes.length > 0) throw new SessionError('ERR_SESSION_READ_ONLY', what, why)
}

/** Commits and freezes the session: changes made during this commit would be lost. */
function lastCommit(state: State): Maybe<void> {
  if (state.readOnly !== undefined) {
    // A change inside an object that `get` returned can only be detected now.
    return refuseChanges(state, 'A change inside a value', state.readOnly)
  }
  if (isSettled(state)) {
    state.frozen = true
    return
  }
  // Changes made since the app's own commit began need another commit after it.
  if (state.busy) return state.busy.then(() => lastCommit(state))
  try {
    return commitState(state)
  } finally {
    state.frozen = true
  }
}

/** Warns that `Vary: Cookie` can no longer be sent: a cache may give the page to other visitors. */
function warnOpenedLate({ emit, hint }: Host): void {
  emit({ type: 'opened-late' })
  hint(
    'opened-late',
    "A session was first asked for after the response's headers had left, so no Vary: Cookie tells caches that the page depends on the visitor. Ask for it before you send; it can be read while streaming.",
  )
}

const NOTHING_COMMITTED: Outgoing = { vary: true, setCookie: undefined }
