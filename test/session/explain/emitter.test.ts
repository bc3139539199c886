/** What a listener does reaches no request, and failures that nobody listens to are printed. */

import { randomBytes } from 'node:crypto'
import { formatWithOptions, inspect } from 'node:util'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createSessions, type SessionOptions } from '../../../src/index.ts'
import { SECRET, T0, testSessions, Visitor } from '../visitor.ts'
import { factsOf } from '../facts-of.ts'

const printed = vi.spyOn(console, 'error').mockImplementation(() => {})
afterEach(() => {
  printed.mockClear()
  vi.unstubAllEnvs()
})

const unprintable = {
  [inspect.custom]() {
    throw new Error('cannot be shown')
  },
}

const FORGED = '__Host-Http-session=forged; session=forged'

describe('a listener that', () => {
  const listeners: [string, SessionOptions['onEvent']][] = [
    ['throws', () => fail()],
    ['rejects', async () => fail()],
  ]
  it.each(listeners)('%s reaches no request, and is reported once', async (_, onEvent) => {
    const { sessions } = testSessions({ onEvent: onEvent! })
    const visitor = new Visitor(sessions, FORGED)
    await visitor.visit((session) => session.set('a', 1))
    await visitor.visit((session) => session.login('7'))
    const session = await sessions.open(visitor.cookie)
    expect([session.get('a'), session.userId]).toEqual([1, '7'])
    expect(printed).toHaveBeenCalledTimes(1)
    expect(printed.mock.calls[0]![0]).toMatch(/onEvent failed/)
  })

  it('throws what the console cannot print reaches no request either', async () => {
    const { sessions } = testSessions({
      onEvent() {
        // oxlint-disable-next-line no-throw-literal -- an app can throw anything, and that is what is tested
        throw unprintable
      },
    })
    printed.mockImplementation((...given) => void formatWithOptions({}, ...given))
    expect((await sessions.open(FORGED)).isNew).toBe(true)
    expect(printed.mock.lastCall).toHaveLength(1)
    printed.mockImplementation(() => {})
  })

  it('opens the session of which it is told gets it, and is told once', async () => {
    const told: string[] = []
    const sessions = createSessions({
      secret: SECRET,
      onEvent({ type }) {
        told.push(type)
        void sessions.open(FORGED)
        void sessions.get(carrier)
        void sessions.run(visit, () => sessions.current())
      },
    })
    const carrier = {}
    const visit = sessions.mount([carrier], { cookie: FORGED, header: () => undefined })!
    const session = await sessions.get(carrier)
    expect(session.isNew).toBe(true)
    expect(told).toEqual(['rejected'])
  })

  it('awaits, and then causes the event that it was called for, is not called for that again', async () => {
    const told: string[] = []
    const sessions = createSessions({
      secret: SECRET,
      async onEvent({ type }) {
        told.push(type)
        await undefined
        // Another event, of which it is told.
        const session = await sessions.open(undefined)
        session.set('seen', told.length)
        await session.commit()
        await sessions.open(FORGED)
      },
    })
    await sessions.open(FORGED)
    for (let turns = 0; turns < 50; turns++) await new Promise((next) => setImmediate(next))
    expect(told).toEqual(['rejected', 'created'])
    // Another request is told as ever.
    await sessions.open(FORGED)
    expect(told.filter((type) => type === 'rejected')).toHaveLength(2)
  })
})

it('a session that could not be opened is tried again at the next call, and never waits for itself', async () => {
  let now: number | undefined = T0
  const sessions = createSessions({ secret: SECRET, clock: () => now ?? fail() })
  const carrier = {}
  sessions.mount([carrier], { cookie: undefined, header: () => undefined })
  now = undefined
  await expect(sessions.get(carrier)).rejects.toThrow('listener')
  now = T0
  expect((await sessions.get(carrier)).isNew).toBe(true)
})

describe('in production, where nobody listens,', () => {
  const productive = (options: Partial<SessionOptions> = {}) => {
    vi.stubEnv('NODE_ENV', 'production')
    const clock = { now: T0 }
    const sessions = createSessions<any>({ secret: SECRET, clock: () => clock.now, ...options })
    return { sessions, clock }
  }
  const tooLarge = async (sessions: ReturnType<typeof productive>['sessions']) => {
    const session = await sessions.open(undefined)
    session.set('cart', `secret value ${randomBytes(3750).toString('base64url')}`)
    await expect(session.commit()).rejects.toMatchObject({ code: 'ERR_COOKIE_TOO_LARGE' })
  }

  it('a session that could not be saved is one line with its code and largest keys, and no value', async () => {
    await tooLarge(productive().sessions)
    expect(printed.mock.calls).toEqual([
      [expect.stringMatching(/could not be saved: ERR_COOKIE_TOO_LARGE, cart 5015 bytes\./)],
    ])
    expect(printed.mock.calls.join()).not.toContain('secret value')
  })

  it('each kind of failure is printed once a minute, with how many there were', async () => {
    const { sessions, clock } = productive()
    for (let at = 0; at < 4; at++) await tooLarge(sessions)
    expect(printed).toHaveBeenCalledTimes(1)
    clock.now += 60_000
    await tooLarge(sessions)
    expect(printed).toHaveBeenCalledTimes(2)
    expect(printed.mock.calls[1]![0]).toContain('3 more since the last such line')
  })

  it('a listener is told instead, with the largest keys', async () => {
    const events: unknown[] = []
    await tooLarge(productive({ onEvent: (event) => events.push(factsOf(event)) }).sessions)
    expect(printed).not.toHaveBeenCalled()
    expect(events).toEqual([
      {
        type: 'commit-failed',
        code: 'ERR_COOKIE_TOO_LARGE',
        largest: [{ key: 'cart', bytes: 5015 }],
      },
    ])
  })
})

function fail(): never {
  throw new Error('the listener is broken')
}
