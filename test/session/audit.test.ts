/** The audit trail: whoever begins or ends a session, and what was tried, is an event. */

import { expect, test } from 'vitest'
import { createSessions, type SessionEvent, type SessionOptions } from '../../src/index.ts'
import { memoryStore } from '../../src/stores/memory/memory.ts'
import { fakeClock } from '../../src/testing/time/clock.ts'
import { through } from '../promises/stores.ts'
import { SECRET, Visitor } from './visitor.ts'

/** An app that keeps an audit trail, without the times. */
function audited(options: Partial<Omit<SessionOptions, 'store'>> = {}) {
  const clock = fakeClock()
  const trail: object[] = []
  const failing = new Set<string>()
  const store = through(memoryStore({ clock }), async (verb, _args, call) => {
    if (failing.has(verb)) throw new Error('the store is away')
    return call()
  })
  const sessions = createSessions<any>({
    secret: SECRET,
    clock,
    events: { userId: true },
    deadlines: { read: '20s', write: '20s', commit: '30s' },
    onEvent(told: SessionEvent) {
      const { at, ...event } = told
      expect(at).toBe(clock())
      if (event.type !== 'store-finding' && event.type !== 'created') trail.push(event)
    },
    ...options,
    store,
  })
  const signedIn = async (user: string) => {
    const visitor = new Visitor(sessions)
    await visitor.visit((session) => session.login(user))
    const handle = await visitor.read((session) => session.handle)
    return { visitor, handle: handle! }
  }
  return { sessions, trail, clock, failing, signedIn }
}

test('signing in, a new id and signing out are told, with user and session', async () => {
  const { trail, signedIn } = audited()
  const { visitor, handle } = await signedIn('ada')
  await visitor.visit((session) => session.regenerate())
  await visitor.visit((session) => session.logout())
  const ada = { handle, userId: 'ada' }
  expect(trail).toEqual([
    { type: 'login', ...ada },
    { type: 'regenerate', ...ada },
    { type: 'renewed', ...ada },
    { type: 'logout', ...ada },
  ])
})

test('logins that one request replaces name their own user, and only the last one the session', async () => {
  const { sessions, trail } = audited()
  const visitor = new Visitor(sessions)
  await visitor.visit((session) => (session.login('ada'), session.login('bob')))
  const handle = await visitor.read((session) => session.handle)
  expect(trail).toEqual([
    { type: 'login', userId: 'ada' },
    { type: 'login', handle, userId: 'bob' },
  ])
  trail.length = 0
  await new Visitor(sessions).visit((session) => (session.login('eve'), session.logout()))
  expect(trail).toEqual([
    { type: 'login', userId: 'eve' },
    { type: 'logout', userId: 'eve' },
  ])
})

test('ending one session is told, and whether there was one', async () => {
  const { sessions, trail, signedIn } = audited()
  const { handle } = await signedIn('ada')
  trail.length = 0
  expect(await sessions.revoke('eve', handle)).toBe(false)
  expect(await sessions.revoke('ada', handle)).toBe(true)
  expect(trail).toEqual([
    { type: 'revoked', existed: false, handle, userId: 'eve' },
    { type: 'revoked', existed: true, handle, userId: 'ada' },
  ])
})

test('what an app passes for a handle is not told unless it can be one', async () => {
  const { sessions, trail, signedIn } = audited()
  const { visitor } = await signedIn('ada')
  trail.length = 0
  await sessions.revoke('ada', visitor.cookie!)
  await sessions.revokeUser('ada', { except: visitor.cookie })
  expect(trail).toEqual([
    { type: 'revoked', existed: false, userId: 'ada' },
    { type: 'user-revoked', count: 1, marked: true, userId: 'ada' },
  ])
})

test("ending a user's sessions, all sessions, and erasing a user are told, with how many", async () => {
  const { sessions, trail, signedIn } = audited()
  const { handle: except } = await signedIn('ada')
  await signedIn('ada')
  await signedIn('bob')
  await signedIn('carl')
  trail.length = 0
  await sessions.revokeUser('ada', { except })
  await sessions.erase('bob')
  await sessions.revokeAll()
  expect(trail).toEqual([
    { type: 'user-revoked', count: 1, marked: true, except, userId: 'ada' },
    { type: 'user-erased', count: 1, userId: 'bob' },
    { type: 'all-revoked', count: 2 },
  ])
})

test('a revocation that fails is told, since it may have ended some', async () => {
  const { sessions, trail, failing, signedIn } = audited()
  const { handle } = await signedIn('ada')
  trail.length = 0
  failing.add('remove')
  const code = 'ERR_STORE_UNAVAILABLE'
  await expect(sessions.revoke('ada', handle)).rejects.toMatchObject({ code })
  await expect(sessions.revokeUser('ada')).rejects.toMatchObject({ code })
  await expect(sessions.erase('ada')).rejects.toMatchObject({ code })
  await expect(sessions.revokeAll()).rejects.toMatchObject({ code })
  expect(trail).toEqual([
    { type: 'revocation-failed', call: 'revoke', code, handle, userId: 'ada' },
    { type: 'revocation-failed', call: 'revokeUser', code, userId: 'ada' },
    { type: 'revocation-failed', call: 'erase', code, userId: 'ada' },
    { type: 'revocation-failed', call: 'revokeAll', code },
  ])
})

test('a login that ends the oldest sessions says which', async () => {
  const { trail, signedIn } = audited({ maxSessionsPerUser: 1 })
  const first = await signedIn('ada')
  const second = await signedIn('ada')
  expect(trail).toEqual([
    { type: 'login', handle: first.handle, userId: 'ada' },
    { type: 'login', handle: second.handle, userId: 'ada' },
    {
      type: 'evicted',
      count: 1,
      handles: [first.handle],
      handle: second.handle,
      userId: 'ada',
    },
  ])
})

test('a renewed id that is sent again, and one that was ended, say which session', async () => {
  const { sessions, trail, clock, signedIn } = audited()
  const { visitor, handle } = await signedIn('ada')
  const stolen = visitor.cookie
  await visitor.visit((session) => session.regenerate())
  await visitor.visit()
  clock.advance(60_000)
  trail.length = 0
  await sessions.open(stolen)
  await sessions.revoke('ada', handle)
  await sessions.open(visitor.cookie)
  expect(trail).toEqual([
    { type: 'replayed', handle },
    { type: 'rejected', reason: 'replayed', handle },
    { type: 'revoked', existed: true, handle, userId: 'ada' },
    { type: 'rejected', reason: 'gone', handle },
  ])
})
