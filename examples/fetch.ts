/** Counts visits with a Fetch handler: `bun fetch.ts`, `deno serve fetch.ts`, or on Workers. */

import { createSessions } from 'sojourn'
import { withSessions } from 'sojourn/fetch'

const sessions = createSessions<{ visits: number }>({ secret: process.env.SESSION_SECRET })

async function handler(request: Request): Promise<Response> {
  const session = await sessions.get(request)
  const visits = session.update('visits', (n = 0) => n + 1)
  return new Response(`You have been here ${visits} times.`)
}

export default { fetch: withSessions(sessions, handler) }
