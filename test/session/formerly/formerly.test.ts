/** Moving from one format or store to another with the option `formerly`: nobody is signed out. */

import { describe, expect, it, test } from 'vitest'
import { flask } from '../../../src/flask/flask.ts'
import { formerly } from '../../../src/formerly/formerly.ts'
import type { SessionOptions } from '../../../src/index.ts'
import { memoryStore } from '../../../src/stores/memory/memory.ts'
import { DAY, fakeTime, Jar, NEW_SECRET, SECRET, T0, withEvents } from './jar.ts'

const UNTIL = '2027-02-01'
type Plan = { name: string; old: () => SessionOptions; next: () => SessionOptions }
const PLANS: Plan[] = [
  {
    name: 'signed to encrypted',
    old: () => ({ secret: SECRET, cookie: { name: 'old' } }),
    next: () => ({ secret: NEW_SECRET, encrypt: true, cookie: { name: 'new' } }),
  },
  {
    name: 'cookie to store, the same cookie',
    old: () => ({ secret: SECRET }),
    next: () => ({ secret: SECRET, store: memoryStore() }),
  },
  {
    name: 'store to store',
    old: () => ({ secret: SECRET, store: memoryStore(), cookie: { name: 'old' } }),
    next: () => ({ secret: NEW_SECRET, store: memoryStore(), cookie: { name: 'new' } }),
  },
  {
    name: 'store to cookie',
    old: () => ({ secret: SECRET, store: memoryStore() }),
    next: () => ({ secret: NEW_SECRET }),
  },
  {
    name: 'Flask to store, the same cookie',
    old: () => flask({ SECRET_KEY: SECRET }),
    next: () => ({ secret: NEW_SECRET, store: memoryStore() }),
  },
  {
    name: 'signed to Flask',
    old: () => ({ secret: SECRET, cookie: { name: 'old' } }),
    next: () => flask({ SECRET_KEY: NEW_SECRET }),
  },
]

describe.each(PLANS)('$name', ({ old, next }) => {
  function made() {
    const { time, clock } = fakeTime()
    const [theirs, ours] = [old(), next()]
    const before = withEvents({ ...theirs, clock })
    const after = withEvents({
      ...ours,
      clock,
      formerly: formerly({ sessions: theirs, until: UNTIL }),
    })
    const back = withEvents({
      ...theirs,
      clock,
      formerly: formerly({ sessions: ours, until: UNTIL }),
    })
    return { time, before, after, back }
  }

  async function signedIn(sessions: any, user = 'mona') {
    const jar = new Jar()
    await jar.visit(sessions, (session) => {
      session.login(user)
      session.set('cart', [{ id: 7, price: 1.5 }, 'two'])
      session.set('since', new Date(T0))
      session.flash('Saved', 'info')
      session.permanent = true
    })
    return jar
  }

  it('moves a signed-in visitor, with data, messages and permanence', async () => {
    const { time, before, after } = made()
    const jar = await signedIn(before.sessions)
    time.now += DAY
    const lines = await jar.visit(after.sessions, (session) => {
      expect(session.userId).toBe('mona')
      expect(session.isNew).toBe(false)
      expect(session.get('cart')).toEqual([{ id: 7, price: 1.5 }, 'two'])
      expect(session.get('since')).toEqual(new Date(T0))
      expect(session.permanent).toBe(true)
      expect([...session.keys()]).toHaveLength(session.size)
    })
    // No cookie is set and expired by one response.
    expect(new Set(lines.map((line) => line.split('=')[0])).size).toBe(lines.length)
    expect(after.events.map(({ type }) => type)).toEqual(['moved'])
    expect(after.sessions.formerlyUse()).toMatchObject([{ moved: 1, refused: 0 }])
    // The new cookie alone, from now on.
    expect(jar.cookies.size).toBe(1)
    await jar.visit(after.sessions, (session) => {
      expect(session.userId).toBe('mona')
      expect(session.flashes()).toEqual([{ category: 'info', message: 'Saved' }])
      expect(session.get('cart')).toEqual([{ id: 7, price: 1.5 }, 'two'])
    })
    expect(after.events.map(({ type }) => type)).toEqual(['moved'])
    expect(await jar.user(before.sessions)).toBeUndefined()
  })

  it('moves the visitor back when the sides are swapped', async () => {
    const { before, after, back } = made()
    const jar = await signedIn(before.sessions)
    await jar.visit(after.sessions, (session) => void session.set('seen', 1))
    await jar.visit(back.sessions, (session) => {
      expect(session.userId).toBe('mona')
      expect(session.get('cart')).toEqual([{ id: 7, price: 1.5 }, 'two'])
      expect(session.get('seen')).toBe(1)
      expect(session.permanent).toBe(true)
    })
    expect(jar.cookies.size).toBe(1)
    expect(await jar.user(before.sessions)).toBe('mona')
  })

  it('keeps tampered and expired sessions out, and everybody after the date', async () => {
    const { time, before, after } = made()
    const jar = await signedIn(before.sessions)
    const [[name, value]] = [...jar.cookies] as [[string, string]]
    const tampered = new Jar()
    tampered.cookies.set(name, value.slice(0, -2) + (value.endsWith('AA') ? 'BB' : 'AA'))
    expect(await tampered.user(after.sessions)).toBeUndefined()
    const late = jar.copy()
    time.now = Date.parse(UNTIL)
    expect(await late.user(after.sessions)).toBeUndefined()
    time.now = T0 + 40 * DAY
    expect(await jar.user(after.sessions)).toBeUndefined()
    expect(after.sessions.formerlyUse()).toMatchObject([{ moved: 0, refused: 2 }])
  })

  it('ends the old session when the first request logs out', async () => {
    const { before, after, back } = made()
    const jar = await signedIn(before.sessions)
    await jar.visit(after.sessions, (session) => {
      expect(session.userId).toBe('mona')
      session.logout()
    })
    expect(jar.cookies.size).toBe(0)
    for (const { sessions } of [before, after, back]) {
      expect(await jar.user(sessions)).toBeUndefined()
    }
    expect(after.events.map(({ type }) => type)).toContain('logout')
  })

  it('does not give the data of one user to another who signs in with the first request', async () => {
    const { before, after } = made()
    const jar = await signedIn(before.sessions)
    await jar.visit(after.sessions, (session) => {
      session.set('from', 'before the login')
      session.login('lisa')
    })
    await jar.visit(after.sessions, (session) => {
      expect(session.userId).toBe('lisa')
      expect(session.get('cart')).toBeUndefined()
      expect(session.get('from')).toBe('before the login')
      expect(session.flashes()).toEqual([])
    })
    expect(await jar.user(before.sessions)).toBeUndefined()
  })

  it('never reads the old session while ours is valid, and ends it', async () => {
    const { before, after } = made()
    const jar = await signedIn(before.sessions)
    const both = jar.copy()
    await jar.visit(after.sessions)
    const other = await signedIn(before.sessions, 'lisa')
    const [[name, value]] = [...other.cookies] as [[string, string]]
    if (jar.cookies.has(name)) return
    jar.cookies.set(name, value)
    expect(await jar.user(after.sessions)).toBe('mona')
    expect([...jar.cookies.keys()]).not.toContain(name)
    expect(both.cookies.size).toBe(1)
  })
})

test('a prefetch shows the old data, and moves nothing', async () => {
  const { clock } = fakeTime()
  const old = { secret: SECRET, cookie: { name: 'old' } }
  const before = withEvents({ ...old, clock })
  const after = withEvents({
    secret: NEW_SECRET,
    clock,
    formerly: formerly({ sessions: old, until: UNTIL }),
  })
  const jar = new Jar()
  await jar.visit(before.sessions, (session) => session.login('mona'))
  const facts = {
    cookie: jar.header,
    method: 'GET',
    header: (name: string) => (name === 'sec-purpose' ? 'prefetch' : null),
  }
  const visit = after.sessions.mount([{}], facts as any)!
  expect((await visit.session()).userId).toBe('mona')
  expect(await visit.finish()).toMatchObject({ setCookie: undefined, isPersonal: true })
  expect(after.events).toEqual([])
})
