/** node:http without sessions, with a cookie signed by hand, with ours, and with cookie-session. */

import type { IncomingMessage, ServerResponse } from 'node:http'
import cookieSession from 'cookie-session'
import type { Request, Response } from 'express'
import { withSessions } from 'sojourn/node'
import { bareSigned } from '../cookies/bare-signed.ts'
import { small } from '../payloads.ts'
import { cookieSessions, SECRET } from './cookie-sessions.ts'
import type { Servers } from './serve.ts'

export const servers: Servers = {
  // Async, as the listener of an app with sessions is.
  none: () => async (req, res) => void res.end(req.url === '/never-asks' ? 'hello' : '4217'),
  /** The least that a signed cookie takes: its parts, and the same headers. Checks nothing. */
  'by hand'() {
    const cookie = bareSigned('sha256')
    return async (req, res) => {
      if (req.url === '/never-asks') return void res.end('hello')
      const sent = req.headers.cookie!
      res.setHeader('Vary', 'Cookie')
      if (req.url === '/read') return void res.end(String(cookie.open(sent, 'user_id')))
      const set = req.url === '/new' ? cookie.write(small) : cookie.change(sent, 'visits', 13)
      res.setHeader('Set-Cookie', set)
      res.setHeader('Cache-Control', 'private')
      res.end('13')
    }
  },
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
