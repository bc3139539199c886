/** The kinds of cookie there are: fresh genuine ones, and whether a value opens. */

import { werkzeugCookieValues } from '../../src/flask/cookie-header.ts'
import { type CookieReader, cookieValues } from '../../src/http/cookie.ts'
import { flask } from '../../src/flask/flask.ts'
import {
  createSessions,
  type Secret,
  type Session,
  type EventFacts,
  type SessionOptions,
  type Sessions,
  type SessionStore,
} from '../../src/index.ts'
import type { Opened } from '../../src/backends/backend.ts'
import type { Maybe } from '../../src/base/ports.ts'
import { resolveOptions } from '../../src/session/setup/settings.ts'
import { memoryStore } from '../../src/stores/memory/memory.ts'
import { type FakeClock, fakeClock } from '../../src/testing/testing.ts'
import { through } from '../promises/stores.ts'
import { SECRET, T0 } from '../session/visitor.ts'
import { factsOf } from '../session/facts-of.ts'

/** What the tests change about an app. */
export interface AppOptions {
  secret?: Secret | readonly Secret[]
  name?: string
  clock?: FakeClock
  /** Where ids find their rows; two apps that share it share their sessions. */
  store?: SessionStore
  /** Whatever else `createSessions` takes; Flask's preset takes none of it. */
  more?: Partial<SessionOptions>
}

/** An app with one kind of cookie. */
export interface App {
  readonly sessions: Sessions<any>
  readonly name: string
  readonly clock: FakeClock
  readonly events: EventFacts[]
  /** How many calls its store has had from requests. */
  calls(): number
  /** The cookie's value after a visit of somebody new, who does this. */
  cookieOf(work: (session: Session<any>) => unknown): Promise<string>
  /** Whether a Cookie header with this value finds a session, through the public API. */
  accepts(value: string): Promise<boolean>
  /** What the backend makes of a value: as `accepts`, without the header. */
  open(value: string): Maybe<Opened>
}

/** A kind of cookie. */
export interface Kind {
  readonly name: string
  /** Reads a Cookie header. */
  readonly cookieValues: CookieReader
  /** Whether the cookie only names a row of a store. */
  readonly stored: boolean
  /** Whether a cookie opens under its own name only; Flask's opens under any. */
  readonly namesItself: boolean
  app(options?: AppOptions): App
}

export const SIGNED = own('signed', {})
export const ENCRYPTED = own('encrypted', { encrypt: true })
export const ID = own('an id in a store', {}, { stored: true })
export const ENCRYPTED_ROW = own('an id of an encrypted row', { encrypt: true }, { stored: true })
export const FLASK: Kind = {
  name: "Flask's preset",
  stored: false,
  namesItself: false,
  cookieValues: werkzeugCookieValues,
  app: ({ secret = SECRET, name = 'session', ...options } = {}) => {
    const [current, ...fallbacks] = Array.isArray(secret) ? (secret as Secret[]) : [secret]
    const config = {
      SECRET_KEY: current as Secret,
      SECRET_KEY_FALLBACKS: fallbacks as Secret[],
      SESSION_COOKIE_NAME: name,
    }
    return appOf(flask(config), name, options)
  },
}

/** Each kind of cookie that an app can have; an id is the same, however its row is kept. */
export const KINDS: readonly Kind[] = [SIGNED, ENCRYPTED, ID, FLASK]

function own(name: string, fixed: Partial<SessionOptions>, { stored = false } = {}): Kind {
  return {
    name,
    stored,
    namesItself: true,
    cookieValues,
    app: ({ secret = SECRET, name: cookie = 'session', more, ...options } = {}) => {
      const given: SessionOptions = {
        secret,
        cookie: { name: cookie, secure: cookie.startsWith('__') },
        ...fixed,
        ...more,
      }
      return appOf(given, cookie, { ...options, stored })
    },
  }
}

function appOf(
  given: SessionOptions,
  name: string,
  { clock = fakeClock(T0), store, stored = false }: AppOptions & { stored?: boolean },
): App {
  let calls = 0
  const events: EventFacts[] = []
  const counted = through(store ?? memoryStore({ clock }), (_verb, _args, call) => {
    calls += 1
    return call()
  })
  const options: SessionOptions = {
    ...given,
    clock,
    onEvent: (event) => void events.push(factsOf(event)),
    ...(stored ? { store: counted } : {}),
  }
  const sessions: Sessions<any> = createSessions<any>(options)
  const { backend } = resolveOptions(options)
  return {
    sessions,
    name,
    clock,
    events,
    calls: () => calls,
    async cookieOf(work) {
      const session = await sessions.open(undefined)
      await work(session)
      const [line = ''] = (await session.commit()).getSetCookie()
      return line.slice(name.length + 1).split(';')[0]!
    },
    accepts: async (value) => !(await sessions.open(`${name}=${value}`)).isNew,
    open: (value) => backend.open([value], clock()),
  }
}
