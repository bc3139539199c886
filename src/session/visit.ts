/** One request's place: its session is opened on first use and committed before the headers leave. */

import { andThen, type Maybe } from '../base/ports.ts'
import type { Outgoing } from '../http/headers.ts'
import { cookieValues } from '../http/cookie.ts'
import type { RequestFacts } from '../http/request-facts.ts'
import { Session } from './session.ts'
import { commitState, isSettled } from './commit.ts'
import type { GivenToken } from './csrf/csrf.ts'
import { type Host, openState, outgoing, type State } from './state.ts'

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
}

/** Makes the visit of one request. */
export function createVisit(host: Host, facts: RequestFacts): Visit {
  let opening: Maybe<State> | undefined
  let session: Promise<Session> | undefined
  let finished = false

  function open(): Maybe<State> {
    if (finished && opening === undefined) tellLate(host)
    opening ??= andThen(openState(host, facts), (state) => {
      // Opened after the headers left, as while streaming: reading is all that is possible.
      state.frozen = finished
      return (opening = state)
    })
    return opening
  }

  return {
    session() {
      session ??= Promise.resolve(open()).then((state) => new Session(state))
      return session
    },
    finish() {
      if (finished) return undefined
      if (!opening && !(host.renewsUnasked && sentCookie(host, facts))) {
        finished = true
        return undefined
      }
      const asked = opening !== undefined
      const finish = (state: State) => {
        finished = true
        return andThen(lastCommit(state), () => {
          // Nobody asked and nothing was renewed: the response does not depend on the cookie.
          return asked || state.setCookie !== undefined ? outgoing(state) : undefined
        })
      }
      const opened = open()
      // Where nothing was opened there is nothing to keep; the app was given the error.
      return opened instanceof Promise ? opened.then(finish, () => NOTHING_KEPT) : finish(opened)
    },
    checkCsrf: (token) => host.csrf.check(facts, open, token),
  }
}

/** Commits and freezes: what is written while the commit is under way would be lost. */
function lastCommit(state: State): Maybe<void> {
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
function tellLate({ emit, hint }: Host): void {
  emit({ type: 'opened-late' })
  hint(
    'opened-late',
    "A session was first asked for after the response's headers had left, so no Vary: Cookie tells caches that the page depends on the visitor. Ask for it before you send; it can be read while streaming.",
  )
}

const NOTHING_KEPT: Outgoing = { vary: true, setCookie: undefined }

function sentCookie({ cookieName }: Host, { cookie }: RequestFacts): boolean {
  return cookieValues(cookie, cookieName).length > 0
}
