/** Hono on Node without sessions, with a cookie signed by hand, with ours, and with JSON in its own signed cookie. */

import type { Server } from 'node:http'
import { createAdaptorServer } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import { getSignedCookie, setSignedCookie } from 'hono/cookie'
import { sessionMiddleware } from 'sojourn/hono'
import { bareSigned } from '../cookies/bare-signed.ts'
import { small } from '../payloads.ts'
import { cookieSessions, SECRET } from './cookie-sessions.ts'
import type { Servers } from './serve.ts'

export const servers: Servers = {
  none() {
    const app = plain()
    for (const path of ['/new', '/read', '/write']) app.get(path, (c) => c.text('4217'))
    return served(app.fetch)
  },
  /** The least that a signed cookie takes: its parts, and the same headers. Checks nothing. */
  'by hand'() {
    const cookie = bareSigned('sha256')
    const app = plain()
    const write = (c: Context, line: string) => {
      c.header('Vary', 'Cookie')
      c.header('Set-Cookie', line)
      c.header('Cache-Control', 'private')
      return c.text('13')
    }
    app.get('/new', (c) => write(c, cookie.write(small)))
    app.get('/read', async (c) => {
      c.header('Vary', 'Cookie')
      return c.text(String(cookie.open(c.req.header('cookie')!, 'user_id')))
    })
    app.get('/write', async (c) => write(c, cookie.change(c.req.header('cookie')!, 'visits', 13)))
    return served(app.fetch)
  },
  sojourn() {
    const sessions = cookieSessions()
    const app = plain(new Hono().use(sessionMiddleware(sessions)))
    app.get('/new', async (c) => {
      const session = await sessions.get(c)
      for (const key in small) session.set(key, small[key])
      return c.text('made')
    })
    app.get('/read', async (c) => c.text(String((await sessions.get(c)).get('user_id'))))
    app.get('/write', async (c) => {
      const session = await sessions.get(c)
      return c.text(String(session.update('visits', (visits = 0) => visits + 1)))
    })
    return served(app.fetch)
  },
  'Hono signed cookie'() {
    const app = plain()
    const read = async (c: Context) => {
      return JSON.parse((await getSignedCookie(c, SECRET, 'session')) as string)
    }
    const write = (c: Context, data: object) => {
      const options = { httpOnly: true, path: '/', sameSite: 'Lax' } as const
      return setSignedCookie(c, 'session', JSON.stringify(data), SECRET, options)
    }
    app.get('/new', async (c) => {
      await write(c, small)
      return c.text('made')
    })
    app.get('/read', async (c) => c.text(String((await read(c)).user_id)))
    app.get('/write', async (c) => {
      const data = await read(c)
      data.visits += 1
      await write(c, data)
      return c.text(String(data.visits))
    })
    return served(app.fetch)
  },
}

function plain(app = new Hono()): Hono {
  return app.get('/never-asks', (c) => c.text('hello')) as unknown as Hono
}

function served(fetch: (request: Request) => Response | Promise<Response>): Server {
  return createAdaptorServer({ fetch }) as Server
}
