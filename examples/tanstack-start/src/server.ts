import handler, { createServerEntry } from '@tanstack/react-start/server-entry'
import { csrfGuard, withSessions } from 'sojourn/fetch'
import { sessions } from './sessions.ts'

export default createServerEntry({
  fetch: withSessions(sessions, csrfGuard(sessions, handler.fetch)),
})
