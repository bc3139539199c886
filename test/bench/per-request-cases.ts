/** The requests whose cost is counted: a route that never asks, one that reads, one that writes. */

import type { IncomingMessage, ServerResponse } from 'node:http'
import { createSessions, type Session } from '../../src/index.ts'
import { withSessions } from '../../src/adapters/node/node.ts'
import { memoryStore } from '../../src/stores/memory/memory.ts'
import type { Case } from './count-per-request.ts'

export const without: Case = {
  listener: (_req, res) => void res.end('hello'),
  cookie: 'session=none',
}

const OPTIONS = {
  secret: 'kZ3bq0Wm9yN7uV1tR5xP8cL2aE6dG4hJ-oF_iSwQzXY',
  cookie: { name: 'session', secure: false },
  onEvent: () => {},
}

const PAGES: Record<string, (session: Session<any>) => unknown> = {
  read: (session) => session.get('user_id'),
  write: (session) => session.update('visits', (visits = 0) => visits + 1),
}

/** Each case by its name, with a cookie of its own. */
export async function casesOf(): Promise<Record<string, Case>> {
  const cases: Record<string, Case> = {}
  const signed = createSessions<any>(OPTIONS)
  const stored = createSessions<any>({ ...OPTIONS, store: memoryStore() })
  for (const [kind, sessions] of Object.entries({ signed, stored })) {
    const first = await sessions.open(null)
    first.set('user_id', 4217)
    first.set('name', 'Ada Lovelace')
    const cookie = (await first.commit()).getSetCookie()[0]!.split(';', 1)[0]!
    const never = withSessions(sessions, (_req, res) => void res.end('hello'))
    cases[`${kind}, never asks`] = { listener: never, cookie }
    for (const [page, show] of Object.entries(PAGES)) {
      const listener = withSessions(sessions, async (req: IncomingMessage, res: ServerResponse) => {
        show(await sessions.get(req))
        res.end('hello')
      })
      cases[`${kind}, ${page}`] = { listener, cookie }
    }
  }
  return cases
}
