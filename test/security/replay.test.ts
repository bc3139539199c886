import { describe, expect, test } from 'vitest'
import { fakeClock, testVisitor } from '../../src/testing/testing.ts'
import { sessionsOn, through } from '../promises/stores.ts'
import { OLD_SECRET, SECRET } from '../session/visitor.ts'
import { ADAPTER_NAMES, backendOf, BACKENDS, COOKIES, STORED } from './adapters-and-backends.ts'
import { attackedSite, lineOf, NOBODY, selectorOf } from './attacked-site.ts'

const ANN = { user: 'ann', data: {} }
const MINUTE = 60_000
const LIFETIME = { idle: '10m', absolute: '25m' } as const

/** Somebody signed in, and a thief with a copy of the cookie. */
async function robbed(...at: Parameters<typeof attackedSite>) {
  const site = await attackedSite(...at)
  const visitor = site.jar()
  await visitor.visit('sign-in')
  return { ...site, visitor, copy: visitor.cookie! }
}

const STORED_EVERYWHERE = ADAPTER_NAMES.flatMap((adapter) =>
  STORED.map((backend) => ({ adapter, backend })),
)
const COOKIES_EVERYWHERE = ADAPTER_NAMES.flatMap((adapter) =>
  COOKIES.map((backend) => ({ adapter, backend })),
)

describe.each(STORED_EVERYWHERE)(
  'a copy shown again, through $adapter with $backend',
  ({ adapter, backend }) => {
    test('opens nothing after a logout, whatever was under way and arrives late', async () => {
      const { visitor, copy, slow, opens, place, events } = await robbed(adapter, backend)
      const write = visitor.ask('slow-fill')
      const renewal = visitor.ask('slow-renew')
      await slow.reached(2)
      const late = await visitor.ask('renew')
      await visitor.visit('sign-out')
      expect(visitor.cookie).toBeUndefined()
      slow.open()
      expect(lineOf(await write)).toBeUndefined()
      expect(lineOf(await renewal)).toBeUndefined()
      visitor.take(late)
      expect(visitor.cookie).toBeDefined()
      events.length = 0
      for (const cookie of [copy, visitor.cookie]) expect(await opens(cookie)).toEqual(NOBODY)
      const gone = { type: 'rejected', reason: 'gone' }
      expect(events).toEqual([gone, gone])
      expect(await place.keys()).toEqual([])
    })
  },
)

describe.each(COOKIES_EVERYWHERE)(
  'a copy of a $backend shown again, through $adapter',
  ({ adapter, backend }) => {
    test('opens after a logout until the session would have been idle too long', async () => {
      const { visitor, copy, clock, opens } = await robbed(adapter, backend, {
        lifetime: LIFETIME,
      })
      await visitor.visit('sign-out')
      expect(visitor.cookie).toBeUndefined()
      clock.advance(10 * MINUTE - 1_000)
      expect(await opens(copy)).toEqual(ANN)
      clock.advance(2_000)
      expect(await opens(copy)).toEqual(NOBODY)
    })

    test('whoever uses it keeps it open, but no longer than absolute', async () => {
      const { visitor, copy, clock, opens, jar } = await robbed(adapter, backend, {
        lifetime: LIFETIME,
      })
      await visitor.visit('sign-out')
      const thief = jar(copy)
      for (let visits = 0; visits < 4; visits += 1) {
        clock.advance(6 * MINUTE)
        await thief.visit('home')
        expect(await opens(thief.cookie)).toEqual(ANN)
      }
      clock.advance(MINUTE + 1_000)
      expect(await opens(thief.cookie)).toEqual(NOBODY)
    })

    test('a dropped secret ends it at once', async () => {
      const { visitor, copy, elsewhere } = await robbed(adapter, backend, { secret: OLD_SECRET })
      await visitor.visit('sign-out')
      const rotated = await elsewhere({ secret: [SECRET, OLD_SECRET] })
      expect(await rotated.opens(copy)).toEqual(ANN)
      const dropped = await elsewhere({ secret: SECRET })
      expect(await dropped.opens(copy)).toEqual(NOBODY)
      const reason = backend === 'encrypted cookie' ? 'unknown-key' : 'signature'
      expect(dropped.events).toEqual([{ type: 'rejected', reason }])
    })
  },
)

describe.each(STORED)('a copy shown again, with %s', (backend) => {
  test.each(['revoke', 'revokeUser', 'revokeAll'] as const)(
    'opens nothing after %s',
    async (verb) => {
      const { sessions, visitor, copy, slow, opens, place } = await robbed('Express', backend)
      const write = visitor.ask('slow-fill')
      await slow.reached()
      if (verb === 'revoke') expect(await sessions.revoke('ann', selectorOf(copy)!)).toBe(true)
      else
        expect(
          verb === 'revokeUser'
            ? (await sessions.revokeUser('ann')).ended
            : await sessions.revokeAll(),
        ).toBe(1)
      expect(await opens(copy)).toEqual(NOBODY)
      slow.open()
      const late = await write
      expect([late.status, lineOf(late)]).toEqual([409, undefined])
      expect(await opens(copy)).toEqual(NOBODY)
      expect(await place.keys()).toEqual([])
    },
  )

  test('opens nothing once the session was idle too long, and nothing revives it', async () => {
    const { clock, copy, opens, jar } = await robbed('Express', backend, { lifetime: LIFETIME })
    clock.advance(10 * MINUTE + 1_000)
    expect(await opens(copy)).toEqual(NOBODY)
    const thief = jar(copy)
    await thief.visit('fill')
    expect(selectorOf(thief.cookie)).not.toBe(selectorOf(copy))
    expect(await opens(copy)).toEqual(NOBODY)
  })

  test('however often it is shown, it ends with absolute', async () => {
    const { clock, copy, opens, jar } = await robbed('Express', backend, { lifetime: LIFETIME })
    const thief = jar(copy)
    for (let visits = 0; visits < 4; visits += 1) {
      clock.advance(6 * MINUTE)
      await thief.visit('home')
      expect(await opens(thief.cookie)).toEqual(ANN)
    }
    clock.advance(MINUTE + 1_000)
    expect(await opens(thief.cookie)).toEqual(NOBODY)
  })

  test('opens nothing where its secret was dropped, and the store is not asked', async () => {
    const { copy, place, elsewhere } = await robbed('Express', backend, { secret: OLD_SECRET })
    const rotated = await elsewhere({ secret: [SECRET, OLD_SECRET] })
    expect(await rotated.opens(copy)).toEqual(ANN)
    const dropped = await elsewhere({ secret: SECRET })
    expect(await dropped.opens(copy)).toEqual(NOBODY)
    expect(dropped.events).toEqual([{ type: 'rejected', reason: 'signature' }])
    // The row is there still: it is the id that means nothing any more.
    expect(await place.keys()).toEqual([selectorOf(copy)])
  })
})

test.each(STORED)(
  'no command of the session, sent once more, brings it back: %s',
  async (backend) => {
    const clock = fakeClock()
    const place = await backendOf(backend, clock)
    const calls: (() => Promise<unknown>)[] = []
    const recorded = through(place.store!, (verb, _args, call) => {
      if (verb !== 'remove' && verb !== 'forget') calls.push(call)
      return call()
    })
    const { sessions } = sessionsOn(recorded, { clock, encrypt: backend.endsWith('encrypted') })
    const visitor = testVisitor(sessions)
    await visitor.session((session) => session.login('ann'))
    await visitor.session((session) => session.set('cart', ['tea']))
    await visitor.session((session) => session.regenerate())
    const copy = visitor.cookie
    await visitor.session((session) => session.logout())
    for (const call of [...calls, ...calls.toReversed()]) await call()
    expect((await sessions.open(copy)).isNew).toBe(true)
    expect(await place.keys()).toEqual([])
    expect(await sessions.list('ann')).toEqual([])
  },
)

test('an older cookie of the same session shows the cart of then; on a store, that of now', async () => {
  for (const backend of BACKENDS) {
    const { visitor, opens } = await robbed('Fetch', backend)
    await visitor.visit('fill?with=first')
    const older = visitor.cookie
    await visitor.visit('fill?with=second')
    const isOfThen = (COOKIES as readonly string[]).includes(backend)
    const cart = [isOfThen ? 'first' : 'second']
    expect([backend, await opens(older)]).toEqual([backend, { user: 'ann', data: { cart } }])
  }
})
