/** Concurrent first requests with the former cookie alone, and calls that end sessions for good. */

import { describe, expect, it, test } from 'vitest'
import { formerly } from '../../../src/formerly/formerly.ts'
import type { Session, SessionOptions } from '../../../src/index.ts'
import { memoryStore } from '../../../src/stores/memory/memory.ts'
import { expressSession } from '../../../src/formerly/express-session.ts'
import { fakeTime, Jar, legacyRows, NEW_SECRET, SECRET, withEvents } from './jar.ts'

const UNTIL = '2027-02-01'

describe.each<[string, () => SessionOptions]>([
  ['a cookie', () => ({ secret: SECRET, cookie: { name: 'old' } })],
  ['a store', () => ({ secret: SECRET, cookie: { name: 'old' }, store: memoryStore() })],
])('from %s to a store', (from, old) => {
  async function made() {
    const { time, clock } = fakeTime()
    const theirs = old()
    const before = withEvents({ ...theirs, clock })
    const after = withEvents({
      secret: NEW_SECRET,
      store: memoryStore(),
      clock,
      formerly: formerly({ sessions: theirs, until: UNTIL }),
    })
    const jar = new Jar()
    await jar.visit(before.sessions, (session) => {
      session.login('mona')
      session.set('visits', 1)
    })
    return { time, before, after, jar }
  }

  /** Opens as many sessions as there are works, before any of them commits. */
  async function atOnce(
    sessions: any,
    jar: Jar,
    works: ((session: Session<any>) => unknown)[],
  ): Promise<PromiseSettledResult<string[]>[]> {
    const opened: Session<any>[] = await Promise.all(works.map(() => sessions.open(jar.header)))
    return Promise.allSettled(
      opened.map(async (session, at) => {
        works[at]!(session)
        return (await session.commit()).getSetCookie()
      }),
    )
  }

  it('six requests at once begin one session, with the changes of all of them', async () => {
    const { after, jar } = await made()
    const works = [1, 2, 3, 4, 5, 6].map((n) => (session: Session<any>) => {
      session.set(`key${n}`, n)
      session.update('visits', (visits) => visits + 1)
    })
    const outcomes = await atOnce(after.sessions, jar, works)
    expect(outcomes.map(({ status }) => status)).toEqual(works.map(() => 'fulfilled'))
    expect(await after.sessions['list']('mona')).toHaveLength(1)
    for (const outcome of outcomes) {
      const one = jar.copy()
      one.take((outcome as PromiseFulfilledResult<string[]>).value)
      await one.visit(after.sessions, (session) => {
        expect(session.userId).toBe('mona')
        expect(session.get('visits')).toBe(7)
        expect([1, 2, 3, 4, 5, 6].map((n) => session.get(`key${n}`))).toEqual([1, 2, 3, 4, 5, 6])
      })
    }
  })

  it('a request that arrives while another one moves the session is not signed out', async () => {
    const { after, jar } = await made()
    const late = jar.copy()
    await jar.visit(after.sessions)
    expect(await late.user(after.sessions)).toBe('mona')
    expect(await after.sessions['list']('mona')).toHaveLength(1)
  })

  it('a logout beside other first requests is final', async () => {
    const { after, jar } = await made()
    const nothing = () => {}
    const out = (session: Session<any>) => session.logout()
    for (const works of [
      [out, nothing],
      [nothing, out],
      [out, (session: Session<any>) => session.set('late', 1)],
      [nothing, out, nothing],
    ]) {
      const outcomes = await atOnce(after.sessions, jar, works)
      for (const outcome of outcomes) {
        if (outcome.status === 'rejected') continue
        const one = new Jar()
        one.take(outcome.value)
        expect(await one.user(after.sessions)).toBeUndefined()
      }
      expect(await after.sessions['list']('mona')).toEqual([])
    }
    // The former cookie as well: a copy of it saves nothing, and in a store it opens nothing.
    const copy = jar.copy()
    const user = await copy.user(after.sessions)
    expect(from === 'a store' ? user : copy.cookies.size).toBe(from === 'a store' ? undefined : 0)
    expect(after.events.filter(({ type }) => type === 'moved').length).toBeLessThanOrEqual(2)
  })

  it('a copy of the old cookie does not join the session later on', async () => {
    const { time, after, jar } = await made()
    const copy = jar.copy()
    await jar.visit(after.sessions)
    await jar.visit(after.sessions, (session) => session.set('secret', 'of mona'))
    time.now += 60_000
    await copy.visit(after.sessions, (session) => {
      expect(session.get('secret')).toBeUndefined()
    })
  })

  it('a login in one of them begins a session that the old cookie does not open', async () => {
    const { after, jar } = await made()
    const copy = jar.copy()
    await jar.visit(after.sessions, (session) => {
      session.login('mona')
      session.set('secret', 'since the login')
    })
    await copy.visit(after.sessions, (session) => {
      expect(session.get('secret')).toBeUndefined()
    })
  })

  it('revokeUser ends sessions that have not come over, too', async () => {
    const { before, after, jar } = await made()
    const other = new Jar()
    await other.visit(before.sessions, (session) => session.login('mona'))
    await jar.visit(after.sessions)
    await after.sessions['revokeUser']('mona', { except: undefined })
    expect(await jar.user(after.sessions)).toBeUndefined()
    expect(await other.user(after.sessions)).toBeUndefined()
    expect(other.cookies.size).toBe(0)
    const fresh = new Jar()
    await fresh.visit(after.sessions, (session) => session.login('mona'))
    expect(await fresh.user(after.sessions)).toBe('mona')
  })
})

describe.each<[string, () => SessionOptions]>([
  ['our store', () => ({ secret: SECRET, cookie: { name: 'old' }, store: memoryStore() })],
  ['that of express-session', () => expressSession({ secret: SECRET, store: legacyRows() })],
])('from %s, which is written along', (_from, old) => {
  async function made() {
    const { time, clock } = fakeTime()
    const theirs = old()
    const before = withEvents({ ...theirs, clock })
    const after = withEvents({
      secret: NEW_SECRET,
      store: memoryStore(),
      clock,
      formerly: formerly({ sessions: theirs, until: UNTIL, dualWrite: true }),
    })
    const jar = new Jar()
    await jar.visit(before.sessions, (session) => session.login('mona'))
    const late = jar.copy()
    await jar.visit(after.sessions)
    return { time, before, after, jar, late }
  }

  it('a request that arrives while another one moves the session is not signed out', async () => {
    const { before, after, jar, late } = await made()
    expect(await late.user(after.sessions)).toBe('mona')
    await late.visit(after.sessions, (session) => session.set('cart', 1))
    await jar.visit(after.sessions, (session) => expect(session.get('cart')).toBe(1))
    expect(await after.sessions['list']('mona')).toHaveLength(1)
    expect(await jar.user(before.sessions)).toBe('mona')
  })

  it('a copy of the old cookie opens nothing later on', async () => {
    const { time, after, late } = await made()
    time.now += 60_000
    expect(await late.user(after.sessions)).toBeUndefined()
  })
})

test('revokeUser is remembered for as long as sessions of a store of unknown age may come', async () => {
  const { time, clock } = fakeTime()
  const sessions = expressSession({
    secret: SECRET,
    store: legacyRows(),
    cookie: { maxAge: 80 * 86_400_000 },
  })
  const before = withEvents({ ...sessions, clock })
  const after = withEvents({
    secret: NEW_SECRET,
    store: memoryStore({ clock }),
    clock,
    formerly: formerly({ sessions, until: UNTIL }),
  })
  const jar = new Jar()
  await jar.visit(before.sessions, (session) => session.login('mona'))
  await after.sessions['revokeUser']('mona')
  time.now += 60 * 86_400_000
  // By then the store may have forgotten what it need not know.
  await after.sessions['prune']()
  expect(await jar.user(after.sessions)).toBeUndefined()
})

test('a request from before a login a moment ago does not fall back to an old session', async () => {
  const { clock } = fakeTime()
  const old = { secret: SECRET, cookie: { name: 'old' } }
  const before = withEvents({ ...old, clock })
  const after = withEvents({
    secret: NEW_SECRET,
    store: memoryStore(),
    clock,
    formerly: formerly({ sessions: old, until: UNTIL }),
  })
  const jar = new Jar()
  await jar.visit(after.sessions, (session) => session.set('cart', 1))
  const stale = jar.copy()
  await stale.visit(before.sessions, (session) => session.login('lisa'))
  await jar.visit(after.sessions, (session) => session.login('mona'))
  expect(await stale.user(after.sessions)).toBeUndefined()
  expect(after.events.map(({ type }) => type)).not.toContain('moved')
})

test('sessions that were moved are in the device list, with what is known of them', async () => {
  const { time, clock } = fakeTime()
  const old = { secret: SECRET, cookie: { name: 'old' } }
  const before = withEvents({ ...old, clock })
  const after = withEvents({
    secret: NEW_SECRET,
    store: memoryStore(),
    clock,
    lifetime: { absolute: '2h' },
    formerly: formerly({ sessions: old, until: UNTIL }),
  })
  const jar = new Jar()
  const begun = time.now
  await jar.visit(before.sessions, (session) => {
    session.login('mona')
    session.label = 'Firefox'
  })
  time.now += 3_600_000
  await jar.visit(after.sessions, (session) => {
    expect(session.authenticatedAt).toEqual(new Date(begun))
  })
  expect(await after.sessions['list']('mona')).toMatchObject([
    { label: 'Firefox', createdAt: new Date(begun), authenticatedAt: new Date(begun) },
  ])
  // The absolute timeout counts on.
  time.now = begun + 7_201_000
  expect(await jar.user(after.sessions)).toBeUndefined()
})
