import { parseSetCookie } from 'cookie'
import { describe, expect, test } from 'vitest'
import type { CookieOptions, Session } from '../../src/index.ts'
import { memoryStore } from '../../src/stores/memory/memory.ts'
import { T0, testSessions } from '../session/visitor.ts'

/** A browser's jar, as RFC 6265bis section 5.7 keeps it: name, domain, path and partition tell cookies apart. */
function cookieJar() {
  const kept = new Map<string, string>()
  return {
    kept,
    take(line: string): void {
      const { name, value, domain, path, maxAge, expires, partitioned } = parseSetCookie(line)!
      const place = JSON.stringify([name, domain ?? 'host only', path, partitioned ?? false])
      const isOver =
        maxAge === undefined ? expires !== undefined && expires.getTime() <= T0 : maxAge <= 0
      if (isOver) kept.delete(place)
      else kept.set(place, `${name}=${value}`)
    },
    get header() {
      return [...kept.values()].join('; ')
    },
  }
}

const COOKIES: [string, CookieOptions][] = [
  ['the defaults', {}],
  ['a path', { path: '/app' }],
  ['a domain', { domain: 'example.com' }],
  ['a domain and a path', { domain: 'example.com', path: '/app/x' }],
  ['a prefix', { name: '__Host-id', secure: true }],
  ['a partition', { secure: true, sameSite: 'None', partitioned: true }],
  [
    'everything',
    {
      name: '__Secure-s',
      domain: 'example.com',
      path: '/a',
      secure: true,
      sameSite: 'None',
      partitioned: true,
    },
  ],
]

function site(cookie: CookieOptions, backend: 'the cookie' | 'a store') {
  const store = backend === 'a store' ? { store: memoryStore({ clock: () => T0 }) } : {}
  const world = testSessions({ cookie, ...store })
  const jar = cookieJar()
  const lines: string[][] = []
  return {
    ...world,
    jar,
    lines,
    async visit(work: (session: Session<any>) => unknown) {
      const session = await world.sessions.open(jar.header)
      await work(session)
      const set = (await session.commit()).getSetCookie()
      for (const line of set) jar.take(line)
      lines.push(set)
      return set
    },
  }
}

describe.each(['the cookie', 'a store'] as const)(
  "a browser's jar, with the session in %s",
  (backend) => {
    test.each(COOKIES)('is empty after a logout, with %s', async (_name, cookie) => {
      const { visit, jar } = site(cookie, backend)
      await visit((session) => session.login('ann'))
      await visit((session) => (session.permanent = true))
      expect(jar.kept.size).toBe(1)
      await visit((session) => session.logout())
      expect(jar.header).toBe('')
    })

    test('gets one line of our name at most, whatever a request did', async () => {
      const { visit, jar, sessions } = site({}, backend)
      const [set] = await visit((session) => {
        session.set('x', 1)
        session.login('ann')
        session.regenerate()
        session.permanent = true
        session.flash('welcome')
        session.login('bob')
        session.logout()
        session.login('ann')
      })
      expect(set).toBeDefined()
      const again = await visit((session) => {
        session.regenerate()
        session.login('ann')
        session.clear()
        session.set('x', 2)
      })
      expect(again).toHaveLength(1)
      expect((await visit((session) => session.logout())).length).toBe(1)
      expect(jar.kept.size).toBe(0)
      expect(await sessions.open(jar.header)).toMatchObject({ isNew: true })
    })

    test('holds no attribute twice', async () => {
      const { visit, lines } = site(COOKIES.at(-1)![1], backend)
      await visit((session) => session.login('ann'))
      await visit((session) => session.logout())
      for (const [line] of lines) {
        const names = line!.split(';').map((part) => part.split('=')[0]!.trim().toLowerCase())
        expect(new Set(names).size).toBe(names.length)
      }
    })
  },
)

test('the attributes are fixed when sessions are made: no request and no session can change them', async () => {
  const cookie: CookieOptions = { path: '/app' }
  const { visit } = site(cookie, 'the cookie')
  cookie.path = '/elsewhere'
  cookie.httpOnly = false
  const [line] = await visit((session) => session.set('x', 1))
  expect(line).toMatch(/; HttpOnly; Path=\/app; SameSite=Lax$/)
})
