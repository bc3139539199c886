import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { fakeClock } from '../../src/testing/time/clock.ts'
import { OLD_SECRET, SECRET } from '../session/visitor.ts'
import { browser, expressSite, type Page } from './site.ts'
import { barrier, sessionsOn, type StoreName, STORES, storeOf, through } from './stores.ts'

const NOBODY = { user: 'nobody', data: {} }

async function site(name: StoreName, options: Parameters<typeof sessionsOn>[1] = {}) {
  const clock = fakeClock()
  const { store } = await storeOf(name, clock)
  let calls = 0
  const counted = through(store, (_verb, _args, call) => {
    calls += 1
    return call()
  })
  const { sessions, events } = sessionsOn(counted, { clock, ...options })
  const slow = barrier()
  const pages: Record<string, Page> = {
    home: (session) => ({ user: session.userId ?? 'nobody', data: Object.fromEntries(session) }),
    fill: (session, query) => session.set('cart', [query.get('with') ?? 'tea']).size,
    'sign-in': (session, query) => session.login(query.get('as') ?? 'ann'),
    'sign-out': (session) => session.logout(),
    renew: (session) => session.regenerate(),
    /** Like `sign-in`, once the other request has come as far. */
    async 'slow-sign-in'(session, query) {
      await slow.wait()
      session.login(query.get('as') ?? 'ann')
    },
    async 'slow-fill'(session) {
      await slow.wait()
      session.set('cart', ['stone'])
    },
    async 'slow-home'(session) {
      await slow.wait()
      return session.userId ?? 'nobody'
    },
  }
  const url = await expressSite(sessions, pages)
  return {
    url,
    clock,
    store,
    sessions,
    events,
    slow,
    visitor: browser(url),
    calls: () => calls,
    /** What a cookie opens, without changing anything. */
    opens: async (cookie: string | undefined) => (await browser(url, cookie).ask('home')).shown,
  }
}

const selectorOf = (cookie: string | undefined) => cookie?.slice('session='.length).split('.')[0]
const text = (bytes: number) => randomBytes(bytes).toString('base64url')

describe.each(STORES)('promise 5, fixation-proof, on %s', (name) => {
  test('an id this server did not issue is never adopted, and the store never hears of it', async () => {
    const { visitor, calls, events, url } = await site(name)
    const other = await site(name, { secret: OLD_SECRET })
    await other.visitor.visit('fill')
    await visitor.visit('fill')
    const [selector, verifier, mac] = visitor.cookie!.slice('session='.length).split('.')
    const planted = [
      other.visitor.cookie!,
      `session=${text(16)}.${text(32)}.${text(12)}`,
      `session=${selector}.${verifier}.${text(12)}`,
      `session=${selector}.${text(32)}.${mac}`,
      `session=${text(16)}.${verifier}.${mac}`,
      `session=${selector}.${verifier}`,
      `session=${selector}`,
      'session=chosen-by-an-attacker',
      'session=',
    ]
    for (const cookie of planted) {
      const before = calls()
      const victim = browser(url, cookie)
      expect((await victim.visit('home')).shown).toEqual(NOBODY)
      expect(calls() - before).toBe(0)
      await victim.visit('sign-in')
      expect(victim.cookie).not.toBe(cookie)
      expect(selectorOf(victim.cookie)).not.toBe(selectorOf(cookie))
    }
    for (const event of events.filter(({ type }) => type === 'rejected')) {
      expect(['signature', 'malformed']).toContain('reason' in event && event.reason)
    }
  })

  test('an id whose session is gone is not used again', async () => {
    const { visitor, store, opens } = await site(name)
    await visitor.visit('fill')
    const planted = visitor.cookie!
    await store.remove(selectorOf(planted)!)
    await visitor.visit('fill')
    expect(selectorOf(visitor.cookie)).not.toBe(selectorOf(planted))
    expect(await opens(planted)).toEqual(NOBODY)
  })

  test('who planted an id is nobody as soon as the victim has signed in', async () => {
    const { visitor: attacker, url, clock, opens } = await site(name)
    await attacker.visit('fill')
    const planted = attacker.cookie!
    const victim = browser(url, planted)
    await victim.visit('sign-in')
    expect(victim.cookie).not.toBe(planted)
    // At once, within any grace, and ever after.
    for (const later of [0, 1, 5_000, 60_000]) {
      clock.advance(later)
      expect(await opens(planted)).toEqual(NOBODY)
    }
    expect(await opens(victim.cookie)).toEqual({ user: 'ann', data: { cart: ['tea'] } })
    // Nor does the old id come back by what is done with it.
    await attacker.visit('fill?with=poison')
    expect(await opens(planted)).toEqual(NOBODY)
    expect(await opens(victim.cookie)).toEqual({ user: 'ann', data: { cart: ['tea'] } })
  })

  test('a request under way with the old id cannot write into what came after the login', async () => {
    const { visitor, slow, opens } = await site(name)
    await visitor.visit('fill')
    const planted = visitor.cookie!
    const write = visitor.ask('slow-fill')
    const read = visitor.ask('slow-home')
    await slow.reached(2)
    await visitor.visit('sign-in')
    slow.open()
    const late = await write
    expect([late.status, late.setCookie]).toEqual([409, undefined])
    const stale = await read
    expect([stale.status, stale.shown, stale.setCookie]).toEqual([200, 'nobody', undefined])
    expect(await opens(visitor.cookie)).toEqual({ user: 'ann', data: { cart: ['tea'] } })
    expect(await opens(planted)).toEqual(NOBODY)
  })

  test('a request that arrives with the old id just after the login does not sign the visitor out', async () => {
    const { visitor, url, events, opens } = await site(name)
    await visitor.visit('fill')
    const old = browser(url, visitor.cookie)
    await visitor.visit('sign-in')
    events.length = 0
    const read = await old.ask('home')
    expect([read.shown, read.setCookie]).toEqual([NOBODY, undefined])
    const write = await old.ask('fill')
    expect([write.status, write.setCookie]).toEqual([409, undefined])
    const leave = await old.ask('sign-out')
    expect([leave.status, leave.setCookie]).toEqual([200, undefined])
    expect(events.filter(({ type }) => type === 'replayed')).toEqual([])
    expect((await opens(visitor.cookie)).user).toBe('ann')
  })

  test('after regenerate the old id opens until the new one was shown and the grace is over', async () => {
    const { visitor, clock, events, opens } = await site(name)
    await visitor.visit('sign-in')
    clock.advance(60_000)
    const old = visitor.cookie!
    await visitor.visit('renew')
    // The response may have got lost: until the new id is shown, the old one is good.
    clock.advance(60_000)
    expect((await opens(old)).user).toBe('ann')
    expect((await opens(visitor.cookie)).user).toBe('ann')
    clock.advance(10_000)
    expect((await opens(old)).user).toBe('ann')
    clock.advance(1)
    events.length = 0
    expect(await opens(old)).toEqual(NOBODY)
    expect(events).toEqual([{ type: 'replayed' }, { type: 'rejected', reason: 'replayed' }])
    expect((await opens(visitor.cookie)).user).toBe('ann')
  })

  test('a grace that runs does not reach across a login', async () => {
    const { visitor, opens } = await site(name)
    await visitor.visit('fill')
    const first = visitor.cookie!
    await visitor.visit('renew')
    const second = visitor.cookie!
    expect((await opens(first)).data).toEqual({ cart: ['tea'] })
    await visitor.visit('sign-in')
    for (const cookie of [first, second]) expect(await opens(cookie)).toEqual(NOBODY)
    expect((await opens(visitor.cookie)).user).toBe('ann')
  })

  test('an id that rotates by time is another one for each visitor, and stays in one row', async () => {
    const { visitor, clock, store, opens } = await site(name, { rotate: '15m' })
    await visitor.visit('sign-in')
    const first = visitor.cookie!
    clock.advance(15 * 60_000)
    expect((await visitor.visit('home')).setCookie).toBeDefined()
    expect(visitor.cookie).not.toBe(first)
    await visitor.visit('home')
    clock.advance(10_001)
    expect(await opens(first)).toEqual(NOBODY)
    expect((await opens(visitor.cookie)).user).toBe('ann')
    const rows: string[] = []
    for await (const keys of store.keys()) rows.push(...keys)
    expect(rows).toEqual([selectorOf(first)])
  })

  test('of many requests at the moment of a rotation one renews the id, and all are served', async () => {
    const { visitor, url, clock, slow, opens } = await site(name, { rotate: '15m' })
    await visitor.visit('sign-in')
    clock.advance(15 * 60_000)
    const requests = Array.from({ length: 20 }, (_, n) =>
      browser(url, visitor.cookie).ask(n % 2 ? 'slow-home' : 'slow-fill'),
    )
    await slow.reached(20)
    slow.open()
    const answers = await Promise.all(requests)
    for (const { status } of answers) expect(status).toBe(200)
    const renewals = answers.filter(({ setCookie }) => setCookie !== undefined)
    expect(renewals).toHaveLength(1)
    for (const answer of answers) visitor.take(answer)
    expect(await opens(visitor.cookie)).toEqual({ user: 'ann', data: { cart: ['stone'] } })
    expect((await visitor.visit('home')).setCookie).toBeUndefined()
  })

  test('an old id that is shown again may end the session', async () => {
    const { visitor, clock, opens } = await site(name, { onReplay: 'end' })
    await visitor.visit('sign-in')
    clock.advance(60_000)
    const stolen = visitor.cookie
    await visitor.visit('renew')
    await visitor.visit('home')
    clock.advance(71_001)
    expect(await opens(stolen)).toEqual(NOBODY)
    expect(await opens(visitor.cookie)).toEqual(NOBODY)
  })

  test('signing in again as the same user is a new id for the same session', async () => {
    const { visitor, sessions, opens } = await site(name)
    await visitor.visit('sign-in')
    await visitor.visit('fill')
    const before = visitor.cookie!
    await visitor.visit('sign-in')
    expect(await opens(before)).toEqual(NOBODY)
    expect(await opens(visitor.cookie)).toEqual({ user: 'ann', data: { cart: ['tea'] } })
    expect(await sessions.list('ann')).toHaveLength(1)
  })

  test('signing in as somebody else is another session, with nothing of the first', async () => {
    const { visitor, sessions, opens } = await site(name)
    await visitor.visit('sign-in?as=ann')
    await visitor.visit('fill?with=secrets')
    const before = visitor.cookie!
    await visitor.visit('sign-in?as=bob')
    expect(selectorOf(visitor.cookie)).not.toBe(selectorOf(before))
    expect(await opens(before)).toEqual(NOBODY)
    expect(await opens(visitor.cookie)).toEqual({ user: 'bob', data: {} })
    expect(await sessions.list('ann')).toEqual([])
    expect(await sessions.list('bob')).toHaveLength(1)
  })

  test('a double-clicked login keeps the cart, whichever answer the browser keeps', async () => {
    const { visitor, slow, opens, events } = await site(name)
    await visitor.visit('fill')
    const before = visitor.cookie!
    const clicks = [visitor.ask('slow-sign-in'), visitor.ask('slow-sign-in')]
    await slow.reached(2)
    slow.open()
    for (const { status, setCookie } of await Promise.all(clicks)) {
      expect(status).toBe(200)
      expect(await opens(setCookie!.split(';')[0])).toEqual({
        user: 'ann',
        data: { cart: ['tea'] },
      })
    }
    expect(await opens(before)).toEqual(NOBODY)
    expect(events.filter(({ type }) => type === 'replayed')).toEqual([])
  })

  test('two logins at once as two users end as two sessions, neither with the other one inside', async () => {
    const { visitor, slow, opens } = await site(name)
    await visitor.visit('fill')
    const before = visitor.cookie!
    const ann = visitor.ask('slow-sign-in?as=ann')
    const bob = visitor.ask('slow-sign-in?as=bob')
    await slow.reached(2)
    slow.open()
    const answers = await Promise.all([ann, bob])
    const cookies = answers.map(({ setCookie }) => setCookie!.split(';')[0])
    const seen = await Promise.all(cookies.map(opens))
    expect(seen.map(({ user }) => user)).toEqual(['ann', 'bob'])
    // The anonymous cart went with the first of them; it is in one session only.
    expect(seen.filter(({ data }) => 'cart' in data)).toHaveLength(1)
    expect(selectorOf(cookies[0])).not.toBe(selectorOf(cookies[1]))
    expect(await opens(before)).toEqual(NOBODY)
  })
})

test('every id is 128 random bits of name and 256 of proof', async () => {
  const { visitor } = await site('memory', { secret: SECRET })
  const seen = new Set<string>()
  for (let n = 0; n < 50; n += 1) {
    visitor.cookie = undefined
    await visitor.visit('fill')
    const parts = visitor.cookie!.slice('session='.length).split('.')
    expect(parts.map((part) => Buffer.from(part, 'base64url').length)).toEqual([16, 32, 12])
    for (const part of parts) seen.add(part)
  }
  expect(seen.size).toBe(150)
})
