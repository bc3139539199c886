import { describe, expect, test } from 'vitest'
import { OLD_SECRET } from '../session/visitor.ts'
import { ADAPTER_NAMES, BACKENDS, isCookie } from './adapters-and-backends.ts'
import { attackedSite, lineOf, NOBODY, selectorOf } from './attacked-site.ts'

const EVERYWHERE = ADAPTER_NAMES.flatMap((adapter) =>
  BACKENDS.map((backend) => ({ adapter, backend })),
)

const TEA = { user: 'nobody', data: { cart: ['tea'] } }

describe.each(EVERYWHERE)('fixation, through $adapter with $backend', ({ adapter, backend }) => {
  /** What somebody's copy of a cookie opens once the session went on under another one. */
  const copyOpens = (before: object) => (isCookie(backend) ? before : NOBODY)

  test('a planted cookie never comes to hold the login', async () => {
    const { jar, clock, opens } = await attackedSite(adapter, backend)
    const attacker = jar()
    await attacker.visit('fill')
    const planted = attacker.cookie!
    const victim = jar(planted)
    await victim.visit('sign-in')
    await victim.visit('fill?with=secrets')
    expect(victim.cookie).not.toBe(planted)
    // At once, within any grace, and after it. A copied cookie goes on with what it held itself.
    for (const later of [0, 5_000, 60_000]) {
      clock.advance(later)
      expect(await opens(planted)).toEqual(copyOpens(TEA))
    }
    await attacker.visit('fill?with=poison')
    expect(await opens(planted)).toEqual(copyOpens(TEA))
    const secrets = { user: 'ann', data: { cart: ['secrets'] } }
    expect(await opens(victim.cookie)).toEqual(secrets)
    expect((await opens(attacker.cookie)).user).toBe('nobody')
  })

  test('what was never issued is not adopted, and leaves no row', async () => {
    const { jar, place, opens } = await attackedSite(adapter, backend)
    const other = await attackedSite('Fetch', backend, { secret: OLD_SECRET })
    const attacker = other.jar()
    await attacker.visit('fill')
    const junk = 'session=AAAAAAAAAAAAAAAAAAAAAA.chosen.byanattacker'
    for (const planted of [attacker.cookie!, junk, 'session=', 'session=undefined']) {
      const before = await place.keys()
      const victim = jar(planted)
      const { body, headers } = await victim.ask('home')
      expect([JSON.parse(body), headers.getSetCookie()]).toEqual([NOBODY, []])
      expect(await place.keys()).toEqual(before)
      await victim.visit('sign-in')
      expect(await opens(victim.cookie)).toEqual({ user: 'ann', data: {} })
      expect(await opens(planted)).toEqual(NOBODY)
      const added = (await place.keys()).filter((key) => !before.includes(key))
      expect(added).toEqual(isCookie(backend) ? [] : [selectorOf(victim.cookie)])
      expect(added).not.toContain(selectorOf(planted))
    }
  })

  test('signing in as somebody else carries nothing over', async () => {
    const { jar, opens } = await attackedSite(adapter, backend)
    const visitor = jar()
    await visitor.visit('sign-in?as=ann')
    await visitor.visit('fill?with=secrets')
    const before = visitor.cookie!
    await visitor.visit('sign-in?as=bob')
    expect(await opens(visitor.cookie)).toEqual({ user: 'bob', data: {} })
    expect(await opens(before)).toEqual(copyOpens({ user: 'ann', data: { cart: ['secrets'] } }))
  })

  test('a renewed id leaves the old one its grace and no more', async () => {
    const rotate = isCookie(backend) ? {} : { rotate: '15m' as const }
    const { jar, clock, opens } = await attackedSite(adapter, backend, rotate)
    const visitor = jar()
    await visitor.visit('sign-in')
    const ann = { user: 'ann', data: {} }
    for (const page of ['renew', 'home']) {
      const stolen = visitor.cookie!
      // Whether it was asked for, or is due.
      clock.advance(page === 'home' ? 15 * 60_000 : 60_000)
      await visitor.visit(page)
      await visitor.visit('home')
      expect(await opens(stolen)).toEqual(ann)
      clock.advance(11_001)
      expect(await opens(stolen)).toEqual(copyOpens(ann))
      expect(await opens(visitor.cookie)).toEqual(ann)
    }
  })

  test('a tossed cookie changes nothing by its place, and never meets the genuine one', async () => {
    const { jar, clock, events, opens } = await attackedSite(adapter, backend)
    const other = await attackedSite('Fetch', backend, { secret: OLD_SECRET })
    const [forger, victim] = [other.jar(), jar()]
    await forger.visit('fill?with=forged')
    await victim.visit('sign-in')
    const ann = { user: 'ann', data: {} }
    for (const tossed of [forger.cookie!, 'session=junk', 'session=']) {
      expect(await opens(`${victim.cookie}; ${tossed}`)).toEqual(ann)
      expect(await opens(`${tossed}; ${victim.cookie}`)).toEqual(ann)
    }
    for (const isFirst of [true, false]) {
      clock.advance(120_000)
      const attacker = jar()
      await attacker.visit('fill')
      const pair = [victim.cookie, attacker.cookie]
      const both = (isFirst ? pair : pair.toReversed()).join('; ')
      events.length = 0
      // Both are genuine: the newest opens, whichever comes first, and the app is told.
      expect(await opens(both)).toEqual(TEA)
      expect(events).toEqual([{ type: 'duplicates', count: 2, verified: 2 }])
      const signingIn = jar(both)
      await signingIn.visit('sign-in?as=bob')
      expect(await opens(signingIn.cookie)).toEqual({ user: 'bob', data: { cart: ['tea'] } })
      expect(await opens(attacker.cookie)).toEqual(copyOpens(TEA))
      expect(await opens(victim.cookie)).toEqual(ann)
    }
  })

  test('a request under way from before the login does not reach what came after', async () => {
    const { jar, slow, opens } = await attackedSite(adapter, backend)
    const attacker = jar()
    await attacker.visit('fill')
    const victim = jar(attacker.cookie)
    const write = attacker.ask('slow-fill?with=poison')
    const read = attacker.ask('slow-home')
    await slow.reached(2)
    await victim.visit('sign-in')
    slow.open()
    const [late, stale] = await Promise.all([write, read])
    expect([stale.status, JSON.parse(stale.body), lineOf(stale)]).toEqual([200, TEA, undefined])
    expect(await opens(victim.cookie)).toEqual({ user: 'ann', data: { cart: ['tea'] } })
    expect(await opens(attacker.cookie)).toEqual(copyOpens(TEA))
    if (!isCookie(backend)) return expect([late.status, lineOf(late)]).toEqual([409, undefined])
    // A cookie cannot refuse: the late answer holds what it held before, and no login.
    attacker.take(late)
    expect(await opens(attacker.cookie)).toEqual({ user: 'nobody', data: { cart: ['poison'] } })
  })
})
