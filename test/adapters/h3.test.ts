/** What is particular to h3: its prepared headers, `onError`, nested apps and handlers for Node. */

import { randomBytes } from 'node:crypto'
import {
  assertBodySize,
  defineHandler,
  fromNodeHandler,
  H3,
  type H3Config,
  type H3Event,
  handleCors,
  HTTPError,
  html,
  onError,
  onResponse,
  readBody,
  redirect,
  serve,
  setCookie,
  toResponse,
} from 'h3'
import { describe, expect, expectTypeOf, it, onTestFinished } from 'vitest'
import { csrfGuard, loginRequired, sessionMiddleware } from '../../src/adapters/h3.ts'
import { createSessions, type SessionEvent } from '../../src/index.ts'
import { memoryStore } from '../../src/stores/memory/memory.ts'
import { SECRET } from '../session/visitor.ts'

type Data = { visits: number; blob: string }

const sessions = createSessions<Data>({ secret: SECRET })

const apps = (config: H3Config = {}) =>
  new H3({ silent: true, ...config }).use(sessionMiddleware(sessions, toResponse))

async function visit(event: H3Event) {
  return (await sessions.get(event)).update('visits', (n = 0) => n + 1)
}

/** How many visits the cookie of a response has counted. */
async function savedIn(response: Response, from = sessions): Promise<number | undefined> {
  const lines = response.headers.getSetCookie().map((line) => line.split(';')[0])
  return (await from.open(lines.join('; '))).get('visits')
}

async function signedInCookie(): Promise<string> {
  const app = apps().get('/', async (event) => void (await sessions.get(event)).login('ada'))
  return (await app.request('/')).headers.getSetCookie()[0]!.split(';')[0]!
}

const codeOf = (error: HTTPError) => (error.cause as { code?: string } | undefined)?.code

describe('the session cookie is sent beside what the app has prepared, each once', () => {
  it.each<[string, (app: H3) => void]>([
    ['with text', (app) => app.get('/', async (event) => `visit ${await visit(event)}`)],
    ['with an object', (app) => app.get('/', async (event) => ({ n: await visit(event) }))],
    ['with nothing', (app) => app.get('/', async (event) => void (await visit(event)))],
    ['with html', (app) => app.get('/', async (event) => html`<p>${await visit(event)}</p>`)],
    ['with a redirect', (app) => app.get('/', async (event) => redirect(`/${await visit(event)}`))],
    [
      'with a Response',
      (app) => app.get('/', async (event) => new Response(`${await visit(event)}`)),
    ],
    [
      'with a stream',
      (app) =>
        app.get('/', async (event) => {
          await visit(event)
          return new Blob(['slowly']).stream()
        }),
    ],
    [
      'from a nested app',
      (app) =>
        app.mount(
          '/',
          new H3().use(() => {}).get('/', async (event) => visit(event)),
        ),
    ],
    [
      'from a handler with middleware of its own',
      (app) => app.get('/', defineHandler({ middleware: [() => {}], handler: visit })),
    ],
    [
      'from middleware that responds',
      (app) => app.use(async (event) => `visit ${await visit(event)}`),
    ],
  ])('%s', async (_, build) => {
    const app = apps()
    app.use((event) => {
      setCookie(event, 'theme', 'dark')
      event.res.headers.set('vary', 'Accept-Language')
      event.res.headers.set('x-prepared', '1')
      event.res.status = 201
      handleCors(event, { origin: ['https://shop.example'] })
    })
    build(app)
    const response = await app.request('/')
    expect(await savedIn(response)).toBe(1)
    expect(response.headers.getSetCookie()).toHaveLength(2)
    expect(response.headers.get('vary')).toMatch(/Accept-Language.*\bCookie\b/i)
    expect(response.headers.get('x-prepared')).toBe('1')
    expect(response.headers.get('cache-control')).toContain('private')
  })

  it('for each of two sessions of an app', async () => {
    const other = createSessions<Data>({ secret: SECRET, cookie: { name: 'admin' } })
    const app = apps().use(sessionMiddleware(other, toResponse))
    app.get('/', async (event) => {
      await visit(event)
      ;(await other.get(event)).set('visits', 7)
      return 'both'
    })
    const response = await app.request('/')
    expect(response.headers.getSetCookie()).toHaveLength(2)
    expect([await savedIn(response), await savedIn(response, other)]).toEqual([1, 7])
  })

  it('from an app of another kind, mounted at a path, which finds the session too', async () => {
    const app = apps().mount('/admin', async (request: Request) => {
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
  it.each<[string, unknown, H3Config['onError'], number]>([
    ["h3's error page", new Error('no'), undefined, 500],
    ['an HTTPError', new HTTPError({ status: 418 }), undefined, 418],
    ['something else that is thrown', 'no', undefined, 500],
    ["the app's onError", new Error('no'), () => new Response('oh', { status: 502 }), 502],
    ['an asynchronous onError', new Error('no'), async () => ({ oh: 'no' }), 200],
    ['an onError that only logs', new HTTPError({ status: 410 }), () => {}, 410],
  ])('%s', async (_, thrown, handle, status) => {
    const seen: number[] = []
    const app = apps({
      ...(handle && { onError: handle }),
      onResponse: (response) => void seen.push(response.status),
    })
    app.get('/', async (event) => {
      await visit(event)
      throw thrown
    })
    const response = await app.request('/')
    expect(response.status).toBe(status)
    expect(await savedIn(response)).toBe(1)
    expect(seen, 'onResponse is called once').toEqual([status])
  })

  it('by middleware that handles errors, after the session middleware', async () => {
    const app = apps().use(onError(() => new Response('oh', { status: 502 })))
    app.use(onResponse((response) => void response.headers.set('x-seen', '1')))
    app.get('/', async (event) => {
      await visit(event)
      throw new Error('no')
    })
    const response = await app.request('/')
    expect(response.status).toBe(502)
    expect(await savedIn(response)).toBe(1)
  })

  it('a page that is not found is h3’s own', async () => {
    const response = await apps().request('/no-such-page')
    expect(response.status).toBe(404)
    expect(await response.json()).toMatchObject({ status: 404 })
  })
})

describe("errors of the session are the app's", () => {
  const big = async (event: H3Event) => {
    ;(await sessions.get(event)).set('blob', randomBytes(4000).toString('base64url'))
    event.res.headers.set('x-page', '1')
    return 'never seen'
  }

  it('a visitor who is not signed in gets a 401, or what onError makes of it', async () => {
    const account = async (event: H3Event) => (await sessions.signedIn(event)).userId
    const plain = await apps().get('/', account).request('/')
    expect(plain.status).toBe(401)
    expect(await plain.json()).toEqual({
      status: 401,
      statusText: 'Unauthorized',
      message: 'Please sign in first.',
    })
    const app = apps({
      onError: (error) => {
        expect(HTTPError.isError(error) && error.unhandled).toBeFalsy()
        return { status: error.status, code: codeOf(error) }
      },
    })
    const own = await app.get('/', account).request('/')
    expect(await own.json()).toEqual({ status: 401, code: 'ERR_NOT_SIGNED_IN' })
  })

  it('a session that cannot be saved is an error of onError, and the page is not sent', async () => {
    const plain = await apps().get('/', big).request('/')
    expect([plain.status, await plain.json()]).toEqual([
      500,
      { status: 500, unhandled: true, message: 'HTTPError' },
    ])
    const app = apps({ onError: (error) => new Response(codeOf(error), { status: 507 }) })
    const own = await app.get('/', big).request('/')
    expect([own.status, await own.text()]).toEqual([507, 'ERR_COOKIE_TOO_LARGE'])
    expect(own.headers.get('x-page')).toBeNull()
    expect(own.headers.getSetCookie()).toEqual([])
  })

  it('a logout that the store does not confirm clears the cookie, whatever onError sends', async () => {
    const broken = { ...memoryStore(), remove: () => Promise.reject(new Error('away')) }
    const stored = createSessions<Data>({ secret: SECRET, store: broken })
    const onError = () => new Response('try again', { status: 503 })
    const app = new H3({ onError }).use(sessionMiddleware(stored, toResponse))
    app.get('/in', async (event) => void (await stored.get(event)).login('ada'))
    app.get('/out', async (event) => void (await stored.get(event)).logout())
    const [line] = (await app.request('/in')).headers.getSetCookie()
    const headers = { cookie: line!.split(';')[0]! }
    const response = await app.request('/out', { headers })
    expect([response.status, await response.text()]).toEqual([503, 'try again'])
    expect(response.headers.getSetCookie()).toEqual([expect.stringMatching(/^session=;/)])
  })

  it('is refused at start-up without toResponse, which would lose every page', () => {
    expect(() => sessionMiddleware(sessions, undefined as never)).toThrow(
      /"toResponse" has to be a function/,
    )
  })
})

describe('the guards', () => {
  it('csrfGuard finds the token in a form, which the handler can still read', async () => {
    const cookie = await signedInCookie()
    const _csrf = (await sessions.open(cookie)).csrfToken()
    const app = apps().use((event) => assertBodySize(event, 1000))
    app.use(csrfGuard(sessions))
    app.post('/', async (event) => (await readBody<{ item: string }>(event))?.item)
    const headers = { cookie, 'content-type': 'application/x-www-form-urlencoded' }
    const post = (fields: Record<string, string>) =>
      app.request('/', { method: 'POST', headers, body: `${new URLSearchParams(fields)}` })
    const response = await post({ _csrf, item: 'tea' })
    expect([response.status, await response.text()]).toEqual([200, 'tea'])
    expect((await post({ item: 'tea' })).status).toBe(403)
  })

  it('loginRequired redirects to the sign-in page, as middleware of a path or of a handler', async () => {
    const guard = loginRequired(sessions, { redirect: '/login' })
    const app = apps()
      .use('/account/**', guard)
      .get('/account/orders', () => 'yours')
    app.get('/other', defineHandler({ middleware: [guard], handler: () => 'yours' }))
    const headers = { cookie: await signedInCookie() }
    for (const [path, next] of [
      ['/account/orders?page=2', '%2Faccount%2Forders%3Fpage%3D2'],
      ['/other', '%2Fother'],
    ] as const) {
      const response = await app.request(path)
      expect([response.status, response.headers.get('location')]).toEqual([
        303,
        `/login?next=${next}`,
      ])
      expect(await (await app.request(path, { headers })).text()).toBe('yours')
    }
  })

  it('leaves the types of the app as they are', () => {
    const guard = loginRequired(sessions)
    const app = new H3().use(sessionMiddleware(sessions, toResponse)).use('/account/**', guard)
    expectTypeOf(app.get('/', (event) => event.context.params)).toEqualTypeOf<H3>()
  })
})

it('a change of a handler for Node, which sends its own response, is reported', async () => {
  const events: SessionEvent[] = []
  const heard = createSessions<Data>({
    secret: SECRET,
    onEvent: (event) => void events.push(event),
  })
  const app = new H3().use(sessionMiddleware(heard, toResponse))
  app.use(async (event) => void (await heard.get(event)).set('visits', 1))
  app.get(
    '/',
    fromNodeHandler((_req, res) => void res.end('by hand')),
  )
  const server = serve(app, { port: 0, hostname: '127.0.0.1', silent: true })
  onTestFinished(() => server.close())
  await server.ready()
  expect(await (await fetch(server.url!)).text()).toBe('by hand')
  expect(events.map(({ type }) => type)).toContain('changes-lost')
})
