import { describe, expect, test } from 'vitest'
import { memoryStore } from '../../src/stores/memory/memory.ts'
import { T0, testSessions, Visitor } from '../session/visitor.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const LIFETIME = { idle: '30m', absolute: '12h' }

const BACKENDS = ['the cookie', 'an encrypted cookie', 'a store'] as const
type Backend = (typeof BACKENDS)[number]

/** Sessions of either backend; the store has a clock of its own, which stands still unless moved. */
function site(backend: Backend, lifetime: typeof LIFETIME = LIFETIME) {
  const engine = { now: T0 }
  const store = backend === 'a store' ? memoryStore({ clock: () => engine.now }) : undefined
  const encrypt = backend === 'an encrypted cookie'
  const world = testSessions({ lifetime, encrypt, ...(store ? { store } : {}) })
  const visitor = new Visitor(world.sessions)
  const signIn = () => visitor.visit((session) => session.login('ann'))
  const user = (at = visitor) => at.read((session) => session.userId)
  return { ...world, engine, visitor, signIn, user }
}

describe.each(BACKENDS)('a session in %s', (backend) => {
  test('ends by the server’s clock: nothing collects it, and the browser sends it all the same', async () => {
    const { visitor, signIn, user, clock, events } = site(backend)
    await signIn()
    const { cookie } = visitor
    clock.now += 30 * MINUTE
    expect(await user()).toBe('ann')
    clock.now += 1000
    expect(await user()).toBeUndefined()
    expect(visitor.cookie).toBe(cookie)
    expect(events.at(-1)).toEqual({ type: 'rejected', reason: 'expired' })
  })

  test('that is used every minute ends twelve hours after the login, to the second', async () => {
    const { visitor, signIn, user, clock, events } = site(backend)
    await signIn()
    for (let minute = 0; minute < 12 * 60; minute += 1) {
      clock.now += MINUTE
      await visitor.visit((session) => session.set('at', clock.now))
    }
    expect(clock.now).toBe(T0 + 12 * HOUR)
    expect(await user()).toBe('ann')
    clock.now += 1000
    expect(await user()).toBeUndefined()
    expect(events.at(-1)).toEqual({ type: 'rejected', reason: 'expired-absolute' })
    // And nothing that is done with it brings it back.
    await visitor.visit((session) => session.set('x', 1))
    expect(await user()).toBeUndefined()
  })

  test('is not lengthened by a clock that goes back and forth', async () => {
    const { visitor, signIn, user, clock } = site(backend)
    await signIn()
    // Half a minute is what the clocks of two servers may differ by; an hour is an accident.
    for (const step of [-30_000, 20 * MINUTE, -30_000, 20 * MINUTE]) {
      clock.now += step
      await visitor.visit((session) => session.set('at', clock.now))
      expect(await user()).toBe('ann')
    }
    clock.now -= HOUR
    await user()
    clock.now += HOUR
    expect(await user()).toBe('ann')
    while (clock.now < T0 + 12 * HOUR) {
      clock.now += 20 * MINUTE - 30_000
      await visitor.visit()
      clock.now += 30_000
    }
    clock.now = T0 + 12 * HOUR + 1000
    expect(await user()).toBeUndefined()
  })

  test('is over where its end lies behind the year 2038, and lives where it lies before it', async () => {
    for (const year of ['2038-01-19T03:14:00Z', '2106-02-07T06:28:00Z', '2999-12-31T23:50:00Z']) {
      const { signIn, user, clock, engine } = site(backend)
      clock.now = Date.parse(year)
      engine.now = clock.now
      await signIn()
      clock.now += 30 * MINUTE
      expect(await user(), year).toBe('ann')
      clock.now += 1000
      expect(await user(), year).toBeUndefined()
    }
  })

  test('lives as long whatever Max-Age says, and whatever clock the browser has', async () => {
    const { visitor, clock, user } = site(backend)
    const { setCookie } = await visitor.visit((session) => {
      session.login('ann')
      session.permanent = true
    })
    expect(setCookie).toContain('; Max-Age=1800;')
    // A browser that keeps the cookie for another year sends it as before.
    clock.now += 365 * 24 * HOUR
    expect(await user()).toBeUndefined()
  })
})

test('a store whose clock is wrong by an hour lets nobody live longer', async () => {
  for (const wrong of [-HOUR, HOUR]) {
    const { signIn, user, clock, engine } = site('a store')
    engine.now = T0 + wrong
    await signIn()
    for (const end of [30 * MINUTE + 1000, 2 * HOUR]) {
      clock.now = T0 + end
      engine.now = T0 + end + wrong
      expect(await user()).toBeUndefined()
    }
  }
})
