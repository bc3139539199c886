import { EventEmitter } from 'node:events'
import { describe, expect, test, vi } from 'vitest'
import { differs } from './deviations.ts'
import { LIBRARIES } from './libraries.ts'
import { browser, calls, idIn, type Respond, site, stopClock, T0 } from './site.ts'

const count: Respond = (req, res) => {
  req.session.n = (req.session.n ?? 0) + 1
  res.end(`${req.session.n}`)
}

type Done = (error?: unknown, result?: any) => void

describe.each(LIBRARIES)('a store of %s', (name, session) => {
  /** A store as people write them: a class of their own, that calls back at once. */
  class SyncStore extends session.Store {
    readonly sessions = new Map<string, string>()
    get(id: string, done: Done) {
      const text = this.sessions.get(id)
      done(null, text && JSON.parse(text))
    }
    set(id: string, data: object, done?: Done) {
      this.sessions.set(id, JSON.stringify(data))
      done?.()
    }
    destroy(id: string, done?: Done) {
      this.sessions.delete(id)
      done?.()
    }
  }

  test('is an EventEmitter, and a class to extend', () => {
    expect(Reflect.construct(session.Store, [])).toBeInstanceOf(EventEmitter)
    expect(new SyncStore()).toBeInstanceOf(session.Store)
    expect(new session.MemoryStore()).toBeInstanceOf(session.Store)
  })

  test('may be a function that calls `Store`, as stores before classes do', async () => {
    function Old(this: InstanceType<typeof SyncStore>) {
      ;(session.Store as unknown as Function).call(this)
      Object.assign(this, { sessions: new Map() })
    }
    Object.setPrototypeOf(Old.prototype, session.Store.prototype)
    for (const verb of ['get', 'set', 'destroy'] as const)
      Old.prototype[verb] = SyncStore.prototype[verb]
    const store = new (Old as unknown as new () => SyncStore)()
    const visitor = browser(await site(session, { store }, count))
    await visitor.get()
    expect((await visitor.get()).text).toBe('2')
  })

  test('may call back at once', async () => {
    const store = new SyncStore()
    const its = await site(session, { store, unset: 'destroy' }, (req, res) => {
      if (req.url !== '/out') return count(req, res)
      req.session = null as never
      res.write('destroyed\n')
      return res.end('gone')
    })
    const visitor = browser(its)
    expect((await visitor.get()).text).toBe('1')
    expect((await visitor.get()).text).toBe('2')
    expect((await visitor.get('/out')).text).toBe('destroyed\ngone')
    expect(store.sessions.size).toBe(0)
  })

  test('is given the session, which it writes as JSON', async () => {
    stopClock()
    const store = new SyncStore()
    const { get } = await site(session, { store, cookie: { maxAge: 60_000 } }, count)
    const id = idIn(await get())
    expect(JSON.parse(store.sessions.get(id)!)).toEqual({
      n: 1,
      cookie: {
        originalMaxAge: 60_000,
        expires: new Date(T0 + 60_000).toJSON(),
        httpOnly: true,
        path: '/',
      },
    })
  })

  test('is given a session whose `cookie` says when it expires, as stores read it', async () => {
    stopClock()
    const seen: unknown[] = []
    class Reading extends SyncStore {
      override set(id: string, data: any, done?: Done) {
        const { expires, maxAge, originalMaxAge } = data.cookie
        seen.push(new Date(expires).getTime(), maxAge, originalMaxAge)
        super.set(id, data, done)
      }
    }
    const { get } = await site(session, { store: new Reading(), cookie: { maxAge: 60_000 } }, count)
    await get()
    expect(seen).toEqual([T0 + 60_000, 60_000, 60_000])
  })

  test('without `touch` is not touched', async () => {
    const store = new SyncStore()
    const set = calls(store, 'set')
    const its = await site(session, { store }, (req, res) => {
      req.session.user = 'ann'
      res.end()
    })
    const visitor = browser(its)
    await visitor.get()
    expect(await visitor.get()).toMatchObject({ status: 200 })
    expect(set()).toBe(1)
  })

  test('is `req.sessionStore`', async () => {
    const store = new session.MemoryStore()
    const { get } = await site(session, { store }, (req, res) =>
      res.end(`${req.sessionStore === store}`),
    )
    expect((await get()).text).toBe('true')
  })

  test('is a MemoryStore by default', async () => {
    const { get } = await site(session, {}, (req, res) =>
      res.end(`${req.sessionStore instanceof session.MemoryStore}`),
    )
    expect((await get()).text).toBe('true')
  })

  describe('that fails', () => {
    const failing = async (
      verb: 'get' | 'set' | 'destroy' | 'touch',
      options: object,
      respond: Respond,
    ) => {
      const store = new session.MemoryStore()
      const its = await site(session, { store, ...options }, respond)
      const visitor = browser(its)
      const fail = () => {
        store[verb] = (...args: unknown[]) => (args.at(-1) as Done)(new Error('boom!'))
      }
      return { store, its, visitor, fail }
    }

    test('to read: the error goes to `next`, before the app', async () => {
      const { its, visitor, fail } = await failing('get', {}, count)
      await visitor.get()
      fail()
      expect(await visitor.get()).toMatchObject({ status: 500, lines: [] })
      expect(its.failures.map(told)).toEqual([
        differs('store error', name, { express: 'boom!', dropIn: 'ERR_STORE_UNAVAILABLE boom!' }),
      ])
    })

    test('to save', async () => {
      const { its, visitor, fail } = await failing('set', {}, count)
      await visitor.get()
      fail()
      const statuses = differs('failed save', name, { express: 200, dropIn: 500 })
      expect((await visitor.get()).status).toBe(statuses)
      const outcome = {
        express: [['boom!'], [] as string[]],
        dropIn: [[], ['ERR_STORE_UNAVAILABLE boom!']],
      }
      // It comes after the response.
      await vi.waitFor(() =>
        expect([its.errors, its.failures.map(told)]).toEqual(differs('failed save', name, outcome)),
      )
    })

    test('to save, in `save`: the callback gets the error', async () => {
      const { visitor, fail } = await failing('set', {}, (req, res) => {
        if (req.url === '/') return count(req, res)
        req.session.x = 1
        return req.session.save((error) => res.end(told(error)))
      })
      await visitor.get()
      fail()
      const texts = { express: 'boom!', dropIn: 'ERR_STORE_UNAVAILABLE boom!' }
      expect((await visitor.get('/save')).text).toBe(differs('store error', name, texts))
    })

    test.each(['/destroy', '/null'])('to destroy: %s', async (path) => {
      const { its, visitor, fail } = await failing('destroy', { unset: 'destroy' }, (req, res) => {
        if (req.url === '/') return count(req, res)
        if (req.url === '/destroy') return req.session.destroy(() => res.end())
        req.session = null as never
        return res.end()
      })
      await visitor.get()
      fail()
      const statuses = differs('failed destroy', name, { express: 200, dropIn: 500 })
      expect((await visitor.get(path)).status).toBe(statuses)
      expect(its.failures.map(told)).toEqual(
        differs('failed destroy', name, { express: [], dropIn: ['ERR_STORE_UNAVAILABLE boom!'] }),
      )
      const left = differs('failed destroy', name, { express: 1, dropIn: 0 })
      expect(visitor.jar.size).toBe(left)
    })

    test('to touch', async () => {
      const events: string[] = []
      const onEvent = ({ type }: { type: string }) => events.push(type)
      const { its, visitor, fail } = await failing(
        'touch',
        name === 'the drop-in' ? { onEvent } : {},
        (req, res) => res.end((req.session.user = 'ann')),
      )
      await visitor.get()
      fail()
      expect(await visitor.get()).toMatchObject({ status: 200, text: 'ann' })
      const outcome = { express: [['boom!'], [] as string[]], dropIn: [[], ['touch-failed']] }
      // It comes after the response.
      await vi.waitFor(() =>
        expect([its.errors, events.filter((type) => type === 'touch-failed')]).toEqual(
          differs('failed touch', name, outcome),
        ),
      )
    })

    test('with ENOENT to read: there is no such session', async () => {
      const { visitor, store } = await failing('get', {}, count)
      const first = await visitor.get()
      store.get = (_id, done) => done(Object.assign(new Error('boom!'), { code: 'ENOENT' }))
      const second = await visitor.get()
      expect(second).toMatchObject({ status: 200, text: '1' })
      expect(idIn(second)).not.toBe(idIn(first))
    })

    test.each([null, undefined])(
      'to find a session, with %s: there is no such session',
      async (none) => {
        const { visitor, store } = await failing('get', {}, count)
        await visitor.get()
        store.get = (_id, done) => done(null, none)
        expect(await visitor.get()).toMatchObject({ status: 200, text: '1' })
      },
    )

    test('to know the session’s cookie', async () => {
      const { visitor, store } = await failing('get', {}, count)
      const id = idIn(await visitor.get())
      await new Promise((resolve) => store.set(id, { foo: 'bar' } as never, resolve))
      const { status, text } = await visitor.get()
      const answers = { express: [500, text], dropIn: [200, '1'] }
      expect([status, text]).toEqual(differs('row without cookie', name, answers))
    })
  })

  describe('that loses its connection', () => {
    test('says so: requests have no session until it is back', async () => {
      const store = new session.MemoryStore()
      const { get } = await site(session, { store, saveUninitialized: true }, (req, res) =>
        res.end(typeof req.session),
      )
      store.emit('disconnect')
      expect(await get()).toMatchObject({ status: 200, text: 'undefined', lines: [] })
      store.emit('connect')
      expect(await get()).toMatchObject({ text: 'object', lines: [expect.any(String)] })
    })
  })

  describe('in memory', () => {
    const put = (store: InstanceType<typeof session.MemoryStore>, id: string, expires?: Date) =>
      new Promise((resolve) => store.set(id, { cookie: { expires }, n: 1 } as never, resolve))
    const ask = (store: object, verb: string, ...args: unknown[]) =>
      new Promise<any>((resolve) =>
        (store as Record<string, Function>)[verb]!(...args, (error: unknown, result: unknown) =>
          resolve(error ?? result),
        ),
      )

    test('tells all sessions and how many they are, and forgets those that expired', async () => {
      const clock = stopClock()
      const store = new session.MemoryStore()
      await put(store, 'a')
      await put(store, 'b', new Date(T0 + 1000))
      expect(await ask(store, 'length')).toBe(2)
      expect(Object.keys(await ask(store, 'all')).toSorted()).toEqual(['a', 'b'])
      clock.advance(1000)
      expect(await ask(store, 'length')).toBe(1)
      expect(Object.keys(await ask(store, 'all'))).toEqual(['a'])
      expect(await ask(store, 'get', 'b')).toBeUndefined()
    })

    test('destroys one, and clears all', async () => {
      const store = new session.MemoryStore()
      for (const id of ['a', 'b', 'c']) await put(store, id)
      await ask(store, 'destroy', 'a')
      expect(await ask(store, 'length')).toBe(2)
      await ask(store, 'clear')
      expect(await ask(store, 'length')).toBe(0)
    })

    test('touches what is there, and nothing else', async () => {
      stopClock()
      const store = new session.MemoryStore()
      await put(store, 'a', new Date(T0 + 1000))
      const cookie = { expires: new Date(T0 + 5000) }
      await ask(store, 'touch', 'a', { cookie, n: 7 })
      await ask(store, 'touch', 'none', { cookie, n: 7 })
      expect(await ask(store, 'get', 'a')).toMatchObject({
        n: 1,
        cookie: { expires: cookie.expires.toJSON() },
      })
      expect(await ask(store, 'length')).toBe(1)
    })

    test('loads a Session, as a WebSocket does which has only the id', async () => {
      const store = new session.MemoryStore()
      const { get } = await site(session, { store, cookie: { maxAge: 60_000 } }, count)
      const id = idIn(await get())
      const loaded = await ask(store, 'load', id)
      expect(loaded).toMatchObject({ id, n: 1, cookie: { originalMaxAge: 60_000 } })
      expect(loaded.cookie.expires).toBeInstanceOf(Date)
      expect(await ask(store, 'load', 'none')).toBeUndefined()
      loaded.n = 7
      await ask(loaded, 'save')
      expect(await ask(store, 'get', id)).toMatchObject({ n: 7 })
    })

    test('makes a session of what was stored: `createSession`', () => {
      const store = new session.MemoryStore() as unknown as {
        createSession(req: object, data: object): any
      }
      const req: Record<string, unknown> = { sessionID: 'id', sessionStore: store }
      const expires = new Date(T0).toJSON()
      const made = store.createSession(req, { cookie: { expires, originalMaxAge: 5 }, n: 1 })
      expect(req['session']).toBe(made)
      expect(made).toMatchObject({
        id: 'id',
        n: 1,
        cookie: { expires: new Date(T0), originalMaxAge: 5 },
      })
    })

    test('regenerates the session of a request: `regenerate`', async () => {
      const store = new session.MemoryStore()
      const its = await site(session, { store }, (req, res) => {
        if (req.url === '/') return count(req, res)
        const { id } = req.session
        req.sessionStore.regenerate(req as never, () => {
          count(req, res)
          req.session.was = id
        })
        return undefined
      })
      const visitor = browser(its)
      const first = await visitor.get()
      const second = await visitor.get('/regenerate')
      expect(second.text).toBe('1')
      expect(idIn(second)).not.toBe(idIn(first))
      expect(await ask(store, 'get', idIn(first))).toBeUndefined()
    })
  })
})

/** The message; of an error of ours the code and the message of the store. */
function told(error: Error & { code?: string }): string {
  return error.code ? `${error.code} ${(error.cause as Error).message}` : error.message
}
