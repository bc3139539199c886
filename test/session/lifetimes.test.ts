import { describe, expect, test, vi } from 'vitest'
import { forge, OLD_SECRET, SECRET, T0, testSessions, Visitor } from './visitor.ts'

const fresh = (options = {}) => {
  const world = testSessions(options)
  return { ...world, visitor: new Visitor(world.sessions) }
}
const MINUTE = 60_000

describe('lifetimes, on a clock that is moved by hand', () => {
  test('the default idle time is 31 days, to the second', async () => {
    const { visitor, clock } = fresh()
    await visitor.visit((session) => session.set('x', 1))
    clock.now += 31 * 86_400_000 + 999
    expect(await visitor.read((session) => session.isNew)).toBe(false)
    clock.now += 1
    expect(await visitor.read((session) => session.isNew)).toBe(true)
  })

  test('a visit renews once a tenth of the idle time has passed, and not before', async () => {
    const { visitor, clock } = fresh({ lifetime: { idle: '10m' } })
    await visitor.visit((session) => session.set('x', 1))
    clock.now = T0 + MINUTE - 1
    expect((await visitor.visit()).setCookie).toBeUndefined()
    clock.now = T0 + MINUTE
    expect((await visitor.visit()).setCookie).toBeDefined()
    clock.now = T0 + 11 * MINUTE
    expect(await visitor.read((session) => session.get('x'))).toBe(1)
    clock.now += 1000
    expect(await visitor.read((session) => session.get('x'))).toBeUndefined()
  })

  test('remember me: a permanent session has its own idle time and outlives the browser', async () => {
    const { visitor, clock } = fresh({ lifetime: { idle: '10m', permanent: '30d' } })
    expect((await visitor.visit((session) => session.set('x', 1))).setCookie).not.toContain(
      'Max-Age',
    )
    const { setCookie } = await visitor.visit((session) => {
      session.permanent = true
    })
    expect(setCookie).toContain('; Max-Age=2592000;')
    expect(await visitor.read((session) => session.permanent)).toBe(true)
    clock.now += 29 * 86_400_000
    await visitor.visit((session) => {
      session.permanent = false
    })
    clock.now += 11 * MINUTE
    expect(await visitor.read((session) => session.isNew)).toBe(true)
  })

  test('permanent is idle where nothing else is said', async () => {
    const { visitor } = fresh({ lifetime: { idle: '10m' } })
    const { setCookie } = await visitor.visit((session) => {
      session.set('x', 1)
      session.permanent = true
    })
    expect(setCookie).toContain('; Max-Age=600;')
  })

  test('nothing extends the absolute end but a login', async () => {
    const { visitor, clock, events } = fresh({ lifetime: { idle: '10m', absolute: '30m' } })
    await visitor.visit((session) => session.set('x', 1))
    const stay = async (until: number) => {
      while (clock.now + 5 * MINUTE <= until) {
        clock.now += 5 * MINUTE
        await visitor.visit((session) => session.set('n', clock.now))
      }
      clock.now = until
    }
    await stay(T0 + 20 * MINUTE)
    await visitor.visit((session) => session.login('u1'))
    await stay(T0 + 50 * MINUTE)
    expect(await visitor.read((session) => session.userId)).toBe('u1')
    clock.now += 1000
    expect(await visitor.read((session) => session.userId)).toBeUndefined()
    expect(events.at(-1)).toEqual({ type: 'rejected', reason: 'expired-absolute' })
  })

  test('the cookie of a permanent session is not kept past the absolute end', async () => {
    const { visitor, clock } = fresh({ lifetime: { idle: '1d', absolute: '30m' } })
    const { setCookie } = await visitor.visit((session) => {
      session.set('x', 1)
      session.permanent = true
    })
    expect(setCookie).toContain('; Max-Age=1800;')
    clock.now += 30 * MINUTE
    expect((await visitor.visit((session) => session.set('x', 2))).setCookie).toContain(
      '; Max-Age=1;',
    )
  })

  test('servers whose clocks differ by up to a minute agree', async () => {
    const { visitor, clock } = fresh()
    await visitor.visit((session) => session.set('x', 1))
    clock.now -= 60_000
    expect(await visitor.read((session) => session.isNew)).toBe(false)
    clock.now -= 1
    expect(await visitor.read((session) => session.isNew)).toBe(true)
  })
})

describe('rotation of secrets', () => {
  const body = Buffer.from('["s44we8",{"x":1.0}]').toString('base64url')

  test('a cookie under an old secret opens, and is signed anew with the same time', async () => {
    const { visitor, events, clock } = fresh({ secret: [SECRET, OLD_SECRET] })
    visitor.cookie = forge(body, { secret: OLD_SECRET })
    clock.now += 5000
    const { setCookie } = await visitor.visit()
    expect(setCookie!.split(';')[0]).toBe(forge(body, { secret: SECRET }))
    expect(events).toEqual([{ type: 'old-secret', key: 1 }])
    expect((await visitor.visit()).setCookie).toBeUndefined()
    expect(events).toHaveLength(1)
  })

  test('without the old secret the visitor is new', async () => {
    vi.spyOn(console, 'warn').mockImplementation(() => {})
    const { visitor } = fresh()
    visitor.cookie = forge(body, { secret: OLD_SECRET })
    expect(await visitor.read((session) => session.isNew)).toBe(true)
    vi.restoreAllMocks()
  })

  test('the newest secret signs, all verify', async () => {
    const secrets = Array.from({ length: 8 }, (_, at) => `${at}${SECRET}`)
    const { visitor } = fresh({ secret: secrets })
    for (const secret of secrets) {
      visitor.cookie = forge(body, { secret })
      await visitor.visit((session) => session.set('y', 1))
      expect(
        await new Visitor(testSessions({ secret: secrets[0]! }).sessions, visitor.cookie).read(
          (session) => session.get('y'),
        ),
      ).toBe(1)
    }
  })
})

describe('duplicates of our cookie', () => {
  const at = (seconds: number, x: number) =>
    forge(Buffer.from(`["1",{"x":${x}}]`).toString('base64url'), {
      seconds: T0 / 1000 + seconds,
    })
  const open = async (...cookies: string[]) => {
    vi.spyOn(console, 'warn').mockImplementation(() => {})
    const { sessions, events } = testSessions()
    const session = await sessions.open(cookies.join('; '))
    vi.restoreAllMocks()
    return { x: session.get('x'), events }
  }

  test('the one that verifies opens, wherever it stands', async () => {
    for (const cookies of [
      [at(0, 1), 'session=junk'],
      ['session=junk', at(0, 1)],
      ['session=a.b.c', 'other=1', at(0, 1), 'session='],
    ]) {
      const { x, events } = await open(...cookies)
      expect(x).toBe(1)
      expect(events).toEqual([
        {
          type: 'duplicates',
          count: cookies.filter((cookie) => cookie.startsWith('session=')).length,
          verified: 1,
        },
      ])
    }
  })

  test('of several the newest by its signed time opens', async () => {
    expect((await open(at(-5, 1), at(-1, 2), at(-9, 3))).x).toBe(2)
    expect((await open(at(-1, 2), at(-5, 1))).events).toEqual([
      { type: 'duplicates', count: 2, verified: 2 },
    ])
  })

  test('the same cookie twice is one cookie', async () => {
    expect(await open(at(0, 1), at(0, 1))).toEqual({ x: 1, events: [] })
  })

  test('none that verifies is one rejection', async () => {
    expect((await open('session=a', 'session=b.c.d')).events).toEqual([
      { type: 'duplicates', count: 2, verified: 0 },
      { type: 'rejected', reason: 'malformed' },
    ])
  })

  test('after a change of Domain a visitor with both cookies can still sign in', async () => {
    vi.spyOn(console, 'warn').mockImplementation(() => {})
    const before = fresh()
    await before.visitor.visit((session) => session.set('cart', [1]))
    const old = before.visitor.cookie!
    const { sessions, clock } = testSessions({ cookie: { domain: 'example.com' } })
    clock.now += 60_000
    const visitor = new Visitor(sessions, old)
    await visitor.visit((session) => session.login('u1'))
    // The browser holds both from now on, and sends the host-only one first.
    const both = `${old}; ${visitor.cookie!}`
    const signedIn = await sessions.open(both)
    expect(signedIn.userId).toBe('u1')
    expect(signedIn.get('cart')).toEqual([1])
    vi.restoreAllMocks()
  })
})

describe('events', () => {
  test('say what happened, never with a value', async () => {
    const { visitor, events } = fresh()
    await visitor.visit()
    expect(events).toEqual([])
    await visitor.visit((session) => session.set('x', 'hush'))
    await visitor.visit((session) => session.set('x', 'hush hush'))
    await visitor.visit((session) => session.login('u1'))
    await visitor.visit((session) => session.logout())
    expect(events).toEqual([{ type: 'created' }, { type: 'login' }, { type: 'logout' }])
  })

  test('a failed commit says why, and that nothing was created', async () => {
    vi.spyOn(console, 'warn').mockImplementation(() => {})
    const { visitor, events } = fresh()
    const big = Array.from({ length: 6000 }, (_, at) =>
      String.fromCharCode(33 + ((at * at * 31 + at * 17) % 9000)),
    ).join('')
    await expect(
      visitor.visit((session) => {
        session.login('u1')
        session.set('x', big)
      }),
    ).rejects.toThrow(expect.objectContaining({ code: 'ERR_COOKIE_TOO_LARGE' }))
    expect(events).toEqual([
      {
        type: 'commit-failed',
        code: 'ERR_COOKIE_TOO_LARGE',
        largest: [{ key: 'x', bytes: 16_560 }],
      },
    ])
    vi.restoreAllMocks()
  })
})
