import fc from 'fast-check'
import { runInThisContext } from 'node:vm'
import { inspect, types } from 'node:util'
import { describe, expect, test, vi } from 'vitest'
import { REMOVE } from '../../src/index.ts'
import { markup, tuple } from '../../src/record/text/values.ts'
import { Session } from '../../src/session/session.ts'
import { seededRandom } from '../record/random.ts'
import { forge, T0, testSessions, Visitor } from './visitor.ts'

const coded = (code: string, message: RegExp = /./) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) })
const fresh = (options = {}) => {
  const world = testSessions(options)
  return { ...world, visitor: new Visitor(world.sessions) }
}

describe('the dictionary', () => {
  test('keeps what is set, from one request to the next', async () => {
    const { visitor } = fresh()
    await visitor.visit((session) => {
      expect(session.isNew).toBe(true)
      expect(session.set('name', 'Ada')).toBe(session)
      session.set('n', 1).set('list', [1])
      expect(session.get('name')).toBe('Ada')
    })
    await visitor.visit((session) => {
      expect(session.isNew).toBe(false)
      expect([...session.keys()]).toEqual(['name', 'n', 'list'])
      expect([...session.values()]).toEqual(['Ada', 1, [1]])
      expect([...session.entries()]).toEqual([
        ['name', 'Ada'],
        ['n', 1],
        ['list', [1]],
      ])
      expect(Object.fromEntries(session)).toEqual({ name: 'Ada', n: 1, list: [1] })
      expect(session.size).toBe(3)
      expect(session.has('name')).toBe(true)
      expect(session.has('none')).toBe(false)
      expect(session.get('none')).toBeUndefined()
      expect(session.get('none', 5)).toBe(5)
      expect(session.has('none')).toBe(false)
      expect(session.get('__proto__')).toBeUndefined()
      expect(session.get('constructor', 'x')).toBe('x')
    })
  })

  test('takes keys away', async () => {
    const { visitor } = fresh()
    await visitor.visit((session) => session.set('a', 1).set('b', 2).set('c', 3))
    await visitor.visit((session) => {
      expect(session.delete('a')).toBe(true)
      expect(session.delete('a')).toBe(false)
      expect(session.pop('b')).toBe(2)
      expect(session.pop('b')).toBeUndefined()
      expect(session.pop('b', 'none')).toBe('none')
    })
    expect(await visitor.read((session) => [...session.keys()])).toEqual(['c'])
    const { setCookie } = await visitor.visit((session) => session.clear())
    expect(setCookie).toMatch(/^session=; .*Max-Age=0/)
    expect(visitor.cookie).toBeUndefined()
  })

  test('getOrInsert keeps what it gives, get does not', async () => {
    const { visitor } = fresh()
    await visitor.visit((session) => {
      expect(session.get('cart', [])).toEqual([])
      session.getOrInsert('cart', ['a']).push('b')
      expect(session.getOrInsert('cart', ['other'])).toEqual(['a', 'b'])
    })
    expect(await visitor.read((session) => session.get('cart'))).toEqual(['a', 'b'])
  })

  test('a key is text', async () => {
    const { sessions } = fresh()
    const session = await sessions.open(undefined)
    expect(() => session.set(5 as never, 1)).toThrow(
      coded('ERR_VALUE_UNSUPPORTED', /key has to be a string/),
    )
    expect(() => session.update(Symbol('x') as never, () => 1)).toThrow(
      coded('ERR_VALUE_UNSUPPORTED'),
    )
    expect(session.size).toBe(0)
  })

  test('a value that cannot be kept is refused where it is set, and nothing changes', async () => {
    const { sessions } = fresh()
    const session = await sessions.open(undefined)
    session.set('x', 1)
    for (const value of [undefined, () => 1, new Map(), new Date(NaN), [undefined], Symbol('s')]) {
      expect(() => session.set('x', value)).toThrow(coded('ERR_VALUE_UNSUPPORTED', /"x"/))
      expect(() => session.update('x', () => ({ value: [value] }))).toThrow(
        coded('ERR_VALUE_UNSUPPORTED'),
      )
    }
    expect(session.get('x')).toBe(1)
  })

  test('values of all types survive', async () => {
    const { visitor } = fresh()
    const values = {
      date: new Date(5),
      bytes: new Uint8Array([1]),
      pair: tuple(1, 'a'),
      big: 2n ** 70n,
      html: markup('<b>'),
    }
    await visitor.visit((session) => {
      for (const [key, value] of Object.entries(values)) session.set(key, value)
    })
    await visitor.visit((session) => {
      expect(session.get('date')).toEqual(values.date)
      expect(session.get('bytes')).toEqual(values.bytes)
      expect([...session.get('pair')]).toEqual([1, 'a'])
      expect(session.get('big')).toBe(values.big)
      expect(String(session.get('html'))).toBe('<b>')
    })
  })

  test('a log shows keys and no values', async () => {
    const { sessions } = fresh()
    const session = await sessions.open(undefined)
    session.set('token', 'hush')
    expect(inspect(session)).toBe('Session { token }')
    session.set(`\n\u001b[2J${'k'.repeat(1000)}` as 'token', 'x')
    expect(inspect(session)).toMatch(/^Session \{ token, \\u000a\\u001b\[2Jk{55}… \}$/)
    expect(JSON.stringify(session)).not.toContain('hush')
  })
})

describe('stray properties', () => {
  test('fail loudly, in strict mode and in sloppy mode', async () => {
    const { sessions } = fresh()
    const session = await sessions.open(undefined)
    const stray = session as unknown as Record<string, unknown>
    expect(() => (stray['username'] = 'x')).toThrow(
      coded('ERR_SESSION_PROPERTY', /session\.set\("username", value\)/),
    )
    const sloppy = runInThisContext('(function (session) { session.username = "x" })') as (
      session: unknown,
    ) => void
    expect(() => sloppy(session)).toThrow(coded('ERR_SESSION_PROPERTY'))
    for (const reader of ['userId', 'size', 'isNew']) {
      expect(() => (stray[reader] = 'x')).toThrow(coded('ERR_SESSION_PROPERTY'))
    }
    expect(stray['username']).toBeUndefined()
    expect(await session).toBe(session)
  })

  test.each([
    ['production', false],
    ['test', true],
  ])('with NODE_ENV %s a session is a proxy: %j', async (environment, expected) => {
    vi.stubEnv('NODE_ENV', environment)
    const session = await fresh().sessions.open(undefined)
    vi.unstubAllEnvs()
    expect(types.isProxy(session)).toBe(expected)
    expect(session.set('x', 1)).toBe(session)
    expect(session).toBeInstanceOf(Session)
  })
})

describe('update', () => {
  test('computes from the newest value and says what it is now', async () => {
    const { visitor } = fresh()
    for (const count of [1, 2, 3]) {
      await visitor.visit((session) => {
        expect(session.update('visits', (n: number = 0) => n + 1)).toBe(count)
        expect(session.get('visits')).toBe(count)
      })
    }
    await visitor.visit((session) => {
      session.set('other', 1)
      expect(session.update('visits', () => REMOVE)).toBeUndefined()
      expect(session.has('visits')).toBe(false)
    })
    expect(await visitor.read((session) => [...session.keys()])).toEqual(['other'])
  })

  test('sees a nested change made before, and keeps one made after', async () => {
    const { visitor } = fresh()
    await visitor.visit((session) => session.set('cart', [1]))
    await visitor.visit((session) => {
      session.get('cart').push(2)
      const cart = session.update('cart', (list: number[]) => [...list, 3])
      cart.push(4)
    })
    expect(await visitor.read((session) => session.get('cart'))).toEqual([1, 2, 3, 4])
  })

  test('a function that throws or gives a promise changes nothing', async () => {
    const { visitor } = fresh()
    await visitor.visit((session) => session.set('x', [1]).set('y', 2))
    const { setCookie } = await visitor.visit((session) => {
      expect(() => session.update('x', async () => [2])).toThrow(
        coded('ERR_UPDATE_ASYNC', /update\("x"\)/),
      )
      expect(() =>
        session.update('x', (list: number[]) => {
          list.push(9)
          throw new RangeError('spent')
        }),
      ).toThrow(RangeError)
      expect(session.get('x')).toEqual([1])
    })
    expect(setCookie).toBeUndefined()
  })

  test('a function that returns undefined throws and deletes nothing, REMOVE deletes', async () => {
    const { visitor } = fresh()
    await visitor.visit((session) => session.set('cart', ['tea']))
    const { setCookie } = await visitor.visit((session) => {
      const forgotten = (cart: string[] = []) => void cart.push('cup')
      expect(() => session.update('cart', forgotten as never)).toThrow(
        coded('ERR_UPDATE_UNDEFINED', /update\("cart"\) returned undefined\. Return the new value/),
      )
      expect(() => session.update('none', ((none: unknown) => none) as never)).toThrow(
        coded('ERR_UPDATE_UNDEFINED'),
      )
      expect([session.get('cart'), session.has('none')]).toEqual([['tea'], false])
    })
    expect(setCookie).toBeUndefined()
    await visitor.visit((session) => session.update('cart', () => REMOVE))
    expect(visitor.cookie).toBeUndefined()
    expect(Object.is(REMOVE, Symbol.for('sojourn.remove'))).toBe(true) // also in a second copy
  })

  test('leaves the key where it stands', async () => {
    const { visitor } = fresh()
    await visitor.visit((session) => session.set('a', 1).set('b', 2))
    await visitor.visit((session) => void session.update('a', (n: number) => n + 1))
    expect(await visitor.read((session) => [...session])).toEqual([
      ['a', 2],
      ['b', 2],
    ])
  })
})

describe('nested changes', () => {
  test('are kept without saying so', async () => {
    const { visitor } = fresh()
    await visitor.visit((session) => session.set('user', { tags: ['a'] }).set('x', 1))
    const { setCookie } = await visitor.visit((session) => session.get('user').tags.push('b'))
    expect(setCookie).toBeDefined()
    expect(await visitor.read((session) => session.get('user').tags)).toEqual(['a', 'b'])
  })

  test.each(['login', 'reload', 'logout', 'commit'] as const)(
    'survive a %s in the same request',
    async (verb) => {
      const { visitor } = fresh()
      await visitor.visit((session) => session.set('old', ['a']))
      await visitor.visit(async (session) => {
        const old = session.get('old')
        const added: string[] = []
        session.set('new', added)
        const made = session.update('made', () => [] as string[])
        old.push('b')
        added.push('b')
        if (verb === 'login') session.login('u1')
        else if (verb === 'logout') session.logout({ keep: ['old', 'new', 'made'] })
        else await session[verb]()
        if (verb === 'logout') return
        old.push('c')
        added.push('c')
        made.push('c')
      })
      const rest = verb === 'logout' ? [] : ['c']
      expect(await visitor.read((session) => Object.fromEntries(session))).toEqual({
        old: ['a', 'b', ...rest],
        new: ['b', ...rest],
        made: rest,
      })
    },
  )

  test('that cannot be kept fail at commit, and nothing is sent', async () => {
    const { sessions, events } = fresh()
    const session = await sessions.open(undefined)
    session.set('x', {})
    session.get('x').fn = () => 1
    await expect(session.commit()).rejects.toThrow(coded('ERR_VALUE_UNSUPPORTED', /"x".*function/))
    expect(events).toEqual([{ type: 'commit-failed', code: 'ERR_VALUE_UNSUPPORTED' }])
  })
})

describe('flash messages', () => {
  test('are shown once, on the next page, and stable within it', async () => {
    const { visitor } = fresh()
    await visitor.visit((session) => {
      session.flash('Saved')
      session.flash(markup('<b>Oh</b>'), 'error')
    })
    const { setCookie } = await visitor.visit((session) => {
      const first = session.flashes()
      expect(first).toEqual([
        { category: 'message', message: 'Saved' },
        { category: 'error', message: expect.objectContaining({ html: '<b>Oh</b>' }) },
      ])
      first[0]!.message = 'changed by a template'
      expect(session.flashes().map(({ message }) => String(message))).toEqual([
        'Saved',
        '<b>Oh</b>',
      ])
    })
    expect(setCookie).toMatch(/Max-Age=0/)
    expect(await visitor.read((session) => session.flashes())).toEqual([])
  })

  test('are consumed by category, exactly those shown', async () => {
    const { visitor } = fresh()
    await visitor.visit((session) => {
      for (const [message, category] of [
        ['a', 'info'],
        ['b', 'error'],
        ['c', 'info'],
        ['d', 'other'],
      ] as const)
        session.flash(message, category)
    })
    await visitor.visit((session) => {
      expect(session.flashes({ categories: ['info'] }).map(({ message }) => message)).toEqual([
        'a',
        'c',
      ])
      expect(
        session.flashes({ categories: ['info', 'error'] }).map(({ message }) => message),
      ).toEqual(['a', 'b', 'c'])
      expect(session.flashes({ categories: [] })).toEqual([])
      session.flash('e')
      expect(session.flashes({ categories: ['message'] })).toEqual([])
    })
    expect(
      await visitor.read((session) => session.flashes().map(({ message }) => message)),
    ).toEqual(['d', 'e'])
  })

  test('asking where nothing waits writes nothing', async () => {
    const { visitor } = fresh()
    await visitor.visit((session) => session.set('x', 1))
    expect((await visitor.visit((session) => session.flashes())).setCookie).toBeUndefined()
  })

  test('that cannot be kept are refused', async () => {
    const { sessions } = fresh()
    const session = await sessions.open(undefined)
    expect(() => session.flash(undefined as never)).toThrow(coded('ERR_VALUE_UNSUPPORTED'))
  })
})

describe('login and logout', () => {
  test('a login is known on the next request, with its time', async () => {
    const { visitor, clock } = fresh()
    await visitor.visit((session) => {
      expect(session.userId).toBeUndefined()
      expect(session.authenticatedAt).toBeUndefined()
      session.login('u1')
      expect(session.userId).toBe('u1')
    })
    clock.now += 5000
    await visitor.visit((session) => {
      expect(session.userId).toBe('u1')
      expect(session.authenticatedAt).toEqual(new Date(T0))
      session.login('u1')
    })
    expect(await visitor.read((session) => session.authenticatedAt)).toEqual(new Date(T0 + 5000))
  })

  test.each([
    [7, '7'],
    [7n, '7'],
    ['é', 'é'],
    [-1, '-1'],
    [0, '0'],
  ])('the user id %o is kept as %j', async (id, kept) => {
    const { visitor } = fresh()
    await visitor.visit((session) => session.login(id))
    expect(await visitor.read((session) => session.userId)).toBe(kept)
  })

  test.each([undefined, null, '', 1.5, NaN, 2 ** 53, {}, true, ['u']])(
    'login(%o) is refused',
    async (id) => {
      const { sessions } = fresh()
      const session = await sessions.open(undefined)
      expect(() => session.login(id as never)).toThrow(
        coded('ERR_USER_ID_INVALID', id === '' ? /an empty string/ : /was given/),
      )
      expect(session.userId).toBeUndefined()
    },
  )

  test.each(['before', 'after'] as const)(
    'data set %s a login stays; of another user nothing does',
    async (when) => {
      const { visitor } = fresh()
      await visitor.visit((session) => {
        session.set('cart', [1])
        session.flash('x')
        session.permanent = true
        session.login('a')
      })
      await visitor.visit((session) => {
        if (when === 'before') session.set('mine', 1)
        session.login('b')
        expect(session.has('cart')).toBe(false)
        if (when === 'after') session.set('mine', 1)
        expect(session.flashes()).toEqual([])
      })
      await visitor.visit((session) => {
        expect(Object.fromEntries(session)).toEqual({ mine: 1 })
        expect(session.userId).toBe('b')
        expect(session.permanent).toBe(false)
      })
    },
  )

  test("an anonymous visitor's cart comes along, the same user's too", async () => {
    const { visitor } = fresh()
    await visitor.visit((session) => session.set('cart', [1]))
    await visitor.visit((session) => session.login('a'))
    await visitor.visit((session) => session.login('a'))
    expect(await visitor.read((session) => session.get('cart'))).toEqual([1])
  })

  test('logout clears the cookie with the same attributes, save for what is kept or written afterwards', async () => {
    const { visitor } = fresh({ cookie: { path: '/app', sameSite: 'Strict' } })
    const signIn = () =>
      visitor.visit((session) => {
        session.login('a')
        session.set('lang', 'de').set('cart', [1])
        session.permanent = true
      })
    await signIn()
    const { setCookie } = await visitor.visit((session) => session.logout())
    expect(setCookie).toBe(
      'session=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; HttpOnly; Path=/app; SameSite=Strict',
    )
    await signIn()
    await visitor.visit((session) => {
      session.logout({ keep: ['lang'] })
      expect(session.userId).toBeUndefined()
      session.flash('Bye')
    })
    await visitor.visit((session) => {
      expect([session.userId, session.permanent, session.authenticatedAt]).toEqual([
        undefined,
        false,
        undefined,
      ])
      expect(Object.fromEntries(session)).toEqual({ lang: 'de' })
      expect(session.flashes()).toEqual([{ category: 'message', message: 'Bye' }])
    })
  })

  test('logout of nobody sends nothing', async () => {
    const { visitor } = fresh()
    expect((await visitor.visit((session) => session.logout())).setCookie).toBeUndefined()
  })

  test('regenerate keeps the data, clear deletes everything and signs out', async () => {
    const { visitor, events } = fresh()
    await visitor.visit((session) => {
      session.login('a')
      session.set('x', 1)
      session.label = 'phone'
    })
    await visitor.visit((session) => session.regenerate())
    expect(
      await visitor.read((session) => [session.userId, session.get('x'), session.label]),
    ).toEqual(['a', 1, 'phone'])
    const { setCookie } = await visitor.visit((session) => {
      session.permanent = true
      session.flash('hello')
      const token = session.csrfToken()
      session.clear()
      expect([session.userId, session.authenticatedAt, session.size]).toEqual([
        undefined,
        undefined,
        0,
      ])
      expect([session.label, session.permanent, session.flashes()]).toEqual([undefined, false, []])
      expect(session.csrfToken()).not.toBe(token)
    })
    expect(setCookie).toMatch(/^session=; .*Max-Age=0/)
    expect(events.at(-1)).toEqual({ type: 'logout' })
  })

  test('clear of an anonymous visitor deletes everything, too, and is no logout', async () => {
    const { visitor, events } = fresh()
    await visitor.visit((session) => {
      session.set('x', 1)
      session.permanent = true
      session.label = 'phone'
      session.flash('hello')
    })
    await visitor.visit((session) => {
      session.clear()
      session.set('y', 2)
    })
    expect(
      await visitor.read((session) => [[...session], session.permanent, session.label]),
    ).toEqual([[['y', 2]], false, undefined])
    expect(events.filter(({ type }) => type === 'logout')).toEqual([])
  })

  test('what is set, flashed or signed in after clear begins a new session', async () => {
    const { visitor } = fresh()
    await visitor.visit((session) => session.set('old', 1).login('a'))
    await visitor.visit((session) => {
      session.clear()
      session.set('new', 2)
      session.login('b')
    })
    expect(await visitor.read((session) => [session.userId, ...session.keys()])).toEqual([
      'b',
      'new',
    ])
  })

  test('what a request sees is what the next one finds, whatever it did', async () => {
    const step = fc.oneof(
      fc.tuple(
        fc.constant('set'),
        fc.constantFrom('a', 'b', '__proto__'),
        fc.constantFrom<unknown>(1, [1], { x: 1.5 }),
      ),
      fc.tuple(fc.constantFrom('delete', 'update', 'push', 'get'), fc.constantFrom('a', 'b')),
      fc.tuple(
        fc.constantFrom('clear', 'regenerate', 'logout', 'keep', 'permanent', 'reload', 'commit'),
      ),
      fc.tuple(fc.constant('login'), fc.constantFrom('u1', 'u2')),
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(step, { maxLength: 6 }), { maxLength: 4 }),
        async (requests) => {
          const { visitor } = fresh()
          for (const steps of requests) {
            let seen: unknown
            const look = (session: Awaited<ReturnType<typeof visitor.sessions.open>>) => [
              [...session].map(([key, value]) => [key, JSON.stringify(value)]),
              session.userId,
            ]
            await visitor.visit(async (session) => {
              for (const [verb, key = '', value] of steps as [string, string?, unknown?][]) {
                if (verb === 'set') session.set(key, structuredClone(value))
                else if (verb === 'delete' || verb === 'get') session[verb](key)
                else if (verb === 'update')
                  session.update(key, (old: unknown) =>
                    Array.isArray(old) ? [...old, 0] : [old ?? 0],
                  )
                else if (verb === 'push') {
                  const list: unknown = session.get(key)
                  if (Array.isArray(list)) list.push(7)
                } else if (verb === 'login') session.login(key)
                else if (verb === 'keep') session.logout({ keep: ['a'] })
                else if (verb === 'permanent') session.permanent = !session.permanent
                else
                  await session[verb as 'clear' | 'reload' | 'commit' | 'regenerate' | 'logout']()
              }
              seen = look(session)
            })
            expect(await visitor.read(look)).toEqual(seen)
          }
        },
      ),
      { numRuns: 400 },
    )
  })
})

describe('commit and reload', () => {
  test('a token that stands on a page already is that of the session that is kept', async () => {
    const { sessions } = fresh()
    const session = await sessions.open(undefined)
    session.set('token', 'x')
    const token = session.csrfToken()
    await session.reload()
    expect(session.csrfToken()).toBe(token)
    const cookie = (await session.commit()).get('set-cookie')!.split(';')[0]
    expect((await sessions.open(cookie)).csrfToken()).toBe(token)
  })

  test('commit can be called early, and again', async () => {
    const { sessions } = fresh()
    const session = await sessions.open(undefined)
    session.set('a', 1)
    const early = await session.commit()
    session.set('b', 2)
    await session.reload()
    expect(Object.fromEntries(session)).toEqual({ a: 1, b: 2 })
    const late = await session.commit(new Headers({ 'set-cookie': 'mine=1', vary: 'Accept' }))
    expect(late.getSetCookie()).toHaveLength(2)
    expect(late.get('vary')).toBe('Accept, Cookie')
    expect(early.getSetCookie()[0]).not.toBe(late.getSetCookie()[1])
    expect(Object.fromEntries(await sessions.open(late.getSetCookie()[1]!.split(';')[0]))).toEqual({
      a: 1,
      b: 2,
    })
    expect((await session.commit()).getSetCookie()).toEqual([late.getSetCookie()[1]])
  })

  test('too large a cookie is refused with its size and the biggest keys, and nothing is lost', async () => {
    const { visitor, events } = fresh()
    await visitor.visit((session) => session.set('small', 1))
    const before = visitor.cookie
    const random = seededRandom(1)
    const noise = (length: number) =>
      Array.from({ length }, () =>
        String.fromCharCode(0x4e00 + Math.floor(random() * 20_000)),
      ).join('')
    const session = await visitor.sessions.open(before)
    session
      .set('cart', noise(900))
      .set('ascii', 'x'.repeat(1000))
      .set('notes', noise(700))
      .set('tiny', 1)
    session.flash(noise(800))
    await expect(session.commit()).rejects.toThrow(
      coded(
        'ERR_COOKIE_TOO_LARGE',
        /be \d{4,} bytes.*\b4096\b.*\. Largest keys: cart \(2702 bytes\), flash messages \(\d+ bytes\), notes \(2102 bytes\)\./,
      ),
    )
    expect(events.at(-1)).toEqual({
      type: 'commit-failed',
      code: 'ERR_COOKIE_TOO_LARGE',
      largest: [
        { key: 'cart', bytes: 2702 },
        { key: 'flash messages', bytes: 2416 },
        { key: 'notes', bytes: 2102 },
      ],
    })
    expect(session.get('small')).toBe(1)
    session.delete('cart')
    session.delete('notes')
    session.flashes()
    const headers = await session.commit()
    expect(headers.getSetCookie()[0]!.length).toBeLessThan(4200)
  })

  test('what fits only when deflated is deflated', async () => {
    const { visitor } = fresh()
    const { setCookie } = await visitor.visit((session) => session.set('x', 'ab'.repeat(3000)))
    expect(setCookie).toMatch(/^session=\./)
    expect(setCookie!.split(';')[0]!.length).toBeLessThan(4097)
    expect(await visitor.read((session) => session.get('x'))).toBe('ab'.repeat(3000))
  })

  test('untouched keys keep their own bytes', async () => {
    const { visitor } = fresh()
    const text =
      '["s44we8",{"f":1.0,"esc":"\\u0041","big":12345678901234567890,"o":{ "a" : 1e2 },"n":1}]'
    visitor.cookie = forge(Buffer.from(text).toString('base64url'))
    await visitor.visit((session) => session.set('n', session.get('f') + 1))
    const body = visitor.cookie.split('=')[1]!.split('.')[0]!
    expect(Buffer.from(body, 'base64url').toString()).toBe(text.replace('"n":1', '"n":2'))
  })
})
