import { describe, expect, test, vi } from 'vitest'
import { createSessions, type Session, type Sessions } from '../../src/index.ts'
import { memoryStore } from '../../src/stores/memory/memory.ts'
import { fakeClock } from '../../src/testing/time/clock.ts'
import { type Chance, chanceOf } from '../model/chance.ts'
import { SECRET, T0 } from '../session/visitor.ts'

const HOUR = 3_600_000

/** Options in milliseconds. */
interface Limits {
  idle: number
  permanent: number
  absolute: number
  anonymous: number
}

/** What is known of the session that the browser has: an upper bound of its life. */
interface Known {
  user: string | undefined
  isPermanent: boolean
  own: { idle?: string; absolute?: string } | undefined
  /** The last commit, and when the session began or was last signed in to. */
  seen: number
  began: number
}

const hours = (length: string | undefined) =>
  length === undefined ? Number.POSITIVE_INFINITY : Number.parseFloat(length) * HOUR

function mustHaveEnded(
  { user, isPermanent, own, seen, began }: Known,
  limits: Limits,
  now: number,
) {
  const idle = Math.min(
    isPermanent ? limits.permanent : limits.idle,
    user === undefined ? limits.anonymous : Number.POSITIVE_INFINITY,
    hours(own?.idle),
  )
  const absolute = Math.min(limits.absolute, hours(own?.absolute))
  // Times are counted in whole seconds.
  return now - seen >= idle + 1000 || now - began >= absolute + 1000
}

const randomLimits = (chance: Chance): Limits => {
  const idle = chance.pick([1, 2, 4]) * HOUR
  return {
    idle,
    permanent: idle * chance.pick([1, 3, 12]),
    absolute: chance.pick([6, 24, 500]) * HOUR,
    anonymous: idle * chance.pick([0.25, 1]),
  }
}

const OWN = [
  { idle: '0.5h' },
  { idle: '3h' },
  { absolute: '2h' },
  { idle: '1h', absolute: '5h' },
  { idle: '9000h', absolute: '9000h' },
  undefined,
]

/** Plays one schedule; returns how often the session was found open after a pause. */
async function play(seed: number, isStored: boolean): Promise<number> {
  const chance = chanceOf(seed)
  const clock = fakeClock(T0)
  const store = isStored ? { store: memoryStore({ clock }) } : {}
  let limits = randomLimits(chance)
  const made = (): Sessions<any> => {
    const text = (length: number) => `${length}ms`
    const { idle, permanent, absolute, anonymous } = limits
    const lifetime = {
      idle: text(idle),
      permanent: text(permanent),
      absolute: text(absolute),
      anonymous: text(anonymous),
    }
    return createSessions<any>({ secret: SECRET, clock, lifetime, onEvent: () => {}, ...store })
  }
  let sessions = made()
  let cookie: string | undefined
  let known: Known | undefined
  /** A slow visit without changes: its commit comes later than those of others. */
  let slow: { session: Session<any>; of: Known } | undefined
  let open = 0

  async function commit(session: Session<any>): Promise<void> {
    const [line] = (await session.commit()).getSetCookie()
    if (line !== undefined) cookie = /; Max-Age=0(;|$)/.test(line) ? undefined : line.split(';')[0]
  }

  function act(session: Session<any>, of: Known): void {
    switch (chance.below(8)) {
      case 0:
        session.set('n', clock())
        break
      case 1:
        session.permanent = of.isPermanent = chance.is(0.5)
        break
      case 2:
      case 3:
        session.lifetime = of.own = chance.pick(OWN)
        break
      case 4: {
        const user = chance.pick(['ada', 'bob'])
        session.login(user)
        // Another user's session is a new one; what was set in it before this request is not kept.
        if (of.user !== undefined && of.user !== user)
          Object.assign(of, { isPermanent: false, own: undefined })
        Object.assign(of, { user, began: clock() })
        break
      }
      case 5:
        session.logout()
        session.set('x', 1)
        Object.assign(of, { user: undefined, isPermanent: false, own: undefined, began: clock() })
        break
    }
  }

  for (let step = 0; step < 24; step += 1) {
    clock.advance(
      chance.pick([10_000, HOUR / 15, HOUR / 3, HOUR / 1.5, 2 * HOUR, 5 * HOUR, 13 * HOUR]),
    )
    if (chance.is(0.1)) {
      limits = randomLimits(chance)
      sessions = made()
    }
    const session = await sessions.open(cookie)
    if (known && mustHaveEnded(known, limits, clock())) {
      expect(
        session.isNew,
        `seed ${seed}, step ${step}: ${JSON.stringify({ known, limits })}`,
      ).toBe(true)
    }
    if (session.isNew) {
      known = { user: undefined, isPermanent: false, own: undefined, seen: 0, began: clock() }
      session.set('x', 1)
    } else open += 1
    const of: Known = known!
    act(session, of)
    if (isStored && !slow && chance.is(0.5)) slow = { session: await sessions.open(cookie), of }
    await commit(session)
    of.seen = clock()
    if (slow && chance.is(0.5)) {
      await commit(slow.session)
      slow.of.seen = clock()
      slow = undefined
    }
  }
  return open
}

describe.each(['the cookie', 'a store'])('promise: nothing lengthens a session, in %s', (kind) => {
  test('no sequence of lifetimes, logins, slow visits and new options makes a session live beyond what the options allow', async () => {
    vi.spyOn(console, 'warn').mockImplementation(() => {})
    let open = 0
    for (let seed = 1; seed <= 400; seed += 1) open += await play(seed, kind === 'a store')
    // They did live.
    expect(open).toBeGreaterThan(2000)
  })
})
