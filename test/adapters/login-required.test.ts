/** `loginRequired` and `safeNext`: who is not signed in comes to the sign-in page, and back. */

import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { loginRequired, sessionMiddleware } from '../../src/adapters/express.ts'
import {
  loginRequired as loginRequiredOnFetch,
  withSessions as withFetchSessions,
} from '../../src/adapters/fetch.ts'
import { loginRequired as loginRequiredOnNode, withSessions } from '../../src/adapters/node/node.ts'
import { type LoginRequiredOptions, safeNext, type Sessions } from '../../src/index.ts'
import { testSessions, T0 } from '../session/visitor.ts'
import { memoryStore } from '../../src/stores/memory/memory.ts'
import { asListener } from './csrf-site.ts'
import { EXPRESS } from './express-versions.ts'

type Guarded = (sessions: Sessions<any>, options: LoginRequiredOptions) => RequestListener

function onExpress(version: keyof typeof EXPRESS): Guarded {
  return (sessions, options) => {
    const app = EXPRESS[version]().set('env', 'production').use(sessionMiddleware(sessions))
    const account = EXPRESS[version].Router().use((_req, res) => void res.send('SECRET'))
    app.use('/account', loginRequired(sessions, options), account)
    app.use(loginRequired(sessions, options))
    app.use((_req, res) => void res.send('sign in here'))
    return app
  }
}

const GUARDED: Readonly<Record<string, Guarded>> = {
  Express: onExpress('Express'),
  'Express 4': onExpress('Express 4'),
  'node:http': (sessions, options) =>
    withSessions(
      sessions,
      loginRequiredOnNode(sessions, options, (req, res) =>
        res.end(req.url!.startsWith('/account') ? 'SECRET' : 'sign in here'),
      ),
    ),
  Fetch: (sessions, options) =>
    asListener(
      withFetchSessions(
        sessions,
        loginRequiredOnFetch(sessions, options, ({ url }) => {
          const isAccount = new URL(url).pathname.startsWith('/account')
          return new Response(isAccount ? 'SECRET' : 'sign in here')
        }),
      ),
    ),
}

async function serve(listener: RequestListener) {
  const server = createServer(listener)
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  return async (path: string, { method = 'GET', cookie = '' } = {}) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      headers: { cookie, connection: 'close' },
      redirect: 'manual',
    })
    const { status, headers } = response
    return { status, headers, location: headers.get('location'), body: await response.text() }
  }
}

async function cookieOf(sessions: Sessions<any>): Promise<string> {
  const session = await sessions.open(undefined)
  session.login('ada')
  return (await session.commit()).getSetCookie()[0]!.split(';')[0]!
}

const PLACES = [
  ['a cookie', () => ({})],
  ['a store', () => ({ store: memoryStore({ clock: () => T0 }) })],
] as const

describe.each(Object.keys(GUARDED))('loginRequired on %s', (adapter) => {
  describe.each(PLACES)('sessions in %s', (_, place) => {
    test('brings an anonymous visitor to the sign-in page, with the way back', async () => {
      const { sessions, events } = testSessions(place())
      const ask = await serve(GUARDED[adapter]!(sessions, { redirect: '/login' }))
      const { status, headers, location, body } = await ask('/account/orders?page=2&q=a%20b')
      expect([status, location]).toEqual([
        303,
        `/login?next=${encodeURIComponent('/account/orders?page=2&q=a%20b')}`,
      ])
      expect(body).not.toContain('SECRET')
      expect(headers.get('vary')).toContain('Cookie')
      expect(headers.get('cache-control')).toContain('no-store')
      // Nothing was ignored: the middleware itself handles the refusal.
      expect(events).toEqual([])
    })

    test('lets pass who is signed in', async () => {
      const { sessions } = testSessions(place())
      const ask = await serve(GUARDED[adapter]!(sessions, { redirect: '/login', within: '10m' }))
      const cookie = await cookieOf(sessions)
      expect((await ask('/account', { cookie })).body).toBe('SECRET')
    })

    test('asks for the password again where the login is too old', async () => {
      const { sessions, clock } = testSessions(place())
      const ask = await serve(GUARDED[adapter]!(sessions, { redirect: '/login', within: '10m' }))
      const cookie = await cookieOf(sessions)
      clock.now += 11 * 60_000
      expect((await ask('/account', { cookie })).location).toBe('/login?next=%2Faccount')
    })

    test('without a redirect the answer is the 401', async () => {
      const { sessions } = testSessions(place())
      const ask = await serve(GUARDED[adapter]!(sessions, {}))
      const answer = await ask('/account')
      expect([answer.status, answer.location]).toEqual([401, null])
      expect(answer.body).not.toContain('SECRET')
    })
  })

  test('never leads to another host, whatever was asked for', async () => {
    const { sessions } = testSessions()
    const ask = await serve(GUARDED[adapter]!(sessions, { redirect: '/login' }))
    for (const path of ['//evil.example/account', '/account/..//evil.example', '/account\\evil']) {
      const { location } = await ask(path)
      const next = new URL(location!, 'http://site').searchParams.get('next') ?? '/'
      expect(new URL(location!, 'http://site').origin, path).toBe('http://site')
      expect(new URL(next, 'http://site').origin, path).toBe('http://site')
    }
  })

  test('a form is not sent again, so a POST gets no way back', async () => {
    const { sessions } = testSessions()
    const ask = await serve(GUARDED[adapter]!(sessions, { redirect: '/login' }))
    expect((await ask('/account', { method: 'POST' })).location).toBe('/login')
  })

  test('the sign-in page itself is there for everybody', async () => {
    const { sessions } = testSessions()
    const ask = await serve(GUARDED[adapter]!(sessions, { redirect: '/login?lang=de#form' }))
    expect((await ask('/login?next=%2Faccount')).body).toBe('sign in here')
    expect((await ask('/login', { method: 'POST' })).body).toBe('sign in here')
    expect((await ask('/account')).location).toBe('/login?lang=de&next=%2Faccount#form')
  })

  test('a sign-in page that only its query names does not open the other pages', async () => {
    const { sessions } = testSessions()
    const ask = await serve(GUARDED[adapter]!(sessions, { redirect: '/?page=login' }))
    for (const path of ['/?page=login', '/?page=login&next=%2Faccount']) {
      expect((await ask(path)).body, path).toBe('sign in here')
    }
    for (const path of ['/', '/?page=admin', '/?page=login&page=admin', '/?page[]=admin']) {
      expect((await ask(path)).status, path).toBe(303)
    }
  })

  // A Fetch handler returns one response.
  test.skipIf(adapter === 'Fetch')(
    'a response that the app sent while the store was asked stays, and harms nobody',
    async () => {
      const kept = memoryStore({ clock: () => T0 })
      const released = new AbortController()
      const store: typeof kept = {
        ...kept,
        async read(key) {
          if (!released.signal.aborted) await once(released.signal, 'abort')
          return kept.read(key)
        },
      }
      const { sessions, events } = testSessions({ store })
      const session = await sessions.open(undefined)
      session.set('cart', ['tea'])
      const cookie = (await session.commit()).getSetCookie()[0]!.split(';')[0]!
      const rejected: unknown[] = []
      const onRejection = (error: unknown) => void rejected.push(error)
      process.on('unhandledRejection', onRejection)
      onTestFinished(() => void process.off('unhandledRejection', onRejection))
      const guarded = GUARDED[adapter]!(sessions, { redirect: '/login' })
      const ask = await serve((req, res) => {
        guarded(req, res)
        setImmediate(() => {
          if (!res.headersSent) res.writeHead(503).end('timeout')
          setImmediate(() => released.abort())
        })
      })
      expect((await ask('/account', { cookie })).body).toBe('timeout')
      await new Promise(setImmediate)
      expect(rejected).toEqual([])
      expect(events.filter(({ type }) => type === 'handler-failed')).toEqual([])
    },
  )
})

test('a mistake in its options is an error at start-up', () => {
  const { sessions } = testSessions()
  const invalid = expect.objectContaining({ code: 'ERR_OPTION_INVALID' })
  for (const options of [
    { redirect: 'https://evil.example/login' },
    { redirect: '//evil.example' },
    { redirect: 'login' },
    { redirect: '' },
    { within: undefined },
    { within: 'soon' },
    { redirectTo: '/login' },
    '/login',
    null,
  ]) {
    expect(() => loginRequired(sessions, options as never), JSON.stringify(options)).toThrow(
      invalid,
    )
  }
})

test('safeNext takes paths of this site, and the fallback for anything else', () => {
  for (const path of ['/', '/a', '/a?b=c#d', '/a//b', '/caf%C3%A9']) {
    expect(safeNext(path, '/x')).toBe(path)
  }
  for (const elsewhere of [
    undefined,
    null,
    7,
    ['/a'],
    '',
    'a',
    '//evil.example',
    '/\\evil.example',
    '/\t/evil.example',
    ' /a',
    '/a b',
    '/.//evil.example',
    'https://evil.example',
    'javascript:alert(1)',
    `/${'a'.repeat(500)}`,
  ]) {
    expect(safeNext(elsewhere, '/x'), String(elsewhere)).toBe('/x')
  }
})
