/** A browser of the tests: keeps the session cookie between requests, and counts what it was sent. */

import {
  createSessions,
  type Session,
  type EventFacts,
  type SessionOptions,
} from '../../src/index.ts'
import { deriveKey } from '../../src/crypto/keyring.ts'
import { authenticator, timedSigner } from '../../src/crypto/signed.ts'
import { factsOf } from './facts-of.ts'

export const SECRET = 'pW7vX2qLr9TzK4mBn8YcJ5hGd3FsA6eu'
export const OLD_SECRET = 'Zk3nVb7QxRm5tLwP9sHc2JyDf8GaE4uT'
export const T0 = 1_700_000_000_000

/** Sessions with a clock that stands still until it is moved, and the events they emit. */
export function testSessions<Data extends object = Record<string, any>>(
  options: Partial<SessionOptions> = {},
) {
  const clock = { now: T0 }
  const events: EventFacts[] = []
  const sessions = createSessions<any>({
    secret: SECRET,
    clock: () => clock.now,
    onEvent: (event) => events.push(factsOf(event)),
    ...options,
  })
  return {
    sessions: sessions as ReturnType<typeof createSessions<any>>,
    clock,
    events,
    data: {} as Data,
  }
}

export interface Answer {
  headers: Headers
  setCookie: string | undefined
}

/** A visitor of sessions, whose requests run one after the other. */
export class Visitor {
  readonly sessions: ReturnType<typeof createSessions<any>>
  cookie: string | undefined

  constructor(sessions: ReturnType<typeof createSessions<any>>, cookie?: string) {
    this.sessions = sessions
    this.cookie = cookie
  }

  /** One request: opens, works, commits, and takes the Set-Cookie as a browser does. */
  async visit(work: (session: Session<any>) => unknown = () => {}): Promise<Answer> {
    const session = await this.sessions.open(this.cookie)
    await work(session)
    const headers = await session.commit()
    const [setCookie] = headers.getSetCookie()
    if (setCookie !== undefined) {
      this.cookie = /; Max-Age=0(;|$)/.test(setCookie) ? undefined : setCookie.split(';')[0]
    }
    return { headers, setCookie }
  }

  /** What a request reads, without keeping anything. */
  async read<Value>(look: (session: Session<any>) => Value): Promise<Value> {
    return look(await this.sessions.open(this.cookie))
  }
}

/** Signs any body as our own format would: what only the holder of the secret can send. */
export function forge(
  body: string,
  { seconds = T0 / 1000, secret = SECRET, name = 'session' } = {},
): string {
  const key = deriveKey(Buffer.from(secret), 'sojourn/1', 'session', '', name)
  return `${name}=${timedSigner(authenticator([key], 'sha256')).sign(body, seconds)}`
}
