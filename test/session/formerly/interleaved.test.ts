/** Random requests of one visitor on both sides: the sides swapped, and the old one written along. */

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { flask } from '../../../src/flask/flask.ts'
import { formerly } from '../../../src/formerly/formerly.ts'
import type { Session, SessionOptions } from '../../../src/index.ts'
import { memoryStore } from '../../../src/stores/memory/memory.ts'
import { fakeTime, Jar, NEW_SECRET, SECRET, withEvents } from './jar.ts'

const UNTIL = '2027-02-01'
const RUNS = process.env['LONG_TESTS'] === '1' ? 2_000 : 60

type Step =
  | { do: 'set'; key: string; value: number }
  | { do: 'delete'; key: string }
  | { do: 'login'; user: string }
  | { do: 'logout' }
  | { do: 'flash'; text: string }
  | { do: 'flashes' }
  | { do: 'look' }
  | { do: 'wait'; hours: number }

const key = fc.constantFrom('a', 'b', 'c')
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('set' as const), key, value: fc.nat(9) }),
  fc.record({ do: fc.constant('delete' as const), key }),
  fc.record({ do: fc.constant('login' as const), user: fc.constantFrom('mona', 'lisa') }),
  fc.record({ do: fc.constant('logout' as const) }),
  fc.record({ do: fc.constant('flash' as const), text: fc.constantFrom('x', 'y') }),
  fc.record({ do: fc.constant('flashes' as const) }),
  fc.record({ do: fc.constant('look' as const) }),
  fc.record({ do: fc.constant('wait' as const), hours: fc.nat(60) }),
)
const steps = fc.array(fc.tuple(step, fc.boolean()), { maxLength: 20 })

/** What the visitor's session holds. */
class Model {
  user: string | undefined
  data = new Map<string, number>()
  flashes: string[] = []

  apply(one: Step): void {
    if (one.do === 'set') this.data.set(one.key, one.value)
    else if (one.do === 'delete') this.data.delete(one.key)
    else if (one.do === 'flash') this.flashes.push(one.text)
    else if (one.do === 'flashes') this.flashes = []
    else if (one.do === 'logout') this.#empty(undefined)
    else if (one.do === 'login' && this.user !== undefined && this.user !== one.user) {
      this.#empty(one.user)
    } else if (one.do === 'login') this.user = one.user
  }

  #empty(user: string | undefined): void {
    this.user = user
    this.data.clear()
    this.flashes = []
  }

  /** What a session has to say, in the words of `saidBy`. */
  get says(): [user: string | undefined, data: Record<string, number>] {
    return [this.user, Object.fromEntries(this.data)]
  }
}

/** Flask's own keys are among the data, and so is the mark. */
function saidBy(session: Session<any>): [user: string | undefined, data: Record<string, number>] {
  const data = [...session].filter(([name]) => !name.startsWith('_'))
  return [session.userId, Object.fromEntries(data)]
}

/** Performs a step; returns the messages that it has shown. */
function perform(session: Session<any>, one: Step): unknown {
  if (one.do === 'set') session.set(one.key, one.value)
  else if (one.do === 'delete') session.delete(one.key)
  else if (one.do === 'login') session.login(one.user)
  else if (one.do === 'logout') session.logout()
  else if (one.do === 'flash') session.flash(one.text)
  else if (one.do === 'flashes') return session.flashes().map(({ message }) => message)
  return undefined
}

/**
 * How long before a step, in milliseconds. At least a second: two cookies of Flask that hold the same and
 * are signed in the same second are the same cookie, which is moved only once.
 */
function between(one: Step): number {
  return one.do === 'wait' ? Math.max(1000, one.hours * 3_600_000) : 1000
}

type Plan = [name: string, old: () => SessionOptions, next: () => SessionOptions]
const PLANS: Plan[] = [
  [
    'signed and encrypted',
    () => ({ secret: SECRET, cookie: { name: 'old' } }),
    () => ({ secret: NEW_SECRET, encrypt: true }),
  ],
  [
    'Flask and a store',
    () => flask({ SECRET_KEY: SECRET, SESSION_COOKIE_NAME: 'old' }),
    () => ({ secret: NEW_SECRET, store: memoryStore() }),
  ],
  [
    'two stores',
    () => ({ secret: SECRET, cookie: { name: 'old' }, store: memoryStore() }),
    () => ({ secret: NEW_SECRET, store: memoryStore() }),
  ],
]

test.each(PLANS)(
  '%s: each side says the same, however often they are swapped',
  async (_, old, next) => {
    await fc.assert(
      fc.asyncProperty(steps, async (sequence) => {
        const { time, clock } = fakeTime()
        const [theirs, ours] = [old(), next()]
        const sides = [
          withEvents({ ...ours, clock, formerly: formerly({ sessions: theirs, until: UNTIL }) }),
          withEvents({ ...theirs, clock, formerly: formerly({ sessions: ours, until: UNTIL }) }),
        ] as const
        const jar = new Jar()
        const model = new Model()
        for (const [one, isBack] of sequence) {
          time.now += between(one)
          const { sessions } = sides[isBack ? 1 : 0]
          await jar.visit(sessions, (session) => {
            expect(saidBy(session)).toEqual(model.says)
            const shown = perform(session, one)
            if (shown) expect(shown).toEqual(model.flashes)
          })
          model.apply(one)
          expect(jar.cookies.size).toBeLessThanOrEqual(1)
        }
      }),
      { numRuns: RUNS },
    )
  },
)

test.each(PLANS)(
  '%s: the old application alone always says what ours does',
  async (_, old, next) => {
    await fc.assert(
      fc.asyncProperty(steps, async (sequence) => {
        const { time, clock } = fakeTime()
        const theirs = old()
        const before = withEvents({ ...theirs, clock })
        const dual = formerly({ sessions: theirs, until: UNTIL, dualWrite: true })
        const after = withEvents({ ...next(), clock, formerly: dual })
        const jar = new Jar()
        const model = new Model()
        const first: Step = { do: 'set', key: 'a', value: 1 }
        await jar.visit(before.sessions, (session) => perform(session, first))
        model.apply(first)
        for (const [one] of sequence) {
          time.now += between(one)
          await jar.visit(after.sessions, (session) => {
            expect(saidBy(session)).toEqual(model.says)
            const shown = perform(session, one)
            if (shown) expect(shown).toEqual(model.flashes)
          })
          model.apply(one)
          // Another browser with the same cookies, at an app that knows nothing of the new side.
          const alone = await before.sessions.open(jar.header)
          expect(saidBy(alone)).toEqual(model.says)
          expect(alone.flashes().map(({ message }) => message)).toEqual(model.flashes)
          if (model.user !== undefined) expect(jar.cookies.size).toBe(2)
        }
        expect(after.events.filter(({ type }) => /fail/.test(type))).toEqual([])
      }),
      { numRuns: RUNS },
    )
  },
)
