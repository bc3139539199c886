/** node:http without sessions, with ours, and with cookie-session. */

import type { IncomingMessage, ServerResponse } from 'node:http'
import cookieSession from 'cookie-session'
import type { Request, Response } from 'express'
import { withSessions } from 'sojourn/node'
import { small } from '../payloads.ts'
import { cookieSessions, SECRET } from './cookie-sessions.ts'
import type { Servers } from './serve.ts'

export const servers: Servers = {
  none: () => (req, res) => res.end(req.url === '/never-asks' ? 'hello' : '4217'),
  sojourn() {
    const sessions = cookieSessions()
    return withSessions(sessions, async (req: IncomingMessage, res: ServerResponse) => {
      if (req.url === '/never-asks') return res.end('hello')
      const session = await sessions.get(req)
      if (req.url === '/new') for (const key in small) session.set(key, small[key])
      if (req.url === '/write') session.update('visits', (visits = 0) => visits + 1)
      res.end(String(session.get('user_id')))
    })
  },
  'cookie-session'() {
    const handle = cookieSession({ name: 'session', keys: [SECRET], sameSite: 'lax' })
    return (req, res) =>
      handle(req as Request, res as Response, () => {
        if (req.url === '/never-asks') return res.end('hello')
        const { session } = req as unknown as { session: Record<string, any> }
        if (req.url === '/new') Object.assign(session, small)
        if (req.url === '/write') session['visits']++
        res.end(String(session['user_id']))
      })
  },
}
