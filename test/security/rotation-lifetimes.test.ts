import { describe, expect, test } from 'vitest'
import { flask } from '../../src/flask/flask.ts'
import { createSessions } from '../../src/index.ts'
import { fakeClock, testVisitor } from '../../src/testing/testing.ts'
import { OLD_SECRET, SECRET } from '../session/visitor.ts'
import { backendOf, BACKENDS, isCookie } from './adapters-and-backends.ts'
import { secretOf } from './rotation.ts'

const SECOND = 1_000
const MINUTE = 60_000
const LIFETIME = { idle: '10m', absolute: '25m' } as const
const BOTH = [SECRET, OLD_SECRET]

/** A place with a session that began under the old secret, and the cookie it left with. */
async function fromBefore(backend: (typeof BACKENDS)[number]) {
  const clock = fakeClock()
  const place = await backendOf(backend, clock)
  const sessionsWith = (secret: string | string[]) => {
    return place.sessions({ secret, lifetime: LIFETIME })
  }
  const visitor = testVisitor(sessionsWith(OLD_SECRET).sessions)
  await visitor.session((session) => session.login('ann'))
  /** One visit, as a request of another process would be. */
  async function visit(secret: string | string[], cookie: string): Promise<string | undefined> {
    const session = await sessionsWith(secret).sessions.open(cookie)
    const [line] = (await session.commit()).getSetCookie()
    return line?.split(';')[0]
  }
  const userWith = async (secret: string | string[], cookie: string) =>
    (await sessionsWith(secret).sessions.open(cookie)).userId
  return { clock, sessionsWith, visit, userWith, cookie: visitor.cookie }
}

describe.each(BACKENDS)('a secret that is rotated, with %s', (backend) => {
  test('the first of the list writes, and no other', async () => {
    const { sessionsWith, userWith } = await fromBefore(backend)
    const visitor = testVisitor(sessionsWith(BOTH).sessions)
    await visitor.session((session) => session.login('bob'))
    expect(await userWith(SECRET, visitor.cookie)).toBe('bob')
    expect(await userWith([OLD_SECRET, SECRET], visitor.cookie)).toBe('bob')
    expect(await userWith(OLD_SECRET, visitor.cookie)).toBeUndefined()
  })

  test('a mere visit writes what is old anew, once, and then the old one can go', async () => {
    const { visit, userWith, cookie } = await fromBefore(backend)
    const renewed = await visit(BOTH, cookie)
    expect(renewed).toBeDefined()
    expect(await userWith(SECRET, renewed!)).toBe('ann')
    expect(await visit(BOTH, renewed!)).toBeUndefined()
    expect(await userWith(SECRET, cookie)).toBeUndefined()
  })

  test('what is written anew is no younger', async () => {
    const { clock, visit, userWith, cookie } = await fromBefore(backend)
    // Within a tenth of idle a visit renews nothing of its own.
    clock.advance(50 * SECOND)
    const renewed = (await visit(BOTH, cookie))!
    // A cookie keeps its time of signing; a row that is written tells that somebody was there.
    clock.advance(isCookie(backend) ? 9 * MINUTE + 9 * SECOND : 9 * MINUTE + 59 * SECOND)
    expect(await userWith(BOTH, renewed)).toBe('ann')
    clock.advance(2 * SECOND)
    expect(await userWith(BOTH, renewed)).toBeUndefined()
  })

  test('fifty rotations take nobody past absolute', async () => {
    const { clock, visit, userWith, cookie } = await fromBefore(backend)
    let held = cookie
    let ring = [OLD_SECRET]
    for (let step = 0; step < 50; step += 1) {
      clock.advance(30 * SECOND)
      ring = [secretOf(step), ring[0]!]
      if (step === 49) clock.advance(-SECOND)
      held = (await visit(ring, held)) ?? held
      expect(await userWith(ring, held)).toBe('ann')
    }
    clock.advance(2 * SECOND)
    expect(await userWith(ring, held)).toBeUndefined()
  })

  test('an event and a counter tell who still comes with the old one', async () => {
    const { clock, sessionsWith, cookie } = await fromBefore(backend)
    const { sessions, events } = sessionsWith(BOTH)
    expect(sessions.secretUse()).toEqual([
      { opened: 0, lastAt: undefined },
      { opened: 0, lastAt: undefined },
    ])
    const firstAt = clock()
    const first = await sessions.open(cookie)
    const [line] = (await first.commit()).getSetCookie()
    clock.advance(SECOND)
    await sessions.open(line!.split(';')[0])
    await sessions.open(line!.split(';')[0])
    const [newest, old] = sessions.secretUse()
    expect([newest!.opened, old!.opened]).toEqual([2, 1])
    expect([newest!.lastAt?.getTime(), old!.lastAt?.getTime()]).toEqual([clock(), firstAt])
    expect(events).toEqual([{ type: 'old-secret', key: 1 }])
  })
})

test("Flask's own secret signs before its fallbacks, too", async () => {
  const sessionsWith = (SECRET_KEY: string, ...SECRET_KEY_FALLBACKS: string[]) =>
    createSessions<any>(flask({ SECRET_KEY, SECRET_KEY_FALLBACKS }))
  const visitor = testVisitor(sessionsWith(SECRET, OLD_SECRET, secretOf(1)))
  await visitor.session((session) => session.set('cart', ['tea']))
  expect((await sessionsWith(SECRET).open(visitor.cookie)).isNew).toBe(false)
  expect((await sessionsWith(OLD_SECRET, secretOf(1)).open(visitor.cookie)).isNew).toBe(true)
})
