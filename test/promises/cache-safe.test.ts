import { describe, expect, test, vi } from 'vitest'
import { forge, OLD_SECRET, SECRET, T0, testSessions } from '../session/visitor.ts'
import { cookieOf, type Reply, type Route, served, WAYS } from './both-ways.ts'

const body = Buffer.from('["s44we8",{"x":1}]').toString('base64url')
const writing =
  (reply: Reply = {}): Route =>
  async (open) => {
    ;(await open()).set('x', 2)
    return reply
  }
const reading =
  (reply: Reply = {}): Route =>
  async (open) => {
    ;(await open()).get('x')
    return reply
  }

/** Whether a shared cache may keep a response and answer somebody else with it (RFC 9111 section 3). */
function isStorable(response: Response): boolean {
  const control = (response.headers.get('cache-control') ?? '').toLowerCase().split(/\s*,\s*/)
  return !control.some((directive) => directive === 'private' || directive === 'no-store')
}

describe.each(WAYS)('promise 7, cache-safe, through %s', (way) => {
  test('Vary: Cookie stands as soon as the session was opened, by whatever', async () => {
    const looks: ((session: Awaited<ReturnType<Parameters<Route>[0]>>) => unknown)[] = [
      () => {},
      (session) => session.get('x'),
      (session) => session.has('x'),
      (session) => [...session],
      (session) => session.size,
      (session) => session.userId,
      (session) => session.set('x', 1),
      (session) => session.logout(),
    ]
    for (const look of looks) {
      for (const cookie of [undefined, forge(body), 'session=junk']) {
        const { sessions } = testSessions()
        const route: Route = async (open) => (look(await open()), {})
        await served(way, sessions, route, async (ask) => {
          const response = await ask(cookie === undefined ? {} : { cookie })
          expect(response.headers.get('vary')).toBe('Cookie')
        })
      }
    }
  })

  test.each<[string, string]>([
    ['Accept', 'Accept, Cookie'],
    ['accept, COOKIE', 'accept, COOKIE'],
    ['*', '*, Cookie'],
  ])("the app's own Vary: %s is merged", async (own, merged) => {
    const { sessions } = testSessions()
    await served(way, sessions, reading({ headers: [['Vary', own]] }), async (ask) => {
      expect((await ask()).headers.get('vary')).toBe(merged)
    })
  })

  test.each<[string | undefined, string]>([
    [undefined, 'private'],
    ['public, max-age=3600', 'private, max-age=3600'],
    ['max-age=60, s-maxage=600', 'private, max-age=60'],
    ['no-store', 'no-store'],
    ['private, max-age=5', 'private, max-age=5'],
    ['no-cache', 'private, no-cache'],
  ])('with a Set-Cookie, Cache-Control %j becomes %j', async (own, merged) => {
    const { sessions } = testSessions()
    const headers: Reply['headers'] = own === undefined ? [] : [['Cache-Control', own]]
    await served(way, sessions, writing({ headers }), async (ask) => {
      expect((await ask()).headers.get('cache-control')).toBe(merged)
    })
    // Without one it is the app's to decide.
    await served(way, sessions, reading({ headers }), async (ask) => {
      expect((await ask()).headers.get('cache-control')).toBe(own ?? null)
    })
  })

  test.each<[string | undefined, string]>([
    [undefined, 'private'],
    ['max-age=60', 'private, max-age=60'],
    ['no-cache', 'private, no-cache'],
    ['no-store', 'no-store'],
    ['private, max-age=5', 'private, max-age=5'],
    ['public, max-age=60', 'public, max-age=60'],
    ['s-maxage=60', 's-maxage=60'],
  ])('a page of a signed-in visitor with Cache-Control %j leaves with %j', async (own, sent) => {
    vi.spyOn(console, 'warn').mockImplementation(() => {})
    const { sessions } = testSessions()
    const own200: Reply['headers'] = own === undefined ? [] : [['Cache-Control', own]]
    let reply: Reply = {}
    let path = 'page'
    const route: Route = async (open) => {
      // A file, say: the session is not asked for.
      if (path === 'asset') return reply
      const session = await open()
      if (path === 'login') session.login('ada')
      return reply
    }
    await served(way, sessions, route, async (ask) => {
      path = 'login'
      const cookie = cookieOf(await ask())
      path = 'page'
      for (const status of [200, 302, 304, 404, 500]) {
        for (const method of ['GET', 'HEAD', 'POST']) {
          reply = { status, headers: own200 }
          const response = await ask({ cookie }, method)
          expect(response.headers.getSetCookie()).toEqual([])
          expect(response.headers.get('cache-control'), `${method} ${status}`).toBe(sent)
          expect(response.headers.get('vary')).toBe('Cookie')
        }
      }
      reply = { headers: own200 }
      // Nobody is signed in, or nobody asked: it is the app's to decide.
      expect((await ask()).headers.get('cache-control')).toBe(own ?? null)
      path = 'asset'
      expect((await ask({ cookie })).headers.get('cache-control')).toBe(own ?? null)
    })
  })

  test('one Set-Cookie of our name leaves, and the app keeps its own', async () => {
    const { sessions } = testSessions()
    const headers: Reply['headers'] = [
      ['Set-Cookie', 'a=1; Path=/'],
      ['Set-Cookie', 'session=old; Path=/'],
      ['Set-Cookie', 'a=2; Path=/x'],
      ['Set-Cookie', 'Session=other-case'],
    ]
    await served(way, sessions, writing({ headers }), async (ask) => {
      const lines = (await ask()).headers.getSetCookie()
      expect(lines.slice(0, 3)).toEqual(['a=1; Path=/', 'a=2; Path=/x', 'Session=other-case'])
      expect(lines.filter((line) => line.startsWith('session='))).toHaveLength(1)
      expect(lines.at(-1)).toMatch(/^session=W.*; HttpOnly; Path=\/; SameSite=Lax$/)
    })
  })

  test('no response with our cookie can be kept by a shared cache', async () => {
    const replies: Reply[] = [
      {},
      { status: 302, headers: [['Location', '/x']] },
      { status: 304 },
      { status: 404, headers: [['Cache-Control', 'public, max-age=60']] },
      { status: 500, body: 'oops' },
      {
        headers: [
          ['Cache-Control', 's-maxage=60'],
          ['Cache-Control', 'public'],
        ],
      },
    ]
    for (const reply of replies) {
      for (const method of ['GET', 'HEAD', 'POST']) {
        const { sessions } = testSessions()
        await served(way, sessions, writing(reply), async (ask) => {
          const response = await ask({}, method)
          expect(response.status).toBe(reply.status ?? 200)
          expect(response.headers.getSetCookie()).toHaveLength(1)
          expect(response.headers.get('vary')).toBe('Cookie')
          expect(isStorable(response), JSON.stringify([reply, method])).toBe(false)
        })
      }
    }
  })

  test('a header that only one cache reads is removed with our cookie, and stays without it', async () => {
    const { sessions } = testSessions()
    const names = ['CDN-Cache-Control', 'Surrogate-Control']
    const headers: Reply['headers'] = names.map((name) => [name, 'max-age=600'])
    const sent = ({ headers: all }: Response) => names.map((name) => all.get(name))
    await served(way, sessions, writing({ headers }), async (ask) => {
      expect(sent(await ask())).toEqual([null, null])
    })
    await served(way, sessions, reading({ headers }), async (ask) => {
      expect(sent(await ask())).toEqual(['max-age=600', 'max-age=600'])
    })
  })

  test('a mere renewal, and a new secret, are no exception', async () => {
    const { sessions, clock } = testSessions({
      lifetime: { idle: '10m' },
      secret: [SECRET, OLD_SECRET],
    })
    const headers: Reply['headers'] = [['Cache-Control', 'public, max-age=9']]
    await served(way, sessions, reading({ headers }), async (ask) => {
      const rotated = await ask({ cookie: forge(body, { secret: OLD_SECRET }) })
      clock.now = T0 + 60_000
      const renewed = await ask({ cookie: forge(body) })
      for (const response of [rotated, renewed]) {
        expect(response.headers.getSetCookie()).toHaveLength(1)
        expect(response.headers.get('vary')).toBe('Cookie')
        expect(isStorable(response)).toBe(false)
      }
    })
  })

  test('clearing the cookie is setting it', async () => {
    const { sessions } = testSessions()
    const leaving: Route = async (open) => (
      (await open()).logout(),
      { headers: [['Cache-Control', 'public']] }
    )
    await served(way, sessions, leaving, async (ask) => {
      const response = await ask({ cookie: forge(body) })
      expect(response.headers.getSetCookie()).toEqual([
        expect.stringMatching(/^session=; .*Max-Age=0/),
      ])
      expect(isStorable(response)).toBe(false)
    })
  })
})
