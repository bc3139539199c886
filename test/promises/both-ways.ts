/** Serves one handler through Fetch and through Express, so that a promise is proved on both. */

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { sessionMiddleware } from '../../src/adapters/express.ts'
import { withSessions } from '../../src/adapters/fetch.ts'
import type { Session, Sessions } from '../../src/index.ts'

/** What a route does: it may open the session, and says what the response has. */
export interface Route {
  (open: () => Promise<Session<any>>): Promise<Reply> | Reply
}

export interface Reply {
  status?: number
  body?: string
  headers?: [name: string, value: string][]
}

/** Answers one request for `/`. */
export type Ask = (headers?: Record<string, string>, method?: string) => Promise<Response>

/** The ways a promise has to hold in. */
export const WAYS = ['Fetch', 'Express'] as const

/** Calls `work` with a way to ask a server whose only route is this one. */
export async function served(
  way: (typeof WAYS)[number],
  sessions: Sessions<any>,
  route: Route,
  work: (ask: Ask) => Promise<void>,
): Promise<void> {
  if (way === 'Fetch') {
    const handler = withSessions(sessions, async (request) => {
      const { status = 200, body = '', headers = [] } = await route(() => sessions.get(request))
      return new Response(status === 304 ? null : body, { status, headers })
    })
    // Request drops Cookie in browsers only; here it is kept.
    return work((headers = {}, method = 'GET') =>
      handler(new Request('http://localhost/', { method, headers })),
    )
  }
  const app = express().disable('x-powered-by').disable('etag')
  app.use(sessionMiddleware(sessions))
  app.use(async (req, res) => {
    const { status = 200, body = '', headers = [] } = await route(() => sessions.get(req))
    for (const [name, value] of headers) res.append(name, value)
    res.status(status).send(body)
  })
  const server = createServer(app)
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as AddressInfo
  try {
    await work((headers = {}, method = 'GET') =>
      fetch(`http://127.0.0.1:${port}/`, { method, headers, redirect: 'manual' }),
    )
  } finally {
    server.closeAllConnections()
    await new Promise((closed) => server.close(closed))
  }
}

/** The session cookie of a response as a Cookie header. */
export function cookieOf(response: Response): string {
  return response.headers.getSetCookie().at(-1)!.split(';')[0]!
}
