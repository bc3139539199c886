import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { createSessions } from '../../src/index.ts'
import type { Session } from '../../src/session/session.ts'
import { type Data, kept, libraries, type Server } from './libraries.ts'

const NOW = Date.parse('2026-11-30T12:00:00Z')

const VISITORS = process.env['LONG_TESTS'] === '1' ? 10_000 : 1000

/** What a session holds, without the keys of the library. */
function dataOf(session: Session): Data {
  return Object.fromEntries([...session.keys()].map((key) => [key, session.get(key)]))
}

afterEach(() => {
  vi.useRealTimers()
})

function at(time: number): void {
  vi.useFakeTimers({ toFake: ['Date'], now: time })
}

describe.each(libraries)('the sessions of $name', (library) => {
  let server: Server
  const sessions = () => createSessions(library.preset())

  beforeAll(async () => {
    server = await library.start()
  })
  afterAll(() => server.stop())

  it('are read, and stay readable for the library after a change', async () => {
    const cookie = await server.set({ userId: 'ada', cart: ['tea'], n: 1.5e-7 })
    const session = await sessions().open(cookie)
    expect(session.userId).toBe('ada')
    expect(dataOf(session)).toEqual({ userId: 'ada', cart: ['tea'], n: 1.5e-7 })
    session.update('cart', (cart) => [...(cart as string[]), 'lamp'])
    const lines = (await session.commit()).getSetCookie()
    const back = kept(cookie, lines)
    expect(await server.get(back)).toEqual({ userId: 'ada', cart: ['tea', 'lamp'], n: 1.5e-7 })
    const later = await server.set({ visits: 2 }, back)
    expect(dataOf(await sessions().open(later))).toEqual({
      userId: 'ada',
      cart: ['tea', 'lamp'],
      n: 1.5e-7,
      visits: 2,
    })
  })

  it('begin with a login of Sojourn, and end with its logout', async () => {
    const session = await sessions().open('')
    session.login('ada')
    session.flash('Welcome')
    const cookie = kept('', (await session.commit()).getSetCookie())
    expect(await server.get(cookie)).toEqual({ userId: 'ada', _flashes: [['message', 'Welcome']] })
    const next = await sessions().open(cookie)
    expect(next.flashes()).toEqual([{ category: 'message', message: 'Welcome' }])
    next.logout()
    expect(kept(cookie, (await next.commit()).getSetCookie())).toBe('')
  })

  it('are over for Sojourn when the library has ended them', async () => {
    const cookie = await server.end(await server.set({ userId: 'ada' }))
    expect((await sessions().open(cookie)).userId).toBeUndefined()
  })

  it('are not written by a request that only reads', async () => {
    const session = await sessions().open(await server.set({ userId: 'ada' }))
    expect(session.userId).toBe('ada')
    expect((await session.commit()).getSetCookie()).toEqual([])
  })

  it('stay out under another secret, and under another name of the cookie', async () => {
    const cookie = await server.set({ userId: 'ada' })
    const reasons: string[] = []
    const others = createSessions({
      ...library.preset({ otherSecret: true }),
      onEvent: (event) => event.type === 'rejected' && reasons.push(event.reason),
    })
    expect((await others.open(cookie)).userId).toBeUndefined()
    expect(reasons).toEqual(['signature'])
    const renamed = createSessions(library.preset({ renamed: true }))
    expect((await renamed.open(cookie)).userId).toBeUndefined()
  })

  it('stay out when any one character of a cookie is changed, left out, or added', async () => {
    const cookie = await server.set({ userId: 'ada', role: 'admin' })
    const all = sessions()
    let tried = 0
    for (let index = 0; index < cookie.length; index++) {
      // The names, and the version of iron-session that nothing authenticates.
      if (/[=;]/.test(cookie[index]!)) continue
      const changed = cookie[index] === 'A' ? 'B' : 'A'
      for (const put of [changed, '', `${cookie[index]}A`]) {
        const forged = cookie.slice(0, index) + put + cookie.slice(index + 1)
        const session = await all.open(forged)
        const found = dataOf(session)
        // `%3b` is another spelling of `%3B`: that is the session, and nothing else.
        if ('userId' in found) expect(found).toEqual({ userId: 'ada', role: 'admin' })
        else tried++
      }
    }
    expect(tried).toBeGreaterThan(cookie.length * 2)
  })

  it('stay out when a cookie is cut off anywhere', async () => {
    const cookie = await server.set({ userId: 'ada' })
    const all = sessions()
    for (let end = 0; end < cookie.length; end++) {
      const session = await all.open(cookie.slice(0, end))
      const isPadding = /^(=|%3D)*$/i.test(cookie.slice(end).replace(/^(D|3D)/i, ''))
      if (!isPadding) expect(session.userId).toBeUndefined()
    }
  })

  it('are the same whichever side has written them', async () => {
    const all = sessions()
    const data = fc.dictionary(
      fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }).filter(isNoProperty),
      fc.jsonValue({ maxDepth: 4 }),
      { minKeys: 1, maxKeys: 5 },
    )
    await fc.assert(
      fc.asyncProperty(data, async (given) => {
        const plain = JSON.parse(JSON.stringify(given)) as Data
        const cookie = await server.set(plain)
        expect(dataOf(await all.open(cookie))).toEqual(await server.get(cookie))
        const session = await all.open('')
        for (const [key, value] of Object.entries(plain)) session.set(key, value)
        const ours = kept('', (await session.commit()).getSetCookie())
        expect(await server.get(ours)).toEqual(plain)
      }),
      { numRuns: 60 },
    )
  })

  it('never throw, whatever the cookie is', async () => {
    const all = sessions()
    const genuine = await server.set({ userId: 'ada' })
    const mutated = fc
      .tuple(fc.nat(genuine.length), fc.nat(40), fc.string({ unit: 'binary', maxLength: 40 }))
      .map(([start, length, put]) => genuine.slice(0, start) + put + genuine.slice(start + length))
    const random = fc
      .tuple(fc.string({ unit: 'binary', maxLength: 300 }), fc.string({ maxLength: 40 }))
      .map(([value, signature]) => `${library.cookie}=${value}; ${library.cookie}.sig=${signature}`)
    const long = fc.nat(120_000).map((length) => `${library.cookie}=${'*;A'.repeat(length / 3)}`)
    await fc.assert(
      fc.asyncProperty(fc.oneof(mutated, random, long), async (cookie) => {
        const { userId } = await all.open(cookie)
        expect([undefined, 'ada']).toContain(userId)
      }),
      { numRuns: 500 },
    )
  })

  it(
    'of thousands of visitors of mixed age are all found, and can go back',
    { timeout: 600_000 },
    async () => {
      const oldest = library.lasts ?? 90 * 86_400_000
      const visitors = Array.from({ length: VISITORS }, (_, index) => ({
        data: { userId: `user-${index}`, cart: index % 7, name: 'ä'.repeat(index % 30) },
        made: NOW - Math.floor((oldest - 2000) * (index / VISITORS)),
        cookie: '',
      }))
      for (let index = 0; index < visitors.length; index += 50) {
        // The fifty of one time are made concurrently: the clock is one for all.
        const some = visitors.slice(index, index + 50)
        at(some[0]!.made)
        await Promise.all(
          some.map(async (visitor) => {
            visitor.cookie = await server.set(visitor.data)
          }),
        )
      }
      at(NOW)
      const all = sessions()
      let lost = 0
      for (const [index, { data, cookie }] of visitors.entries()) {
        const session = await all.open(cookie)
        if (session.userId !== data.userId || session.get('name') !== data.name) lost++
        if (index % 100 > 0) continue
        session.set('moved', true)
        const back = kept(cookie, (await session.commit()).getSetCookie())
        if ((await server.get(back))['userId'] !== data.userId) lost++
      }
      expect(lost).toBe(0)
    },
  )
})

/** cookie-session drops keys that its own class has, and assigns to `__proto__`. */
function isNoProperty(key: string): boolean {
  return !(key in {}) && !['isChanged', 'isNew', 'isPopulated', '_ctx', '__ts'].includes(key)
}

describe.each(libraries.filter(({ lasts }) => lasts !== undefined))(
  'the lifetime of $name',
  (library) => {
    it('is enforced to the same second by both sides', async () => {
      const server = await library.start()
      const lasts = library.lasts!
      at(NOW)
      const cookie = await server.set({ userId: 'ada' })
      const reasons: string[] = []
      const all = createSessions({
        ...library.preset(),
        onEvent: (event) => event.type === 'rejected' && reasons.push(event.reason),
      })
      at(NOW + lasts - 1)
      expect((await all.open(cookie)).userId).toBe('ada')
      expect(await server.get(cookie)).toEqual({ userId: 'ada' })
      expect(reasons).toEqual([])
      at(NOW + lasts)
      expect((await all.open(cookie)).userId).toBeUndefined()
      expect(await server.get(cookie)).toEqual({})
      expect(reasons).toEqual(['expired'])
      await server.stop()
    })

    it('begins anew with a change on either side, not with a visit', async () => {
      const server = await library.start()
      const all = createSessions(library.preset())
      at(NOW)
      const cookie = await server.set({ userId: 'ada' })
      at(NOW + library.lasts! - 1000)
      const session = await all.open(cookie)
      session.set('seen', true)
      const back = kept(cookie, (await session.commit()).getSetCookie())
      at(NOW + library.lasts! + 1000)
      expect(await server.get(back)).toEqual({ userId: 'ada', seen: true })
      expect((await all.open(back)).userId).toBe('ada')
      expect((await all.open(cookie)).userId).toBeUndefined()
      await server.stop()
    })
  },
)
