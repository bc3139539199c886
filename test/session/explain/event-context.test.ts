/** What every event says: when, in which session, and by choice whose and in which request. */

import { AsyncLocalStorage } from 'node:async_hooks'
import { expect, onTestFinished, test } from 'vitest'
import { createSessions, type SessionEvent, type SessionOptions } from '../../../src/index.ts'
import { memoryStore } from '../../../src/stores/memory/memory.ts'
import { SECRET, T0, Visitor } from '../visitor.ts'

const FORGED = '__Host-Http-session=forged; session=forged'

/** Sessions, and their events as `onEvent` gets them. */
function listening(options: Partial<Omit<SessionOptions, 'store'>> = {}) {
  const events: SessionEvent[] = []
  const given: SessionOptions = {
    secret: SECRET,
    clock: () => T0,
    onEvent: (event) => event.type !== 'store-finding' && events.push(event),
    ...options,
  }
  const store = memoryStore({ clock: () => T0 })
  return {
    stored: () => createSessions<any>({ ...given, store }),
    inCookie: () => createSessions<any>(given),
    events,
  }
}

test('an event says when it happened, and in which session', async () => {
  const { stored, events } = listening()
  const sessions = stored()
  const visitor = new Visitor(sessions)
  await visitor.visit((session) => session.login('7'))
  const handle = await visitor.read((session) => session.handle)
  await visitor.visit((session) => session.logout())
  expect(handle).toMatch(/^[\w-]{22}$/)
  expect(events).toEqual([
    { type: 'login', at: T0, handle },
    { type: 'created', at: T0, handle },
    { type: 'logout', at: T0, handle },
  ])
})

test('an event of a session in a cookie has no handle', async () => {
  const { inCookie, events } = listening()
  await new Visitor(inCookie()).visit((session) => session.set('a', 1))
  expect(events).toEqual([{ type: 'created', at: T0 }])
})

test('an event names the user only if the app asks for it', async () => {
  for (const userId of [true, false]) {
    const { stored, events } = listening({ events: { userId } })
    const sessions = stored()
    const visitor = new Visitor(sessions)
    await visitor.visit((session) => session.login('ada'))
    await visitor.visit((session) => session.logout())
    await sessions.revokeUser('ada')
    const named = events.map((event) => [event.type, event.userId])
    const ada = userId ? 'ada' : undefined
    expect(named).toEqual([
      ['login', ada],
      ['created', ada],
      ['logout', ada],
      ['user-revoked', ada],
    ])
  }
})

test('an event has the id of its own request, from an AsyncLocalStorage of the app', async () => {
  const requests = new AsyncLocalStorage<string>()
  const { stored, events } = listening({ events: { requestId: () => requests.getStore() } })
  const sessions = stored()
  await Promise.all(
    ['first', 'second', 'third'].map((id) =>
      requests.run(id, () => new Visitor(sessions).visit((session) => session.login(id))),
    ),
  )
  await sessions.open(FORGED)
  const ids = events.map((event) => `${event.type} ${event.requestId}`)
  expect(ids.toSorted()).toEqual([
    ...['first', 'second', 'third'].map((id) => `created ${id}`),
    ...['first', 'second', 'third'].map((id) => `login ${id}`),
    'rejected undefined',
  ])
})

test('a request id that comes from a header forges no line, and is cut', async () => {
  const forged = `a\r\n[sojourn] forged\u001b[2J${'x'.repeat(500)}`
  const { stored, events } = listening({ events: { requestId: () => forged } })
  const sessions = stored()
  await sessions.open(FORGED)
  const { requestId } = events[0]!
  expect(requestId).toMatch(/^a\\u000d\\u000a\[sojourn\] forged\\u001b\[2Jx+…$/)
  expect(requestId!.length).toBeLessThan(150)
})

test('a function that cannot say the id of the request loses no event', async () => {
  const { stored, events } = listening({
    events: {
      requestId() {
        throw new Error('no request')
      },
    },
  })
  const sessions = stored()
  await sessions.open(FORGED)
  expect(events).toEqual([{ type: 'rejected', reason: 'malformed', at: T0 }])
})

test('an async function for the id of the request ends no process', async () => {
  const rejected: unknown[] = []
  const listener = (error: unknown) => rejected.push(error)
  process.on('unhandledRejection', listener)
  onTestFinished(() => void process.off('unhandledRejection', listener))
  const requestId = (async () => {
    throw new Error('no request')
  }) as unknown as () => string
  const { stored, events } = listening({ events: { requestId } })
  await stored().open(FORGED)
  await new Promise(setImmediate)
  expect(events).toEqual([{ type: 'rejected', reason: 'malformed', at: T0 }])
  expect(rejected).toEqual([])
})

test.each([
  [{ events: { userID: true } }, /"events.userID" is not known/],
  [{ events: { requestId: 'x-request-id' } }, /"events.requestId" has to be a function/],
  [{ events: true }, /"events" has to be an object/],
])('what cannot be meant is refused at start-up: %o', (options, message) => {
  expect(() => listening(options as never).inCookie()).toThrow(message)
})
