/** A commit that saves nothing ends early, and still does what is due. */

import { afterEach, expect, it, vi } from 'vitest'
import {
  createSessions,
  type EventFacts,
  type SessionOptions,
  type Sessions,
} from '../../src/index.ts'
import { memoryStore } from '../../src/stores/memory/memory.ts'
import { fakeClock } from '../../src/testing/time/clock.ts'
import { factsOf } from './facts-of.ts'
import { SECRET } from './visitor.ts'

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllEnvs()
})

const cookieOf = (headers: Headers) => headers.getSetCookie()[0]!.split(';')[0]!

/** So that a visit after ten minutes renews the session. */
const HOUR = { idle: '1h' }

function setUp(options: Partial<SessionOptions> = {}) {
  const clock = fakeClock()
  const events: EventFacts[] = []
  const onEvent = (event: never) => void events.push(factsOf(event))
  const sessions = createSessions<any>({ secret: SECRET, clock, onEvent, ...options } as never)
  return { clock, events, sessions }
}

/** A request of an adapter that reads its session. */
async function read(sessions: Sessions, cookie: string | undefined) {
  const visit = sessions.mount([{}], { cookie, header: () => undefined })!
  await visit.session()
  return visit.finish()
}

it('a logout of a visitor without a session is an event, though no cookie is sent', async () => {
  const { events, sessions } = setUp()
  const visit = sessions.mount([{}], { cookie: undefined, header: () => undefined })!
  ;(await visit.session()).logout()
  expect((await visit.finish())?.setCookie).toBeUndefined()
  expect(events).toEqual([{ type: 'logout' }])
})

it('a renewal that fails in the store is an event', async () => {
  const clock = fakeClock()
  const touch = () => Promise.reject(new Error('away'))
  const store = { ...memoryStore({ clock }), touch }
  const { events, sessions } = setUp({ clock, lifetime: HOUR, store } as never)
  const first = await sessions.open(null)
  const cookie = cookieOf(await first.set('n', 1).commit())
  clock.advance(600_000)
  events.length = 0
  await read(sessions, cookie)
  expect(events).toEqual([{ type: 'touch-failed' }])
})

it('a visit that only renews the session sends its cookie', async () => {
  const { clock, sessions } = setUp({ lifetime: HOUR })
  const first = await sessions.open(null)
  const cookie = cookieOf(await first.set('n', 1).commit())
  expect((await read(sessions, cookie))?.setCookie).toBeUndefined()
  clock.advance(600_000)
  expect((await read(sessions, cookie))?.setCookie).toContain('session=')
})

it('a change inside a value that follows it, and is never committed, is reported', async () => {
  vi.useFakeTimers()
  vi.stubEnv('NODE_ENV', 'development')
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
  const { events, sessions } = setUp()
  const first = await sessions.open(null)
  const cookie = cookieOf(await first.set('cart', ['tea']).commit())
  vi.advanceTimersByTime(10_000)
  events.length = 0
  const session = await sessions.open(cookie)
  const cart = session.get('cart') as string[]
  vi.advanceTimersByTime(2_500)
  await session.commit()
  vi.advanceTimersByTime(1_000)
  cart.push('milk')
  vi.advanceTimersByTime(10_000)
  expect(events).toEqual([{ type: 'changes-lost', why: 'not-committed', keys: ['cart'] }])
  warn.mockRestore()
})
