import { describe, expect, test } from 'vitest'
import { fakeClock } from '../../src/testing/time/clock.ts'
import { browser, expressSite, type Page } from './site.ts'
import { barrier, sessionsOn, type StoreName, STORES, storeOf, through } from './stores.ts'

/** A site whose pages of the name `slow-...` wait in the middle of their work. */
async function site(name: StoreName, options: Parameters<typeof sessionsOn>[1] = {}) {
  const clock = fakeClock()
  const { store, again } = await storeOf(name, clock)
  const calls: (() => Promise<unknown>)[] = []
  const recorded = through(store, (verb, _args, call) => {
    if (verb !== 'remove' && verb !== 'forget') calls.push(call)
    return call()
  })
  const { sessions, events } = sessionsOn(recorded, { clock, ...options })
  const slow = barrier()
  const pages: Record<string, Page> = {
    'sign-in': (session) => session.set('cart', ['tea']).login('ann'),
    home: (session) => ({ user: session.userId ?? 'nobody', data: Object.fromEntries(session) }),
    'sign-out': (session) => session.logout(),
    clear: (session) => session.clear(),
    renew: (session) => session.regenerate(),
    write: (session, query) => session.set(query.get('key') ?? 'draft', 'text').size,
    async 'slow-write'(session) {
      await slow.wait()
      session.set('draft', 'text')
    },
    async 'slow-read'(session) {
      await slow.wait()
      return session.userId
    },
    async 'slow-renewal'(session) {
      await slow.wait()
      session.regenerate()
    },
    async 'slow-login'(session) {
      await slow.wait()
      session.login('ann')
    },
    async 'late-write'(session) {
      session.set('draft', 'text')
      await slow.wait()
      await session.commit()
    },
  }
  const visitor = browser(await expressSite(sessions, pages))
  await visitor.visit('sign-in')
  const copy = visitor.cookie!
  return { clock, store, again, calls, sessions, events, slow, pages, visitor, copy }
}

const NOBODY = { user: 'nobody', data: {} }

describe.each(STORES)('promise 2, logout is final, on %s', (name) => {
  test('a copy of the cookie opens nothing any more, here or at another server', async () => {
    const { visitor, copy, again, clock, pages } = await site(name)
    const answer = await visitor.visit('sign-out')
    expect(answer.setCookie).toMatch(/^session=; .*Max-Age=0/)
    expect(visitor.cookie).toBeUndefined()
    visitor.cookie = copy
    expect((await visitor.visit('home')).shown).toEqual(NOBODY)
    const { sessions, events } = sessionsOn(await again(), { clock })
    const elsewhere = browser(await expressSite(sessions, pages), copy)
    expect((await elsewhere.visit('home')).shown).toEqual(NOBODY)
    expect(events).toEqual([{ type: 'rejected', reason: 'gone' }])
  })

  test.each(['slow-write', 'late-write', 'slow-renewal', 'slow-read'])(
    'a request that was under way does not bring the session back: %s',
    async (page) => {
      const { visitor, copy, slow } = await site(name)
      const underWay = visitor.ask(page)
      await slow.reached()
      await visitor.visit('sign-out')
      slow.open()
      const late = await underWay
      // What would have been lost is said; a page that lost nothing is served.
      expect(late.status).toBe(page.endsWith('write') ? 409 : 200)
      expect(late.setCookie).toBeUndefined()
      visitor.take(late)
      expect(visitor.cookie).toBeUndefined()
      visitor.cookie = copy
      expect((await visitor.visit('home')).shown).toEqual(NOBODY)
    },
  )

  test('clear() ends a signed-in session like a logout: neither a copy nor a slow request brings it back', async () => {
    const { visitor, copy, slow, store, sessions } = await site(name)
    const underWay = visitor.ask('slow-write')
    await slow.reached()
    const answer = await visitor.visit('clear')
    expect(answer.setCookie).toMatch(/^session=; .*Max-Age=0/)
    slow.open()
    expect(await underWay).toMatchObject({ status: 409, setCookie: undefined })
    visitor.cookie = copy
    expect((await visitor.visit('home')).shown).toEqual(NOBODY)
    const handles: string[] = []
    for await (const keys of store.keys()) handles.push(...keys)
    expect(handles).toEqual([])
    expect(await sessions.list('ann')).toEqual([])
  })

  test('a visit whose touch is due finds nothing to touch', async () => {
    const { visitor, copy, slow, clock, calls } = await site(name, { lifetime: { idle: '10m' } })
    const underWay = visitor.ask('slow-read')
    await slow.reached()
    await visitor.visit('sign-out')
    clock.advance(90_000)
    const before = calls.length
    slow.open()
    expect((await underWay).status).toBe(200)
    expect(calls.length).toBeGreaterThan(before)
    visitor.cookie = copy
    expect((await visitor.visit('home')).shown).toEqual(NOBODY)
  })

  test('all commands of the session, sent once more, bring nothing back', async () => {
    const { visitor, copy, calls, store, sessions } = await site(name)
    await visitor.visit('write')
    await visitor.visit('renew')
    await visitor.visit('sign-in')
    await visitor.visit('write?key=other')
    const newest = visitor.cookie!
    await visitor.visit('sign-out')
    for (const call of [...calls, ...calls.toReversed()]) await call()
    for (const cookie of [copy, newest]) {
      visitor.cookie = cookie
      expect((await visitor.visit('home')).shown).toEqual(NOBODY)
    }
    const handles: string[] = []
    for await (const keys of store.keys()) handles.push(...keys)
    expect(handles).toEqual([])
    expect(await sessions.list('ann')).toEqual([])
  })

  test('a Set-Cookie that arrives after the logout names a session that is over', async () => {
    const { visitor, sessions } = await site(name)
    const renewal = await visitor.ask('renew')
    expect(renewal.setCookie).toBeDefined()
    await visitor.visit('sign-out')
    visitor.take(renewal)
    expect(visitor.cookie).toBeDefined()
    expect((await visitor.visit('home')).shown).toEqual(NOBODY)
    // What is written next begins a session of its own.
    const begun = await visitor.visit('write')
    expect(begun.setCookie).toMatch(/^session=[\w-]/)
    expect((await visitor.visit('home')).shown).toEqual({
      user: 'nobody',
      data: { draft: 'text' },
    })
    expect(await sessions.list('ann')).toEqual([])
  })

  test('twenty requests beside the logout each win before it or are refused, and none outlives it', async () => {
    const { visitor, copy, sessions } = await site(name)
    const beside = Array.from({ length: 20 }, (_, n) => visitor.ask(`write?key=k${n}`))
    const signOut = visitor.ask('sign-out')
    const after = Array.from({ length: 20 }, (_, n) => visitor.ask(n % 2 ? 'renew' : 'write'))
    expect((await signOut).status).toBe(200)
    const cookies = [copy]
    for (const { status, setCookie } of await Promise.all([...beside, ...after])) {
      expect([200, 409]).toContain(status)
      if (setCookie !== undefined) cookies.push(setCookie.split(';')[0]!)
    }
    for (const cookie of cookies) {
      visitor.cookie = cookie
      expect((await visitor.ask('home')).shown.user).toBe('nobody')
    }
    expect(await sessions.list('ann')).toEqual([])
  })

  test('a second logout is no error, and what is written after one begins anew', async () => {
    const { visitor, copy } = await site(name)
    await visitor.visit('sign-out')
    visitor.cookie = copy
    expect((await visitor.visit('sign-out')).status).toBe(200)
    visitor.cookie = copy
    const begun = await visitor.visit('write')
    expect(begun.status).toBe(200)
    expect(visitor.cookie).not.toContain(copy.slice(0, 30))
    expect((await visitor.visit('home')).shown.data).toEqual({ draft: 'text' })
  })

  test('a session ended from elsewhere is over for its requests under way too', async () => {
    const { visitor, copy, slow, sessions } = await site(name)
    const write = visitor.ask('slow-write')
    const read = visitor.ask('slow-read')
    await slow.reached(2)
    expect(await sessions.revokeUser('ann')).toEqual({ ended: 1, marked: true })
    slow.open()
    expect((await write).status).toBe(409)
    expect((await read).status).toBe(200)
    visitor.cookie = copy
    expect((await visitor.visit('home')).shown).toEqual(NOBODY)
  })

  test('a login that was sent before the logout and arrives after it is a session of its own', async () => {
    const { visitor, copy, slow, sessions } = await site(name)
    const login = visitor.ask('slow-login')
    await slow.reached()
    await visitor.visit('sign-out')
    slow.open()
    const late = await login
    expect(late.status).toBe(200)
    // Signed in anew, with nothing of the session that was ended.
    visitor.take(late)
    expect((await visitor.visit('home')).shown).toEqual({ user: 'ann', data: {} })
    expect(await sessions.list('ann')).toHaveLength(1)
    visitor.cookie = copy
    expect((await visitor.visit('home')).shown).toEqual(NOBODY)
  })
})
