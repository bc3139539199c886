/** The life of a user's sessions, step by step, and what the cookies of it open. */

import { createSessions, type Session, type StoredSessions } from '../../src/index.ts'
import type { SessionStore } from '../../src/backends/stored/store.ts'
import { SECRET } from '../session/visitor.ts'

/** The browsers of one user: each cookie that each of them was ever given, the last one valid. */
export type Jars = Record<string, string[]>

/** What a request or an administrator does. */
export interface Step {
  readonly name: string
  /** Whose cookie it comes with; none where it is done across sessions. */
  readonly browser: string | undefined
  run(sessions: StoredSessions, jars: Jars, user: string): Promise<void>
}

/** A longer grace and deadlines than the time any machine needs for a test. */
export function lifeSessions(store: SessionStore, clock: () => number): StoredSessions {
  return createSessions<any>({
    secret: SECRET,
    store,
    clock,
    cookie: { name: 'session', secure: false },
    grace: `${GRACE_MS}ms`,
    maxSessionsPerUser: 2,
    deadlines: { read: '20s', write: '20s', commit: '30s' },
    onEvent: () => {},
  })
}

export const GRACE_MS = 600_000

/** Writes two keys at once: a torn record would have one of them. */
const write = (session: Session) => {
  session.update('count', (count = 0) => count + 1)
  session.update('twin', (twin = 0) => twin + 1)
}

/** From a first visit to the end of everything. Each login over the limit ends the oldest session. */
export const STEPS: readonly Step[] = [
  request('first write', 'A', write),
  request('update', 'A', write),
  request('login', 'A', (session, user) => session.login(user)),
  request('regenerate', 'A', (session) => session.regenerate()),
  request('the first visit under the new id', 'A', write),
  request('login elsewhere', 'B', (session, user) => session.login(user)),
  request('login that evicts the oldest', 'C', (session, user) => session.login(user)),
  request('update by the next one', 'C', write),
  request('logout', 'B', (session) => session.logout()),
  request('login after a logout', 'B', (session, user) => {
    session.login(user)
    write(session)
  }),
  request('login again, in place', 'B', (session, user) => session.login(user)),
  {
    name: 'revokeUser',
    browser: undefined,
    run: async (sessions, _jars, user) => void (await sessions.revokeUser(user)),
  },
]

/** One request: the response leaves, cookie and all, only when this is over. */
function request(name: string, browser: string, work: (session: Session, user: string) => void) {
  const run: Step['run'] = async (sessions, jars, user) => {
    const given = (jars[browser] ??= [])
    const session = await sessions.open(given.at(-1) ?? null)
    work(session, user)
    const [line] = (await session.commit()).getSetCookie()
    // A browser drops a cookie that is cleared; what was copied of it before stays.
    if (line !== undefined) given.push(/; Max-Age=0(;|$)/.test(line) ? '' : line.split(';')[0]!)
  }
  return { name, browser, run }
}

/** The verbs that requests call. */
// oxfmt-ignore
const VERBS = [
  'read', 'insert', 'swap', 'touch', 'remove',
  'epoch', 'admit', 'keep', 'list', 'revoke', 'forget',
]

/** A store whose calls pass through other hands. */
export function aroundCalls(
  store: SessionStore,
  around: (call: () => Promise<unknown>) => Promise<unknown>,
): SessionStore {
  return new Proxy(store, {
    get(target, name) {
      // What the tests' own servers are set to is nobody's business here.
      if (name === 'check') return async () => []
      const member: unknown = Reflect.get(target, name)
      if (typeof member !== 'function' || !VERBS.includes(String(name))) return member
      return (...args: unknown[]) =>
        around(() => Reflect.apply(member, target, args) as Promise<unknown>)
    },
  })
}

/** What a cookie opens. */
export interface Opens {
  readonly user: 'the user' | 'nobody' | 'somebody else'
  readonly count: number
  readonly twin: number
}

/** What is seen of a user from outside. */
export interface Seen {
  /** What each cookie there ever was opens, under the browser's name and its place there. */
  readonly opens: Readonly<Record<string, Opens>>
  /** The sessions the user is signed in to that are not in the list of the user's sessions. */
  readonly unlisted: readonly string[]
  readonly listed: number
}

/** Looks at everything a user has, and changes nothing. */
export async function look(sessions: StoredSessions, jars: Jars, user: string): Promise<Seen> {
  const opens: Record<string, Opens> = {}
  const listed = (await sessions.list(user)).map(({ handle }) => handle)
  const unlisted: string[] = []
  for (const [browser, cookies] of Object.entries(jars)) {
    for (const [place, cookie] of cookies.entries()) {
      const session = await sessions.open(cookie)
      const { userId, handle } = session
      opens[browser + place] = {
        user: userId === user ? 'the user' : userId === undefined ? 'nobody' : 'somebody else',
        count: session.get('count') ?? 0,
        twin: session.get('twin') ?? 0,
      }
      if (userId !== undefined && !listed.includes(handle!)) unlisted.push(browser + place)
    }
  }
  return { opens, unlisted, listed: listed.length }
}
