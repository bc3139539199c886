/** A browser of the tests with several cookies, and sessions that share one clock. */

import { type EventFacts, type Session, type SessionOptions } from '../../../src/index.ts'
import { createSessions } from '../../../src/index.ts'
import { factsOf } from '../facts-of.ts'

export const T0 = Date.UTC(2026, 10, 1)
export const DAY = 86_400_000
export const SECRET = 'pW7vX2qLr9TzK4mBn8YcJ5hGd3FsA6eu'
export const NEW_SECRET = 'Zk3nVb7QxRm5tLwP9sHc2JyDf8GaE4uT'

export type AnySessions = ReturnType<typeof createSessions<any>>

/** A clock for both sides. */
export function fakeTime() {
  const time = { now: T0 }
  return { time, clock: () => time.now }
}

/** Sessions and the events that they emitted. */
export function withEvents(options: SessionOptions) {
  const events: EventFacts[] = []
  const onEvent = (event: any) => void events.push(factsOf(event))
  const sessions = createSessions<any>({ onEvent, ...options } as any) as any
  return { sessions: sessions as AnySessions & Record<string, any>, events }
}

/** Keeps the cookies of one site, by name, and sends them. */
export class Jar {
  readonly cookies = new Map<string, string>()

  get header(): string | undefined {
    if (this.cookies.size === 0) return undefined
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  }

  take(lines: readonly string[]): void {
    for (const line of lines) {
      const [pair = ''] = line.split(';', 1)
      const at = pair.indexOf('=')
      const isExpired = /; Max-Age=0(;|$)/.test(line) || /Expires=Thu, 01 Jan 1970/.test(line)
      if (isExpired) this.cookies.delete(pair.slice(0, at))
      else this.cookies.set(pair.slice(0, at), pair.slice(at + 1))
    }
  }

  /** One request; returns the Set-Cookie lines. */
  async visit(
    sessions: AnySessions,
    work: (session: Session<any>) => unknown = () => {},
  ): Promise<string[]> {
    const session = await sessions.open(this.header)
    await work(session)
    const lines = (await session.commit()).getSetCookie()
    this.take(lines)
    return lines
  }

  /** Who is signed in, by a request that commits. */
  async user(sessions: AnySessions): Promise<string | undefined> {
    let user: string | undefined
    await this.visit(sessions, (session) => void (user = session.userId))
    return user
  }

  /** Another browser with the same cookies. */
  copy(): Jar {
    const copy = new Jar()
    for (const [name, value] of this.cookies) copy.cookies.set(name, value)
    return copy
  }
}

/** A store of express-session. */
export function legacyRows() {
  const rows = new Map<string, string>()
  return {
    rows,
    get(id: string, done: (error: unknown, data?: unknown) => void) {
      const row = rows.get(id)
      done(null, row === undefined ? undefined : JSON.parse(row))
    },
    set(id: string, data: unknown, done?: () => void) {
      rows.set(id, JSON.stringify(data))
      done?.()
    },
    destroy(id: string, done?: () => void) {
      rows.delete(id)
      done?.()
    },
  }
}
