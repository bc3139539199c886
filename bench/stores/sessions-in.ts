/** Sessions in a store, with deadlines that a busy machine keeps. */

import { createSessions, type Sessions, type SessionStore } from 'sojourn'
import { SECRET } from '../http/cookie-sessions.ts'

export function sessionsIn(store: SessionStore): Sessions<any> {
  return createSessions<any>({
    secret: SECRET,
    store,
    cookie: { name: 'session', secure: false },
    deadlines: { read: '10s', write: '10s', commit: '20s' },
  })
}
