/** A browser that holds two cookies of our name, as after the cookie's Domain was changed. */

import { describe, expect, test, vi } from 'vitest'
import { flask, flaskCookie, type FlaskConfig } from '../../src/flask/flask.ts'
import { createSessions, type Session, type SessionOptions } from '../../src/index.ts'
import { memoryStore } from '../../src/stores/memory/memory.ts'
import { SECRET, T0 } from './visitor.ts'

const DAY = 86_400_000
const MINUTE = 60_000

vi.spyOn(console, 'warn').mockImplementation(() => {})

/** An app whose cookie is first for its host only, and later for the whole domain. */
type App = (domain: string | undefined, clock: () => number) => SessionOptions

const own =
  (more: Partial<SessionOptions>): App =>
  (domain, clock) => ({ secret: SECRET, clock, ...(domain && { cookie: { domain } }), ...more })

const flasks: App = (domain, clock) => {
  const config: FlaskConfig = { SECRET_KEY: SECRET }
  return { ...flask(domain ? { ...config, SESSION_COOKIE_DOMAIN: domain } : config), clock }
}

const KINDS: [string, App][] = [
  ['signed', own({})],
  ['encrypted', own({ encrypt: true })],
  ["Flask's", flasks],
]

/** The browser sends the older cookie first (RFC 6265bis section 5.8.3). */
class Browser {
  older: string | undefined
  newer: string | undefined
  line: string | undefined

  async visit(
    sessions: ReturnType<typeof createSessions>,
    work: (session: Session<any>) => unknown = () => {},
  ) {
    const session = await sessions.open([this.older, this.newer].filter(Boolean).join('; '))
    work(session)
    const line = (this.line = (await session.commit()).getSetCookie()[0])
    if (line === undefined) return
    const value = /; Expires=Thu, 01 Jan 1970/.test(line) ? undefined : line.split(';')[0]
    if (line.includes('Domain=')) this.newer = value
    else this.older = value
  }

  async read<Value>(
    sessions: ReturnType<typeof createSessions>,
    look: (session: Session<any>) => Value,
  ): Promise<Value> {
    return look(await sessions.open([this.older, this.newer].filter(Boolean).join('; ')))
  }
}

async function afterTheChange(app: App, seconds = 10) {
  const at = { now: T0 }
  const clock = () => at.now
  const browser = new Browser()
  await browser.visit(createSessions(app(undefined, clock)), (session) => {
    session.set('cart', ['tea'])
    session.login('7')
    session.permanent = true
  })
  at.now += seconds * 1000
  const sessions = createSessions<any>(app('example.com', clock))
  await browser.visit(sessions, (session) => session.set('seen', true))
  expect([browser.older, browser.newer].map(Boolean)).toEqual([true, true])
  at.now += seconds * 1000
  return { at, browser, sessions }
}

describe.each(KINDS)('a %s cookie', (_, app) => {
  test.each([10, 0])('after a logout nobody is signed in, with %d s between', async (seconds) => {
    const { at, browser, sessions } = await afterTheChange(app, seconds)
    await browser.visit(sessions, (session) => session.logout())
    const seenBy = (session: Session<any>) => [session.userId, session.get('cart'), session.isNew]
    expect(await browser.read(sessions, seenBy)).toEqual([undefined, undefined, true])
    at.now += 30 * DAY
    expect(await browser.read(sessions, seenBy)).toEqual([undefined, undefined, true])
    at.now += DAY + 2 * MINUTE
    expect(await browser.read(sessions, seenBy)).toEqual([undefined, undefined, true])
  })

  test('after the pop of the last key there is no cart', async () => {
    const { browser, sessions } = await afterTheChange(app)
    await browser.visit(sessions, (session) => {
      for (const key of session.keys()) if (key !== 'cart') session.delete(key)
    })
    await browser.visit(sessions, (session) => session.logout({ keep: ['cart'] }))
    expect(await browser.read(sessions, (session) => session.get('cart'))).toEqual(['tea'])
    await browser.visit(sessions, (session) => session.pop('cart'))
    expect(await browser.read(sessions, (session) => session.get('cart'))).toBeUndefined()
  })

  test('what is written afterwards opens, and not the older cookie', async () => {
    const { browser, sessions } = await afterTheChange(app, 0)
    await browser.visit(sessions, (session) => session.logout())
    await browser.visit(sessions, (session) => session.login('8'))
    const seenBy = (session: Session<any>) => [session.userId, session.get('cart')]
    expect(await browser.read(sessions, seenBy)).toEqual(['8', undefined])
    await browser.visit(sessions, (session) => session.logout())
    expect(await browser.read(sessions, seenBy)).toEqual([undefined, undefined])
  })

  test('the emptied cookie is kept until the older one has expired, and no visit renews it', async () => {
    const { at, browser, sessions } = await afterTheChange(app)
    await browser.visit(sessions, (session) => session.logout())
    expect(browser.line).toContain('; Domain=example.com')
    expect(browser.line).toMatch(
      /; (Max-Age=26784\d\d|Expires=Fri, 15 Dec 2023 22:(14:[2-5]\d|15:[0-4]\d) GMT)/,
    )
    at.now += 10 * DAY
    await browser.visit(sessions)
    expect(browser.line).toBeUndefined()
  })

  test('a single cookie is cleared as before', async () => {
    const sessions = createSessions<any>(app('example.com', () => T0))
    const browser = new Browser()
    await browser.visit(sessions, (session) => session.set('cart', ['tea']))
    await browser.visit(sessions, (session) => session.pop('cart'))
    expect(browser.newer).toBeUndefined()
  })

  test('of two equal cookies neither opens after a logout', async () => {
    const sessions = createSessions<any>(app('example.com', () => T0))
    const browser = new Browser()
    await browser.visit(sessions, (session) => session.login('7'))
    browser.older = browser.newer
    await browser.visit(sessions, (session) => session.logout())
    expect(await browser.read(sessions, (session) => session.userId)).toBeUndefined()
  })

  test('an older cookie of a server whose clock is ahead stays hidden', async () => {
    const { at, browser, sessions } = await afterTheChange(app)
    at.now -= 50_000
    await browser.visit(sessions, (session) => session.logout())
    expect(await browser.read(sessions, (session) => session.userId)).toBeUndefined()
    await browser.visit(sessions, (session) => session.login('8'))
    expect(await browser.read(sessions, (session) => session.userId)).toBe('8')
  })
})

test('an emptied cookie outlives permanent sessions, although idle is shorter', async () => {
  const app = own({ lifetime: { idle: '10m', permanent: '30d' } })
  const { at, browser, sessions } = await afterTheChange(app)
  await browser.visit(sessions, (session) => session.logout())
  at.now += 29 * DAY
  expect(await browser.read(sessions, (session) => session.userId)).toBeUndefined()
})

test.each([['signed', {}] as const, ['encrypted', { encrypt: true }] as const])(
  'a session that has expired (%s) does not bring back the older one, which was permanent',
  async (_, options) => {
    const app = own({ ...options, lifetime: { idle: '10m', permanent: '30d' } })
    const { at, browser, sessions } = await afterTheChange(app)
    await browser.visit(sessions, (session) => (session.permanent = false))
    at.now += 11 * MINUTE
    const seenBy = (session: Session<any>) => [session.userId, session.get('cart')]
    expect(await browser.read(sessions, seenBy)).toEqual([undefined, undefined])
    await browser.visit(sessions, (session) => session.login('8'))
    expect(await browser.read(sessions, seenBy)).toEqual(['8', undefined])
    await browser.visit(sessions, (session) => session.logout())
    expect(await browser.read(sessions, seenBy)).toEqual([undefined, undefined])
  },
)

test('Flask reads an emptied cookie as an empty session', async () => {
  const { at, browser, sessions } = await afterTheChange(flasks)
  await browser.visit(sessions, (session) => session.logout())
  const opened = flaskCookie({ secret: SECRET }).open(browser.newer!.slice('session='.length), {
    now: at.now / 1000,
  })
  expect(opened).toMatchObject({ ok: true, data: {} })
})

test('Flask’s preset is anonymous where the first cookie does not verify, as Flask is', async () => {
  const { browser, sessions } = await afterTheChange(flasks)
  browser.older = 'session=x'
  expect(await browser.read(sessions, (session) => session.isNew)).toBe(true)
})

describe('with a store', () => {
  const stored = own({ store: memoryStore({ clock: () => T0 }) })

  test.each([10, 0])('a logout ends both sessions, with %d s between', async (seconds) => {
    const { browser, sessions } = await afterTheChange(stored, seconds)
    await browser.visit(sessions, (session) => session.logout())
    expect(await browser.read(sessions, (session) => session.userId)).toBeUndefined()
  })

  test.each([10, 0])(
    'the pop of the last key is not undone, with %d s between',
    async (seconds) => {
      const { browser, sessions } = await afterTheChange(stored, seconds)
      await browser.visit(sessions, (session) => session.pop('cart'))
      expect(await browser.read(sessions, (session) => session.get('cart'))).toBeUndefined()
    },
  )
})

describe.each(KINDS.slice(0, 2))('a %s cookie from before the change, alone', (_, app) => {
  /** A browser that has not been here since. */
  async function fromBefore(work: (session: Session<any>) => unknown) {
    const browser = new Browser()
    await browser.visit(createSessions(app(undefined, () => T0)), work)
    return { browser, sessions: createSessions<any>(app('example.com', () => T0)) }
  }

  test('is hidden by a logout: clearing the new one would leave it', async () => {
    const { browser, sessions } = await fromBefore((session) => session.login('7'))
    await browser.visit(sessions, (session) => session.logout())
    expect(await browser.read(sessions, (session) => session.userId)).toBeUndefined()
  })

  test('is hidden by the pop of its last key', async () => {
    const { browser, sessions } = await fromBefore((session) => session.set('cart', ['tea']))
    await browser.visit(sessions, (session) => session.pop('cart'))
    expect(await browser.read(sessions, (session) => session.get('cart'))).toBeUndefined()
  })
})

test('a cookie for the whole domain is hidden when sessions are for one host again', async () => {
  const browser = new Browser()
  const app = own({})
  await browser.visit(createSessions(app('example.com', () => T0)), (session) => session.login('7'))
  const sessions = createSessions<any>(app(undefined, () => T0))
  await browser.visit(sessions, (session) => session.logout())
  expect(await browser.read(sessions, (session) => session.userId)).toBeUndefined()
})
