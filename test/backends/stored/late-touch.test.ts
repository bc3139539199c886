import { describe, expect, test } from 'vitest'
import type { Session } from '../../../src/index.ts'
import { memoryStore } from '../../../src/stores/memory/memory.ts'
import { sessionStore } from '../../../src/stores/session-store.ts'
import { T0, testSessions, Visitor } from '../../session/visitor.ts'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

/** A permanent session whose renewal is due, and a slow visit that has opened it. */
async function slowVisit() {
  const clock = { now: T0 }
  const touches: number[] = []
  const inner = memoryStore({ clock: () => clock.now })
  const store = {
    ...inner,
    touch: (key: string, at: number) => (touches.push(at), inner.touch(key, at)),
  }
  const { sessions } = testSessions({
    store: sessionStore(store),
    clock: () => clock.now,
    lifetime: { idle: '1h', permanent: '30d' },
  })
  const visitor = new Visitor(sessions)
  await visitor.visit((session) => {
    session.login('ada')
    session.permanent = true
  })
  clock.now += 4 * DAY
  const slow = await sessions.open(visitor.cookie)
  return { clock, visitor, slow, touches, sessions }
}

const SHORTENINGS: Readonly<Record<string, (session: Session<any>) => unknown>> = {
  'that is permanent no more': (session) => (session.permanent = false),
  'with a session.lifetime of its own': (session) => (session.lifetime = { idle: '1h' }),
}

describe('a visit that ends late does not lengthen a session', () => {
  test.each(Object.keys(SHORTENINGS))('%s', async (name) => {
    const { clock, visitor, slow, touches } = await slowVisit()
    await visitor.visit(SHORTENINGS[name])
    await slow.commit()
    expect(touches).toHaveLength(1)
    clock.now += 61 * MINUTE
    expect(await visitor.read((session) => session.userId)).toBeUndefined()
    // Nor later, when what the late touch said would have been a visit.
    clock.now = T0 + 4 * DAY + 30 * DAY - 30 * MINUTE
    expect(await visitor.read((session) => session.userId)).toBeUndefined()
  })

  test('visits renew it all the same, each for as long as it may be idle', async () => {
    const { clock, visitor, slow } = await slowVisit()
    await visitor.visit((session) => (session.permanent = false))
    await slow.commit()
    for (let visit = 0; visit < 12; visit += 1) {
      clock.now += 50 * MINUTE
      await visitor.visit()
      expect(await visitor.read((session) => session.userId)).toBe('ada')
    }
    clock.now += 61 * MINUTE
    expect(await visitor.read((session) => session.userId)).toBeUndefined()
  })

  test('nor does a visit whose first commit shared its swap with the change', async () => {
    const { clock, visitor, slow, sessions } = await slowVisit()
    const other = await sessions.open(visitor.cookie)
    slow.set('x', 1)
    other.permanent = false
    await Promise.all([slow.commit(), other.commit()])
    clock.now += 10 * MINUTE
    await slow.commit()
    clock.now += 61 * MINUTE
    expect(await visitor.read((session) => session.userId)).toBeUndefined()
  })

  test('a session that was never shortened is renewed by a touch, as before', async () => {
    const { visitor, touches, slow } = await slowVisit()
    await slow.commit()
    expect(touches).toEqual([T0 + 34 * DAY])
    expect(await visitor.read((session) => session.userId)).toBe('ada')
  })
})
