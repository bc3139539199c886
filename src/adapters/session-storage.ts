/** React Router's interface `SessionStorage` for our sessions, for apps that move from it. */

import type { SessionError } from '../base/errors.ts'
import { invalid } from '../base/options.ts'
import type { Session } from '../session/session.ts'
import { requireSessions } from '../session/require-sessions.ts'
import type { Sessions } from '../session/sessions.ts'

type FlashKey<Key extends string> = `__flash_${Key}__`
type NameIn<Data, FlashData> = (keyof Data | keyof FlashData) & string

/** React Router's interface of a session. */
interface RouterSession<Data, FlashData> {
  /** `session.handle`; empty for a session in the cookie. */
  readonly id: string
  /** The data, with waiting flash values. */
  readonly data: Partial<
    Data & { [Key in keyof FlashData as FlashKey<Key & string>]: FlashData[Key] }
  >
  /** Whether the name is set. */
  has(name: NameIn<Data, FlashData>): boolean
  /** Returns a value. A flash value is then removed. */
  get<Key extends NameIn<Data, FlashData>>(
    name: Key,
  ):
    | (Key extends keyof Data ? Data[Key] : undefined)
    | (Key extends keyof FlashData ? FlashData[Key] : undefined)
    | undefined
  /** Sets a value. */
  set<Key extends keyof Data & string>(name: Key, value: Data[Key]): void
  /** Sets a value that is removed when it is read. */
  flash<Key extends keyof FlashData & string>(name: Key, value: FlashData[Key]): void
  /** Removes a value. */
  unset(name: NameIn<Data, FlashData>): void
}

/** A session of `sessionStorage`. */
export interface StorageSession<Data, FlashData> extends RouterSession<Data, FlashData> {
  /** Sojourn's session, for `login` and `logout`. */
  readonly session: Session<Data>
}

/** React Router's interface `SessionStorage`. */
export interface SessionStorage<Data, FlashData> {
  /** Opens the session of a Cookie header. */
  getSession(cookieHeader?: string | null): Promise<StorageSession<Data, FlashData>>
  /**
   * Saves the session. Returns the Set-Cookie header; `''` if the browser needs no new cookie.
   *
   * @throws ERR_OPTION_INVALID for options: the cookie is set up in `createSessions`. Also the errors
   * of `session.commit`.
   */
  commitSession(session: RouterSession<Data, FlashData>, options?: object): Promise<string>
  /** Ends the session. Returns the Set-Cookie header that removes the cookie. */
  destroySession(session: RouterSession<Data, FlashData>, options?: object): Promise<string>
}

/**
 * Makes a `SessionStorage` with `getSession`, `commitSession` and `destroySession`, in place of
 * `createCookieSessionStorage` or `createSessionStorage`.
 *
 * It has React Router's limits: a session is saved only if you commit it, and concurrent loaders do
 * not share one session object. Sign visitors in by `session.session.login(id)`, which renews the
 * session id. In one request use either this or `sessions.get(context)`: both set the same cookie.
 *
 * @throws ERR_OPTION_INVALID if `formerly` has a cookie of another name: `commitSession` returns one
 * Set-Cookie line
 *
 * @example
 * import { sessionStorage } from 'sojourn/react-router'
 * export const { getSession, commitSession, destroySession } = sessionStorage(sessions)
 */
export function sessionStorage<Data = any, FlashData = Data>(
  sessions: Sessions<Data>,
): SessionStorage<Data, FlashData> {
  requireSessions(sessions, 'sessionStorage', 'sessionStorage(sessions)')
  refuseSeveralCookies(sessions)
  const known = new WeakMap<object, Session>()
  const ours = (session: object, options: object | undefined) => {
    if (options !== undefined) {
      throw invalid('options', 'cannot be set here: set cookie and lifetime in createSessions')
    }
    const found = known.get(session)
    if (!found) throw invalid('session', 'was not returned by getSession of this storage')
    return found
  }
  return {
    async getSession(cookieHeader) {
      const session: Session<any> = await sessions.open(cookieHeader)
      const wrapped = routerSession(session)
      known.set(wrapped, session)
      return wrapped
    },
    commitSession: async (session, options) => setCookieOf(ours(session, options)),
    async destroySession(session, options) {
      const ended = ours(session, options)
      ended.logout()
      return setCookieOf(ended)
    },
  }
}

/** As in React Router, the `get` that returns a flash message removes it. */
function routerSession(session: Session<any>): StorageSession<any, any> {
  return {
    session,
    get id() {
      return session.handle ?? ''
    },
    get data() {
      return Object.fromEntries(session)
    },
    has: (name) => session.has(name) || session.has(flashKey(name)),
    get: (name) => (session.has(name) ? session.get(name) : session.pop(flashKey(name))),
    set: (name, value) => void session.set(name, value),
    flash: (name, value) => void session.set(flashKey(name), value),
    unset: (name) => void session.delete(name),
  }
}

function flashKey(name: string): string {
  return `__flash_${name}__`
}

async function setCookieOf(session: Session): Promise<string> {
  const [line = '', ...more] = (await session.commit()).getSetCookie()
  if (more.length > 0) throw oneLineOnly('Use sessionMiddleware')
  return line
}

/** Refuses former cookies of another name: one left in the browser would sign in again after a logout. */
function refuseSeveralCookies({ describePolicy }: Sessions<any>): void {
  const { cookie, formerly } = describePolicy()
  const former = formerly.find(({ cookieName }) => cookieName !== cookie.name)
  if (!former) return
  throw oneLineOnly(`Set cookie: { name: '${former.cookieName}' }, or use sessionMiddleware`)
}

function oneLineOnly(remedy: string): SessionError {
  return invalid('sessions', `set several cookies, but commitSession returns one. ${remedy}`)
}
