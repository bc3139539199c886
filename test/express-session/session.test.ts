import { describe, expect, test } from 'vitest'
import { differs } from './deviations.ts'
import { LIBRARIES } from './libraries.ts'
import {
  type Answer,
  browser,
  calls,
  idIn,
  type Request,
  type Respond,
  site,
  stopClock,
  T0,
} from './site.ts'

const count: Respond = (req, res) => {
  req.session.n = (req.session.n ?? 0) + 1
  res.end(`${req.session.n}`)
}

describe.each(LIBRARIES)('req.session of %s', (name, session) => {
  test('holds what was put into it, nested objects too, at the next request', async () => {
    const its = await site(session, {}, (req, res) => {
      const before = JSON.stringify(req.session.cart)
      req.session.cart ??= { items: [] }
      req.session.cart.items.push({ name: 'tea', price: 1.5, gift: null })
      res.end(before)
    })
    const visitor = browser(its)
    await visitor.get()
    const item = { name: 'tea', price: 1.5, gift: null }
    expect(JSON.parse((await visitor.get()).text)).toEqual({ items: [item] })
    expect(JSON.parse((await visitor.get()).text)).toEqual({ items: [item, item] })
  })

  test('counts views, as in the README', async () => {
    stopClock()
    const its = await site(session, { cookie: { maxAge: 60_000 } }, (req, res) => {
      if (req.session.views) {
        req.session.views++
        res.setHeader('Content-Type', 'text/html')
        res.write(`<p>views: ${req.session.views}</p>`)
        res.write(`<p>expires in: ${req.session.cookie.maxAge! / 1000}s</p>`)
        res.end()
      } else {
        req.session.views = 1
        res.end('welcome to the session demo. refresh!')
      }
    })
    const visitor = browser(its)
    expect((await visitor.get()).text).toBe('welcome to the session demo. refresh!')
    expect((await visitor.get()).text).toBe('<p>views: 2</p><p>expires in: 60s</p>')
  })

  test('refuses a value that is nested deeper than the limit, if there is one', async () => {
    const nested = (levels: number) => JSON.parse('['.repeat(levels) + ']'.repeat(levels)) as never
    const its = await site(session, {}, (req, res) => {
      req.session.cart = nested(Number(req.url!.slice(1)))
      res.end('saved')
    })
    expect((await its.get('/60')).text).toBe('saved')
    const status = differs('nesting', name, { express: 200, dropIn: 500 })
    expect((await its.get('/80')).status).toBe(status)
  })

  test('stores what JSON stores: a Date is a string at the next request, undefined is gone', async () => {
    const its = await site(session, {}, (req, res) => {
      const shown = [req.session.at, 'gone' in req.session]
      Object.assign(req.session, { at: new Date(T0), gone: undefined })
      res.end(JSON.stringify(shown))
    })
    const visitor = browser(its)
    await visitor.get()
    expect(JSON.parse((await visitor.get()).text)).toEqual([new Date(T0).toJSON(), false])
  })

  test('forgets a deleted property', async () => {
    const its = await site(session, {}, (req, res) => {
      if (req.url === '/set') Object.assign(req.session, { a: 1, b: 2 })
      if (req.url === '/delete') delete req.session.a
      res.end(Object.keys(req.session).join())
    })
    const visitor = browser(its)
    await visitor.get('/set')
    await visitor.get('/delete')
    expect((await visitor.get()).text.split(',').toSorted()).toEqual(['b', 'cookie'])
  })

  test('enumerates the data and `cookie`, and no methods', async () => {
    const its = await site(session, {}, (req, res) => {
      const before = [Object.keys(req.session), inOf(req.session), Object.keys({ ...req.session })]
      Object.assign(req.session, { b: 1, a: 2 })
      const after = [Object.keys(req.session), inOf(req.session), Object.keys({ ...req.session })]
      res.end(JSON.stringify([before, after].map((lists) => lists.map((list) => list.toSorted()))))
    })
    const visitor = browser(its)
    const keys = ['a', 'b', 'cookie']
    expect(JSON.parse((await visitor.get()).text)).toEqual([
      [['cookie'], ['cookie'], ['cookie']],
      [keys, keys, keys],
    ])
    expect(JSON.parse((await visitor.get()).text)[0]).toEqual([keys, keys, keys])
  })

  test('as JSON is the data and `cookie`', async () => {
    const { get } = await site(session, {}, (req, res) => {
      req.session.a = { b: 1 }
      res.end(JSON.stringify(req.session))
    })
    expect(JSON.parse((await get()).text)).toEqual({
      a: { b: 1 },
      cookie: { originalMaxAge: null, expires: null, httpOnly: true, path: '/' },
    })
  })

  test('is a Session', async () => {
    const { get } = await site(session, {}, (req, res) => {
      const { Session } = session as unknown as { Session: new () => object }
      res.end(`${req.session instanceof Session}`)
    })
    expect((await get()).text).toBe('true')
  })

  test('keeps its methods where stored data has the names of these', async () => {
    const store = new session.MemoryStore()
    const its = await site(session, { store }, (req, res) => {
      count(req, res)
    })
    const visitor = browser(its)
    const id = idIn(await visitor.get())
    const data = await stored(store, id)
    await new Promise((resolve) => store.set(id, { ...data, save: 'nope' } as never, resolve))
    expect(await visitor.get()).toMatchObject({ status: 200, text: '2' })
  })

  describe('id', () => {
    test('is `req.sessionID`, is in the cookie, and stays', async () => {
      const its = await site(session, {}, (req, res) => {
        req.session.n = 1
        res.end(JSON.stringify([req.session.id, req.sessionID]))
      })
      const visitor = browser(its)
      const first = await visitor.get()
      const id = idIn(first)
      expect(JSON.parse(first.text)).toEqual([id, id])
      expect(JSON.parse((await visitor.get()).text)).toEqual([id, id])
    })

    test('cannot be changed', async () => {
      const { get } = await site(session, {}, (req, res) => {
        const { id } = req.session
        let refused = false
        try {
          ;(req.session as { id: string }).id = 'mine'
        } catch (error) {
          refused = error instanceof TypeError
        }
        res.end(`${req.session.id === id} ${refused}`)
      })
      expect((await get()).text).toBe('true true')
    })

    test('is there for a new session, before anything is saved', async () => {
      const { get } = await site(session, {}, (req, res) => res.end(req.sessionID))
      expect((await get()).text).toMatch(/^[\w-]{32}$/)
    })

    test('that is no string is not saved, and no cookie is sent', async () => {
      const store = new session.MemoryStore()
      const set = calls(store, 'set')
      const { get } = await site(session, { store }, (req, res) => {
        req.sessionID = (() => {}) as never
        req.session.n = 1
        res.end()
      })
      expect(await get()).toMatchObject({ status: 200, lines: [] })
      expect(set()).toBe(0)
    })
  })

  describe('regenerate', () => {
    const regenerate: Respond = (req, res) => {
      if (req.url !== '/login') return count(req, res)
      const { id } = req.session
      req.session.regenerate((error) => {
        const shown = [error ?? null, id === req.session.id, req.sessionID === req.session.id]
        const keys = Object.keys(req.session)
        req.session.user = 'ann'
        res.end(JSON.stringify([...shown, keys]))
      })
    }

    test('gives the visitor a new id and an empty session', async () => {
      const visitor = browser(await site(session, {}, regenerate))
      const first = await visitor.get()
      const second = await visitor.get('/login')
      expect(JSON.parse(second.text)).toEqual([null, false, true, ['cookie']])
      expect(idIn(second)).not.toBe(idIn(first))
    })

    test('ends the session of the old id in the store', async () => {
      const store = new session.MemoryStore()
      const its = await site(session, { store }, regenerate)
      const visitor = browser(its)
      const first = await visitor.get()
      const second = await visitor.get('/login')
      expect(await stored(store, idIn(first))).toBeUndefined()
      expect(await stored(store, idIn(second))).toMatchObject({ user: 'ann' })
      expect((await its.get('/', { cookie: first.lines[0]! })).text).toBe('1')
    })

    test('works on a new session too, and the cookie is that of the new id', async () => {
      const { get } = await site(session, {}, (req, res) => {
        req.session.regenerate(() => {
          req.session.user = 'ann'
          res.end(req.sessionID)
        })
      })
      const answer = await get()
      expect(idIn(answer)).toBe(answer.text)
    })

    test('saves with `resave` and `saveUninitialized` although nothing was changed', async () => {
      const its = await site(session, { resave: true, saveUninitialized: true }, (req, res) => {
        const { id } = req.session
        req.session.regenerate(() => res.end(`${req.session.id === id}`))
      })
      const visitor = browser(its)
      const first = await visitor.get()
      const second = await visitor.get()
      expect([first.text, second.text]).toEqual(['false', 'false'])
      expect(idIn(second)).not.toBe(idIn(first))
    })
  })

  describe('destroy', () => {
    const destroy: Respond = (req, res) => {
      if (req.url !== '/logout') return count(req, res)
      req.session.destroy((error) => res.end(`${error} ${req.session}`))
    }

    test('ends the session in the store, and unsets `req.session`', async () => {
      const store = new session.MemoryStore()
      const its = await site(session, { store }, destroy)
      const visitor = browser(its)
      const first = await visitor.get()
      expect((await visitor.get('/logout')).text).toBe('undefined undefined')
      expect(await stored(store, idIn(first))).toBeUndefined()
      expect((await its.get('/', { cookie: first.lines[0]! })).text).toBe('1')
    })

    test('and the cookie in the browser', async () => {
      const visitor = browser(await site(session, {}, destroy))
      await visitor.get()
      const left = differs('logout clears cookie', name, { express: 1, dropIn: 0 })
      await visitor.get('/logout')
      expect(visitor.jar.size).toBe(left)
    })

    test('of a new session sends no cookie', async () => {
      const { get } = await site(session, { saveUninitialized: true }, destroy)
      expect(await get('/logout')).toMatchObject({ status: 200, lines: [] })
    })
  })

  describe('reload', () => {
    /** `/slow` changes the session, lets another request write, and reloads. */
    const reloading = async (
      between: (req: Request, other: () => Promise<Answer>) => Promise<unknown>,
    ) => {
      const its = await site(session, { resave: false }, async (req, res) => {
        if (req.url !== '/slow') {
          req.session.seen = req.url
          return res.end()
        }
        req.session.seen = 'mine'
        await between(req, () => visitor.get('/other'))
        req.session.reload((error?: Error) => {
          res.end(`${error?.message} ${req.session.seen}`)
        })
      })
      const visitor = browser(its)
      await visitor.get('/first')
      return visitor.get('/slow')
    }

    test('reads the session again: what others wrote is seen, changes of this request are gone', async () => {
      expect((await reloading((_req, other) => other())).text).toBe('undefined /other')
    })

    test('makes a new object of the same session', async () => {
      const its = await site(session, { saveUninitialized: true }, (req, res) => {
        const before = req.session
        if (req.url === '/') return res.end()
        req.session.reload(() => {
          res.end(`${before === req.session} ${before.id === req.session.id}`)
        })
      })
      const visitor = browser(its)
      await visitor.get('/')
      expect((await visitor.get('/reload')).text).toBe('false true')
    })

    test('reports a session that is gone; the app may answer as it likes', async () => {
      const its = await site(session, { cookie: { maxAge: 60_000 } }, (req, res) => {
        if (req.url !== '/gone') return count(req, res)
        return req.sessionStore.destroy(req.sessionID, () => {
          req.session.reload((error?: Error) => res.end(`${error?.message} ${req.session.n}`))
        })
      })
      const visitor = browser(its)
      await visitor.get('/')
      expect(await visitor.get('/gone')).toMatchObject({
        status: 200,
        text: 'failed to load session 1',
      })
    })

    test('may be called again in its own callback', async () => {
      const its = await site(session, { saveUninitialized: true }, (req, res) => {
        if (req.url === '/') return res.end()
        let left = 20
        const again = (): unknown => (left-- === 0 ? res.end('done') : req.session.reload(again))
        again()
      })
      const visitor = browser(its)
      await visitor.get('/')
      expect((await visitor.get('/reload')).text).toBe('done')
    })
  })

  describe('save', () => {
    const save: Respond = (req, res) => {
      req.session.user = 'ann'
      req.session.save(async (error) => {
        res.end(JSON.stringify([error ?? null, await stored(req.sessionStore, req.sessionID)]))
      })
    }

    test('writes the session to the store before its callback', async () => {
      const { get } = await site(session, {}, save)
      expect(JSON.parse((await get()).text)).toEqual([
        null,
        expect.objectContaining({ user: 'ann' }),
      ])
    })

    test.each([true, false])(
      'is not done again at the end of the request, saveUninitialized %s',
      async (saveUninitialized) => {
        const store = new session.MemoryStore()
        const set = calls(store, 'set')
        const its = await site(session, { store, saveUninitialized, resave: true }, save)
        const visitor = browser(its)
        await visitor.get()
        expect(set()).toBe(1)
        await visitor.get()
        expect(set()).toBe(differs('save unchanged', name, { express: 2, dropIn: 1 }))
      },
    )

    test('after a reload is not done again at the end of the request', async () => {
      const store = new session.MemoryStore()
      const set = calls(store, 'set')
      const its = await site(session, { store, resave: true }, (req, res) => {
        req.session.hit = true
        req.session.reload(() => req.session.save(() => res.end('saved')))
      })
      const visitor = browser(its)
      await visitor.get()
      expect(set()).toBe(1)
      expect((await visitor.get()).text).toBe('saved')
      expect(set()).toBe(differs('save unchanged', name, { express: 2, dropIn: 1 }))
    })

    test('may be called without a callback', async () => {
      const store = new session.MemoryStore()
      const { get } = await site(session, { store }, (req, res) => {
        req.session.user = 'ann'
        req.session.save()
        res.end()
      })
      expect(await stored(store, idIn(await get()))).toMatchObject({ user: 'ann' })
    })

    test('leaves later changes to the end of the request', async () => {
      const store = new session.MemoryStore()
      const { get } = await site(session, { store }, (req, res) => {
        req.session.a = 1
        req.session.save(() => {
          req.session.b = 2
          res.end()
        })
      })
      expect(await stored(store, idIn(await get()))).toMatchObject({ a: 1, b: 2 })
    })
  })

  describe('a request that runs beside another of the visitor', () => {
    /** `/slow` changes the session, and ends once it is let. */
    const beside = async () => {
      const entered = signal()
      const let_ = signal()
      const its = await site(session, {}, async (req, res) => {
        if (req.url === '/slow') {
          entered.give()
          await let_.given
          req.session.slow = 1
        }
        if (req.url === '/fast') req.session.fast = 1
        if (req.url === '/out') return req.session.destroy(() => res.end())
        if (req.url === '/in') req.session.user = 'ann'
        return res.end(Object.keys(req.session).toSorted().join())
      })
      const visitor = browser(its)
      await visitor.get('/in')
      const cookie = [...visitor.jar].map((pair) => pair.join('=')).join()
      const slow = its.get('/slow', { cookie })
      await entered.given
      return { visitor, cookie, its, slow, finish: () => (let_.give(), slow) }
    }

    test('and changes another key', async () => {
      const { visitor, finish } = await beside()
      await visitor.get('/fast')
      await finish()
      const keys = differs('parallel requests', name, {
        express: 'cookie,slow,user',
        dropIn: 'cookie,fast,slow,user',
      })
      expect((await visitor.get('/')).text).toBe(keys)
    })

    test('which signs out meanwhile', async () => {
      const { its, visitor, cookie, finish } = await beside()
      await visitor.get('/out')
      const statuses = differs('slow request', name, { express: 200, dropIn: 500 })
      expect((await finish()).status).toBe(statuses)
      const keys = differs('slow request', name, { express: 'cookie,slow,user', dropIn: 'cookie' })
      expect((await its.get('/', { cookie })).text).toBe(keys)
      expect(its.failures.map(({ code }) => code)).toEqual(
        differs('slow request', name, { express: [], dropIn: ['ERR_SESSION_GONE'] }),
      )
    })
  })

  test('its methods, without a callback, return a promise', async () => {
    const { get } = await site(session, {}, async (req, res) => {
      const { session } = req
      session.n = 1
      res.end(`${(session.save() as unknown) instanceof Promise}`)
    })
    expect((await get()).text).toBe(differs('promise', name, { express: 'false', dropIn: 'true' }))
  })

  describe('touch', () => {
    test('begins the time of the cookie anew', async () => {
      const clock = stopClock()
      const its = await site(session, { cookie: { maxAge: 60_000 } }, (req, res) => {
        if (req.url === '/') return count(req, res)
        const before = req.session.cookie.maxAge
        const it = req.session.touch()
        res.end(JSON.stringify([before, req.session.cookie.maxAge, it === req.session]))
      })
      const visitor = browser(its)
      await visitor.get()
      clock.advance(20_000)
      expect(JSON.parse((await visitor.get('/touch')).text)).toEqual([40_000, 60_000, true])
    })

    test('is done by the middleware: the stored expiry moves with each request', async () => {
      const clock = stopClock()
      const store = new session.MemoryStore()
      const its = await site(session, { store, cookie: { maxAge: 60_000 } }, (req, res) => {
        req.session.user = 'ann'
        res.end()
      })
      const visitor = browser(its)
      const id = idIn(await visitor.get())
      const expiry = async () => (await stored(store, id))!.cookie.expires
      expect(await expiry()).toBe(new Date(T0 + 60_000).toJSON())
      clock.advance(20_000)
      await visitor.get()
      expect(await expiry()).toBe(new Date(T0 + 80_000).toJSON())
    })

    test('keeps an active visitor: without a visit the session expires', async () => {
      const clock = stopClock()
      const store = new session.MemoryStore()
      const its = await site(session, { store, cookie: { maxAge: 60_000 } }, count)
      const visitor = browser(its)
      const first = await visitor.get()
      clock.advance(50_000)
      expect((await visitor.get()).text).toBe('2')
      clock.advance(50_000)
      expect((await visitor.get()).text).toBe('3')
      clock.advance(60_000)
      const late = await its.get('/', { cookie: first.lines[0]! })
      expect(late.text).toBe('1')
      expect(idIn(late)).not.toBe(idIn(first))
      expect(await stored(store, idIn(first))).toBeUndefined()
    })

    test('changes no other data of the store than the cookie', async () => {
      const store = new session.MemoryStore()
      const its = await site(session, { store, cookie: { maxAge: 60_000 } }, (req, res) => {
        req.session.user = 'ann'
        res.end()
      })
      const visitor = browser(its)
      const id = idIn(await visitor.get())
      await visitor.get()
      expect(Object.keys((await stored(store, id))!).toSorted()).toEqual(['cookie', 'user'])
    })
  })
})

function signal() {
  let give = () => {}
  const given = new Promise<void>((resolve) => (give = resolve))
  return { given, give: () => give() }
}

function inOf(object: object): string[] {
  const keys: string[] = []
  for (const key in object) keys.push(key)
  return keys
}

interface Data {
  readonly cookie: { readonly expires?: string }
  readonly [key: string]: unknown
}

function stored(store: { get: Function }, id: string): Promise<Data | undefined> {
  return new Promise((resolve) => store.get(id, (_error: unknown, data: Data) => resolve(data)))
}
