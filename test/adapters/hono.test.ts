/** What is particular to Hono: how it merges headers, its `onError`, its sub-apps and helpers. */

import { randomBytes } from 'node:crypto'
import type { Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { serve } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { type Context, Hono } from 'hono'
import { hc } from 'hono/client'
import { bodyLimit } from 'hono/body-limit'
import { compress } from 'hono/compress'
import { cors } from 'hono/cors'
import { etag } from 'hono/etag'
import { createMiddleware } from 'hono/factory'
import { HTTPException } from 'hono/http-exception'
import { secureHeaders } from 'hono/secure-headers'
import { streamSSE, streamText } from 'hono/streaming'
import { describe, expect, expectTypeOf, it, onTestFinished } from 'vitest'
import { csrfGuard, loginRequired, sessionMiddleware } from '../../src/adapters/hono.ts'
import { createSessions, type SessionEvent } from '../../src/index.ts'
import { memoryStore } from '../../src/stores/memory/memory.ts'
import { SECRET } from '../session/visitor.ts'

type Data = { visits: number; blob: string }

const sessions = createSessions<Data>({ secret: SECRET })

const apps = () => new Hono().use(sessionMiddleware(sessions))

async function visit(c: Context) {
  return (await sessions.get(c)).update('visits', (n = 0) => n + 1)
}

/** How many visits the cookie of a response has counted. */
async function savedIn(response: Response, from = sessions): Promise<number | undefined> {
  const lines = response.headers.getSetCookie().map((line) => line.split(';')[0])
  return (await from.open(lines.join('; '))).get('visits')
}

const SIGNED_IN = async () => {
  const app = apps().get('/', async (c) => {
    ;(await sessions.get(c)).login('ada')
    return c.body(null)
  })
  return (await app.request('/')).headers.getSetCookie()[0]!.split(';')[0]!
}

describe('the session cookie is sent', () => {
  const page = async (c: Context) => c.text(`visit ${await visit(c)}`)

  it.each<[string, (app: Hono, inner: Hono) => void]>([
    ['from a sub-app', (app, inner) => app.route('/', inner)],
    ['under a base path', (app) => app.basePath('/').get('/', page)],
    ['beside a header set before the session', (app) => app.get('/', page)],
    ['with compression', (app) => app.use(compress({ threshold: 0 })).get('/', page)],
    ['with an ETag', (app) => app.use(etag()).get('/', page)],
    ['with security headers and CORS', (app) => app.use(secureHeaders(), cors()).get('/', page)],
    ['from a 404 page', (app) => app.notFound(async (c) => c.text(`${await visit(c)}`, 404))],
    ['with a redirect', (app) => app.get('/', async (c) => c.redirect(`/${await visit(c)}`))],
    [
      'with a stream that begins after it was written',
      (app) =>
        app.get('/', async (c) => {
          await visit(c)
          return streamText(c, async (stream) => void (await stream.write('slowly')))
        }),
    ],
    [
      'with server-sent events',
      (app) =>
        app.get('/', async (c) => {
          await visit(c)
          return streamSSE(c, (stream) => stream.writeSSE({ data: 'hello' }))
        }),
    ],
  ])('%s', async (_, build) => {
    const app = new Hono()
    // Both kinds of middleware that Hono's own headers tend to meet.
    app.use(secureHeaders(), compress({ threshold: 0 }), async (c, next) => {
      c.header('x-before', '1')
      c.header('set-cookie', 'theme=dark; Path=/')
      await next()
      c.header('x-after', '1')
      c.header('vary', 'Accept-Language', { append: true })
    })
    app.use(sessionMiddleware(sessions))
    build(app, new Hono().get('/', page))
    const response = await app.request('/', { headers: { 'accept-encoding': 'gzip' } })
    expect(await savedIn(response)).toBe(1)
    expect(response.headers.getSetCookie()).toHaveLength(2)
    expect(response.headers.getSetCookie()[0]).toBe('theme=dark; Path=/')
    expect(response.headers.get('vary')).toMatch(/\bCookie\b/)
    expect(response.headers.get('vary')).toContain('Accept-Language')
    expect([response.headers.get('x-before'), response.headers.get('x-after')]).toEqual(['1', '1'])
    expect(response.headers.get('cache-control')).toContain('private')
  })

  it('for each of two sessions of an app', async () => {
    const other = createSessions<Data>({ secret: SECRET, cookie: { name: 'admin' } })
    const app = apps().use(sessionMiddleware(other), sessionMiddleware(sessions))
    app.get('/', async (c) => {
      await visit(c)
      ;(await other.get(c)).set('visits', 7)
      return c.text('both')
    })
    const response = await app.request('/')
    expect(response.headers.getSetCookie()).toHaveLength(2)
    expect([await savedIn(response), await savedIn(response, other)]).toEqual([1, 7])
  })

  it('from an app of another kind, mounted at a path, which finds the session too', async () => {
    const app = apps()
    app.mount('/admin', async (request: Request) => {
      sessions.carry([request])
      const session = await sessions.get(request)
      session.update('visits', (n = 0) => n + 1)
      return new Response((await sessions.current()) === session ? 'the same' : 'another')
    })
    const response = await app.request('/admin/x')
    expect(await response.text()).toBe('the same')
    expect(await savedIn(response)).toBe(1)
  })
})

describe('what was written before an error is saved', () => {
  it.each<[string, unknown, (app: Hono) => void, number]>([
    ["Hono's error page", new Error('no'), () => {}, 500],
    ['an HTTPException', new HTTPException(418), () => {}, 418],
    ["the app's onError", new Error('no'), (app) => app.onError((_, c) => c.text('oh', 502)), 502],
    [
      'an onError that returns a plain Response',
      new Error('no'),
      (app) => app.onError(() => new Response('oh', { status: 502 })),
      502,
    ],
    ['a Response that is thrown', new Response('gone', { status: 410 }), () => {}, 410],
  ])('%s', async (_, thrown, build, status) => {
    const app = apps()
    app.get('/', async (c) => {
      await visit(c)
      throw thrown
    })
    build(app)
    const response = await app.request('/')
    expect(response.status).toBe(status)
    expect(await savedIn(response)).toBe(1)
  })

  it('an error that onError throws again is nobody else: nothing is saved', async () => {
    const app = apps()
    app.get('/', async (c) => {
      await visit(c)
      throw new Error('no')
    })
    app.onError((error) => {
      throw error
    })
    await expect(app.request('/')).rejects.toThrow('no')
  })
})

describe("errors of the session are the app's", () => {
  const big = async (c: Context) => {
    ;(await sessions.get(c)).set('blob', randomBytes(4000).toString('base64url'))
    return c.text('never seen', 200, { 'x-page': '1' })
  }

  it('a visitor who is not signed in gets a 401, or what onError makes of it', async () => {
    const app = apps().get('/', async (c) => c.text((await sessions.signedIn(c)).userId))
    const plain = await app.request('/')
    expect([plain.status, await plain.text()]).toEqual([401, 'Please sign in first.\n'])
    app.onError((error, c) => c.json({ code: (error as unknown as { code: string }).code }, 403))
    const own = await app.request('/')
    expect([own.status, await own.json()]).toEqual([403, { code: 'ERR_NOT_SIGNED_IN' }])
  })

  it('a session that cannot be saved is an error of onError, and the page is not sent', async () => {
    const app = apps().get('/', big)
    const plain = await app.request('/')
    expect([plain.status, await plain.text()]).toEqual([500, 'Internal Server Error'])
    app.onError((error, c) => c.text(`sorry: ${(error as unknown as { code: string }).code}`, 507))
    const own = await app.request('/')
    expect(await own.text()).toBe('sorry: ERR_COOKIE_TOO_LARGE')
    expect([own.status, own.headers.get('x-page')]).toEqual([507, null])
  })

  it('the onError of a sub-app gets the errors of the sub-app', async () => {
    const inner = apps().get('/', big)
    inner.onError((_, c) => c.text('inner', 507))
    const app = new Hono().route('/inner', inner)
    app.onError((_, c) => c.text('outer', 500))
    expect(await (await app.request('/inner')).text()).toBe('inner')
  })

  it('a logout that the store does not confirm clears the cookie, whatever onError sends', async () => {
    const store = memoryStore()
    const broken = { ...store, remove: () => Promise.reject(new Error('away')) }
    const stored = createSessions<Data>({ secret: SECRET, store: broken })
    const app = new Hono().use(sessionMiddleware(stored))
    app.get('/in', async (c) => {
      ;(await stored.get(c)).login('ada')
      return c.body(null)
    })
    app.get('/out', async (c) => {
      ;(await stored.get(c)).logout()
      return c.text('bye')
    })
    app.onError(() => new Response('try again', { status: 503 }))
    const [line] = (await app.request('/in')).headers.getSetCookie()
    const headers = { cookie: line!.split(';')[0]! }
    const response = await app.request('/out', { headers })
    expect([response.status, await response.text()]).toEqual([503, 'try again'])
    expect(response.headers.getSetCookie()).toEqual([expect.stringMatching(/^session=;/)])
    expect(response.headers.get('cache-control')).toBe('no-store')
  })

  it('a handler that forgets to return is an error, and not an empty page', async () => {
    const codes: unknown[] = []
    const app = apps().use(sessionMiddleware(sessions))
    app.get('/', (async (c: Context) => void (await visit(c))) as never)
    app.onError((error, c) => {
      codes.push((error as unknown as { code: string }).code)
      return c.text('oh', 500)
    })
    expect((await app.request('/')).status).toBe(500)
    expect(codes).toEqual(['ERR_RESPONSE_INVALID'])
  })
})

it('the session is found by the context, by its request and by the raw one', async () => {
  const app = apps().get('/', async (c) => {
    const [one, two, three] = await Promise.all(
      [c, c.req, c.req.raw].map((carrier) => sessions.get(carrier)),
    )
    return c.json([one === two, two === three])
  })
  expect(await (await app.request('/')).json()).toEqual([true, true])
})

it('the session of a stream that has begun is not changed without a word', async () => {
  const errors: unknown[] = []
  const app = apps().get('/', async (c) => {
    const session = await sessions.get(c)
    return streamText(
      c,
      async (stream) => {
        await stream.write('begun')
        session.set('visits', 1)
      },
      async (error) => void errors.push((error as unknown as { code: string }).code),
    )
  })
  await (await app.request('/')).text()
  expect(errors).toEqual(['ERR_SESSION_COMMITTED'])
})

describe('csrfGuard', () => {
  const app = () => apps().use(csrfGuard(sessions))
  const post = (cookie: string, fields: Record<string, string>) => ({
    method: 'POST',
    headers: { cookie },
    body: new URLSearchParams(fields),
  })

  it('finds the token in a body that is read after it, or that was parsed before it', async () => {
    const cookie = await SIGNED_IN()
    const _csrf = (await sessions.open(cookie)).csrfToken()
    const parser = createMiddleware(async (c, next) => {
      await c.req.parseBody()
      await next()
    })
    const after = app().post('/', async (c) => c.text(String((await c.req.parseBody())['item'])))
    const before = apps().use(parser, csrfGuard(sessions))
    before.post('/', async (c) => c.text(String((await c.req.parseBody())['item'])))
    const limited = apps().use(bodyLimit({ maxSize: 1000 }), csrfGuard(sessions))
    limited.post('/', async (c) => c.text(String((await c.req.parseBody())['item'])))
    for (const form of [after, before, limited]) {
      const response = await form.request('/', post(cookie, { _csrf, item: 'tea' }))
      expect([response.status, await response.text()]).toEqual([200, 'tea'])
      expect((await form.request('/', post(cookie, { item: 'tea' }))).status).toBe(403)
    }
  })
})

it('a form whose body was read from the raw request has no token: 403, and no error', async () => {
  const reader = createMiddleware(async (c, next) => {
    await c.req.raw.text()
    await next()
  })
  const form = apps().use(reader, csrfGuard(sessions))
  form.post('/', (c) => c.text('done'))
  const headers = { cookie: await SIGNED_IN() }
  const body = new URLSearchParams({ item: 'tea' })
  expect((await form.request('/', { method: 'POST', headers, body })).status).toBe(403)
})

describe('loginRequired', () => {
  it('redirects to the sign-in page, from a sub-app by the whole path', async () => {
    const account = new Hono().use(loginRequired(sessions, { redirect: '/login' }))
    account.get('/orders', (c) => c.text('yours'))
    const app = apps().route('/account', account)
    const response = await app.request('/account/orders?page=2')
    expect(response.status).toBe(303)
    expect(response.headers.get('location')).toBe('/login?next=%2Faccount%2Forders%3Fpage%3D2')
    const headers = { cookie: await SIGNED_IN() }
    expect(await (await app.request('/account/orders', { headers })).text()).toBe('yours')
  })

  it('leaves the types of the app as they are: variables, params and the RPC client', () => {
    type Env = { Variables: { user: string } }
    const typed = new Hono<Env>()
      .use(sessionMiddleware(sessions))
      .use('/account/*', loginRequired(sessions, { redirect: '/login' }))
      .get('/account/:id', csrfGuard(sessions), loginRequired(sessions), (c) => {
        expectTypeOf(c.var.user).toEqualTypeOf<string>()
        expectTypeOf(c.req.param('id')).toEqualTypeOf<string>()
        return c.json({ id: 1 })
      })
    const client = hc<typeof typed>('http://shop.example')
    type Answer = Awaited<ReturnType<(typeof client.account)[':id']['$get']>>
    expectTypeOf<Awaited<ReturnType<Answer['json']>>>().toEqualTypeOf<{ id: number }>()
  })
})

it.each<[string, () => Response]>([
  ['RESPONSE_ALREADY_SENT', () => RESPONSE_ALREADY_SENT],
  // Hono's server has replaced Response by its own when it is called.
  ['a light one', () => new Response(null, { headers: { 'x-hono-already-sent': 'true' } })],
])(
  'a change of a handler that writes to the response of Node by itself is reported: %s',
  async (_, sent) => {
    const events: SessionEvent[] = []
    const heard = createSessions<Data>({
      secret: SECRET,
      onEvent: (event) => void events.push(event),
    })
    type Env = { Bindings: { outgoing: ServerResponse } }
    const app = new Hono<Env>().use(sessionMiddleware(heard))
    app.get('/', async (c) => {
      ;(await heard.get(c)).set('visits', 1)
      c.env.outgoing.end('by hand')
      return sent()
    })
    const response = await fetch(await served(app))
    expect(await response.text()).toBe('by hand')
    expect(events.map(({ type }) => type)).toContain('changes-lost')
  },
)

describe("on Hono's Node server", () => {
  type Env = { Bindings: { outgoing: ServerResponse } }
  const bytes = new TextEncoder().encode('bytes')

  it.each<[string, number, string | Uint8Array<ArrayBuffer> | Blob | null]>([
    ['a text', 200, 'a text'],
    ['a text that is empty', 200, ''],
    ['bytes', 201, bytes],
    ['a Blob', 200, new Blob(['a blob'])],
    ['nothing', 204, null],
  ])('a page of %s is sent in one piece, not as a stream', async (_, status, body) => {
    const calls: string[] = []
    const app = new Hono<Env>()
    app.use(async (c, next) => {
      const { outgoing } = c.env
      for (const verb of ['write', 'end'] as const) {
        const before = outgoing[verb] as (...args: unknown[]) => never
        outgoing[verb] = (...args: unknown[]) => {
          calls.push(verb)
          return before.apply(outgoing, args)
        }
      }
      await next()
    })
    app.use(sessionMiddleware(sessions))
    app.get('/', async (c) => {
      await visit(c)
      return new Response(body, { status, headers: { 'x-own': '1' } })
    })
    const response = await fetch(await served(app))
    expect([response.status, response.headers.get('x-own')]).toEqual([status, '1'])
    expect(await response.text()).toBe(new TextDecoder().decode(await new Response(body).bytes()))
    expect(await savedIn(response)).toBe(1)
    expect(calls).toEqual(['end'])
  })

  it('visitors who are sent the same Response object get a cookie each, and the whole page', async () => {
    const page = new Response('the same for all', { headers: { 'x-own': '1' } })
    const app = new Hono<Env>().use(sessionMiddleware(sessions))
    app.get('/', async (c) => {
      ;(await sessions.get(c)).set('visits', Number(c.req.query('visits')))
      return page
    })
    app.get('/plain', () => page)
    const url = await served(app)
    for (const visits of [1, 2, 3]) {
      const response = await fetch(`${url}?visits=${visits}`)
      expect(await response.text()).toBe('the same for all')
      expect(await savedIn(response)).toBe(visits)
      expect(response.headers.get('x-own')).toBe('1')
    }
    expect((await fetch(`${url}plain`)).headers.getSetCookie()).toEqual([])
  })

  it('a save that fails does not break a Response that other visitors are sent, too', async () => {
    const page = new Response('the same for all')
    const { stored, away } = failing()
    const app = new Hono<Env>().use(sessionMiddleware(stored))
    app.get('/', async (c) => {
      ;(await stored.get(c)).set('visits', 1)
      return page
    })
    app.get('/plain', () => page)
    const url = await served(app)
    const seen: [number, string][] = []
    for (const [path, isAway] of [
      ['', false],
      ['', true],
      ['', false],
      ['plain', false],
    ] as const) {
      away.is = isAway
      const response = await fetch(`${url}${path}`)
      seen.push([response.status, response.ok ? await response.text() : ''])
    }
    const whole: [number, string] = [200, 'the same for all']
    expect(seen).toEqual([whole, [503, ''], whole, whole])
  })

  it('a stream that is not sent because the save fails is cancelled', async () => {
    const { stored, away } = failing()
    let hasCancelled = false
    const app = new Hono<Env>().use(sessionMiddleware(stored))
    app.get('/', async (c) => {
      ;(await stored.get(c)).set('visits', 1)
      return new Response(new ReadableStream({ cancel: () => void (hasCancelled = true) }))
    })
    away.is = true
    expect((await fetch(await served(app))).status).toBe(503)
    expect(hasCancelled).toBe(true)
  })

  it('a stream, a Blob and a form are sent as they are', async () => {
    const app = new Hono<Env>().use(sessionMiddleware(sessions))
    app.get('/:kind', async (c) => {
      await visit(c)
      if (c.req.param('kind') === 'blob')
        return new Response(new Blob(['a blob'], { type: 'text/x' }))
      if (c.req.param('kind') === 'form') return new Response(new URLSearchParams({ a: 'form' }))
      return new Response(new Blob(['a stream']).stream())
    })
    const url = await served(app)
    for (const [kind, text] of [
      ['blob', 'a blob'],
      ['form', 'a=form'],
      ['stream', 'a stream'],
    ]) {
      const response = await fetch(`${url}${kind}`)
      expect([await response.text(), await savedIn(response)]).toEqual([text, 1])
    }
  })

  it.each<[string, unknown]>([
    ['that keeps it under another name', undefined],
    ['that keeps it in another order', ['a text', 'OK', {}]],
    ['that keeps more of it', [200, 'OK', 'a text', {}]],
    ['beside another library that keeps something of that shape', [200, 'OK', {}]],
  ])('a version %s sends the page, too', async (_, kept) => {
    // The runtime's own Response, also where Hono's server has replaced it.
    const own = Object.getPrototypeOf(Response) as typeof Response
    const Native = own.prototype instanceof Object ? own : Response
    const app = new Hono().use(sessionMiddleware(sessions))
    app.get('/', async (c) => {
      await visit(c)
      const light = new Native('a text')
      return kept === undefined ? light : Object.assign(light, { [Symbol('cache')]: kept })
    })
    const response = await app.request('/')
    expect(await response.text()).toBe('a text')
    expect(await savedIn(response)).toBe(1)
  })
})

/** Sessions in a store that cannot save new ones while it is away. */
function failing() {
  const memory = memoryStore()
  const away = { is: false }
  const store: typeof memory = {
    ...memory,
    insert: (...args) => (away.is ? Promise.reject(new Error('away')) : memory.insert(...args)),
  }
  return { stored: createSessions<Data>({ secret: SECRET, store }), away }
}

/** Serves an app with Hono's Node server until the test ends, and returns its address. */
async function served(app: { fetch: Parameters<typeof serve>[0]['fetch'] }): Promise<string> {
  const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }) as Server
  onTestFinished(() => void server.close())
  if (!server.listening) await new Promise((resolve) => void server.once('listening', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}
