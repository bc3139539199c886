import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { formerly } from '../../src/formerly/formerly.ts'
import { createSessions, type SessionOptions } from '../../src/index.ts'
import { memoryStore } from '../../src/stores/memory/memory.ts'
import { type Data, kept, libraries, OTHER, type Server } from './libraries.ts'

const NOW = Date.parse('2026-11-30T12:00:00Z')
const UNTIL = '2027-03-01'
const DAY = 86_400_000
const VISITORS = process.env['LONG_TESTS'] === '1' ? 10_000 : 1000

/** Our own side: in a cookie, and in a store. */
const SIDES: readonly [string, () => SessionOptions][] = [
  ['a cookie', () => ({ secret: OTHER, encrypt: true, cookie: { name: 'own' } })],
  ['a store', () => ({ secret: OTHER, store: memoryStore(), cookie: { name: 'own' } })],
]

/** One request of a browser with these cookies. */
async function visit(
  sessions: ReturnType<typeof createSessions>,
  cookie: string,
  changes: Data = {},
) {
  const session = await sessions.open(cookie)
  for (const [key, value] of Object.entries(changes)) session.set(key, value)
  const { userId } = session
  const cart = session.get('cart')
  return { userId, cart, cookie: kept(cookie, (await session.commit()).getSetCookie()) }
}

const names = (cookie: string) => cookie.split('; ').map((pair) => pair.slice(0, pair.indexOf('=')))

afterEach(() => {
  vi.useRealTimers()
})

describe.each(libraries)('visitors of $name', (library) => {
  let server: Server
  beforeAll(async () => {
    server = await library.start()
  })
  afterAll(() => server.stop())

  describe.each(SIDES)('who move to %s', (_, ours) => {
    it('stay signed in, and have our cookie alone afterwards', async () => {
      const sessions = createSessions({
        ...ours(),
        formerly: formerly({ sessions: library.preset(), until: UNTIL }),
      })
      const old = await server.set({ userId: 'ada', cart: ['tea'] })
      const first = await visit(sessions, old)
      expect(first).toMatchObject({ userId: 'ada', cart: ['tea'] })
      expect(names(first.cookie)).toEqual(['own'])
      expect(await visit(sessions, first.cookie)).toMatchObject({ userId: 'ada', cart: ['tea'] })
    })

    it('stay signed in after switching back, with dualWrite by the library alone', async () => {
      const sessions = createSessions({
        ...ours(),
        formerly: formerly({ sessions: library.preset(), until: UNTIL, dualWrite: true }),
      })
      const old = await server.set({ userId: 'ada', cart: ['tea'] })
      const { cookie } = await visit(sessions, old, { cart: ['tea', 'lamp'] })
      expect(await server.get(cookie)).toMatchObject({ userId: 'ada', cart: ['tea', 'lamp'] })
      const back = await server.set({ visits: 1 }, cookie)
      expect(await server.get(back)).toMatchObject({ userId: 'ada', visits: 1 })
      expect((await visit(sessions, back)).userId).toBe('ada')
    })

    it('sign out of both at once, with dualWrite', async () => {
      const sessions = createSessions({
        ...ours(),
        formerly: formerly({ sessions: library.preset(), until: UNTIL, dualWrite: true }),
      })
      const { cookie } = await visit(sessions, await server.set({ userId: 'ada' }))
      const session = await sessions.open(cookie)
      session.logout()
      const left = kept(cookie, (await session.commit()).getSetCookie())
      expect(left).toBe('')
    })

    it('who sign in at our side are signed in at the library, with dualWrite', async () => {
      const sessions = createSessions({
        ...ours(),
        formerly: formerly({ sessions: library.preset(), until: UNTIL, dualWrite: true }),
      })
      const session = await sessions.open('')
      session.login('grace')
      const cookie = kept('', (await session.commit()).getSetCookie())
      expect(await server.get(cookie)).toMatchObject({ userId: 'grace' })
    })

    it('stay signed in after switching back, by the same options with the sides swapped', async () => {
      const own = ours()
      const forth = createSessions({
        ...own,
        formerly: formerly({ sessions: library.preset(), until: UNTIL }),
      })
      const back = createSessions({
        ...library.preset(),
        formerly: formerly({ sessions: own, until: UNTIL }),
      })
      const old = await server.set({ userId: 'ada', cart: ['tea'] })
      const { cookie } = await visit(forth, old)
      const returned = await visit(back, cookie)
      expect(returned.userId).toBe('ada')
      expect(names(returned.cookie)).not.toContain('own')
      expect(await server.get(returned.cookie)).toEqual({ userId: 'ada', cart: ['tea'] })
    })
  })

  it('stay out with a tampered, truncated, foreign or renamed cookie', async () => {
    const cookie = await server.set({ userId: 'ada' })
    const userOf = async (text: string, change = {}) => {
      const sessions = createSessions({
        secret: OTHER,
        cookie: { name: 'own' },
        formerly: formerly({ sessions: library.preset(change), until: UNTIL }),
      })
      return (await visit(sessions, text)).userId
    }
    expect(await userOf(cookie)).toBe('ada')
    expect(await userOf(cookie, { otherSecret: true })).toBeUndefined()
    expect(await userOf(cookie, { renamed: true })).toBeUndefined()
    const middle = cookie.indexOf('=') + 40
    const changed = cookie[middle] === 'A' ? 'B' : 'A'
    expect(await userOf(cookie.slice(0, middle) + changed + cookie.slice(middle + 1))).toBe(
      undefined,
    )
    expect(await userOf(cookie.slice(0, middle))).toBeUndefined()
  })

  it('are strangers after the date, and when their session has expired', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: NOW })
    const cookie = await server.set({ userId: 'ada' })
    const userAt = async (time: number) => {
      const sessions = createSessions({
        secret: OTHER,
        cookie: { name: 'own' },
        clock: () => time,
        formerly: formerly({ sessions: library.preset(), until: UNTIL }),
      })
      return (await visit(sessions, cookie)).userId
    }
    expect(await userAt(NOW)).toBe('ada')
    expect(await userAt(Date.parse(UNTIL))).toBeUndefined()
    const { lasts } = library
    if (lasts !== undefined) {
      expect(await userAt(NOW + lasts - 1000)).toBe('ada')
      expect(await userAt(NOW + lasts + 1000)).toBeUndefined()
    }
  })

  it('of mixed age all move: none of thousands is lost', { timeout: 600_000 }, async () => {
    const oldest = Math.min(library.lasts ?? 30 * DAY, 30 * DAY)
    const cookies: string[] = []
    for (let index = 0; index < VISITORS; index += 50) {
      vi.useFakeTimers({
        toFake: ['Date'],
        now: NOW - Math.floor((oldest - 2000) * (index / VISITORS)),
      })
      const made = Array.from({ length: 50 }, (_, at) =>
        server.set({ userId: `user-${index + at}` }),
      )
      cookies.push(...(await Promise.all(made)))
    }
    vi.useFakeTimers({ toFake: ['Date'], now: NOW })
    const sessions = createSessions({
      secret: OTHER,
      cookie: { name: 'own' },
      formerly: formerly({ sessions: library.preset(), until: UNTIL }),
    })
    let lost = 0
    for (const [index, cookie] of cookies.entries()) {
      const first = await visit(sessions, cookie)
      const second = await visit(sessions, first.cookie)
      if (first.userId !== `user-${index}` || second.userId !== first.userId) lost++
    }
    expect(lost).toBe(0)
    expect(sessions.formerlyUse()[0]).toMatchObject({ moved: VISITORS })
  })
})
