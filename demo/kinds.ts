/** The three kinds of session side by side: signed cookie, encrypted cookie, and a store. */

import type { Request, RequestHandler } from 'express'
import { cookieOf } from './cookies.ts'
import type { Remembered } from './site.ts'
import {
  createSessions,
  csrfGuard,
  sessionMiddleware,
  type SessionOptions,
  type Sessions,
  type SessionStore,
  type StoredSessions,
} from './sojourn.ts'

/** Where a session can be kept. */
export type KindName = 'signed' | 'encrypted' | 'stored'

/** One kind: sessions with a cookie name of their own. */
export interface Kind {
  readonly name: KindName
  readonly sessions: Sessions<Remembered>
  readonly cookieName: string
  /** The same sessions as seen two minutes later: the thief of the demo does not let us wait. */
  readonly later: Sessions<Remembered>
  readonly mount: RequestHandler
  readonly guard: RequestHandler
}

/** All kinds. */
export interface Kinds {
  readonly all: readonly Kind[]
  /** The one of visitors who have not chosen. */
  readonly first: Kind
  /** The stored kind's sessions, which can also be listed and ended. */
  readonly stored: StoredSessions<Remembered>
  /** The kind that the visitor has chosen. */
  of(req: Request): Kind
  named(name: string): Kind | undefined
  /** The Set-Cookie line that remembers the choice. It is no secret, and it gives no rights. */
  choiceOf(kind: Kind): string
}

/** What the kinds are made from. */
export interface KindOptions {
  readonly secret: string
  readonly store: SessionStore
  readonly clock: () => number
  readonly first: KindName
}

/** The options that all kinds have. */
type Shared = Pick<SessionOptions, 'secret' | 'lifetime' | 'cookie' | 'clock'>

// Everyone is forgotten 30 minutes after their last visit. What "remember me" adds is that the cookie
// outlives the browser: `session.permanent`.
const LIFETIME = { idle: '30m', permanent: '30m' }

/** The cookie with the visitor's choice. It outlives the browser, as a remembered session does. */
const CHOICE = 'kept-as'
const CHOICE_SECONDS = 30 * 24 * 60 * 60

/** Makes them. */
export function kindsOf({ secret, store, clock, first }: KindOptions): Kinds {
  function twins<Made extends Sessions<Remembered>>(
    name: KindName,
    make: (options: Shared) => Made,
  ): Kind & { readonly sessions: Made } {
    const cookie = { name: name === first ? 'session' : `session-${name}` }
    const sessions = make({ secret, lifetime: LIFETIME, cookie, clock })
    return {
      name,
      sessions,
      cookieName: sessions.describePolicy().cookie.name,
      later: make({ secret, lifetime: LIFETIME, cookie, clock: () => clock() + TWO_MINUTES }),
      mount: sessionMiddleware(sessions),
      guard: csrfGuard(sessions),
    }
  }

  const signed = twins('signed', (options) => createSessions<Remembered>(options))
  const encrypted = twins('encrypted', (options) =>
    createSessions<Remembered>({ ...options, encrypt: true }),
  )
  const inStore = (options: Shared) =>
    createSessions<Remembered>({
      ...options,
      store,
      onReplay: 'end',
    })
  const stored = twins('stored', inStore)
  const all: readonly Kind[] = [signed, encrypted, stored]
  const named = (name: string) => all.find((kind) => kind.name === name)
  const chosenFirst = named(first) ?? stored
  return {
    all,
    first: chosenFirst,
    stored: stored.sessions,
    of: (req) => named(cookieOf(req, CHOICE) ?? '') ?? chosenFirst,
    named,
    choiceOf: ({ name }) =>
      `${CHOICE}=${name}; Max-Age=${CHOICE_SECONDS}; Path=/; HttpOnly; SameSite=Lax`,
  }
}

const TWO_MINUTES = 2 * 60_000

/** Whether a store keeps these sessions. */
export function isStored({ name }: Kind): boolean {
  return name === 'stored'
}

/** The page of the inspector that shows a kind. */
export function inspectorOf({ first }: Pick<Kinds, 'first'>, { name }: Kind): string {
  return name === first.name ? '/__sessions' : `/__sessions-${name}`
}

/** The attributes of a kind's cookie, without those of its lifetime. */
export function attributesOf({ sessions }: Kind): readonly string[] {
  const { httpOnly, secure, path, sameSite } = sessions.describePolicy().cookie
  const flags = [...(httpOnly ? ['HttpOnly'] : []), ...(secure ? ['Secure'] : [])]
  return [...flags, `Path=${path}`, `SameSite=${sameSite}`]
}
