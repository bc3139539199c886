import { describe, expect, it, vi } from 'vitest'
import { withSessions } from '../../src/adapters/fetch.ts'
import { createSessions, REMOVE, type EventFacts, type SessionOptions } from '../../src/index.ts'
import { memoryStore } from '../../src/stores/memory/memory.ts'
import { sessionStore } from '../../src/stores/session-store.ts'
import type { SessionStore } from '../../src/backends/stored/store.ts'
import { fakeClock } from '../../src/testing/time/clock.ts'
import { testVisitor } from '../../src/testing/visitor.ts'
import { factsOf } from './facts-of.ts'

const SECRET = 'Vd2mQ9sXw4LrT7yKb1Nc8Hf5Jz3Pg6Ua-stored'

/** Sessions on a memory store that can be taken away. */
function setUp(options: Partial<SessionOptions> = {}) {
  const clock = fakeClock()
  const inner = memoryStore({ clock })
  const away = { is: false }
  const store = Object.fromEntries(
    Object.entries(inner).map(([verb, act]) => [
      verb,
      typeof act !== 'function' || ['keys', 'check', 'backend'].includes(verb)
        ? act
        : (...args: never[]) =>
            away.is ? Promise.reject(new Error('away')) : (act as Function)(...args),
    ]),
  ) as unknown as SessionStore
  const events: EventFacts[] = []
  const sessions = createSessions<any>({
    secret: SECRET,
    clock,
    onEvent: (event) => events.push(factsOf(event)),
    ...options,
    store,
  })
  return { sessions, clock, store, away, events, visitor: () => testVisitor(sessions) }
}

describe('the options of a store', () => {
  const create = (options: object) => () => createSessions({ secret: SECRET, ...options })

  it.each([
    ['rotate', '15m'],
    ['grace', '10s'],
    ['onReplay', 'end'],
    ['maxSessionsPerUser', 3],
    ['onLimit', 'reject'],
    ['onUnavailable', 'anonymous-readonly'],
    ['deadlines', {}],
    ['concurrency', 10],
  ])('%s needs one', (name, value) => {
    expect(create({ [name]: value })).toThrow(`The option "${name}" needs a store`)
  })

  it.each([
    [{ rotate: 900 }, 'rotate'],
    [{ grace: 'soon' }, 'grace'],
    [{ onReplay: 'panic' }, 'onReplay'],
    [{ maxSessionsPerUser: 0 }, 'maxSessionsPerUser'],
    [{ maxSessionsPerUser: 1.5 }, 'maxSessionsPerUser'],
    [{ onLimit: 'evict' }, 'onLimit'],
    [{ onUnavailable: 'anonymous' }, 'onUnavailable'],
    [{ deadlines: { reed: '1s' } }, 'deadlines.reed'],
    [{ deadlines: { read: 250 } }, 'deadlines.read'],
    [{ deadlines: [] }, 'deadlines'],
    [{ deadlines: null }, 'deadlines'],
    [{ deadlines: { commit: '30d' } }, 'deadlines.commit'],
    [{ concurrency: 0 }, 'concurrency'],
    [{ maxSessionsPerUser: 1_000_001 }, 'maxSessionsPerUser'],
    [{ rotate: '10s' }, 'rotate'],
    [{ rotate: '5s', grace: '10s' }, 'rotate'],
  ])('that cannot be meant are refused at start-up: %j', (options, name) => {
    expect(create({ store: memoryStore(), ...options })).toThrow(`The option "${name}"`)
  })

  it('refuse what is no store, and say what it lacks', () => {
    const { swap: _, ...lacking } = memoryStore()
    expect(create({ store: lacking })).toThrow('it lacks swap')
    expect(create({ store: { ...memoryStore(), engine: undefined } })).toThrow('name its engine')
    expect(create({ store: 'redis://localhost' })).toThrow('is not a store')
    expect(() => sessionStore(Object.freeze({ ...memoryStore() }))).toThrow('is frozen')
  })

  it('take deadlines in milliseconds', () => {
    expect(create({ store: memoryStore(), deadlines: { read: '100ms' } })).not.toThrow()
  })
})

describe('a session on a store', () => {
  it('has a handle once it is kept, which opens nothing', async () => {
    const { sessions, visitor } = setUp()
    const ada = visitor()
    const handle = await ada.session(async (session) => {
      expect(session.handle).toBeUndefined()
      session.login('ada')
      await session.commit()
      return session.handle
    })
    expect(ada.cookie).toContain(handle)
    expect((await sessions.open(`session=${handle}`)).isNew).toBe(true)
  })

  it('says nothing of logouts that cannot be final: they are', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
    const ada = setUp().visitor()
    await ada.session((session) => session.login('ada'))
    await ada.session((session) => session.logout())
    expect(warn.mock.calls.join()).not.toContain('logout()')
    warn.mockRestore()
  })

  it('shows what was kept after a commit, though others wrote meanwhile', async () => {
    const { sessions, visitor } = setUp()
    const ada = visitor()
    await ada.session((session) => session.set('n', 1))
    const session = await sessions.open(ada.cookie)
    await ada.session((other) => other.update('n', (n) => n + 10))
    expect(session.update('n', (n) => n + 1)).toBe(2)
    await session.commit()
    expect(session.get('n')).toBe(12)
  })

  it('hands out the same object after a commit', async () => {
    const { sessions } = setUp()
    const session = await sessions.open(null)
    const cart = session.getOrInsert('cart', ['tea'])
    await session.commit()
    cart.push('mug')
    await session.commit()
    await session.reload()
    expect(session.get('cart')).toEqual(['tea', 'mug'])
  })

  it('does nothing twice where two commits are awaited at once', async () => {
    const { sessions, visitor } = setUp()
    const ada = visitor()
    await ada.session((session) => session.set('n', 0))
    const session = await sessions.open(ada.cookie)
    session.update('n', (n) => n + 1)
    const first = session.commit()
    session.update('n', (n) => n + 1)
    await Promise.all([first, session.commit(), session.commit()])
    expect(await ada.session((other) => other.get('n'))).toBe(2)
  })

  it('reads the newest on reload, and puts this request on it', async () => {
    const { sessions, visitor } = setUp()
    const ada = visitor()
    await ada.session((session) => session.set('a', 1))
    const session = await sessions.open(ada.cookie)
    session.set('b', 2)
    await ada.session((other) => other.set('a', 10))
    await session.reload()
    expect(Object.fromEntries(session)).toEqual({ a: 10, b: 2 })
  })

  it('keeps the page of a user out of shared caches, even if a reload finds them signed out', async () => {
    const { sessions, visitor } = setUp()
    const ada = visitor()
    await ada.session((session) => session.login('ada'))
    const session = await sessions.open(ada.cookie)
    expect(session.userId).toBe('ada')
    await sessions.revokeUser('ada')
    await session.reload()
    expect(session.userId).toBeUndefined()
    expect((await session.commit()).get('cache-control')).toBe('private')
  })

  it('tells of a nested change that replaced what another request had written', async () => {
    const { sessions, visitor, events } = setUp()
    const ada = visitor()
    await ada.session((session) => session.set('cart', ['tea']))
    const session = await sessions.open(ada.cookie)
    session.get('cart').push('mug')
    await ada.session((other) => other.set('cart', ['lamp']))
    await session.commit()
    expect(events).toContainEqual({ type: 'overwrote', key: 'cart' })
  })

  it('that was ended elsewhere keeps nothing more, in the same request and after a reload', async () => {
    const { sessions, visitor } = setUp()
    const ada = visitor()
    await ada.session((session) => session.login('ada'))
    const session = await sessions.open(ada.cookie)
    await sessions.revokeUser('ada')
    session.set('a', 1)
    await expect(session.commit()).rejects.toMatchObject({ code: 'ERR_SESSION_GONE' })
    await session.reload()
    expect(session.userId).toBeUndefined()
    await expect(session.commit()).rejects.toMatchObject({ code: 'ERR_SESSION_GONE' })
  })
})

describe('a commit that the app awaited and that failed for good', () => {
  function shop() {
    const { sessions, visitor, events } = setUp()
    const page = withSessions(sessions, async (request) => {
      const session = await sessions.get(request)
      session.update('coupon', (coupon) => {
        if (coupon === undefined) throw new Error('spent')
        return REMOVE
      })
      if (request.url.endsWith('/both')) await other.session((also) => also.delete('coupon'))
      try {
        await session.commit()
      } catch {
        if (request.url.endsWith('/more')) session.set('more', true)
        return new Response('That coupon was used already.', { status: 400 })
      }
      return new Response('Here you are.')
    })
    const other = visitor()
    const ask = (path: string) =>
      page(new Request(`http://localhost${path}`, { headers: { cookie: other.cookie } }))
    return { ask, other, events }
  }

  it('is not tried again: the app answers in its own words', async () => {
    const { ask, other, events } = shop()
    await other.session((session) => session.set('coupon', 'TEA10'))
    const answer = await ask('/both')
    expect([answer.status, await answer.text()]).toEqual([400, 'That coupon was used already.'])
    expect(events.filter(({ type }) => type === 'commit-failed')).toHaveLength(1)
  })

  it('passes while the coupon is there', async () => {
    const { ask, other } = shop()
    await other.session((session) => session.set('coupon', 'TEA10'))
    expect(await (await ask('/')).text()).toBe('Here you are.')
  })
})

describe('across sessions', () => {
  it('the request that asks sees which session is its own', async () => {
    const { sessions, visitor } = setUp()
    const [here, there] = [visitor(), visitor()]
    await here.session((session) => session.login(7))
    await there.session((session) => session.login('7'))
    const page = withSessions(sessions, async () => {
      const listed = await sessions.list(7)
      return Response.json(listed.map(({ isCurrent }) => isCurrent))
    })
    const headers = { cookie: there.cookie }
    expect(await (await page(new Request('http://localhost/', { headers }))).json()).toEqual([
      false,
      true,
    ])
    expect(await sessions.list(7)).toMatchObject([{ isCurrent: false }, { isCurrent: false }])
  })

  it('everything ends at revokeAll, and what is over is pruned', async () => {
    const { sessions, visitor, clock } = setUp({ lifetime: { idle: '30m' } })
    const visitors = await Promise.all(
      Array.from({ length: 40 }, async (_, at) => {
        const each = visitor()
        await each.session((session) => session.login(`user ${at % 3}`))
        return each
      }),
    )
    expect(await sessions.revokeAll()).toBe(40)
    expect(await sessions.revokeAll()).toBe(0)
    for (const each of visitors) expect((await sessions.open(each.cookie)).isNew).toBe(true)
    clock.advance(40 * 60_000)
    expect(await sessions.prune()).toBeGreaterThanOrEqual(0)
    expect(await sessions.list('user 1')).toEqual([])
  })

  it('a revokeAll that is aborted half-way closes the cursor of a store', async () => {
    const abort = new AbortController()
    const cursor = { isOpen: false }
    const store = sessionStore({
      ...memoryStore(),
      async *keys() {
        cursor.isOpen = true
        try {
          for (;;) {
            yield ['one']
            abort.abort()
          }
        } finally {
          cursor.isOpen = false
        }
      },
    })
    const sessions = createSessions({ secret: SECRET, store })
    await expect(sessions.revokeAll({ signal: abort.signal })).rejects.toThrow('aborted')
    await vi.waitFor(() => expect(cursor.isOpen).toBe(false))
  })

  it('nobody is revoked by a name that is no user id', async () => {
    const { sessions } = setUp()
    for (const verb of [sessions.list, sessions.revokeUser]) {
      await expect(verb('')).rejects.toMatchObject({ code: 'ERR_USER_ID_INVALID' })
    }
    await expect(sessions.revoke('', 'x')).rejects.toMatchObject({ code: 'ERR_USER_ID_INVALID' })
  })

  it('a store that is away says so, and is asked again', async () => {
    const { sessions, visitor, away } = setUp()
    await visitor().session((session) => session.login('ada'))
    away.is = true
    for (const call of [
      () => sessions.list('ada'),
      () => sessions.revokeUser('ada'),
      sessions.prune,
    ]) {
      await expect(call()).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' })
    }
    away.is = false
    expect(await sessions.revokeUser('ada')).toEqual({ ended: 1, marked: true })
  })
})

describe('a store that does not answer', () => {
  it('is no visitor without a session: opening fails, and an event tells', async () => {
    const { sessions, visitor, away, events } = setUp()
    const ada = visitor()
    await ada.session((session) => session.login('ada'))
    away.is = true
    await expect(sessions.open(ada.cookie)).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' })
    expect(events.at(-1)).toEqual({ type: 'open-failed', code: 'ERR_STORE_UNAVAILABLE' })
    // Who has no cookie needs no store.
    expect((await sessions.open(null)).isNew).toBe(true)
  })

  it('is, where the app says so, an empty session that refuses to be written', async () => {
    const { sessions, visitor, away } = setUp({ onUnavailable: 'anonymous-readonly' })
    const ada = visitor()
    await ada.session((session) => session.login('ada'))
    away.is = true
    const session = await sessions.open(ada.cookie)
    expect([session.isUnavailable, session.userId, session.size]).toEqual([true, undefined, 0])
    for (const write of [
      () => session.set('a', 1),
      () => session.login('ada'),
      () => session.logout(),
      () => session.flash('hello'),
      () => session.clear(),
    ]) {
      expect(write).toThrow(expect.objectContaining({ code: 'ERR_STORE_UNAVAILABLE' }))
    }
    expect((await session.commit()).getSetCookie()).toEqual([])
    await expect(session.reload()).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' })
    away.is = false
    expect((await sessions.open(ada.cookie)).isUnavailable).toBe(false)
  })

  it('lets a page leave that caught the error', async () => {
    const { sessions, visitor, away } = setUp()
    const ada = visitor()
    await ada.session((session) => session.login('ada'))
    const page = withSessions(sessions, async (request) => {
      const session = await sessions.get(request).catch(() => undefined)
      return new Response(session ? 'hello' : 'come back later', { status: session ? 200 : 503 })
    })
    away.is = true
    const answer = await page(new Request('http://localhost/', { headers: { cookie: ada.cookie } }))
    expect([answer.status, await answer.text()]).toEqual([503, 'come back later'])
    expect(answer.headers.get('vary')).toBe('Cookie')
    expect(answer.headers.getSetCookie()).toEqual([])
  })
})

it("what a store's settings endanger is told once", async () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
  const events: EventFacts[] = []
  const store = { ...memoryStore(), check: async () => ['it forgets.'] }
  const sessions = createSessions({
    secret: SECRET,
    store,
    onEvent: (event) => events.push(factsOf(event)),
  })
  await sessions.open(null)
  await sessions.open(null)
  await new Promise((next) => setImmediate(next))
  expect(events).toEqual([{ type: 'store-finding', finding: 'it forgets.' }])
  expect(
    warn.mock.calls.flat().filter((line) => String(line).includes('it forgets.')),
  ).toHaveLength(1)
  warn.mockRestore()
})

describe("what a store's settings endanger", () => {
  const FINDING = { type: 'store-finding', finding: 'it forgets.' } as const

  function checked() {
    const clock = fakeClock()
    const seen = { checks: 0, isAway: false }
    const store = {
      ...memoryStore({ clock }),
      async check() {
        seen.checks += 1
        if (seen.isAway) throw new Error('away')
        return [FINDING.finding]
      },
    }
    const open = () => {
      const events: EventFacts[] = []
      const sessions = createSessions({
        secret: SECRET,
        store,
        clock,
        onEvent: (event) => events.push(factsOf(event)),
      })
      const request = async () => {
        await sessions.open(null)
        await new Promise((next) => setImmediate(next))
      }
      return { request, events }
    }
    return { clock, seen, open }
  }

  it('is told once the store is back, if it was away at the first request', async () => {
    const { clock, seen, open } = checked()
    const { request, events } = open()
    seen.isAway = true
    await request()
    await request()
    expect(seen.checks).toBe(1)
    clock.advance(10_000)
    await request()
    seen.isAway = false
    clock.advance(10_000)
    await request()
    await request()
    expect(seen.checks).toBe(3)
    expect(events).toEqual([FINDING])
  })

  it('is looked for once, though several createSessions use the store', async () => {
    const { seen, open } = checked()
    const [first, second] = [open(), open()]
    await first.request()
    await second.request()
    await open().request()
    expect(seen.checks).toBe(1)
    expect([first.events, second.events]).toEqual([[FINDING], []])
  })
})

describe('a commit of which nobody knows whether it was kept', () => {
  /** A store whose swaps are executed, and whose replies to them are lost. */
  function lossy() {
    const inner = memoryStore()
    const lost = { is: false }
    const store: SessionStore = {
      ...inner,
      async swap(...args) {
        const swap = await inner.swap(...args)
        if (lost.is) throw new Error('the reply is lost')
        return swap
      },
    }
    const sessions = createSessions<any>({ secret: SECRET, store })
    return { sessions, lost, visitor: testVisitor(sessions) }
  }

  it('is not done again when the response leaves: an update counts once', async () => {
    const { sessions, lost, visitor } = lossy()
    await visitor.session((session) => session.set('n', 0))
    const page = withSessions(sessions, async (request) => {
      const session = await sessions.get(request)
      session.update('n', (n) => n + 1)
      lost.is = true
      const failure = await session.commit().catch((error: unknown) => error)
      lost.is = false
      return new Response((failure as { code: string }).code, { status: 503 })
    })
    const headers = { cookie: visitor.cookie }
    const answer = await page(new Request('http://localhost/', { headers }))
    expect([answer.status, await answer.text()]).toEqual([503, 'ERR_STORE_UNAVAILABLE'])
    expect(answer.headers.getSetCookie()).toEqual([])
    expect(await visitor.session((session) => session.get('n'))).toBe(1)
  })

  it('is an error once more where the app goes on writing', async () => {
    const { sessions, lost, visitor } = lossy()
    await visitor.session((session) => session.set('n', 0))
    const session = await sessions.open(visitor.cookie)
    session.update('n', (n) => n + 1)
    lost.is = true
    await expect(session.commit()).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' })
    lost.is = false
    session.set('more', true)
    await expect(session.commit()).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' })
    expect(await visitor.session((other) => other.get('n'))).toBe(1)
  })

  it('is tried again where it is a logout, which ends the same session', async () => {
    const { sessions, away, visitor } = setUp()
    const ada = visitor()
    await ada.session((session) => session.login('ada'))
    const session = await sessions.open(ada.cookie)
    session.logout()
    away.is = true
    await expect(session.commit()).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' })
    away.is = false
    expect((await session.commit()).getSetCookie()).toEqual([expect.stringContaining('Max-Age=0')])
  })
})

it('nobody is sent to the sign-in page because the store is away', async () => {
  const { sessions, visitor, away } = setUp({ onUnavailable: 'anonymous-readonly' })
  const ada = visitor()
  await ada.session((session) => session.login('ada'))
  const page = withSessions(sessions, async (request) => {
    return new Response((await sessions.signedIn(request)).userId)
  })
  const ask = () => page(new Request('http://localhost/', { headers: { cookie: ada.cookie } }))
  expect(await (await ask()).text()).toBe('ada')
  away.is = true
  const answer = await ask()
  expect(answer.status).toBe(503)
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
})

it('a reload under way does not put an old session over the one just signed in', async () => {
  const { sessions, visitor } = setUp()
  const ada = visitor()
  await ada.session((session) => session.set('a', 1))
  const session = await sessions.open(ada.cookie)
  session.login('ada')
  const reloading = session.reload()
  await session.commit()
  await reloading
  expect(session.userId).toBe('ada')
  session.set('b', 2)
  await session.commit()
})

it('what was kept is not an error because of what was written meanwhile', async () => {
  const { sessions, visitor } = setUp()
  const ada = visitor()
  await ada.session((session) => session.set('token', 'once'))
  const session = await sessions.open(ada.cookie)
  session.set('order', 1)
  const committing = session.commit()
  session.update('token', (token) => {
    if (token === undefined) throw new Error('spent')
    return REMOVE
  })
  await ada.session((other) => other.delete('token'))
  await committing
  await expect(session.commit()).rejects.toThrow('spent')
  expect(await ada.session((other) => other.get('order'))).toBe(1)
})

it('a clock that tells fractions of a millisecond does no harm', async () => {
  let now = Date.UTC(2026, 0, 1) + 0.123
  const clock = () => now
  const store = memoryStore({ clock })
  const sessions = createSessions<any>({ secret: SECRET, store, clock })
  const visitor = testVisitor(sessions)
  await visitor.session((session) => session.set('a', 1))
  await visitor.session((session) => session.regenerate())
  now += 1000.456
  await visitor.session((session) => session.set('b', 2))
  expect(await visitor.session((session) => session.size)).toBe(2)
})

it.each([
  ['rejects', () => Promise.reject(new Error('no'))],
  [
    'throws',
    () => {
      throw new Error('no')
    },
  ],
  ['answers nonsense', () => 7],
])('a store whose check %s endangers no request', async (_how, check) => {
  const store = { ...memoryStore(), check } as unknown as SessionStore
  const sessions = createSessions({ secret: SECRET, store })
  expect((await sessions.open(null)).isNew).toBe(true)
})

it('a label is text that can be shown, and nothing else', async () => {
  const { sessions } = setUp()
  const session = await sessions.open(null)
  for (const label of [5, {}, () => {}]) {
    expect(() => (session.label = label as string)).toThrow(
      expect.objectContaining({ code: 'ERR_VALUE_UNSUPPORTED' }),
    )
  }
  // What a visitor wrote is cut, and not between the halves of a pair.
  session.label = `${'x'.repeat(199)}😀 and more`
  expect(session.label).toBe('x'.repeat(199))
  session.label = 'Firefox, Linux'
  session.login('ada')
  await session.commit()
  expect(await sessions.list('ada')).toMatchObject([{ label: 'Firefox, Linux' }])
})

it.each(['\ud800', 'ada\udc01', 'x'.repeat(1025), 'é'.repeat(513)])(
  'a user id that two users might share in a store is refused',
  async (userId) => {
    const session = await setUp().sessions.open(null)
    expect(() => session.login(userId)).toThrow(
      expect.objectContaining({ code: 'ERR_USER_ID_INVALID' }),
    )
  },
)

it('what a handler kept before it let one of our errors through reaches the browser', async () => {
  const { sessions, visitor } = setUp()
  const page = withSessions(sessions, async (request) => {
    const session = await sessions.get(request)
    session.flash('Sign in to see it.')
    await sessions.signedIn(request)
    return new Response('never')
  })
  const guest = visitor()
  const answer = guest.receive(await page(new Request('http://localhost/')))
  expect(answer.status).toBe(401)
  expect(await guest.session((session) => session.flashes())).toMatchObject([
    { message: 'Sign in to see it.' },
  ])
})

it("a cookie from before sessions were in a store is told from another program's", async () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
  const before = testVisitor(createSessions<any>({ secret: SECRET }))
  await before.session((session) => session.set('a', 1))
  const session = await setUp().sessions.open(before.cookie)
  expect(session.isNew).toBe(true)
  expect(warn.mock.calls.flat().join()).toContain('from before sessions were saved in a store')
  warn.mockRestore()
})

describe('an object that is set while a commit is in flight', () => {
  /** A session with one commit in flight, and what is stored at the end. */
  async function inFlight() {
    const { sessions } = setUp()
    const begun = await sessions.open(null)
    begun.set('x', 1).set('cart', { old: 1 })
    const cookie = (await begun.commit()).getSetCookie()[0]!.split(';')[0]!
    const session = await sessions.open(cookie)
    session.set('x', 2)
    return {
      session,
      first: session.commit(),
      stored: async () => Object.fromEntries(await sessions.open(cookie)),
    }
  }

  it('fails the next commit where it cannot be stored any more, and takes no place of another', async () => {
    const { session, first, stored } = await inFlight()
    const cart = { a: 1 } as Record<string, unknown>
    session.set('cart', cart)
    cart['f'] = () => 1
    await first
    await expect(session.commit()).rejects.toMatchObject({ code: 'ERR_VALUE_UNSUPPORTED' })
    expect(await stored()).toEqual({ x: 2, cart: { old: 1 } })
  })

  it('does no harm where another has taken its place', async () => {
    const { session, first, stored } = await inFlight()
    const cart = { a: 1 } as Record<string, unknown>
    session.set('cart', cart)
    cart['f'] = () => 1
    session.set('cart', { good: 1 })
    await first
    await session.commit()
    expect(await stored()).toEqual({ x: 2, cart: { good: 1 } })
  })

  it('is saved though an update beside it failed once on newer data', async () => {
    const { session, first, stored } = await inFlight()
    let runs = 0
    session.update('y', () => {
      runs += 1
      if (runs === 2) throw new Error('once')
      return 1
    })
    session.set('cart', { good: 1 })
    await first
    await session.commit()
    expect(await stored()).toEqual({ x: 2, y: 1, cart: { good: 1 } })
  })
})

it('a listener that asks for the session it is told of gets it', async () => {
  const asked: unknown[] = []
  const sessions = createSessions<any>({
    secret: SECRET,
    onEvent: () => void asked.push(visit?.session()),
  })
  const facts = { cookie: 'session=forged', header: () => null }
  const visit = sessions.mount([{}], facts)
  await visit!.session()
  expect(asked).toHaveLength(1)
  expect(await asked[0]).toBeDefined()
})
