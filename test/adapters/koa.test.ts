/** What is particular to Koa: error handlers before the middleware, `ctx.respond`, `next` that is dropped. */

import { bodyParser } from '@koa/bodyparser'
import { Router } from '@koa/router'
import Koa, { type Context } from 'koa'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { describe, expect, it, onTestFinished } from 'vitest'
import { csrfGuard, loginRequired, sessionMiddleware } from 'sojourn/koa'
import { createSessions, type SessionOptions } from 'sojourn'
import { memoryStore } from 'sojourn/stores/memory'
import { SECRET } from '../session/visitor.ts'

const settings = { secret: SECRET, cookie: { name: 'session', secure: false } }
const sessions = createSessions<any>(settings)

async function asking(app: Koa<any, any>) {
  const server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return async (path: string, init: RequestInit = {}) => {
    const response = await fetch(origin + path, { redirect: 'manual', ...init })
    const { status, headers } = response
    return { status, headers, cookies: headers.getSetCookie(), body: await response.text() }
  }
}

async function visits(ctx: object): Promise<string> {
  const session = await sessions.get(ctx)
  return `visits ${session.update('visits', (n = 0) => n + 1)}`
}

describe('sessionMiddleware', () => {
  it.each(['ctx', 'ctx.request', 'ctx.req'])('finds the session by %s', async (carrier) => {
    const carriers: Record<string, (ctx: Context) => object> = {
      ctx: (ctx) => ctx,
      'ctx.request': (ctx) => ctx.request,
      'ctx.req': (ctx) => ctx.req,
    }
    const app = new Koa().use(sessionMiddleware(sessions))
    app.use(async (ctx) => void (ctx.body = await visits(carriers[carrier]!(ctx))))
    const { body, cookies } = await (await asking(app))('/')
    expect([body, cookies.length]).toEqual(['visits 1', 1])
  })

  it('passes on what later middleware returns', async () => {
    const returned: unknown[] = []
    const app = new Koa().use(async (_ctx, next) => void returned.push(await next()))
    app.use(sessionMiddleware(sessions)).use(sessionMiddleware(sessions))
    app.use(async () => 'what it returned')
    await (
      await asking(app)
    )('/')
    expect(returned).toEqual(['what it returned'])
  })

  it('saves what middleware before it changes when the page is done', async () => {
    const app = new Koa().use(async (ctx, next) => {
      await next()
      ctx.body = `${ctx.body}, ${await visits(ctx)}`
    })
    app.use(sessionMiddleware(sessions))
    app.use(async (ctx) => void (ctx.body = await visits(ctx)))
    const ask = await asking(app)
    const first = await ask('/')
    expect(first.body).toBe('visits 1, visits 2')
    const cookie = first.cookies.at(-1)!.split(';')[0]!
    expect((await ask('/', { headers: { cookie } })).body).toBe('visits 3, visits 4')
  })

  it('commits before the headers of a response that the app sends itself', async () => {
    const app = new Koa().use(sessionMiddleware(sessions)).use(async (ctx) => {
      ctx.respond = false
      const body = await visits(ctx)
      setImmediate(() => ctx.res.writeHead(200).end(body))
    })
    const { status, body, cookies } = await (await asking(app))('/')
    expect([status, body, cookies.length]).toEqual([200, 'visits 1', 1])
  })
})

const away = { ...memoryStore(), insert: () => Promise.reject(new Error('away')) }
const FAILURES: Record<string, [options: Partial<SessionOptions>, code: string, status: number]> = {
  'too large for the cookie': [{}, 'ERR_COOKIE_TOO_LARGE', 500],
  'in a store that is away': [{ store: away }, 'ERR_STORE_UNAVAILABLE', 503],
}

describe.each(Object.keys(FAILURES))('a session %s', (failure) => {
  const [options, code, status] = FAILURES[failure]!

  async function failing(send: (ctx: Context) => unknown, { isHandled = true } = {}) {
    const failing = createSessions<any>({ ...settings, ...options })
    const handled: string[] = []
    const app = new Koa().on('error', (error) => void handled.push(`event ${error.code}`))
    app.use(async (ctx, next) => {
      try {
        await next()
      } catch (error: any) {
        if (!isHandled) throw error
        handled.push(error.code)
        ctx.status = error.status
        ctx.body = { sorry: error.code }
      }
    })
    app.use(sessionMiddleware(failing)).use(async (ctx) => {
      const session = await failing.get(ctx)
      session.set('x', randomBytes(4000).toString('base64url'))
      ctx.set({ 'cache-control': 'public, max-age=60', etag: '"v1"' })
      send(ctx)
    })
    return { handled, response: await (await asking(app))('/') }
  }

  const PAGES: Record<string, (ctx: Context) => unknown> = {
    'a page': (ctx) => (ctx.body = { the: 'page' }),
    'a stream': (ctx) => (ctx.body = Readable.from(['the ', 'page'])),
    'a redirect': (ctx) => ctx.redirect('/elsewhere'),
  }

  it.each(Object.keys(PAGES))(
    'is thrown to the error handler before the middleware, in place of %s',
    async (page) => {
      const { handled, response } = await failing(PAGES[page]!)
      expect(handled).toEqual([code])
      expect([response.status, JSON.parse(response.body)]).toEqual([status, { sorry: code }])
      expect(response.headers.get('cache-control')).toBe('no-store')
      expect(response.headers.get('vary')).toBe('Cookie')
      expect(response.cookies).toEqual([])
      for (const name of ['etag', 'location']) expect(response.headers.get(name)).toBeNull()
    },
  )

  it('is an error of Koa’s own without one: `app.on("error")` gets it', async () => {
    const { handled, response } = await failing(PAGES['a page']!, { isHandled: false })
    expect(handled).toEqual([`event ${code}`])
    expect(response.status).toBe(status)
    expect(response.body).toBe(status === 503 ? 'Service Unavailable' : 'Internal Server Error')
  })

  it('is a fixed response where the app sends it itself, whatever its error handler sets', async () => {
    const { handled, response } = await failing((ctx) => {
      ctx.respond = false
      setImmediate(() => ctx.res.end('the page'))
    })
    expect([handled, response.status]).toEqual([[], status])
    expect(response.body).toBe('Your session could not be saved. Please try again.\n')
  })
})

describe('the guards', () => {
  function guarded() {
    const app = new Koa().on('error', () => {})
    app.use(sessionMiddleware(sessions)).use(bodyParser()).use(csrfGuard(sessions))
    const router = new Router()
    router.get('/token', async (ctx) => {
      ctx.body = (await sessions.get(ctx)).set('a', 1).csrfToken()
    })
    router.post('/form', (ctx) => void (ctx.body = 'sent'))
    router.get('/account', loginRequired(sessions, { redirect: '/login' }), (ctx) => {
      ctx.body = 'account'
    })
    return asking(app.use(router.routes()))
  }

  it('csrfGuard reads the token from a form', async () => {
    const ask = await guarded()
    const { body: token, cookies } = await ask('/token')
    const cookie = cookies.map((line) => line.split(';')[0]).join('; ')
    const send = (_csrf: string) =>
      ask('/form', {
        method: 'POST',
        headers: { cookie, origin: 'null' },
        body: new URLSearchParams({ _csrf }),
      })
    const headers = { 'sec-fetch-site': 'cross-site' }
    expect((await ask('/form', { method: 'POST', headers })).status).toBe(403)
    expect((await send('forged')).status).toBe(403)
    expect((await send(token)).body).toBe('sent')
  })

  it('loginRequired sends the page that was asked for along, and stops there', async () => {
    const { status, headers, body } = await (await guarded())('/account?tab=2')
    expect([status, headers.get('location')]).toEqual([303, '/login?next=%2Faccount%3Ftab%3D2'])
    expect(headers.get('cache-control')).toContain('no-store')
    expect(body).not.toContain('account\n')
  })

  it('a guard that refused and was not awaited: nothing is served, and nothing saved', async () => {
    const kept: string[] = []
    const store = memoryStore()
    const insert: typeof store.insert = (...row) => (kept.push(row[0]), store.insert(...row))
    const counting = { ...store, insert }
    const stored = createSessions<any>({ ...settings, store: counting })
    const app = new Koa().on('error', () => {}).use(sessionMiddleware(stored))
    app.use(async (ctx) => {
      const session = await stored.get(ctx)
      session.set('late', true)
      void stored.signedIn(ctx)
      ctx.body = 'the page'
    })
    const { status, cookies } = await (await asking(app))('/')
    expect([status, cookies, kept]).toEqual([401, [], []])
  })

  it('what was written before an error is kept, as in Flask', async () => {
    const app = new Koa().on('error', () => {}).use(sessionMiddleware(sessions))
    app.use(async (ctx) => {
      await visits(ctx)
      ctx.throw(418)
    })
    const { status, cookies } = await (await asking(app))('/')
    expect([status, cookies.length]).toEqual([418, 1])
  })
})
