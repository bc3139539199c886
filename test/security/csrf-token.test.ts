import { DatabaseSync } from 'node:sqlite'
import { MemoryStore } from 'express-session'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { withSessions } from '../../src/adapters/fetch.ts'
import { flask } from '../../src/flask/flask.ts'
import { flaskSession } from '../../src/flask/session/flask-session.ts'
import { cookieSession, expressSession, ironSession } from '../../src/formerly/formerly.ts'
import { createSessions } from '../../src/index.ts'
import { newRecord } from '../../src/record/record.ts'
import { resolveOptions } from '../../src/session/setup/settings.ts'
import { memoryStore } from '../../src/stores/memory/memory.ts'
import { fakeClock } from '../../src/testing/testing.ts'
import { sessionsOn, through } from '../promises/stores.ts'
import { OLD_SECRET, SECRET, T0, Visitor } from '../session/visitor.ts'
import { neighbourPosts } from './csrf-request.ts'
import { type App, type AppOptions, FLASK, KINDS } from './kinds.ts'

const OWN_KINDS = KINDS.filter((kind) => kind !== FLASK)

/** A visitor whose session is kept, and the token of their page. */
async function visitorOf({ sessions }: App) {
  const visitor = new Visitor(sessions)
  await visitor.visit((session) => session.set('seen', 1))
  const tokenNow = () => visitor.read((session) => session.csrfToken())
  return {
    visitor,
    tokenNow,
    posts: (token: string) => neighbourPosts(sessions, visitor.cookie, token),
  }
}

describe.each(OWN_KINDS)('a CSRF token, $name', (kind) => {
  test('is the same on every page of a session, whatever the session does meanwhile', async () => {
    const app = kind.app()
    const { visitor, tokenNow, posts } = await visitorOf(app)
    const first = await tokenNow()
    expect(first).toMatch(/^[\w-]{43}$/)
    await visitor.visit((session) => session.set('seen', 2))
    await visitor.visit((session) => void (session.permanent = true))
    app.clock.advance(600_000)
    await visitor.visit(async (session) => {
      session.set('seen', 3)
      await session.commit()
      expect(session.csrfToken()).toBe(first)
      await session.reload()
      expect(session.csrfToken()).toBe(first)
    })
    await visitor.visit((session) => session.regenerate())
    expect(await tokenNow()).toBe(first)
    expect(await posts(first)).toBe('passes')
  })

  test('from the page that began the session is good for the form in it', async () => {
    const { sessions } = kind.app()
    const visitor = new Visitor(sessions)
    let token = ''
    await visitor.visit((session) => {
      token = session.csrfToken()
      session.set('seen', 1)
    })
    expect(await neighbourPosts(sessions, visitor.cookie, token)).toBe('passes')
  })

  test('of one session is refused in another, even of the same user and the same second', async () => {
    const app = kind.app()
    const all = []
    for (let count = 0; count < 20; count++) {
      const one = await visitorOf(app)
      await one.visitor.visit((session) => session.login('ada'))
      all.push({ ...one, token: await one.tokenNow() })
    }
    for (const { posts, token } of all) {
      for (const other of all) {
        expect(await posts(other.token)).toBe(other.token === token ? 'passes' : 'ERR_CSRF')
      }
    }
    expect(new Set(all.map(({ token }) => token)).size).toBe(all.length)
  })

  test('from before a login is refused after it; and one from before a logout, too', async () => {
    const { visitor, tokenNow, posts } = await visitorOf(kind.app())
    const before = [await tokenNow()]
    const changes: ((visitor: Visitor) => Promise<unknown>)[] = [
      (one) => one.visit((session) => session.login('ada')),
      (one) => one.visit((session) => session.login('ada')),
      // What was the other user's is gone; so this has something to keep.
      (one) => one.visit((session) => (session.login('grace'), session.set('seen', 1))),
      (one) => one.visit((session) => session.logout({ keep: ['seen'] })),
      (one) => one.visit((session) => session.login('ada')),
    ]
    for (const change of changes) {
      await change(visitor)
      for (const old of before) expect(await posts(old)).toBe('ERR_CSRF')
      const token = await tokenNow()
      expect(await posts(token)).toBe('passes')
      before.push(token)
    }
    expect(new Set(before).size).toBe(changes.length + 1)
  })

  test('rendered in the answer to a login is the one of the session it made', async () => {
    const { sessions } = kind.app()
    const visitor = new Visitor(sessions)
    await visitor.visit((session) => session.set('seen', 1))
    let token = ''
    await visitor.visit((session) => {
      session.login('ada')
      token = session.csrfToken()
    })
    expect(await neighbourPosts(sessions, visitor.cookie, token)).toBe('passes')
  })

  test('is read without a write: no cookie is set, and nothing is kept', async () => {
    const app = kind.app()
    const { visitor } = await visitorOf(app)
    const before = app.calls()
    expect((await visitor.visit((session) => session.csrfToken())).setCookie).toBeUndefined()
    expect(app.calls() - before).toBe(kind.stored ? 1 : 0)
    // A new visitor stays unknown.
    const nobody = await new Visitor(app.sessions).visit((session) => session.csrfToken())
    expect(nobody.setCookie).toBeUndefined()
    expect(app.calls() - before).toBe(kind.stored ? 1 : 0)
  })

  test('from a page under the old secret is still good after the change of secrets', async () => {
    // Only signing, of one visitor: another deployment reads the same cookie and the same rows.
    const clock = fakeClock(T0)
    const options: AppOptions = { clock, store: memoryStore({ clock }) }
    const old = kind.app({ ...options, secret: OLD_SECRET })
    const { visitor, tokenNow } = await visitorOf(old)
    const token = await tokenNow()

    const both = kind.app({ ...options, secret: [SECRET, OLD_SECRET] })
    expect(await neighbourPosts(both.sessions, visitor.cookie, token)).toBe('passes')
    const moved = new Visitor(both.sessions, visitor.cookie)
    await moved.visit((session) => session.set('seen', 2))
    expect(await neighbourPosts(both.sessions, moved.cookie, token)).toBe('passes')
    const newest = await moved.read((session) => session.csrfToken())
    expect(newest).not.toBe(token)

    const only = kind.app({ ...options, secret: SECRET })
    expect(await neighbourPosts(only.sessions, moved.cookie, newest)).toBe('passes')
    expect(await neighbourPosts(only.sessions, moved.cookie, token)).toBe('ERR_CSRF')
  })

  test('is nothing else than itself: no cookie, no part of one, no spelling of it', async () => {
    const app = kind.app()
    const { visitor, tokenNow, posts } = await visitorOf(app)
    const token = await tokenNow()
    const value = visitor.cookie!.slice(app.name.length + 1)
    const others = [
      value,
      ...value.split('.'),
      visitor.cookie!,
      '',
      ' ',
      token.slice(1),
      token.slice(0, -1),
      `${token}=`,
      `${token} `,
      ` ${token}`,
      `${token}\0`,
      token.toLowerCase(),
      token.toUpperCase(),
      [...token].reverse().join(''),
      String.fromCharCode(token.charCodeAt(0) + 256) + token.slice(1),
      Buffer.from(token, 'base64url').toString('hex'),
      'undefined',
      'null',
      '[object Object]',
    ]
    for (const other of others) expect(await posts(other), other).toBe('ERR_CSRF')
    for (const character of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_') {
      const respelled = token.slice(0, -1) + character
      expect(await posts(respelled)).toBe(respelled === token ? 'passes' : 'ERR_CSRF')
    }
    for (const other of [7, null, {}, [token], true]) {
      expect(await posts(other as unknown as string)).toBe('ERR_CSRF')
    }
    expect(await posts(token)).toBe('passes')
    // Nor is the token a cookie.
    expect(await app.accepts(token)).toBe(false)
  })

  test('of another app is refused, where the two share the secret', async () => {
    const here = await visitorOf(kind.app())
    const token = await here.tokenNow()
    expect(await here.posts(token)).toBe('passes')
    const others: AppOptions[] = [{ name: 'other' }, { more: { audience: 'admin' } }]
    for (const other of others) {
      const there = await visitorOf(kind.app(other))
      expect(await there.posts(token)).toBe('ERR_CSRF')
    }
  })

  test('is not asked of a visitor whom nothing is known of and who uses no browser', async () => {
    const { sessions } = kind.app()
    const carrier = {}
    sessions.mount([carrier], { method: 'POST', cookie: 'session=forged', header: () => undefined })
    await expect(sessions.checkCsrf(carrier)).resolves.toBeUndefined()
  })
})

test('another secret, audience or cookie name makes another token of the very same session', () => {
  const options = { secret: SECRET, cookie: { name: 'session' } }
  const tokens = [
    options,
    { ...options, secret: OLD_SECRET },
    { ...options, audience: 'admin' },
    { ...options, cookie: { name: 'other' } },
  ].map((given) => {
    const { csrf, backend } = resolveOptions(given)
    const session = (nonce: string, at: number) => newRecord(backend.layout, at, nonce)
    expect(csrf.tokenOf(session('abc123', 7))).toBe(csrf.tokenOf(session('abc123', 7)))
    expect(csrf.tokenOf(session('abc123', 7))).not.toBe(csrf.tokenOf(session('abc123', 8)))
    expect(csrf.tokenOf(session('abc123', 7))).not.toBe(csrf.tokenOf(session('abc124', 7)))
    return csrf.tokenOf(session('abc123', 7))
  })
  expect(new Set(tokens).size).toBe(tokens.length)
})

test.each([
  ['expressSession()', expressSession({ secret: SECRET, store: new MemoryStore() })],
  ['cookieSession()', cookieSession({ keys: [SECRET] })],
  ['ironSession()', ironSession({ password: SECRET, cookieName: 'iron' })],
  [
    'flaskSession()',
    flaskSession({ SECRET_KEY: SECRET, SESSION_SQLALCHEMY: new DatabaseSync(':memory:') }),
  ],
])(
  '%s has no token either, and the policy does not list an algorithm for it',
  async (_, preset) => {
    const sessions = createSessions(preset as never)
    expect(sessions.describePolicy().algorithms).not.toHaveProperty('csrf')
    const visitor = new Visitor(sessions)
    await visitor.visit((session) => {
      expect(() => session.csrfToken()).toThrow(
        expect.objectContaining({ code: 'ERR_CSRF_UNSUPPORTED' }),
      )
    })
  },
)

test("under Flask's preset there is no token; the headers protect all the same", async () => {
  const sessions = createSessions(flask({ SECRET_KEY: SECRET }))
  const visitor = new Visitor(sessions)
  await visitor.visit((session) => session.set('seen', 1))
  await visitor.visit((session) => {
    expect(() => session.csrfToken()).toThrow(
      expect.objectContaining({ code: 'ERR_CSRF_UNSUPPORTED' }),
    )
  })
  for (const [site, outcome] of [
    ['same-origin', 'passes'],
    ['cross-site', 'ERR_CSRF'],
    ['same-site', 'ERR_CSRF'],
  ] as const) {
    const carrier = {}
    const header = (name: string) => (name === 'sec-fetch-site' ? site : undefined)
    sessions.mount([carrier], { method: 'POST', cookie: visitor.cookie, header })
    const checked = sessions.checkCsrf(carrier, 'no token').then(
      () => 'passes',
      (error: { code: string }) => error.code,
    )
    expect(await checked).toBe(outcome)
  }
})

test.each(['error', 'anonymous-readonly'] as const)(
  'a store that does not answer lets nothing pass that needs a token: onUnavailable %s',
  async (onUnavailable) => {
    let isAway = false
    const store = through(memoryStore(), (_verb, _args, call) =>
      isAway ? Promise.reject(new Error('away')) : call(),
    )
    const { sessions, events } = sessionsOn(store, { onUnavailable })
    const visitor = new Visitor(sessions)
    await visitor.visit((session) => session.login('ada'))
    const token = await visitor.read((session) => session.csrfToken())
    isAway = true
    expect(await neighbourPosts(sessions, visitor.cookie, token)).toBe('ERR_STORE_UNAVAILABLE')
    const carrier = {}
    sessions.mount([carrier], { method: 'POST', cookie: visitor.cookie, header: () => undefined })
    await expect(sessions.checkCsrf(carrier, token)).rejects.toMatchObject({ status: 503 })
    // That the store is away is no attack.
    expect(events.map(({ type }) => type)).not.toContain('csrf-refused')
  },
)

test('a request that no adapter has seen is not checked in silence', async () => {
  const { sessions } = sessionsOn(memoryStore())
  await expect(sessions.checkCsrf({})).rejects.toMatchObject({ code: 'ERR_SESSION_NOT_MOUNTED' })
})

test.each([
  ['a promise', () => new Promise<undefined>(() => {})],
  // oxlint-disable-next-line unicorn/no-thenable -- it stands for the promise of another library
  ["another library's promise", () => ({ then() {} }) as unknown as Promise<undefined>],
])(
  'a token that never comes holds no response for good: it counts as none: %s',
  async (_, token) => {
    const { sessions } = OWN_KINDS[0]!.app()
    const visitor = new Visitor(sessions)
    await visitor.visit((session) => session.set('seen', 1))
    vi.useFakeTimers()
    onTestFinished(() => void vi.useRealTimers())
    const app = withSessions(sessions, (request) => {
      void sessions.checkCsrf(request, token)
      return new Response('not checked')
    })
    const headers = { cookie: visitor.cookie!, 'sec-fetch-site': 'same-site' }
    let status: number | undefined
    const response = app(new Request('http://site/', { method: 'POST', headers }))
    void response.then((given) => (status = given.status))
    await vi.advanceTimersByTimeAsync(299_000)
    expect(status).toBeUndefined()
    await vi.advanceTimersByTimeAsync(1_000)
    expect(status).toBe(403)
  },
)
