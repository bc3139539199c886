/** One request's place: its session is opened on first use and committed before the headers leave. */

import { SessionError } from '../base/errors.ts'
import { andThen, type Maybe } from '../base/ports.ts'
import type { Outgoing } from '../http/headers.ts'
import { cookieValues } from '../http/cookie.ts'
import type { RequestFacts } from '../http/request-facts.ts'
import { Session } from './session.ts'
import { commitState, isSettled } from './commit.ts'
import type { GivenToken } from './csrf/csrf.ts'
import { type Host, noteDrift, openState, outgoing, type State } from './state.ts'

/** What an adapter holds for one request. */
export interface Visit {
  /** The session, opened on first use; the same one each time. */
  session(): Promise<Session>
  /**
   * Commits, freezes the session, and says what the response has to carry.
   *
   * `undefined` if nobody asked for the session: such a response costs nothing. Answers at once
   * where the backend does.
   */
  finish(): Maybe<Outgoing | undefined>
  /** Refuses what another site may have sent. @throws ERR_CSRF */
  checkCsrf(token?: GivenToken): Promise<void>
  /**
   * Makes the session read-only, for a request whose response cannot set a cookie: a page that is
   * already being sent, a WebSocket upgrade.
   *
   * Flash messages are shown and stay, no lifetime is renewed, no Set-Cookie is sent but that of a
   * commit the app made before, and a write
   * throws ERR_SESSION_READ_ONLY. Call it before the handler runs.
   *
   * @param why ends the sentence "This session is read-only: ...". Name where a change belongs instead.
   * @throws ERR_SESSION_READ_ONLY if the session was changed already: that change would be lost.
   */
  readOnly(why: string): void
}

/** Makes the visit of one request. */
export function createVisit(host: Host, facts: RequestFacts): Visit {
  return new RequestVisit(host, facts)
}

/** A class, since closures made anew for each request cost more than all else a visit does. */
class RequestVisit implements Visit {
  readonly #host: Host
  readonly #facts: RequestFacts
  #opening: Maybe<State> | undefined
  #session: Promise<Session> | undefined
  #isOpening = false
  #isFinished = false
  #readOnly: string | undefined

  constructor(host: Host, facts: RequestFacts) {
    this.#host = host
    this.#facts = facts
  }

  // Without `await`: a session that is open already is there a turn sooner.
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
    // An event listener that asks for the session it is told of: it gets it once it is open.
    if (this.#isOpening) return Promise.resolve().then(() => this.#open())
    this.#isOpening = true
    if (this.#isFinished) warnOpenedLate(this.#host)
    const opening = openState(this.#host, this.#facts)
    return (this.#opening =
      opening instanceof Promise
        ? opening.then((state) => this.#opened(state))
        : this.#opened(opening))
  }

  #opened(state: State): State {
    // Opened after the headers left, as while streaming: reading is all that is possible.
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
    // If opening failed there is nothing to commit; the app was given the error.
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
    return andThen(lastCommit(state), () =>
      // Nobody asked and nothing was renewed: the response does not depend on the cookie.
      wasAsked || state.setCookie !== undefined ? outgoing(state) : undefined,
    )
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

/** Commits and freezes: what is written while the commit is under way would be lost. */
function lastCommit(state: State): Maybe<void> {
  if (state.readOnly !== undefined) {
    // One inside an object that `get` returned could not be refused before now.
    return refuseChanges(state, 'A change inside a value', state.readOnly)
  }
  if (isSettled(state)) {
    state.frozen = true
    return
  }
  // A commit of the app's own that is under way still has to be followed by what came after it.
  if (state.busy) return state.busy.then(() => lastCommit(state))
  try {
    return commitState(state)
  } finally {
    state.frozen = true
  }
}

/** A page that depends on the session says so in its headers, or a cache may give it to others. */
function warnOpenedLate({ emit, hint }: Host): void {
  emit({ type: 'opened-late' })
  hint(
    'opened-late',
    "A session was first asked for after the response's headers had left, so no Vary: Cookie tells caches that the page depends on the visitor. Ask for it before you send; it can be read while streaming.",
  )
}

const NOTHING_COMMITTED: Outgoing = { vary: true, setCookie: undefined }
