/** Warnings of sessions that differ where a visitor expects one, and when they are not printed. */

import { afterEach, beforeEach, describe, expect, type MockInstance, test, vi } from 'vitest'
import { withSessions } from '../../../src/adapters/fetch.ts'
import { flask } from '../../../src/flask/flask.ts'
import { memoryStore } from '../../../src/stores/memory/memory.ts'
import type { CookieOptions, SessionOptions } from '../../../src/index.ts'
import { listenTo } from '../channels.ts'
import { SECRET, T0, testSessions, Visitor } from '../visitor.ts'

let warn: MockInstance<(...parts: unknown[]) => void>
beforeEach(() => {
  warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
})
afterEach(() => vi.restoreAllMocks())
const said = () => warn.mock.calls.map(([line]) => String(line))

describe('sessions under two host names', () => {
  async function beginUnder(hosts: readonly string[], options: Partial<SessionOptions> = {}) {
    const { sessions } = testSessions(options)
    const handler = withSessions(sessions, async (request) => {
      const session = await sessions.get(request)
      session.set('a', 1)
      return new Response('ok')
    })
    for (const host of hosts) await handler(new Request(`http://${host}/`, { headers: { host } }))
    return said()
  }

  test.each([
    [['localhost:3000', '127.0.0.1:3000'], /localhost and 127\.0\.0\.1\. .*Open the app under one/],
    [['[::1]:3000', 'localhost'], /\[::1\] and localhost/],
    [
      ['shop.example', 'www.shop.example'],
      /Redirect one to the other, or set cookie: \{ domain \}/,
    ],
  ])('%j: a line with the remedy, once', async (hosts, line) => {
    expect(await beginUnder([...hosts, ...hosts])).toEqual([expect.stringMatching(line)])
  })

  test.each([
    [['localhost:3000', 'localhost:3001']],
    [['shop.example', 'blog.example']],
    [['shop.example', 'blog.shop.example']],
  ])('%j: none', async (hosts) => {
    expect(await beginUnder(hosts)).toEqual([])
  })

  test('none if the cookie has a domain that covers both', async () => {
    const options = { cookie: { domain: 'shop.example' } }
    expect(await beginUnder(['shop.example', 'www.shop.example'], options)).toEqual([])
  })
})

describe('two changes of the session of one cookie', () => {
  const count = (n = 0) => n + 1

  test('a line, since the browser stores one of them', async () => {
    const { sessions } = testSessions()
    const visitor = new Visitor(sessions)
    await visitor.visit((session) => session.update('n', count))
    const other = new Visitor(sessions, visitor.cookie)
    await visitor.visit((session) => session.update('n', count))
    expect(said()).toEqual([])
    await other.visit((session) => session.update('n', count))
    expect(said()).toEqual([expect.stringMatching(/changes of the other are lost/)])
  })

  test('none for requests one after the other, for one that commits twice, or that only reads', async () => {
    const { sessions } = testSessions()
    const visitor = new Visitor(sessions)
    for (let visit = 0; visit < 3; visit++) {
      const reader = new Visitor(sessions, visitor.cookie)
      await visitor.visit(async (session) => {
        session.update('n', count)
        await session.commit()
        session.update('n', count)
      })
      await reader.visit((session) => session.get('n'))
    }
    expect(said()).toEqual([])
  })

  test('none if the browser also sends a stale cookie of the name, first', async () => {
    const { sessions, clock } = testSessions()
    const other = new Visitor(sessions)
    await other.visit((session) => session.set('of', 'another path'))
    const stale = other.cookie
    const visitor = new Visitor(sessions)
    clock.now += 1000
    await visitor.visit((session) => session.update('n', count))
    for (let visit = 0; visit < 3; visit++) {
      const both = new Visitor(sessions, `${stale}; ${visitor.cookie}`)
      await both.visit((session) => session.update('n', count))
      visitor.cookie = both.cookie
    }
    expect(said().filter((line) => line.includes('lost update'))).toEqual([])
  })

  test('none for session.permanent, which apps of Flask set on each request', async () => {
    const { sessions } = testSessions(flask({ SECRET_KEY: SECRET }))
    const visitor = new Visitor(sessions)
    await visitor.visit((session) => {
      session.set('n', 1)
      session.permanent = true
    })
    for (let request = 0; request < 2; request++) {
      const other = new Visitor(sessions, visitor.cookie)
      const { setCookie } = await other.visit((session) => {
        session.permanent = true
      })
      expect(setCookie).toBeDefined()
    }
    expect(said()).toEqual([])
  })

  test('none with a store, which saves both', async () => {
    const { sessions } = testSessions({ store: memoryStore({ clock: () => T0 }) })
    const visitor = new Visitor(sessions)
    await visitor.visit((session) => session.update('n', count))
    const other = new Visitor(sessions, visitor.cookie)
    await visitor.visit((session) => session.update('n', count))
    await other.visit((session) => session.update('n', count))
    expect(said()).toEqual([])
  })
})

describe('a POST from another site without the cookie', () => {
  async function posted(headers: Record<string, string>, cookie: CookieOptions = {}) {
    const { sessions } = testSessions({ cookie })
    const handler = withSessions(sessions, async (request) => {
      await sessions.get(request)
      return new Response('ok')
    })
    const origin = 'https://pay.example'
    const given = { host: 'shop.example', origin, 'sec-fetch-site': 'cross-site', ...headers }
    const request = { method: 'POST', headers: Object.entries(given) as [string, string][] }
    await handler(new Request('http://shop.example/', request))
    return said()
  }

  test('of a form is told apart from one of fetch', async () => {
    expect(await posted({ 'sec-fetch-mode': 'navigate' })).toEqual([
      expect.stringMatching(/A form on another site .*Respond with a redirect \(303\)/),
    ])
    warn.mockClear()
    expect(await posted({ 'sec-fetch-mode': 'cors' })).toEqual([
      expect.stringMatching(/credentials: 'include'/),
    ])
  })

  const form = { 'sec-fetch-mode': 'navigate' }

  test('with SameSite=Strict a redirect would not help: the line names Lax first', async () => {
    expect(await posted(form, { sameSite: 'Strict' })).toEqual([
      expect.stringMatching(/SameSite=Strict keeps .* Set sameSite: 'Lax' and respond with a/),
    ])
  })

  test('none if SameSite does not keep the cookie out: the visitor has none', async () => {
    const none = { sameSite: 'None', secure: true } as const
    expect(await posted(form, none)).toEqual([])
    expect(await posted({ ...form, 'sec-fetch-site': 'same-site' })).toEqual([])
  })
})

test('a warning is published each time it happens, and printed once', async () => {
  const heard = listenTo('sojourn:warning')
  const { sessions } = testSessions()
  for (let visit = 0; visit < 3; visit++) await sessions.open('session=hello')
  expect(said()).toHaveLength(1)
  const [line] = said()
  const message = { cookieName: 'session', line: line!.replace('[sojourn] ', '') }
  expect(heard).toEqual(Array.from({ length: 3 }, () => ['sojourn:warning', message]))
})
