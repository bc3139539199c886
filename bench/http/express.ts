/** Express without sessions, with a cookie signed by hand, with ours, and with two other libraries. */

import type { Store } from 'express-session'
import cookieSession from 'cookie-session'
import express, { type Express, type Request, type RequestHandler } from 'express'
import expressSession from 'express-session'
import type { Sessions } from 'sojourn'
import { sessionMiddleware } from 'sojourn/express'
import { bareSigned } from '../cookies/bare-signed.ts'
import { small } from '../payloads.ts'
import { cookieSessions, SECRET } from './cookie-sessions.ts'
import type { Servers } from './serve.ts'

export const servers: Servers = {
  none: withoutSessions,
  'by hand': withSignedCookie,
  sojourn: () => withSojourn(cookieSessions()),
  'cookie-session': () =>
    withData(cookieSession({ name: 'session', keys: [SECRET], sameSite: 'lax' })),
  'express-session, memory': () => withExpressSession(),
}

export function withoutSessions(): Express {
  const app = plain()
  app.get(['/new', '/read', '/write'], (_req, res) => void res.send('4217'))
  return app
}

/** The least that a signed cookie takes: its parts, and the same headers. Checks nothing. */
function withSignedCookie(): Express {
  const app = plain()
  const cookie = bareSigned('sha256')
  app.get('/new', async (_req, res) => {
    res.setHeader('Set-Cookie', cookie.write(small))
    res.send('made')
  })
  app.get('/read', async (req, res) => {
    res.setHeader('Vary', 'Cookie')
    res.send(String(cookie.open(req.headers.cookie!, 'user_id')))
  })
  app.get('/write', async (req, res) => {
    res.setHeader('Vary', 'Cookie')
    res.setHeader('Set-Cookie', cookie.change(req.headers.cookie!, 'visits', 13))
    res.setHeader('Cache-Control', 'private')
    res.send('13')
  })
  return app
}

export function withSojourn(sessions: Sessions<any>): Express {
  const app = plain(sessionMiddleware(sessions))
  app.get('/new', async (req, res) => {
    const session = await sessions.get(req)
    for (const key in small) session.set(key, small[key])
    res.send('made')
  })
  app.get('/read', async (req, res) => {
    res.send(String((await sessions.get(req)).get('user_id')))
  })
  app.get('/write', async (req, res) => {
    res.send(String((await sessions.get(req)).update('visits', (visits = 0) => visits + 1)))
  })
  return app
}

/** express-session as its page recommends it; in memory if there is no store. */
export function withExpressSession(store?: Store): Express {
  const options = { secret: SECRET, name: 'session', resave: false, saveUninitialized: false }
  return withData(expressSession(store ? { ...options, store } : options))
}

/** The pages over a plain object `req.session`. */
function withData(middleware: RequestHandler): Express {
  const app = plain(middleware)
  const dataOf = (req: Request) => (req as unknown as { session: Record<string, any> }).session
  app.get('/new', (req, res) => {
    Object.assign(dataOf(req), small)
    res.send('made')
  })
  app.get('/read', (req, res) => void res.send(String(dataOf(req)['user_id'])))
  app.get('/write', (req, res) => void res.send(String(++dataOf(req)['visits'])))
  return app
}

function plain(middleware?: RequestHandler): Express {
  const app = express().disable('x-powered-by').disable('etag')
  if (middleware) app.use(middleware)
  app.get('/never-asks', (_req, res) => void res.send('hello'))
  return app
}
