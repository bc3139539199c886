import { describe, expect, test, vi } from 'vitest'
import type { SessionOptions } from 'express-session'
import { differs } from './deviations.ts'
import { LIBRARIES } from './libraries.ts'
import { browser, type Respond, site, stopClock, T0 } from './site.ts'

type CookieOptions = SessionOptions['cookie']

const write: Respond = (req, res) => {
  req.session.n = (req.session.n ?? 0) + 1
  res.end(`${req.session.n}`)
}

const MINUTE = 60_000
const inAMinute = new Date(T0 + MINUTE).toUTCString()

describe.each(LIBRARIES)('the cookie of %s', (name, session) => {
  /** The attributes of the Set-Cookie line of a first visit. */
  const attributes = async (cookie: CookieOptions, path?: string, more: object = {}) => {
    const { get } = await site(session, { ...more, cookie }, write)
    const [line] = (await get(path)).lines
    return line?.split('; ').slice(1)
  }

  describe('its options', () => {
    test('that cannot be written', async () => {
      const cookie = { expires: new Date(Number.NaN) }
      const its = await site(session, { cookie, saveUninitialized: true })
      const { status, lines } = await its.get()
      const outcome = { express: [200, 1, 0], dropIn: [500, 0, 1] }
      expect(lines).toEqual([])
      // On express-session it comes after the response.
      await vi.waitFor(() => {
        const got = [status, its.errors.length, its.failures.length]
        expect(got).toEqual(differs('invalid attribute', name, outcome))
      })
    })

    test('are `Path=/; HttpOnly` by default', async () => {
      expect(await attributes({})).toEqual(['Path=/', 'HttpOnly'])
      const { get } = await site(session, {}, write)
      expect((await get()).lines[0]).toMatch(/; Path=\/; HttpOnly$/)
    })

    test('may be a function of the request', async () => {
      stopClock()
      const its = await site(
        session,
        {
          cookie: (req) => ({
            path: `/${/^\/([^/]+)/.exec(req.url)?.[1] ?? ''}`,
            maxAge: req.url.startsWith('/long') ? MINUTE : undefined,
          }),
        },
        write,
      )
      expect((await its.get('/long/x')).lines[0]).toMatch(
        new RegExp(`; Path=/long; Expires=${inAMinute}; HttpOnly$`),
      )
      expect((await its.get('/')).lines[0]).toMatch(/; Path=\/; HttpOnly$/)
    })

    test.each<[string, NonNullable<Exclude<CookieOptions, Function>>, string[]]>([
      ['domain', { domain: 'example.com' }, ['Domain=example.com', 'Path=/', 'HttpOnly']],
      ['httpOnly false', { httpOnly: false }, ['Path=/']],
      ['maxAge', { maxAge: MINUTE }, ['Path=/', `Expires=${inAMinute}`, 'HttpOnly']],
      ['maxAge null', { maxAge: null as never }, ['Path=/', 'HttpOnly']],
      [
        'expires',
        { expires: new Date(T0 + MINUTE) },
        ['Path=/', `Expires=${inAMinute}`, 'HttpOnly'],
      ],
      ['expires null', { expires: null }, ['Path=/', 'HttpOnly']],
      ['partitioned', { partitioned: true }, ['Path=/', 'HttpOnly', 'Partitioned']],
      ['partitioned false', { partitioned: false }, ['Path=/', 'HttpOnly']],
      ['path', { path: '/app' }, ['Path=/app', 'HttpOnly']],
      ['priority low', { priority: 'low' }, ['Path=/', 'HttpOnly', 'Priority=Low']],
      ['priority medium', { priority: 'medium' }, ['Path=/', 'HttpOnly', 'Priority=Medium']],
      ['priority high', { priority: 'high' }, ['Path=/', 'HttpOnly', 'Priority=High']],
      ['sameSite true', { sameSite: true }, ['Path=/', 'HttpOnly', 'SameSite=Strict']],
      ['sameSite false', { sameSite: false }, ['Path=/', 'HttpOnly']],
      ['sameSite lax', { sameSite: 'lax' }, ['Path=/', 'HttpOnly', 'SameSite=Lax']],
      ['sameSite strict', { sameSite: 'strict' }, ['Path=/', 'HttpOnly', 'SameSite=Strict']],
      ['sameSite none', { sameSite: 'none' }, ['Path=/', 'HttpOnly', 'SameSite=None']],
      ['sameSite auto', { sameSite: 'auto' as never }, ['Path=/', 'HttpOnly', 'SameSite=Lax']],
      ['secure auto', { secure: 'auto' }, ['Path=/', 'HttpOnly']],
      ['secure false', { secure: false }, ['Path=/', 'HttpOnly']],
    ])('%s', async (_option, cookie, expected) => {
      stopClock()
      expect(await attributes(cookie, '/app')).toEqual(expected)
    })

    test('of maxAge and expires the last one counts', async () => {
      stopClock()
      const hour = new Date(T0 + 60 * MINUTE)
      expect(await attributes({ expires: hour, maxAge: MINUTE })).toContain(`Expires=${inAMinute}`)
      expect(await attributes({ maxAge: MINUTE, expires: hour })).toContain(
        `Expires=${hour.toUTCString()}`,
      )
    })

    test('secure sends no cookie over HTTP, and one over TLS at a trusted proxy', async () => {
      const { get } = await site(session, { proxy: true, cookie: { secure: true } }, write)
      expect((await get()).lines).toEqual([])
      const { lines } = await get('/', { 'x-forwarded-proto': 'https' })
      expect(lines[0]).toMatch(/; Path=\/; HttpOnly; Secure$/)
    })

    test('secure sends it over TLS of this server, whatever `proxy` says', async () => {
      const options = { proxy: false, cookie: { secure: true } }
      // Node says so of the sockets of its TLS servers.
      const { get } = await site(session, options, write, ({ socket }) => {
        Object.assign(socket, { encrypted: true })
      })
      expect((await get()).lines[0]).toMatch(/; Secure$/)
    })

    test('secure and sameSite `auto` follow the connection', async () => {
      const cookie = { secure: 'auto', sameSite: 'auto' as never } as const
      const { get } = await site(session, { proxy: true, cookie }, write)
      const { lines } = await get('/', { 'x-forwarded-proto': 'https' })
      expect(lines[0]).toMatch(/; Path=\/; HttpOnly; Secure; SameSite=None$/)
      expect((await get()).lines[0]).toMatch(/; Path=\/; HttpOnly; SameSite=Lax$/)
      const distrusting = await site(session, { proxy: false, cookie }, write)
      const answer = await distrusting.get('/', { 'x-forwarded-proto': 'https' })
      expect(answer.lines[0]).toMatch(/; Path=\/; HttpOnly; SameSite=Lax$/)
    })

    test('path: outside of it there is no session', async () => {
      const its = await site(session, { cookie: { path: '/foo/bar' } }, (req, res) => {
        if (req.session) req.session.n = 1
        res.end(typeof req.session)
      })
      expect(await its.get('/')).toMatchObject({ text: 'undefined', lines: [] })
      expect(await its.get('/foo')).toMatchObject({ text: 'undefined', lines: [] })
      expect((await its.get('/foo/bar')).lines).toHaveLength(1)
      expect((await its.get('/foo/bar/baz?x=/')).lines).toHaveLength(1)
    })

    test('path is compared with `req.originalUrl`, where the middleware is mounted below', async () => {
      const its = await site(session, { cookie: { path: '/foo/bar' } }, write0, (req) => {
        req['originalUrl'] = req.url
        req.url = req.url!.replace(/^\/foo/, '')
      })
      expect((await its.get('/foo/bar')).lines).toHaveLength(1)
      expect((await its.get('/foo/foo/bar')).lines).toHaveLength(0)
    })

    test('an empty `req.url` is the root', async () => {
      const { get } = await site(session, {}, write, (req) => (req.url = ''))
      expect(await get()).toMatchObject({ status: 200, lines: [expect.any(String)] })
    })
  })

  describe('req.session.cookie', () => {
    const tell = async (cookie: CookieOptions, work: Respond) => {
      const { get } = await site(session, { cookie }, work)
      return get('/admin')
    }

    test('tells the attributes, and the time that remains', async () => {
      const clock = stopClock()
      const its = await site(
        session,
        { cookie: { maxAge: MINUTE, sameSite: 'lax' } },
        (req, res) => {
          req.session.n = 1
          const { path, httpOnly, sameSite, maxAge, originalMaxAge, expires } = req.session.cookie
          res.end(JSON.stringify({ path, httpOnly, sameSite, maxAge, originalMaxAge, expires }))
        },
      )
      const visitor = browser(its)
      const first = JSON.parse((await visitor.get()).text)
      expect(first).toEqual({
        path: '/',
        httpOnly: true,
        sameSite: 'lax',
        maxAge: MINUTE,
        originalMaxAge: MINUTE,
        expires: new Date(T0 + MINUTE).toJSON(),
      })
      clock.advance(MINUTE / 2)
      const { maxAge, originalMaxAge } = JSON.parse((await visitor.get()).text)
      expect([maxAge, originalMaxAge]).toEqual([MINUTE / 2, MINUTE])
    })

    test('without a maxAge is for the browser session: maxAge and expires are null', async () => {
      const { text } = await tell({}, (req, res) => {
        const { maxAge, originalMaxAge, expires } = req.session.cookie
        res.end(JSON.stringify([maxAge, originalMaxAge, expires]))
      })
      expect(JSON.parse(text)).toEqual([null, null, null])
    })

    test('given attributes by a request, sends these', async () => {
      stopClock()
      const { lines } = await tell(
        { httpOnly: false, maxAge: 5000, path: '/admin', priority: 'high', secure: true },
        (req, res) => {
          req.session.n = 1
          Object.assign(req.session.cookie, { secure: false, sameSite: 'strict', domain: 'a.test' })
          res.end()
        },
      )
      const expires = new Date(T0 + 5000).toUTCString()
      expect(lines[0]!.split('; ').slice(1).toSorted()).toEqual(
        [
          'Domain=a.test',
          'Path=/admin',
          `Expires=${expires}`,
          'Priority=High',
          'SameSite=Strict',
        ].toSorted(),
      )
    })

    test.each([5000, 3_000_000_000])('given a maxAge of %d, expires then', async (maxAge) => {
      stopClock()
      const { cookie } = await tell({ maxAge: 2000 }, (req, res) => {
        req.session.n = 1
        req.session.cookie.maxAge = maxAge
        res.end()
      })
      expect(cookie!.expires).toEqual(new Date(T0 + maxAge))
    })

    test('given a maxAge, remembers it: a later request is as long', async () => {
      const clock = stopClock()
      const its = await site(session, { cookie: { maxAge: 2000 } }, (req, res) => {
        req.session.n = (req.session.n ?? 0) + 1
        if (req.url === '/long') req.session.cookie.maxAge = MINUTE
        res.end(`${req.session.cookie.originalMaxAge}`)
      })
      const visitor = browser(its)
      await visitor.get()
      expect((await visitor.get('/long')).text).toBe(`${MINUTE}`)
      clock.advance(30_000)
      const answer = await visitor.get()
      expect(answer.text).toBe(`${MINUTE}`)
      expect(answer.cookie!.expires).toEqual(new Date(T0 + 30_000 + MINUTE))
    })

    test('given a Date as `expires`, expires then', async () => {
      const { lines } = await tell({}, (req, res) => {
        req.session.n = 1
        req.session.cookie.expires = new Date(0)
        res.end()
      })
      expect(lines[0]).toContain('; Expires=Thu, 01 Jan 1970 00:00:00 GMT')
    })

    test.each([null, false as never])(
      'given %s as `expires`, lasts for the browser session',
      async (expires) => {
        const its = await site(session, { cookie: { maxAge: MINUTE } }, (req, res) => {
          req.session.n = (req.session.n ?? 0) + 1
          req.session.cookie.expires = expires
          res.end(`${req.session.n}`)
        })
        const visitor = browser(its)
        expect((await visitor.get()).lines[0]).not.toContain('Expires')
        const again = await visitor.get()
        expect(again.text).toBe('2')
        for (const line of again.lines) expect(line).not.toContain('Expires')
      },
    )

    test('is sent once where it is for the browser session, changed or not', async () => {
      const visitor = browser(await site(session, {}, write))
      expect((await visitor.get()).lines).toHaveLength(1)
      expect(await visitor.get()).toMatchObject({ text: '2', lines: [] })
    })

    test('with a maxAge is sent again if, and only if, the session changed', async () => {
      const its = await site(session, { cookie: { maxAge: MINUTE } }, (req, res) => {
        if (req.url === '/write') req.session.n = (req.session.n ?? 0) + 1
        res.end(`${req.session.n}`)
      })
      const visitor = browser(its)
      await visitor.get('/write')
      expect(await visitor.get('/')).toMatchObject({ text: '1', lines: [] })
      expect(await visitor.get('/write')).toMatchObject({ text: '2', lines: [expect.any(String)] })
    })

    test('starts anew at each request, with `rolling`', async () => {
      const clock = stopClock()
      const options = { rolling: true, cookie: { maxAge: MINUTE } }
      const visitor = browser(
        await site(session, options, (req, res) => {
          req.session.user = 'ann'
          res.end()
        }),
      )
      await visitor.get()
      clock.advance(40_000)
      expect((await visitor.get()).cookie!.expires).toEqual(new Date(T0 + 100_000))
      clock.advance(40_000)
      expect((await visitor.get()).cookie!.expires).toEqual(new Date(T0 + 140_000))
    })

    test('counts from the moment the response begins', async () => {
      const clock = stopClock()
      const { cookie } = await tell({ maxAge: MINUTE }, (req, res) => {
        req.session.n = 1
        clock.advance(10_000)
        res.end()
      })
      expect(cookie!.expires).toEqual(new Date(T0 + 10_000 + MINUTE))
    })

    test('can be shown as a line and as JSON', async () => {
      stopClock()
      const { text } = await tell({ maxAge: MINUTE, sameSite: 'lax' }, (req, res) => {
        const { cookie } = req.session as never as {
          cookie: { serialize(n: string, v: string): string }
        }
        res.end(JSON.stringify([cookie.serialize('a', 'b c'), cookie]))
      })
      expect(JSON.parse(text)).toEqual([
        `a=b%20c; Path=/; Expires=${inAMinute}; HttpOnly; SameSite=Lax`,
        {
          originalMaxAge: MINUTE,
          expires: new Date(T0 + MINUTE).toJSON(),
          httpOnly: true,
          path: '/',
          sameSite: 'lax',
        },
      ])
    })
  })

  describe('other cookies of the response', () => {
    test('that were set before stay', async () => {
      const { get } = await site(session, {}, (req, res) => {
        req.session.n = 1
        res.setHeader('Set-Cookie', 'previous=1')
        res.end()
      })
      expect((await get()).lines).toEqual(['previous=1', expect.stringMatching(/^connect\.sid=/)])
    })

    test.each<[string, Parameters<Parameters<Respond>[1]['writeHead']>[1]]>([
      ['one', { 'Set-Cookie': 'previous=1' }],
      ['several', { 'Set-Cookie': ['previous=1'] }],
    ])('that are set in writeHead stay: %s', async (_case, headers) => {
      const { get } = await site(session, {}, (req, res) => {
        req.session.n = 1
        res.writeHead(201, headers as Record<string, string>).end()
      })
      const answer = await get()
      expect(answer.status).toBe(201)
      expect(answer.lines).toEqual(['previous=1', expect.stringMatching(/^connect\.sid=/)])
    })
  })

  describe('the class Cookie', () => {
    const { Cookie } = session as unknown as {
      Cookie: new (options?: unknown) => Record<string, unknown>
    }

    test('has the defaults of a session cookie', () => {
      expect(new Cookie()).toMatchObject({
        path: '/',
        httpOnly: true,
        maxAge: null,
        expires: null,
        originalMaxAge: null,
      })
    })

    test('takes options', () => {
      const expires = new Date(T0)
      const cookie = new Cookie({ expires, httpOnly: false, path: '/foo', domain: 'a.test' })
      expect(cookie).toMatchObject({ httpOnly: false, path: '/foo', domain: 'a.test' })
      expect(cookie['expires']).toBe(expires)
    })

    test('refuses options and a maxAge that are none', () => {
      expect(() => new Cookie('path=/')).toThrow(TypeError)
      expect(() => new Cookie({ maxAge: '1h' })).toThrow('maxAge must be a number or Date')
    })
  })
})

const write0: Respond = (req, res) => {
  if (req.session) req.session.n = 1
  res.end()
}
