/** `dualWrite`: the former application can take over at any time, and signs nobody out. */

import { randomBytes } from 'node:crypto'
import { describe, expect, it, test } from 'vitest'
import { flask } from '../../../src/flask/flask.ts'
import { formerly } from '../../../src/formerly/formerly.ts'
import type { SessionOptions } from '../../../src/index.ts'
import { memoryStore } from '../../../src/stores/memory/memory.ts'
import { DAY, fakeTime, Jar, NEW_SECRET, SECRET, withEvents } from './jar.ts'

const UNTIL = '2027-02-01'
type Plan = { name: string; old: () => SessionOptions; next: () => SessionOptions }
const PLANS: Plan[] = [
  {
    name: 'signed to encrypted',
    old: () => ({ secret: SECRET, cookie: { name: 'old' } }),
    next: () => ({ secret: NEW_SECRET, encrypt: true, cookie: { name: 'new' } }),
  },
  {
    name: 'cookie to store',
    old: () => ({ secret: SECRET, cookie: { name: 'old' } }),
    next: () => ({ secret: SECRET, store: memoryStore() }),
  },
  {
    name: 'store to store',
    old: () => ({ secret: SECRET, store: memoryStore(), cookie: { name: 'old' } }),
    next: () => ({ secret: NEW_SECRET, store: memoryStore(), cookie: { name: 'new' } }),
  },
  {
    name: 'Flask to store',
    old: () => flask({ SECRET_KEY: SECRET }),
    next: () => ({ secret: NEW_SECRET, store: memoryStore(), cookie: { name: 'new' } }),
  },
]

describe.each(PLANS)('$name', ({ old, next }) => {
  function made() {
    const { time, clock } = fakeTime()
    const [theirs, ours] = [old(), next()]
    const before = withEvents({ ...theirs, clock })
    const dual = formerly({ sessions: theirs, until: UNTIL, dualWrite: true })
    const after = withEvents({ ...ours, clock, formerly: dual })
    const again = ours.preset
      ? undefined
      : withEvents({ ...ours, clock, audience: 'second', formerly: dual })
    return { time, before, after, again }
  }

  async function signedIn(sessions: any) {
    const jar = new Jar()
    await jar.visit(sessions, (session) => {
      session.login('mona')
      session.set('cart', ['one'])
    })
    return jar
  }

  it('lets the old application alone take over with what was changed since', async () => {
    const { time, before, after } = made()
    const jar = await signedIn(before.sessions)
    await jar.visit(after.sessions, (session) => {
      expect(session.userId).toBe('mona')
      session.update('cart', (cart) => [...cart, 'two'])
      session.set('theme', 'dark')
    })
    expect(jar.cookies.size).toBe(2)
    await jar.visit(after.sessions, (session) => {
      session.delete('theme')
      session.flash('Saved', 'info')
      session.permanent = true
    })
    // Visits extend both.
    for (let day = 0; day < 8; day++) {
      time.now += 5 * DAY
      expect(await jar.user(after.sessions)).toBe('mona')
    }
    await jar.visit(before.sessions, (session) => {
      expect(session.userId).toBe('mona')
      expect(session.get('cart')).toEqual(['one', 'two'])
      expect(session.has('theme')).toBe(false)
      expect(session.permanent).toBe(true)
      expect(session.flashes()).toEqual([{ category: 'info', message: 'Saved' }])
    })
    expect(after.events.map(({ type }) => type)).toEqual(['moved'])
  })

  it('writes both sessions of somebody who signs in during the window', async () => {
    const { before, after } = made()
    const jar = await signedIn(after.sessions)
    expect(jar.cookies.size).toBe(2)
    await jar.visit(before.sessions, (session) => {
      expect(session.userId).toBe('mona')
      expect(session.get('cart')).toEqual(['one'])
    })
  })

  it('ends both at a logout, and never takes the old one for a new visitor', async () => {
    const { before, after } = made()
    const jar = await signedIn(before.sessions)
    await jar.visit(after.sessions)
    const stolen = jar.copy()
    await jar.visit(after.sessions, (session) => session.logout())
    expect(jar.cookies.size).toBe(0)
    expect(await jar.user(before.sessions)).toBeUndefined()
    // The old cookie alone, copied before the logout: it was moved already.
    for (const name of stolen.cookies.keys()) if (name === 'new') stolen.cookies.delete(name)
    if (stolen.cookies.has('old')) stolen.cookies.delete('session')
    expect(await stolen.user(after.sessions)).toBeUndefined()
    expect(stolen.cookies.size).toBe(0)
  })

  it('replaces the old session by that of the next user', async () => {
    const { before, after } = made()
    const jar = await signedIn(before.sessions)
    await jar.visit(after.sessions)
    await jar.visit(after.sessions, (session) => session.login('lisa'))
    await jar.visit(before.sessions, (session) => {
      expect(session.userId).toBe('lisa')
      expect(session.get('cart')).toBeUndefined()
    })
  })

  it('moves what the old application did meanwhile, after a change of the audience', async () => {
    const { before, after, again } = made()
    const jar = await signedIn(before.sessions)
    await jar.visit(after.sessions)
    await jar.visit(before.sessions, (session) => {
      session.login('lisa')
      session.set('cart', ['of lisa'])
    })
    await jar.visit(again!.sessions, (session) => {
      expect(session.userId).toBe('lisa')
      expect(session.get('cart')).toEqual(['of lisa'])
      expect([...session.keys()]).toEqual(['cart'])
    })
    expect(await jar.user(again!.sessions)).toBe('lisa')
    expect(await jar.user(before.sessions)).toBe('lisa')
  })

  it('moves no mark along with the data', async () => {
    const { before, after, again } = made()
    const jar = await signedIn(before.sessions)
    await jar.visit(after.sessions)
    await jar.visit(before.sessions, (session) => session.set('theme', 'dark'))
    await jar.visit(again!.sessions, (session) => {
      expect([...session.keys()].toSorted()).toEqual(['cart', 'theme'])
    })
  })

  it('writes one old session, however often a request commits', async () => {
    const { before, after } = made()
    const jar = new Jar()
    const session = await after.sessions.open(undefined)
    session.set('a', 1)
    session.login('mona')
    const headers = await session.commit()
    session.set('b', 2)
    await session.commit(headers)
    jar.take(headers.getSetCookie())
    expect(headers.getSetCookie()).toHaveLength(2)
    const listed = await before.sessions['list']?.('mona')
    expect(listed ?? [1]).toHaveLength(1)
    await jar.visit(before.sessions, (old) => {
      expect([old.get('a'), old.get('b'), old.userId]).toEqual([1, 2, 'mona'])
    })
  })
})

test('a session that was revoked is revoked for the old application, too', async () => {
  const { clock } = fakeTime()
  const old = { secret: SECRET, cookie: { name: 'old' }, store: memoryStore() }
  const before = withEvents({ ...old, clock })
  const dual = formerly({ sessions: old, until: UNTIL, dualWrite: true })
  const after = withEvents({ secret: SECRET, store: memoryStore(), clock, formerly: dual })
  const jar = new Jar()
  await jar.visit(before.sessions, (session) => session.login('mona'))
  await jar.visit(after.sessions)
  await after.sessions['revokeUser']('mona')
  expect(await jar.user(after.sessions)).toBeUndefined()
  expect(await jar.user(before.sessions)).toBeUndefined()
})

test('a session that ends during a request ends for the old application, too', async () => {
  const { clock } = fakeTime()
  const old = { secret: SECRET, cookie: { name: 'old' } }
  const before = withEvents({ ...old, clock })
  const dual = formerly({ sessions: old, until: UNTIL, dualWrite: true })
  const after = withEvents({ secret: SECRET, store: memoryStore(), clock, formerly: dual })
  const jar = new Jar()
  await jar.visit(before.sessions, (session) => session.login('mona'))
  await jar.visit(after.sessions)
  const session = await after.sessions.open(jar.header)
  await after.sessions['revokeUser']('mona')
  session.regenerate()
  jar.take((await session.commit()).getSetCookie())
  expect(await jar.user(before.sessions)).toBeUndefined()
})

test('revokeUser ends an old session that has not come over, for the old application, too', async () => {
  const { clock } = fakeTime()
  const old = { secret: SECRET, cookie: { name: 'old' }, store: memoryStore() }
  const before = withEvents({ ...old, clock })
  const dual = formerly({ sessions: old, until: UNTIL, dualWrite: true })
  const after = withEvents({ secret: SECRET, store: memoryStore(), clock, formerly: dual })
  const jar = new Jar()
  await jar.visit(before.sessions, (session) => session.login('mona'))
  await after.sessions['revokeUser']('mona')
  const copy = jar.copy()
  expect(await jar.user(after.sessions)).toBeUndefined()
  expect(await copy.user(before.sessions)).toBeUndefined()
})

test('a cookie of ours that does not verify, as under a wrong secret, leaves the old session alone', async () => {
  const { clock } = fakeTime()
  const old = { secret: SECRET, cookie: { name: 'old' }, store: memoryStore() }
  const before = withEvents({ ...old, clock })
  const dual = formerly({ sessions: old, until: UNTIL, dualWrite: true })
  const store = memoryStore()
  const after = withEvents({ secret: SECRET, store, clock, formerly: dual })
  const wrong = withEvents({ secret: NEW_SECRET, store, clock, formerly: dual })
  const jar = new Jar()
  await jar.visit(before.sessions, (session) => session.login('mona'))
  await jar.visit(after.sessions)
  expect(await jar.user(wrong.sessions)).toBeUndefined()
  expect(await jar.copy().user(after.sessions)).toBe('mona')
  expect(await jar.user(before.sessions)).toBe('mona')
})

test('an old side that fails is an event, and the page is served', async () => {
  const { clock } = fakeTime()
  const text = randomBytes(300).toString('base64')
  const big = { secret: SECRET, cookie: { name: 'old' }, maxBytes: 300 }
  const dual = formerly({ sessions: big, until: UNTIL, dualWrite: true, name: 'small' })
  const after = withEvents({ secret: NEW_SECRET, clock, formerly: dual })
  const jar = new Jar()
  await jar.visit(after.sessions, (session) => session.set('text', text))
  expect(after.events).toEqual([
    { type: 'former-failed', from: 'small', code: 'ERR_COOKIE_TOO_LARGE' },
    { type: 'created' },
  ])
  await jar.visit(after.sessions, (session) => session.set('text', 'short'))
  const before = withEvents({ ...big, clock })
  await jar.visit(before.sessions, (session) => expect(session.get('text')).toBe('short'))
})

describe('a request that began before another one, and ends after it', () => {
  async function made(theirs: SessionOptions) {
    const { time, clock } = fakeTime()
    const before = withEvents({ ...theirs, clock })
    const after = withEvents({
      secret: NEW_SECRET,
      store: memoryStore(),
      clock,
      formerly: formerly({ sessions: theirs, until: UNTIL, dualWrite: true }),
    })
    const jar = new Jar()
    await jar.visit(before.sessions, (session) => {
      session.login('mona')
      session.set('cart', 1)
    })
    await jar.visit(after.sessions)
    const slow = await after.sessions.open(jar.header)
    const finish = async () => jar.take((await slow.commit()).getSetCookie())
    return { time, before, after, jar, finish }
  }
  const stored = () => ({ secret: SECRET, store: memoryStore(), cookie: { name: 'old' } })

  it('does not write what it has read over newer data', async () => {
    const { before, after, jar, finish } = await made(stored())
    await jar.visit(after.sessions, (session) => session.set('cart', 2))
    await finish()
    await jar.visit(before.sessions, (session) => expect(session.get('cart')).toBe(2))
  })

  it('does not begin the former session again after a logout', async () => {
    const { before, after, jar, finish } = await made(stored())
    await jar.visit(after.sessions, (session) => session.logout())
    await finish()
    expect(jar.cookies.size).toBe(0)
    expect(await jar.user(before.sessions)).toBeUndefined()
  })

  it('does not sign out somebody who has signed in meanwhile', async () => {
    const { before, after, jar, finish } = await made(stored())
    await jar.visit(after.sessions, (session) => session.login('lisa'))
    await finish()
    expect(await jar.user(before.sessions)).toBe('lisa')
    expect(await jar.user(after.sessions)).toBe('lisa')
  })

  it('does not renew a former cookie that another response may have expired', async () => {
    const theirs = flask({ SECRET_KEY: SECRET, SESSION_COOKIE_NAME: 'old' })
    const { time, after, jar } = await made(theirs)
    await jar.visit(after.sessions, (session) => void (session.permanent = true))
    time.now += DAY
    const slow = await after.sessions.open(jar.header)
    await jar.visit(after.sessions, (session) => session.logout())
    time.now += 2000
    jar.take((await slow.commit()).getSetCookie())
    expect(jar.cookies.size).toBe(0)
  })
})

test('of two commits in one request one line of the former cookie is sent', async () => {
  const { clock } = fakeTime()
  const sessions = { secret: SECRET, cookie: { name: 'old' } }
  const after = withEvents({
    secret: NEW_SECRET,
    store: memoryStore(),
    clock,
    formerly: formerly({ sessions, until: UNTIL, dualWrite: true }),
  })
  const jar = new Jar()
  await jar.visit(after.sessions, (session) => session.set('count', 0))
  const session = await after.sessions.open(jar.header)
  const headers = new Headers()
  for (const count of [1, 2]) {
    session.set('count', count)
    await session.commit(headers)
  }
  expect(headers.getSetCookie()).toEqual([expect.stringMatching(/^old=/)])
})
