/** The diagnostics channels: every event, open, commit and store call, for whoever subscribes. */

import { AsyncLocalStorage } from 'node:async_hooks'
import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createSessions, type StoreVerbs } from '../../src/index.ts'
import { memoryStore } from '../../src/stores/memory/memory.ts'
import { sessionStore } from '../../src/stores/session-store.ts'
import { listenTo } from './channels.ts'
import { SECRET, T0, testSessions, Visitor } from './visitor.ts'

const duration = expect.any(Number)
const IN_COOKIE = { cookieName: 'session', at: T0 }

const store = () => memoryStore({ clock: () => T0 })

test('the channel of events has each of them, as a listener gets it', async () => {
  const heard = listenTo('sojourn:event')
  const sessions = createSessions<any>({
    secret: SECRET,
    clock: () => T0,
    cookie: { name: 'shop', secure: false },
  })
  await new Visitor(sessions).visit((session) => session.login('7'))
  expect(heard).toEqual([
    ['sojourn:event', { cookieName: 'shop', event: { type: 'login', at: T0 } }],
    ['sojourn:event', { cookieName: 'shop', event: { type: 'created', at: T0 } }],
  ])
})

test('opening is a message at the start and one at the end, with its outcome and when it expires', async () => {
  const { sessions } = testSessions()
  const visitor = new Visitor(sessions)
  await visitor.visit((session) => session.set('a', 1))
  const heard = listenTo('sojourn:open:start', 'sojourn:open:end')
  await sessions.open(visitor.cookie)
  await sessions.open(undefined)
  await sessions.open('session=forged')
  const start = ['sojourn:open:start', IN_COOKIE]
  const end = (more: object) => ['sojourn:open:end', { ...IN_COOKIE, duration, ...more }]
  expect(heard).toEqual([
    start,
    end({ outcome: 'valid', key: 0, expires: { idle: T0 + 31 * 86_400_000 } }),
    start,
    end({ outcome: 'none' }),
    start,
    end({ outcome: 'rejected', reason: 'malformed' }),
  ])
})

test('a commit says what was changed, and whether that sets a cookie, never a value', async () => {
  const { sessions } = testSessions()
  const visitor = new Visitor(sessions)
  const heard = listenTo('sojourn:commit:end')
  await visitor.visit((session) => session.set('cart', ['secret']))
  await visitor.visit((session) => session.get('cart').push('inside'))
  await visitor.visit()
  const end = (more: object) => ['sojourn:commit:end', { ...IN_COOKIE, duration, ...more }]
  expect(heard).toEqual([
    end({ changed: ['cart'], outcome: 'saved', setsCookie: true }),
    end({ changed: ['cart'], outcome: 'saved', setsCookie: true }),
    end({ changed: [], outcome: 'unchanged', setsCookie: false }),
  ])
  expect(JSON.stringify(heard)).not.toMatch(/secret|inside/)
})

test('the messages of a stored session have its handle, and the same object is at both ends', async () => {
  const { sessions } = testSessions({ store: store() })
  const visitor = new Visitor(sessions)
  const ends = new Map<object, string[]>()
  const note = (message: unknown, name: string | symbol) => {
    ends.set(message as object, [...(ends.get(message as object) ?? []), String(name)])
  }
  const names = ['open', 'commit'].flatMap((of) => [`sojourn:${of}:start`, `sojourn:${of}:end`])
  for (const name of names) subscribe(name, note)
  onTestFinished(() => names.forEach((name) => void unsubscribe(name, note)))
  await visitor.visit((session) => session.login('7'))
  await visitor.visit()
  expect([...ends.values()]).toEqual([
    ['sojourn:open:start', 'sojourn:open:end'],
    ['sojourn:commit:start', 'sojourn:commit:end'],
    ['sojourn:open:start', 'sojourn:open:end'],
    ['sojourn:commit:start', 'sojourn:commit:end'],
  ])
  const handles = [...ends.keys()].map((message) => (message as { handle?: string }).handle)
  const handle = await visitor.read((session) => session.handle)
  expect(handles).toEqual([undefined, handle, handle, handle])
})

test('the opening of a session that was ended says which, as its event does', async () => {
  const { sessions, events } = testSessions({ store: store() })
  const visitor = new Visitor(sessions)
  await visitor.visit((session) => session.login('7'))
  const handle = await visitor.read((session) => session.handle)
  const stolen = new Visitor(sessions, visitor.cookie)
  await visitor.visit((session) => session.logout())
  const heard = listenTo('sojourn:open:end')
  await stolen.visit()
  expect(events).toContainEqual({ type: 'rejected', reason: 'gone' })
  const opened = heard.find(([name]) => name === 'sojourn:open:end')![1]
  expect(opened).toMatchObject({ outcome: 'rejected', reason: 'gone', handle })
})

test('the time of a message is that of the start', async () => {
  const now = { at: T0 }
  const memory = memoryStore({ clock: () => now.at })
  const slow: StoreVerbs = {
    ...memory,
    read(key) {
      now.at += 100
      return memory.read(key)
    },
    insert(key, row) {
      now.at += 100
      return memory.insert(key, row)
    },
  }
  const sessions = createSessions<any>({
    secret: SECRET,
    clock: () => now.at,
    store: sessionStore(slow),
  })
  const visitor = new Visitor(sessions)
  const heard = listenTo('sojourn:open:end', 'sojourn:commit:end')
  await visitor.visit((session) => session.set('a', 1))
  await visitor.visit()
  expect(now.at).toBe(T0 + 200)
  expect(heard.map(([, { at }]) => at)).toEqual([T0, T0, T0 + 100, T0 + 200])
})

test('a store that fails is told, at opening and at saving', async () => {
  const broken = {
    ...store(),
    read: () => Promise.reject(new Error('away')),
    insert: () => Promise.reject(new Error('away')),
  }
  const { sessions } = testSessions({ store: sessionStore(broken) })
  const { sessions: genuine } = testSessions({ store: store() })
  const visitor = new Visitor(genuine)
  await visitor.visit((session) => session.set('a', 1))
  const heard = listenTo('sojourn:open:end', 'sojourn:commit:end', 'sojourn:store:end')
  const failed = { outcome: 'failed', code: 'ERR_STORE_UNAVAILABLE' }
  await expect(sessions.open(visitor.cookie)).rejects.toMatchObject({ code: failed.code })
  const session = await sessions.open(undefined)
  session.set('a', 1)
  await expect(session.commit()).rejects.toMatchObject({ code: failed.code })
  const call = (verb: string) => [
    'sojourn:store:end',
    { engine: 'memory', verb, duration, outcome: 'failed', code: 'UNKNOWN' },
  ]
  expect(heard.filter(([, { verb }]) => verb !== 'check')).toEqual([
    // Retried once.
    call('read'),
    call('read'),
    ['sojourn:open:end', { ...IN_COOKIE, duration, ...failed }],
    ['sojourn:open:end', { ...IN_COOKIE, duration, outcome: 'none' }],
    call('insert'),
    call('insert'),
    ['sojourn:commit:end', { ...IN_COOKIE, duration, changed: ['a'], ...failed }],
  ])
})

test('each call of a store is told, with its engine, verb and outcome, and nothing of what it is about', async () => {
  const sessions = createSessions<any>({ secret: SECRET, store: memoryStore() })
  const visitor = new Visitor(sessions)
  const heard = listenTo('sojourn:store:start', 'sojourn:store:end')
  await visitor.visit((session) => session.login('7'))
  const slow = await sessions.open(visitor.cookie)
  await visitor.visit((session) => session.set('a', 1))
  slow.set('b', 2)
  await slow.commit()
  await sessions.revokeAll()
  const done = heard.filter(([name]) => name.endsWith('end')).map(([, message]) => message)
  expect(done.every(({ engine }) => engine === 'memory')).toBe(true)
  const told = done.map(({ verb, outcome }) => `${String(verb)} ${String(outcome)}`)
  for (const call of ['epoch', 'insert', 'admit', 'read', 'swap', 'keys', 'remove']) {
    expect(told).toContain(`${call} done`)
  }
  expect(told).toContain('swap lost')
  expect(heard.filter(([name]) => name.endsWith('start'))).toHaveLength(done.length)
  const fields = new Set(heard.flatMap(([, message]) => Object.keys(message)))
  expect(fields).toEqual(new Set(['engine', 'verb', 'duration', 'outcome']))
})

test.each(['nobody', 'somebody'])(
  'a store learns that its keys are not read on, and can close its cursor: heard by %s',
  async (who) => {
    if (who === 'somebody') listenTo('sojourn:store:end')
    const kept = memoryStore()
    const controller = new AbortController()
    let isClosed = false
    async function* keys() {
      try {
        yield* kept.keys()
        // Not reached: the signal is aborted before.
        yield []
      } finally {
        isClosed = true
      }
    }
    const remove: StoreVerbs['remove'] = (key) => {
      controller.abort()
      return kept.remove(key)
    }
    const sessions = createSessions({
      secret: SECRET,
      store: sessionStore({ ...kept, keys, remove }),
    })
    await new Visitor(sessions).visit((session) => session.set('a', 1))
    const { signal } = controller
    await expect(sessions.revokeAll({ signal })).rejects.toThrow(
      expect.objectContaining({ name: 'AbortError' }),
    )
    await vi.waitFor(() => expect(isClosed).toBe(true))
  },
)

test("a subscriber runs in the request's asynchronous context, so that it can tell requests apart", async () => {
  const requests = new AsyncLocalStorage<string>()
  const seen: string[] = []
  const names = ['sojourn:event', 'sojourn:open:end', 'sojourn:commit:end', 'sojourn:store:end']
  const note = (_: unknown, name: string | symbol) => {
    seen.push(`${requests.getStore()} ${String(name)}`)
  }
  for (const name of names) subscribe(name, note)
  onTestFinished(() => names.forEach((name) => void unsubscribe(name, note)))
  const { sessions } = testSessions({ store: store() })
  await Promise.all(
    ['a', 'b'].map((id) =>
      requests.run(id, () => new Visitor(sessions).visit((session) => session.set('a', 1))),
    ),
  )
  for (const id of ['a', 'b']) for (const name of names) expect(seen).toContain(`${id} ${name}`)
})

test('changes that are lost are looked for in production if somebody subscribes', async () => {
  vi.stubEnv('NODE_ENV', 'production')
  onTestFinished(() => void vi.unstubAllEnvs())
  const sessions = createSessions<any>({ secret: SECRET })
  const heard = listenTo('sojourn:event')
  const done: (() => void)[] = []
  const carrier = {}
  const facts = {
    cookie: undefined,
    header: () => undefined,
    whenDone: (look: () => void) => void done.push(look),
  }
  const visit = sessions.mount([carrier], facts)!
  const session = await sessions.get(carrier)
  session.set('cart', [])
  const cart = session.get('cart') as string[]
  await visit.finish()
  cart.push('late')
  for (const look of done) look()
  expect(heard.map(([, { event }]) => (event as { type: string }).type)).toContain('changes-lost')
})

test('what a subscriber throws reaches no request', async () => {
  const broken = () => {
    throw new Error('the subscriber is broken')
  }
  const caught: unknown[] = []
  const before = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  process.on('uncaughtException', (error) => void caught.push(error))
  subscribe('sojourn:event', broken)
  const { sessions } = testSessions()
  expect((await sessions.open('session=forged')).isNew).toBe(true)
  unsubscribe('sojourn:event', broken)
  await expect.poll(() => caught.length).toBe(1)
  process.removeAllListeners('uncaughtException')
  for (const listener of before) process.on('uncaughtException', listener)
})

test('the channels have these names, which do not change', () => {
  const names = ['open', 'commit', 'store'].flatMap((of) => [
    `sojourn:${of}:start`,
    `sojourn:${of}:end`,
  ])
  for (const name of ['sojourn:event', ...names]) {
    expect(channel(name).hasSubscribers, name).toBe(false)
    listenTo(name)
    expect(channel(name).hasSubscribers, name).toBe(true)
  }
})
