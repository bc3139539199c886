/** A visitor's browser and an app beside it, for tests of the option `encrypt`. */

import {
  createSessions,
  type EventFacts,
  type SessionEvent,
  type SessionOptions,
} from '../../src/index.ts'
import { SECRET } from './visitor.ts'
import { factsOf } from './facts-of.ts'

/** The time in these tests, in milliseconds since 1970. */
export const T0 = 1_795_000_000_000

/** A visitor's browser: keeps the cookie, and sends it. */
export function browser() {
  let cookie: string | undefined
  return {
    get cookie() {
      return cookie
    },
    async visit<Result>(
      sessions: ReturnType<typeof createSessions>,
      work: (session: Awaited<ReturnType<typeof sessions.open>>) => Result,
    ) {
      const session = await sessions.open(cookie)
      const result = work(session)
      const line = (await session.commit()).get('set-cookie')
      cookie = line?.split(';')[0] ?? cookie
      return { result, line }
    },
  }
}

/** Sessions, with what they told and their clock. */
export function made(options: Partial<SessionOptions> = {}) {
  const events: EventFacts[] = []
  const at = { now: T0 }
  const onEvent = (event: SessionEvent) => void events.push(factsOf(event))
  const sessions = createSessions({ secret: SECRET, clock: () => at.now, onEvent, ...options })
  return { sessions, events, at }
}
