import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loginRequired, withSessions } from '../../src/adapters/node/node.ts'
import { createSessions } from '../../src/index.ts'
import { memoryStore } from '../../src/stores/memory/memory.ts'
import { type HttpCache, type StartCache, startNginx, startVarnish } from '../servers/http-cache.ts'
import { SECRET } from '../session/visitor.ts'

const CACHES: Readonly<Record<string, StartCache>> = { nginx: startNginx, Varnish: startVarnish }

type Page = (req: IncomingMessage, res: ServerResponse) => unknown

/** Each page says how often it was made: what comes from a cache says a number again. */
function appOf() {
  const sessions = createSessions<any>({
    secret: SECRET,
    store: memoryStore(),
    cookie: { name: 'session', secure: false },
  })
  let made = 0
  const page = (of: string) => `${of}, ${(made += 1)}`
  const account: Page = async (req, res) => {
    const { userId } = await sessions.signedIn(req)
    res.end(page(`the account of ${userId}`))
  }
  const required = loginRequired(sessions, { redirect: '/login' }, (_req, res) =>
    res.end(page('an account')),
  )
  const pages: Record<string, Page> = {
    '/login': async (req, res) => {
      const session = await sessions.get(req)
      session.login('ada')
      res.end('welcome')
    },
    '/logout': async (req, res) => {
      const session = await sessions.get(req)
      session.logout()
      res.end('goodbye')
    },
    '/account': account,
    '/account/max-age': (req, res) => {
      res.setHeader('Cache-Control', 'max-age=60')
      return account(req, res)
    },
    '/account/head': async (req, res) => {
      const { userId } = await sessions.signedIn(req)
      res.writeHead(200, { 'cache-control': 'max-age=60' })
      res.end(page(`the account of ${userId}`))
    },
    '/account/streamed': async (req, res) => {
      const { userId } = await sessions.signedIn(req)
      res.write('the account ')
      res.end(page(`of ${userId}`))
    },
    '/account/not-found': async (req, res) => {
      const { userId } = await sessions.signedIn(req)
      res.statusCode = 404
      res.end(page(`nothing of ${userId}`))
    },
    '/account/expires': (req, res) => {
      // The caches compare it with the machine's clock.
      res.setHeader('Expires', new Date(Date.UTC(2100, 0, 1)).toUTCString())
      return account(req, res)
    },
    '/required': required,
    '/shop': async (req, res) => {
      const session = await sessions.get(req)
      res.setHeader('Cache-Control', 'max-age=60')
      res.end(page(session.userId === undefined ? 'the shop' : 'the shop of somebody'))
    },
    '/about': (_req, res) => {
      res.setHeader('Cache-Control', 'public, max-age=60')
      res.end(page('about us'))
    },
    // The app shares it: it is served to the cookie after the logout, too.
    '/account/shared': (req, res) => {
      res.setHeader('Cache-Control', 'public, max-age=60')
      return account(req, res)
    },
  }
  const handler = withSessions(sessions, async (req: IncomingMessage, res: ServerResponse) => {
    await pages[req.url!]!(req, res)
  })
  return createServer(handler)
}

describe.each(Object.keys(CACHES))('promise 7, cache-safe, behind a real %s', (name) => {
  let app: Server
  let cache: HttpCache
  beforeAll(async () => {
    app = appOf()
    await new Promise<void>((listening) => app.listen(0, '127.0.0.1', listening))
    cache = await CACHES[name]!((app.address() as AddressInfo).port)
  })
  afterAll(async () => {
    await cache?.stop()
    app.closeAllConnections()
    await new Promise((closed) => app.close(closed))
  })

  const ask = async (path: string, cookie?: string, method = 'GET') => {
    const response = await fetch(cache.origin + path, {
      method,
      redirect: 'manual',
      ...(cookie === undefined ? {} : { headers: { cookie } }),
    })
    return {
      status: response.status,
      body: await response.text(),
      hit: response.headers.get('x-cache') === 'HIT',
      cookie: response.headers.getSetCookie()[0]?.split(';')[0],
      control: response.headers.get('cache-control'),
    }
  }
  const signIn = async () => (await ask('/login', undefined, 'POST')).cookie!

  test.each([
    '/account',
    '/account/max-age',
    '/account/head',
    '/account/streamed',
    '/account/not-found',
    '/account/expires',
    '/required',
  ])('after a logout a copied cookie is not served the page %s', async (path) => {
    const cookie = await signIn()
    const first = await ask(path, cookie)
    expect(first.body).toMatch(/account|nothing of ada/)
    expect(first.control).toMatch(/^private\b/)
    const second = await ask(path, cookie)
    expect(second.hit).toBe(false)
    expect(second.body).not.toBe(first.body)
    expect((await ask(path, cookie, 'HEAD')).hit).toBe(false)
    await ask('/logout', cookie, 'POST')
    const after = await ask(path, cookie)
    expect(after.hit).toBe(false)
    expect(after.status).toBe(path === '/required' ? 303 : 401)
    expect(after.body).not.toMatch(/account of|an account|nothing of/)
  })

  test('what the app shares is served to the copied cookie: this cache tells', async () => {
    const cookie = await signIn()
    const first = await ask('/account/shared', cookie)
    await ask('/logout', cookie, 'POST')
    expect(await ask('/account/shared', cookie)).toMatchObject({ body: first.body, hit: true })
  })

  test('pages that open no session are still cached, for signed-in visitors too', async () => {
    const { body } = await ask('/about')
    expect(await ask('/about')).toMatchObject({ body, hit: true })
    const cookie = await signIn()
    expect((await ask('/about', cookie)).hit).toBe(true)
  })

  test('pages of visitors who are not signed in are still cached, and not given to others', async () => {
    const { body } = await ask('/shop')
    expect(body).toMatch(/^the shop, /)
    expect(await ask('/shop')).toMatchObject({ body, hit: true })
    const cookie = await signIn()
    for (let time = 0; time < 2; time += 1) {
      const own = await ask('/shop', cookie)
      expect(own.hit).toBe(false)
      expect(own.body).toMatch(/of somebody/)
    }
    expect(await ask('/shop')).toMatchObject({ body, hit: true })
  })
})
