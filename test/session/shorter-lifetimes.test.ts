import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { flask } from '../../src/flask/flask.ts'
import { createSessions, type Session, type SessionOptions } from '../../src/index.ts'
import { memoryStore } from '../../src/stores/memory/memory.ts'
import { SECRET, T0, testSessions, Visitor } from './visitor.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

beforeEach(() => void vi.spyOn(console, 'warn').mockImplementation(() => {}))
afterEach(() => void vi.restoreAllMocks())

/** A visitor of sessions in the cookie, or on a store. */
function visiting(kind: string, options: Partial<SessionOptions> = {}) {
  const clock = { now: T0 }
  const store = memoryStore({ clock: () => clock.now })
  const world = testSessions({
    ...options,
    clock: () => clock.now,
    ...(kind === 'a store' ? { store } : {}),
  })
  return { ...world, clock, store, visitor: new Visitor(world.sessions) }
}

describe.each(['the cookie', 'a store'])('lifetime.anonymous, in %s,', (kind) => {
  const options = { lifetime: { idle: '30d', anonymous: '2h', permanent: '90d' } } as const

  test('ends a session that nobody signed in to, and a visit renews it', async () => {
    const { visitor, clock } = visiting(kind, options)
    await visitor.visit((session) => session.set('cart', 1))
    for (let hour = 0; hour < 5; hour += 1) {
      clock.now += HOUR
      await visitor.visit()
    }
    clock.now += 2 * HOUR
    expect(await visitor.read((session) => session.get('cart'))).toBe(1)
    clock.now += 1000
    expect(await visitor.read((session) => session.get('cart'))).toBeUndefined()
  })

  test('is lifted by a login, and is back in the session that a logout begins', async () => {
    const { visitor, clock } = visiting(kind, options)
    await visitor.visit((session) => session.set('cart', 1))
    await visitor.visit((session) => session.login('ada'))
    clock.now += 29 * 24 * HOUR
    expect(await visitor.read((session) => session.get('cart'))).toBe(1)
    await visitor.visit((session) => session.logout({ keep: ['cart'] }))
    expect(await visitor.read((session) => session.get('cart'))).toBe(1)
    clock.now += 2 * HOUR + 1000
    expect(await visitor.read((session) => session.get('cart'))).toBeUndefined()
  })

  test('holds for permanent sessions too, and for the Max-Age of their cookie', async () => {
    const { visitor, clock } = visiting(kind, options)
    const { setCookie } = await visitor.visit((session) => {
      session.set('cart', 1)
      session.permanent = true
    })
    expect(setCookie).toContain('; Max-Age=7200;')
    expect((await visitor.visit((session) => session.login('ada'))).setCookie).toContain(
      '; Max-Age=7776000;',
    )
    await visitor.visit((session) => session.logout({ keep: ['cart'] }))
    clock.now += 2 * HOUR + 1000
    expect(await visitor.read((session) => session.isNew)).toBe(true)
  })

  test('can be introduced later: sessions from before have it at once', async () => {
    const before = visiting(kind, { lifetime: { idle: '30d' } })
    await before.visitor.visit((session) => session.set('cart', 1))
    const after = createSessions<any>({
      secret: SECRET,
      clock: () => before.clock.now,
      ...options,
      ...(kind === 'a store' ? { store: before.store } : {}),
    })
    const visitor = new Visitor(after, before.visitor.cookie)
    before.clock.now += 2 * HOUR
    expect(await visitor.read((session) => session.get('cart'))).toBe(1)
    before.clock.now += 1000
    expect(await visitor.read((session) => session.get('cart'))).toBeUndefined()
  })
})

test('the row of an anonymous session expires early, so that those of bots do not fill a store', async () => {
  const { visitor, store, clock } = visiting('a store', {
    lifetime: { idle: '31d', anonymous: '1d' },
  })
  const expiry = async () => {
    const found: number[] = []
    for await (const keys of store.keys()) {
      for (const key of keys) found.push((await store.read(key))!.expiresAt - clock.now)
    }
    return found
  }
  await visitor.visit((session) => session.set('cart', 1))
  expect(await expiry()).toEqual([24 * HOUR])
  clock.now += 3 * HOUR
  await visitor.visit()
  expect(await expiry()).toEqual([24 * HOUR])
  await visitor.visit((session) => session.login('ada'))
  expect(await expiry()).toEqual([31 * 24 * HOUR])
})

describe.each(['the cookie', 'a store'])('session.lifetime, in %s,', (kind) => {
  test('shortens the idle and the absolute timeout of this session', async () => {
    const { visitor, clock } = visiting(kind)
    await visitor.visit((session) => {
      session.login('ada')
      session.lifetime = { idle: '15m', absolute: '1h' }
    })
    expect(await visitor.read((session) => session.lifetime)).toEqual({
      idle: '15m',
      absolute: '1h',
    })
    for (let visit = 0; visit < 4; visit += 1) {
      clock.now += 14 * MINUTE
      await visitor.visit()
    }
    expect(await visitor.read((session) => session.userId)).toBe('ada')
    clock.now += 4 * MINUTE + 1000
    expect(await visitor.read((session) => session.userId)).toBeUndefined()
  })

  test('is idle for no longer than it says', async () => {
    const { visitor, clock } = visiting(kind)
    await visitor.visit((session) => {
      session.login('ada')
      session.lifetime = { idle: '90s' }
    })
    clock.now += 90_000
    expect(await visitor.read((session) => session.userId)).toBe('ada')
    clock.now += 1000
    expect(await visitor.read((session) => session.userId)).toBeUndefined()
  })

  test('cannot be longer than the options, neither now nor after they were shortened', async () => {
    const world = visiting(kind, { lifetime: { idle: '1h', absolute: '8h' } })
    const { visitor, clock } = world
    const set = async (of: Visitor) => {
      await of.visit((session) => {
        session.login('ada')
        session.permanent = true
        session.lifetime = { idle: '30d', absolute: '90d' }
      })
    }
    await set(visitor)
    expect(await visitor.read((session) => session.lifetime)).toEqual({
      idle: '30d',
      absolute: '90d',
    })
    clock.now += HOUR + 1000
    expect(await visitor.read((session) => session.userId)).toBeUndefined()
    await set(visitor)
    const shorter = createSessions<any>({
      secret: SECRET,
      clock: () => clock.now,
      lifetime: { idle: '10m' },
      ...(kind === 'a store' ? { store: world.store } : {}),
    })
    const later = new Visitor(shorter, visitor.cookie)
    clock.now += 10 * MINUTE
    expect(await later.read((session) => session.userId)).toBe('ada')
    clock.now += 1000
    expect(await later.read((session) => session.userId)).toBeUndefined()
  })

  test('is saved once, removed by undefined, and gone after a logout and in the session of another user', async () => {
    const { visitor } = visiting(kind)
    const shorten = (user?: string) =>
      visitor.visit((session) => {
        if (user !== undefined) session.login(user)
        session.lifetime = { idle: '15m' }
      })
    await shorten('ada')
    // As apps do on each request.
    expect((await shorten()).setCookie).toBeUndefined()
    await visitor.visit((session) => session.login('ada'))
    expect(await visitor.read((session) => session.lifetime)).toEqual({ idle: '15m' })
    await visitor.visit((session) => session.login('bob'))
    expect(await visitor.read((session) => session.lifetime)).toBeUndefined()
    await shorten()
    await visitor.visit((session) => (session.lifetime = undefined))
    expect(await visitor.read((session) => session.lifetime)).toBeUndefined()
    await shorten()
    await visitor.visit((session) => (session.logout(), session.set('x', 1)))
    expect(await visitor.read((session) => session.lifetime)).toBeUndefined()
  })

  test('of another user is kept where it was set in the request of the login, before or after it', async () => {
    const { visitor } = visiting(kind)
    await visitor.visit((session) => session.login('ada'))
    await visitor.visit((session) => {
      session.lifetime = { idle: '15m' }
      session.login('bob')
    })
    expect(await visitor.read((session) => session.lifetime)).toEqual({ idle: '15m' })
  })

  test('of another user is kept where it is what the session had before', async () => {
    const { visitor } = visiting(kind)
    const set = (session: Session) => void (session.lifetime = { idle: '15m' })
    await visitor.visit((session) => (session.login('ada'), set(session)))
    await visitor.visit((session) => (set(session), session.login('bob')))
    expect(await visitor.read((session) => session.lifetime)).toEqual({ idle: '15m' })
    await visitor.visit((session) => (set(session), session.logout(), session.login('ada')))
    expect(await visitor.read((session) => session.lifetime)).toBeUndefined()
    await visitor.visit((session) => {
      set(session)
      session.lifetime = undefined
      session.login('bob')
    })
    expect(await visitor.read((session) => session.lifetime)).toBeUndefined()
  })

  test('shortens the Max-Age of a permanent cookie, which is sent anew', async () => {
    const { visitor } = visiting(kind)
    await visitor.visit((session) => {
      session.login('ada')
      session.permanent = true
    })
    const { setCookie } = await visitor.visit((session) => (session.lifetime = { idle: '15m' }))
    expect(setCookie).toContain('; Max-Age=900;')
  })

  test('alone makes no session', async () => {
    const { visitor } = visiting(kind)
    expect((await visitor.visit((session) => (session.lifetime = { idle: '15m' }))).setCookie).toBe(
      undefined,
    )
  })

  test('is kept by clear() of nobody as little as the rest', async () => {
    const { visitor } = visiting(kind)
    await visitor.visit((session) => {
      session.set('x', 1)
      session.lifetime = { idle: '15m' }
    })
    await visitor.visit((session) => (session.clear(), session.set('x', 2)))
    expect(await visitor.read((session) => session.lifetime)).toBeUndefined()
  })

  test.each<[unknown, RegExp]>([
    [null, /"session\.lifetime" has to be an object/],
    ['15m', /"session\.lifetime" has to be an object/],
    [{ idle: 900 }, /"session\.lifetime\.idle" needs a unit/],
    // A setting that is missing must not disable it.
    [{ idle: undefined }, /"session\.lifetime\.idle" is not a duration/],
    [{ idle: '1h', absolute: 'soon' }, /"session\.lifetime\.absolute" is not a duration/],
    [{ idle: '999ms' }, /"session\.lifetime\.idle" is less than a second/],
    [{ permanent: '1h' }, /"session\.lifetime\.permanent" is not known/],
  ])('%j is refused, and changes nothing', async (lifetime, message) => {
    const { visitor } = visiting(kind)
    await visitor.visit((session) => session.login('ada'))
    const session = await visitor.sessions.open(visitor.cookie)
    expect(() => (session.lifetime = lifetime as never)).toThrow(
      expect.objectContaining({
        code: 'ERR_OPTION_INVALID',
        message: expect.stringMatching(message),
      }),
    )
    expect(session.lifetime).toBeUndefined()
  })
})

test.each(['before', 'after'])(
  'session.lifetime holds in the session of a login whose own one was ended meanwhile: set %s it',
  async (when) => {
    const { visitor, sessions } = visiting('a store')
    await visitor.visit((session) => {
      session.login('ada')
      session.lifetime = { idle: '15m' }
    })
    const session = await sessions.open(visitor.cookie)
    await new Visitor(sessions, visitor.cookie).visit((other) => other.logout())
    if (when === 'before') session.lifetime = { idle: '15m' }
    session.login('ada')
    if (when === 'after') session.lifetime = { idle: '15m' }
    const headers = await session.commit()
    const later = new Visitor(sessions, headers.getSetCookie()[0]!.split(';')[0])
    expect(await later.read((renewed) => [renewed.userId, renewed.lifetime])).toEqual([
      'ada',
      { idle: '15m' },
    ])
  },
)

test('session.lifetime that nobody can read ends the session', async () => {
  const { ownLayout } = await import('../../src/record/record.ts')
  const { lifetimeOf } = await import('../../src/record/session-lifetime.ts')
  const { endedBy } = await import('../../src/record/lifetime.ts')
  const { createCodec } = await import('../../src/record/text/codec.ts')
  const codec = createCodec({ tags: [], sortKeys: false, ascii: false })
  const layout = ownLayout(codec)
  const options = {
    idle: HOUR,
    permanent: HOUR,
    absolute: undefined,
    leeway: 0,
    renewal: 'visits',
  } as const
  for (const text of ['900', '"15m"', '{}', '[]', '[900]', '[-1,0]', '[900,null]', '["900",0]']) {
    const record = layout.decode(`["s44we8",{"x":1},{"t":${text}}]`)!
    const times = {
      permanent: false,
      seen: T0 / 1000,
      created: T0 / 1000,
      authenticatedAt: undefined,
    }
    expect(endedBy(lifetimeOf(record, layout, options), times, T0), text).toBe('expired')
  }
})

test("session.lifetime is refused under Flask's preset, whose cookie has no field for it", async () => {
  const sessions = createSessions<any>(flask({ SECRET_KEY: SECRET }))
  const session = await sessions.open(null)
  expect(session.lifetime).toBeUndefined()
  expect(() => (session.lifetime = { idle: '15m' })).toThrow(
    /"session.lifetime" cannot be combined with flask/,
  )
  for (const [name, value] of [
    ['lifetime', { anonymous: '1h' }],
    ['maxBytes', 1000],
  ] as const) {
    expect(() => createSessions({ ...flask({ SECRET_KEY: SECRET }), [name]: value })).toThrow(
      `The option "${name}" cannot be combined with flask()`,
    )
  }
})

test('a read-only session refuses it', async () => {
  const { sessions } = testSessions()
  const visit = sessions.mount([{}], { cookie: null, header: () => undefined })!
  visit.readOnly('the page is being sent')
  const session = await visit.session()
  expect(() => (session.lifetime = { idle: '15m' })).toThrow(
    expect.objectContaining({ code: 'ERR_SESSION_READ_ONLY' }),
  )
})

test('development is told of a session.lifetime that the options cap', async () => {
  const warn = vi.spyOn(console, 'warn')
  const { visitor } = visiting('the cookie', { lifetime: { idle: '1h', absolute: '1d' } })
  await visitor.visit((session) => (session.lifetime = { idle: '1h', absolute: '1d' }))
  expect(warn).not.toHaveBeenCalled()
  await visitor.visit((session) => (session.lifetime = { idle: '2h' }))
  expect(warn).toHaveBeenCalledExactlyOnceWith(expect.stringContaining('It only shortens'))
})
