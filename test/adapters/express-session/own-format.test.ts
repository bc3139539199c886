/** The drop-in in our own format: what it adds, and what it holds to express-session's ways. */

import express from 'express'
import { onTestFinished, describe, expect, test } from 'vitest'
import { fakeClock } from 'sojourn/testing'
import session from 'sojourn/express-session'
import { memoryStore } from 'sojourn/stores/memory'
import type { StoredSessions } from 'sojourn'
import { startSite, visitorOf } from './site.ts'

const SAID = {
  secret: 'an evening walk by the quiet harbour',
  resave: false,
  saveUninitialized: false,
}

const MINUTE = 60_000

/** A site whose page `/do/NAME` runs one of the steps on `req.session`. */
async function site(options: object, steps: Record<string, (req: any) => unknown> = {}) {
  const middleware = session({ ...SAID, ...options })
  const started = await startSite((app) => {
    app.use(middleware)
    app.get('/do/:name', async (req: any, res) => {
      await steps[req.params.name]!(req)
      res.json({ id: req.sessionID })
    })
    app.get('/look', (req: any, res) => {
      res.json({ id: req.sessionID, data: { ...req.session, cookie: undefined } })
    })
  })
  onTestFinished(() => started.stop())
  return { ...started, sessions: middleware.sessions as StoredSessions }
}

describe('who is signed in', () => {
  const steps = {
    login: async (req: any) => {
      await req.session.regenerate()
      req.session.passport = { user: 42 }
    },
    logout: async (req: any) => {
      delete req.session.passport
      await req.session.save()
    },
    theme: (req: any) => void (req.session.theme = 'dark'),
  }

  test('a user id that Passport puts into req.session signs in the session underneath', async () => {
    const { visitor, sessions } = await site({ store: memoryStore() }, steps)
    const [ann, bob] = [visitor(), visitor()]
    await ann.get('/do/login')
    await bob.get('/do/login')
    expect(await sessions.list('42')).toHaveLength(2)
    await sessions.revokeUser('42')
    expect((await ann.get('/look')).json.data).toEqual({})
    expect((await bob.get('/look')).json.data).toEqual({})
  })

  test('removing it signs out, ends the session of before, and preserves the other data', async () => {
    const { url, visitor, sessions } = await site({ store: memoryStore() }, steps)
    const ann = visitor()
    await ann.get('/do/login')
    await ann.get('/do/theme')
    const stolen = new Map(ann.cookies)
    await ann.get('/do/logout')
    expect(await sessions.list('42')).toEqual([])
    expect((await ann.get('/look')).json.data).toEqual({ theme: 'dark' })
    expect((await visitorOf(url, stolen).get('/look')).json.data).toEqual({})
  })

  test('the option userId names another place, and false none', async () => {
    const put = { login: (req: any) => void (req.session.user = { id: 'ann' }) }
    const one = await site({ store: memoryStore(), userId: 'user.id' }, put)
    await one.visitor().get('/do/login')
    expect(await one.sessions.list('ann')).toHaveLength(1)
    const none = await site({ store: memoryStore(), userId: false }, steps)
    await none.visitor().get('/do/login')
    expect(await none.sessions.list('42')).toEqual([])
  })
})

describe('req.sessionID', () => {
  test('is a label that stays, and no cookie can be made of it', async () => {
    const steps = { set: (req: any) => void (req.session.a = 1) }
    const { url, visitor } = await site({ store: memoryStore(), name: 'sid' }, steps)
    const ann = visitor()
    const { id } = (await ann.get('/do/set')).json
    expect((await ann.get('/look')).json.id).toBe(id)
    expect(ann.cookies.get('sid')).not.toContain(id)
    const forged = visitorOf(url, new Map([['sid', id as string]]))
    expect((await forged.get('/look')).json.data).toEqual({})
  })

  test('may be made by genid, and is another after regenerate', async () => {
    let count = 0
    const steps = {
      set: (req: any) => void (req.session.a = 1),
      again: async (req: any) => {
        await req.session.regenerate()
        req.session.b = 1
      },
    }
    const { visitor } = await site({ store: 'cookie', genid: () => `label-${++count}` }, steps)
    const ann = visitor()
    expect((await ann.get('/do/set')).json.id).toBe('label-1')
    expect((await ann.get('/do/again')).json.id).toBe('label-2')
    expect((await ann.get('/look')).json).toEqual({ id: 'label-2', data: { b: 1 } })
  })
})

describe('how long a session lasts', () => {
  const steps = {
    set: (req: any) => void (req.session.a = 1),
    short: (req: any) => void (req.session.cookie.maxAge = 60_000),
    long: (req: any) => void (req.session.cookie.maxAge = 30 * 86_400_000),
    closing: (req: any) => void (req.session.cookie.expires = false),
  }
  const hour = { cookie: { maxAge: 3_600_000 } }

  test.each<[string, () => unknown]>([
    ['a store', () => memoryStore()],
    ['the cookie', () => 'cookie'],
  ])(
    'in %s the server enforces cookie.maxAge, counted from the last visit',
    async (_where, store) => {
      const clock = fakeClock()
      const { visitor } = await site({ ...hour, store: store(), clock }, steps)
      const ann = visitor()
      const { setCookie } = await ann.get('/do/set')
      expect(setCookie[0]).toMatch(/; Expires=/)
      clock.advance(50 * MINUTE)
      expect((await ann.get('/look')).json.data).toEqual({ a: 1 })
      clock.advance(50 * MINUTE)
      expect((await ann.get('/look')).json.data).toEqual({ a: 1 })
      clock.advance(61 * MINUTE)
      expect((await ann.get('/look')).json.data).toEqual({})
    },
  )

  test.each<[string, () => unknown]>([
    ['a store', () => memoryStore()],
    ['the cookie', () => 'cookie'],
  ])('in %s one session may be shorter or longer than the others', async (_where, store) => {
    const clock = fakeClock()
    const { visitor } = await site({ ...hour, store: store(), clock }, steps)
    const [short, long] = [visitor(), visitor()]
    await short.get('/do/set')
    await long.get('/do/set')
    expect((await short.get('/do/short')).setCookie).toHaveLength(1)
    expect((await long.get('/do/long')).setCookie).toHaveLength(1)
    clock.advance(2 * MINUTE)
    expect((await short.get('/look')).json.data).toEqual({})
    clock.advance(29 * 24 * 60 * MINUTE)
    expect((await long.get('/look')).json.data).toEqual({ a: 1 })
    clock.advance(31 * 24 * 60 * MINUTE)
    expect((await long.get('/look')).json.data).toEqual({})
  })

  test('a session can be made to end with the browser', async () => {
    const { visitor } = await site({ ...hour, store: memoryStore() }, steps)
    const ann = visitor()
    await ann.get('/do/set')
    const { setCookie } = await ann.get('/do/closing')
    expect(setCookie).toHaveLength(1)
    expect(setCookie[0]).not.toMatch(/expires|max-age/i)
  })
})

test('a row of a session is not readable with encrypt, and the drop-in reads it', async () => {
  const store = memoryStore()
  const { visitor } = await site(
    { store, encrypt: true },
    { set: (req: any) => void (req.session.word = 'harbour-light') },
  )
  const ann = visitor()
  await ann.get('/do/set')
  expect((await ann.get('/look')).json.data).toEqual({ word: 'harbour-light' })
})

test("our own API works on the request's session, and both see what the other has saved", async () => {
  const middleware = session({ ...SAID, store: memoryStore() })
  const started = await startSite((app) => {
    app.use(middleware)
    app.get('/both', async (req: any, res) => {
      const own = await middleware.sessions.get(req)
      own.update('visits', (visits = 0) => visits + 1)
      req.session.name = 'ann'
      res.json({})
    })
    app.get('/look', async (req: any, res) => {
      const own = await middleware.sessions.get(req)
      res.json({ bag: { ...req.session, cookie: undefined }, name: own.get('name') })
    })
  })
  onTestFinished(() => started.stop())
  const ann = started.visitor()
  await ann.get('/both')
  await ann.get('/both')
  expect((await ann.get('/look')).json).toEqual({ bag: { visits: 2, name: 'ann' }, name: 'ann' })
})

test.each([
  ['our memory store', () => ({ store: memoryStore() })],
  ["a store of express-session's shape", () => ({})],
])(
  'on %s save() of a session that has ended fails, and does not begin it again',
  async (_where, more) => {
    const steps = {
      set: (req: any) => void (req.session.a = 1),
      again: async (req: any) => {
        const { session: ended } = req
        await ended.destroy()
        await expect(ended.save()).rejects.toMatchObject({ code: 'ERR_SESSION_GONE' })
      },
      other: async (req: any) => {
        const { session: ended } = req
        await ended.regenerate()
        await expect(ended.save()).rejects.toMatchObject({ code: 'ERR_SESSION_GONE' })
      },
    }
    const { url, visitor } = await site(more(), steps)
    for (const step of ['again', 'other']) {
      const ann = visitor()
      await ann.get('/do/set')
      const before = new Map(ann.cookies)
      expect((await ann.get(`/do/${step}`)).status).toBe(200)
      expect((await visitorOf(url, before).get('/look')).json.data).toEqual({})
    }
  },
)

test('a redirect arrives only when the session is saved', async () => {
  const held: (() => void)[] = []
  class SlowStore extends session.MemoryStore {
    override set(id: string, data: unknown, done?: () => void): void {
      super.set(id, data, () => void held.push(() => done?.()))
    }
  }
  const started = await startSite((app) => {
    app.use(session({ ...SAID, store: new SlowStore() }))
    app.use(express.urlencoded({ extended: false }))
    app.post('/login', (req: any, res) => {
      req.session.user = 'ann'
      res.redirect('/')
    })
  })
  onTestFinished(() => started.stop())
  let status = 0
  const login = started
    .visitor()
    .post('/login', {})
    .then((page) => (status = page.status))
  while (held.length === 0) await new Promise((resolve) => setImmediate(resolve))
  expect(status).toBe(0)
  held[0]!()
  await login
  expect(status).toBe(302)
})

test.each([
  ['our memory store', () => ({ store: memoryStore() })],
  ["a store of express-session's shape", () => ({})],
])(
  'on %s a change after the first byte is saved before the response ends',
  async (_where, more) => {
    const started = await startSite((app) => {
      app.use(session({ ...SAID, ...more() }))
      app.get('/begin', (req: any, res) => {
        req.session.begun = true
        res.json({})
      })
      app.get('/stream', (req: any, res) => {
        res.write('a')
        req.session.late = true
        res.end('b')
      })
      app.get('/leave', (req: any, res) => {
        res.write('a')
        req.session.destroy((error: unknown) => res.end(error ? 'failed' : 'left'))
      })
      app.get('/look', (req: any, res) => res.json({ ...req.session, cookie: undefined }))
    })
    onTestFinished(() => started.stop())
    const ann = started.visitor()
    await ann.get('/begin')
    expect((await ann.get('/stream')).text).toBe('ab')
    expect((await ann.get('/look')).json).toEqual({ begun: true, late: true })
    expect((await ann.get('/leave')).text).toBe('aleft')
    expect((await ann.get('/look')).json).toEqual({})
  },
)
