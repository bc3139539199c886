/** The user's id where another library has it: `passport.user`. */

import { expect, test } from 'vitest'
import { formerly } from '../../../src/formerly/formerly.ts'
import { expressSession } from '../../../src/formerly/express-session.ts'
import { createSessions } from '../../../src/index.ts'
import { fakeTime, Jar, legacyRows, NEW_SECRET, SECRET, withEvents } from './jar.ts'

const UNTIL = '2027-02-01'

function made(userIdAs: 'text' | 'number' = 'text', userId = 'passport.user') {
  const { clock } = fakeTime()
  const sessions = { secret: SECRET, cookie: { name: 'old' } }
  const before = withEvents({ ...sessions, clock })
  const after = withEvents({
    secret: NEW_SECRET,
    clock,
    formerly: formerly({ sessions, until: UNTIL, userId, userIdAs, dualWrite: true }),
  })
  return { before, after }
}

test('it is who is signed in, and stays where it was', async () => {
  const { before, after } = made()
  for (const user of [42, '42', 42n]) {
    const jar = new Jar()
    await jar.visit(before.sessions, (session) => {
      session.set('passport', { user })
      session.set('cart', 1)
    })
    await jar.visit(after.sessions, (session) => {
      expect(session.userId).toBe('42')
      expect(session.get('passport')).toEqual({ user })
    })
    await jar.visit(after.sessions, (session) => session.set('cart', 2))
    await jar.visit(before.sessions, (session) => {
      expect(session.get('passport')).toEqual({ user })
      expect(session.get('cart')).toBe(2)
    })
  }
})

test('a login is written there, as the type the old application reads', async () => {
  for (const [as, id] of [
    ['text', '7'],
    ['number', 7],
  ] as const) {
    const { before, after } = made(as)
    const jar = new Jar()
    await jar.visit(before.sessions, (session) => session.set('cart', 1))
    await jar.visit(after.sessions, (session) => session.login(7))
    await jar.visit(before.sessions, (session) => {
      expect(session.get('passport')).toEqual({ user: id })
      expect(session.get('cart')).toBe(1)
    })
    await jar.visit(after.sessions, (session) => session.login(8))
    await jar.visit(before.sessions, (session) => {
      expect(session.get('passport')).toEqual({ user: as === 'number' ? 8 : '8' })
      expect(session.has('cart')).toBe(false)
    })
    await jar.visit(after.sessions, (session) => session.logout())
    await jar.visit(before.sessions, (session) => expect(session.has('passport')).toBe(false))
  }
})

test('anything else at the path signs nobody in', async () => {
  for (const passport of [
    { user: '' },
    { user: 1.5 },
    { user: { id: 1 } },
    { user: null },
    { user: 'x'.repeat(1025) },
    { user: '\ud800' },
    'user',
    7,
    {},
  ]) {
    const { before, after } = made()
    const jar = new Jar()
    await jar.visit(before.sessions, (session) => session.set('passport', passport))
    await jar.visit(after.sessions, (session) => {
      expect(session.userId).toBeUndefined()
      expect(session.get('passport')).toEqual(passport)
    })
  }
  const { before, after } = made('text', 'constructor.name')
  const jar = new Jar()
  await jar.visit(before.sessions, (session) => session.set('cart', 1))
  expect(await jar.user(after.sessions)).toBeUndefined()
})

test("a login is written to the key that the former library's preset has for it", async () => {
  for (const userId of [undefined, 'userId']) {
    for (const [userIdAs, id] of [
      ['text', '7'],
      ['number', 7],
    ] as const) {
      const { clock } = fakeTime()
      const store = legacyRows()
      const sessions = expressSession({ secret: SECRET, store })
      const after = withEvents({
        secret: NEW_SECRET,
        clock,
        formerly: formerly({
          sessions,
          until: UNTIL,
          ...(userId !== undefined && { userId }),
          userIdAs,
          dualWrite: true,
        }),
      })
      const jar = new Jar()
      await jar.visit(after.sessions, (session) => session.login(7))
      await jar.visit(after.sessions)
      expect([...store.rows.values()].map((row) => JSON.parse(row).userId)).toEqual([id])
      expect(await jar.user(createSessions({ ...sessions, clock }))).toBe('7')
    }
  }
})

test('a path that no application can have is refused when the app starts', () => {
  const refused = (former: object) => {
    try {
      withEvents({
        secret: NEW_SECRET,
        clock: fakeTime().clock,
        formerly: formerly({ until: UNTIL, ...former } as never),
      })
    } catch (error) {
      return (error as Error).message.replaceAll('"', '')
    }
    return undefined
  }
  const express = expressSession({ secret: SECRET, store: legacyRows() })
  expect(refused({ sessions: express, userId: 'userId.id' })).toMatch(/cannot be in 'userId'/)
  expect(refused({ sessions: express, userId: '_flashes' })).toMatch(/cannot be in '_flashes'/)
  const own = { secret: SECRET, cookie: { name: 'old' } }
  expect(refused({ sessions: own, userIdAs: 'number' })).toMatch(/userIdAs needs the option userId/)
})
