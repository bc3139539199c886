import { describe, expect, test } from 'vitest'
import { aal1, aal2, aal3, createSessions, type SessionOptions } from '../../src/index.ts'
import { memoryStore } from '../../src/stores/memory/memory.ts'
import { SECRET, T0, testSessions, Visitor } from '../session/visitor.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

// What NIST SP 800-63B-4 allows at most.
const LEVELS = [
  ['aal1', aal1, { idle: 30 * DAY, absolute: 30 * DAY }],
  ['aal2', aal2, { idle: HOUR, absolute: 24 * HOUR }],
  ['aal3', aal3, { idle: 15 * MINUTE, absolute: 12 * HOUR }],
] as const

type Kept = (clock: () => number) => Partial<SessionOptions>

const KINDS: readonly [string, Kept][] = [
  ['the signed cookie', () => ({})],
  ['the encrypted cookie', () => ({ encrypt: true })],
  ['a store', (clock) => ({ store: memoryStore({ clock }) })],
  ['a store with encrypted rows', (clock) => ({ encrypt: true, store: memoryStore({ clock }) })],
]

const CASES = LEVELS.flatMap(([name, lifetime, most]) =>
  KINDS.map(([kind, kept]) => ({ name, lifetime, most, kind, kept })),
)

/** Somebody who has just signed in, and the clock. */
async function signedIn({ lifetime, kept }: (typeof CASES)[number]) {
  const clock = { now: T0 }
  const tell = () => clock.now
  const { sessions } = testSessions({ lifetime, clock: tell, ...kept(tell) })
  const visitor = new Visitor(sessions)
  const user = () => visitor.read((session) => session.userId)
  const signIn = async (as: string) => {
    await visitor.visit((session) => session.login(as))
  }
  /** Comes back often enough never to be away for too long, until that time. */
  const stayUntil = async (until: number, step: number) => {
    while (clock.now + step < until) {
      clock.now += step
      await visitor.visit((session) => session.set('at', clock.now))
    }
    clock.now = until
  }
  await signIn('ada')
  return { clock, visitor, user, signIn, stayUntil }
}

describe.each(CASES)('$name in $kind', (given) => {
  const { idle, absolute } = given.most

  test('a visitor who was away may be so for the idle time and not a second longer', async () => {
    const { clock, user } = await signedIn(given)
    clock.now = T0 + idle
    expect(await user()).toBe('ada')
    clock.now = T0 + idle + 1000
    expect(await user()).toBeUndefined()
  })

  test('a permanent session has no longer leave than any other', async () => {
    const { clock, visitor, user } = await signedIn(given)
    await visitor.visit((session) => {
      session.permanent = true
    })
    clock.now = T0 + idle
    expect(await user()).toBe('ada')
    clock.now = T0 + idle + 1000
    expect(await user()).toBeUndefined()
  })

  test('whoever never goes away signs in again when the absolute time is over, to the second', async () => {
    const { clock, user, stayUntil } = await signedIn(given)
    await stayUntil(T0 + absolute, idle / 2)
    expect(await user()).toBe('ada')
    clock.now += 1000
    expect(await user()).toBeUndefined()
  })

  test('a visit begins the idle time anew, and the absolute one goes on', async () => {
    const { clock, user, visitor } = await signedIn(given)
    const visited = T0 + Math.min(idle, absolute) / 2
    clock.now = visited
    await visitor.visit((session) => session.set('x', 1))
    const end = Math.min(visited + idle, T0 + absolute)
    clock.now = end
    expect(await user()).toBe('ada')
    clock.now = end + 1000
    expect(await user()).toBeUndefined()
  })

  test('signing in again begins both anew', async () => {
    const { clock, user, signIn, stayUntil } = await signedIn(given)
    await stayUntil(T0 + absolute, idle / 2)
    await signIn('ada')
    const again = clock.now
    clock.now = again + idle
    expect(await user()).toBe('ada')
    clock.now = again
    await stayUntil(again + absolute, idle / 2)
    expect(await user()).toBe('ada')
    clock.now += 1000
    expect(await user()).toBeUndefined()
  })
})

test.each(LEVELS)('nobody can change what %s says', (_, lifetime) => {
  expect(Object.isFrozen(lifetime)).toBe(true)
})

test.each([
  [{ idle: '15m', absolute: '12h' }, 3],
  [{ idle: '16m', absolute: '12h' }, 2],
  [{ idle: '15m', absolute: '13h' }, 2],
  [{ idle: '61m', absolute: '24h' }, 1],
  [{ idle: '1h', permanent: '2h', absolute: '24h' }, 1],
  [{ idle: '1h', absolute: '25h' }, 1],
  [{ idle: '31d', absolute: '30d' }, 1],
  [{ idle: '1h', absolute: '31d' }, null],
  [{ idle: '5m' }, null],
  [aal1, 1],
  [aal2, 2],
  [aal3, 3],
] as const)('the policy of %j says which level that keeps: %j', (lifetime, level) => {
  const { describePolicy } = createSessions({ secret: SECRET, lifetime })
  expect(describePolicy().lifetime.assuranceLevel).toBe(level)
})
