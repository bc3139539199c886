import { createHmac, randomBytes } from 'node:crypto'
import express from 'express'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { differs } from './deviations.ts'
import { LIBRARIES } from './libraries.ts'
import {
  browser,
  calls,
  get,
  idIn,
  type Library,
  listen,
  type Respond,
  SECRET,
  site,
} from './site.ts'

const signIn: Respond = (req, res) => {
  req.session.user ??= 'ann'
  res.end(`${req.session.user}`)
}

const show: Respond = (req, res) => res.end(`${req.session.user}`)

/** What signs a cookie: base64 of HMAC-SHA256, without padding. */
function signed(id: string, secret: string | Buffer = SECRET): string {
  return `s:${id}.${createHmac('sha256', secret).update(id).digest('base64').replace(/=+$/, '')}`
}

describe.each(LIBRARIES)('the options of %s', (name, session) => {
  describe('genid', () => {
    test('is a function, or the middleware is not made', () => {
      const genid = 'bogus' as never
      expect(() => session({ secret: SECRET, genid })).toThrow(/genid/)
    })

    test('by default makes ids that differ, of 24 random bytes', async () => {
      const { get } = await site(session, {}, signIn)
      const ids = [idIn(await get()), idIn(await get())]
      expect(new Set(ids).size).toBe(2)
      for (const id of ids) expect(id).toMatch(/^[\w-]{32}$/)
    })

    test('makes the id, and the cookie is that id with its signature', async () => {
      const { get } = await site(session, { genid: () => 'apple' }, signIn)
      expect((await get()).lines[0]).toContain(encodeURIComponent(signed('apple')))
    })

    test.each(['%', 'a b', 'a.b.c', 'ü'])('may make %j, and the cookie escapes it', async (id) => {
      const its = await site(session, { genid: () => id }, signIn)
      const visitor = browser(its)
      const { lines, cookie } = await visitor.get()
      expect(lines[0]).toMatch(/^connect\.sid=[\w%.~!*'()-]+;/)
      expect(cookie!.value).toBe(signed(id))
      expect((await visitor.get()).lines).toEqual([])
    })

    test('is given the request', async () => {
      const { get } = await site(session, { genid: (req) => req.url }, signIn)
      expect((await get('/foo')).cookie!.value).toBe(signed('/foo'))
    })
  })

  describe('name', () => {
    test('is connect.sid by default', async () => {
      const { get } = await site(session, {}, signIn)
      expect((await get()).cookie!.name).toBe('connect.sid')
    })

    test.each(['name', 'key'])('may be given as `%s`', async (option) => {
      const its = await site(session, { [option]: 'session_id' }, signIn)
      const visitor = browser(its)
      const first = await visitor.get()
      expect(first.cookie!.name).toBe('session_id')
      expect((await visitor.get()).lines).toEqual([])
    })
  })

  describe('secret', () => {
    test('is required', async () => {
      const open = async () => (await site(session, { secret: undefined as never }, signIn)).get()
      const told = open().then(({ text }) => text, String)
      const texts = { express: /^secret option required/, dropIn: /SessionError: No secret/ }
      expect(await told).toMatch(differs('no secret', name, texts))
    })

    test('may be that of cookie-parser, `req.secret`', async () => {
      const parsed: Respond = (req) => (req.secret = SECRET)
      const open = async () => {
        const its = await site(session, { secret: undefined as never }, signIn, parsed)
        const answer = await its.get()
        return answer.cookie!.value === signed(idIn(answer))
      }
      const accepted = await open().catch(() => false)
      expect(accepted).toBe(differs('no secret', name, { express: true, dropIn: false }))
    })

    test('may be one that everybody knows', () => {
      vi.stubEnv('NODE_ENV', 'production')
      onTestFinished(() => void vi.unstubAllEnvs())
      const make = () => session({ secret: 'keyboard cat', store: keptStore(session) as never })
      const outcome = told(make)
      const texts = { express: 'made', dropIn: 'ERR_SECRET_WEAK' }
      expect(outcome).toBe(differs('weak secret', name, texts))
    })

    test('may not be an empty array', () => {
      expect(() => session({ secret: [] })).toThrow(/secret/)
    })

    test('may be a Buffer', async () => {
      const secret = randomBytes(32)
      const visitor = browser(await site(session, { secret: secret as never }, signIn))
      const first = await visitor.get()
      expect(first.cookie!.value).toBe(signed(idIn(first), secret))
      expect(await visitor.get()).toMatchObject({ text: 'ann', lines: [] })
    })

    test('in an array: the first signs', async () => {
      const { get } = await site(
        session,
        { secret: [SECRET, 'an-older-secret-of-this-site'] },
        signIn,
      )
      const answer = await get()
      expect(answer.cookie!.value).toBe(signed(idIn(answer)))
    })

    test('in an array: every one verifies, so that a rotation signs nobody out', async () => {
      const store = new session.MemoryStore()
      const older = 'an-older-secret-of-this-site'
      const before = await site(session, { secret: older, store }, signIn)
      const after = await site(session, { secret: [SECRET, older], store }, show)
      const cookie = (await before.get()).lines[0]!
      expect((await after.get('/', { cookie })).text).toBe('ann')
    })

    test('that has changed: every session is a stranger', async () => {
      const store = new session.MemoryStore()
      const before = await site(session, { secret: 'an-older-secret-of-this-site', store }, signIn)
      const after = await site(session, { store }, show)
      const cookie = (await before.get()).lines[0]!
      expect((await after.get('/', { cookie })).text).toBe('undefined')
    })
  })

  describe('a cookie', () => {
    const cases: [string, (value: string) => string][] = [
      ['without its signature', (value) => value.replace(/^s%3A(.*)\.[^.]*$/, '$1')],
      ['without the mark `s:`', (value) => value.slice(4)],
      [
        'with a signature one character off',
        (value) => value.replace(/.$/, (c) => (c === 'A' ? 'B' : 'A')),
      ],
      [
        'with an id one character off',
        (value) => value.replace(/^s%3A./, (s) => (s.endsWith('A') ? 's%3AB' : 's%3AA')),
      ],
      ['with a signature cut short', (value) => value.slice(0, -1)],
      ['with an empty signature', (value) => value.replace(/\.[^.]*$/, '.')],
    ]
    test.each(cases)('%s is not accepted, and the store is not asked', async (_case, spoil) => {
      const store = new session.MemoryStore()
      const its = await site(session, { store }, signIn)
      const first = await its.get()
      const value = /^[^=]*=([^;]*)/.exec(first.lines[0]!)![1]!
      const asked = calls(store, 'get')
      const second = await its.get('/', { cookie: `connect.sid=${spoil(value)}` })
      expect(asked()).toBe(0)
      expect(idIn(second)).not.toBe(idIn(first))
    })

    test('whose session is not in the store begins a new one, under a new id', async () => {
      const store = new session.MemoryStore()
      const its = await site(session, { store }, signIn)
      const first = await its.get()
      await new Promise((resolve) => store.clear!(resolve))
      const second = await its.get('/', { cookie: first.lines[0]! })
      expect(idIn(second)).not.toBe(idIn(first))
    })
  })

  describe('resave', () => {
    const saves = async (options: object, store = new session.MemoryStore()) => {
      const visitor = browser(
        await site(session, { store, resave: undefined as never, ...options }, signIn),
      )
      await visitor.get()
      const set = calls(store, 'set')
      const touched = calls(store, 'touch')
      await visitor.get()
      return [set(), touched()]
    }

    test('true saves an unchanged session at every request', async () => {
      expect(await saves({ resave: true })).toEqual(
        differs('resave', name, { express: [1, 0], dropIn: [0, 1] }),
      )
    })

    test('is true by default', async () => {
      expect(await saves({})).toEqual(await saves({ resave: true }))
    })

    test('false does not save an unchanged session: it is touched', async () => {
      expect(await saves({ resave: false })).toEqual([0, 1])
    })

    test('false saves a changed session', async () => {
      const store = new session.MemoryStore()
      const count: Respond = (req, res) => res.end(`${(req.session.n = (req.session.n ?? 0) + 1)}`)
      const visitor = browser(await site(session, { store }, count))
      await visitor.get()
      const set = calls(store, 'set')
      expect((await visitor.get()).text).toBe('2')
      expect(set()).toBe(1)
    })

    test('false saves a change inside an object, and one of a property named `cookie` in it', async () => {
      const store = new session.MemoryStore()
      const visitor = browser(
        await site(session, { store }, (req, res) => {
          req.session.user ??= { name: 'bob', cookie: 0 }
          req.session.user.cookie++
          res.end(`${req.session.user.cookie}`)
        }),
      )
      await visitor.get()
      const set = calls(store, 'set')
      expect((await visitor.get()).text).toBe('2')
      expect(set()).toBe(1)
      expect((await visitor.get()).text).toBe('3')
    })
  })

  describe('saveUninitialized', () => {
    const untouched = async (options: object) => {
      const store = new session.MemoryStore()
      const set = calls(store, 'set')
      const { get } = await site(session, {
        store,
        saveUninitialized: undefined as never,
        ...options,
      })
      return { saved: set(), lines: (await get()).lines.length, after: set() }
    }

    test('true saves a session that holds nothing, and sends its cookie', async () => {
      expect(await untouched({ saveUninitialized: true })).toEqual({ saved: 0, lines: 1, after: 1 })
    })

    test('is true by default', async () => {
      expect(await untouched({})).toEqual({ saved: 0, lines: 1, after: 1 })
    })

    test('false neither saves it nor sends a cookie', async () => {
      expect(await untouched({ saveUninitialized: false })).toEqual({
        saved: 0,
        lines: 0,
        after: 0,
      })
    })

    test('false saves a session that was changed', async () => {
      const store = new session.MemoryStore()
      const set = calls(store, 'set')
      const { get } = await site(session, { store }, signIn)
      expect((await get()).lines).toHaveLength(1)
      expect(set()).toBe(1)
    })

    test('false does not touch a session that is not saved', async () => {
      const store = new session.MemoryStore()
      const touched = calls(store, 'touch')
      const { get } = await site(session, { store, cookie: { maxAge: 60_000 } })
      await get()
      expect(touched()).toBe(0)
    })
  })

  describe('rolling', () => {
    const second = async (options: object) => {
      const visitor = browser(await site(session, options, signIn))
      await visitor.get()
      return (await visitor.get()).lines.length
    }

    test('is false by default: an unchanged session sends no cookie again', async () => {
      expect(await second({ cookie: { maxAge: 60_000 } })).toBe(0)
    })

    test('true sends the cookie with every response', async () => {
      expect(await second({ cookie: { maxAge: 60_000 }, rolling: true })).toBe(1)
      expect(await second({ rolling: true })).toBe(1)
    })

    test('true sends none for a session that is not saved', async () => {
      const { get } = await site(session, { rolling: true })
      expect((await get()).lines).toEqual([])
    })

    test('true with saveUninitialized sends and saves it', async () => {
      const store = new session.MemoryStore()
      const set = calls(store, 'set')
      const { get } = await site(session, { store, rolling: true, saveUninitialized: true })
      expect((await get()).lines).toHaveLength(1)
      expect(set()).toBe(1)
    })
  })

  describe('unset', () => {
    /** Counts; the second request takes `req.session` away. Tells how many sessions there are then. */
    const left = async (
      options: object,
      take: Respond = (req) => (req.session = null as never),
    ) => {
      const store = new session.MemoryStore()
      const visitor = browser(
        await site(session, { store, ...options }, (req, res) => {
          req.session.count = (req.session.count ?? 0) + 1
          if (req.session.count === 2) take(req, res)
          res.end()
        }),
      )
      await visitor.get()
      await visitor.get()
      return Object.values((await all(store)) as Record<string, { count: number }>)
    }

    test('is "destroy" or "keep", or the middleware is not made', () => {
      const unset = 'bogus' as never
      expect(() => session({ secret: SECRET, unset })).toThrow(/unset/)
    })

    test('"keep", the default, keeps the stored session without the changes', async () => {
      expect(await left({})).toMatchObject([{ count: 1 }])
      expect(await left({ unset: 'keep' })).toMatchObject([{ count: 1 }])
    })

    test('"destroy" ends the session that was set to null', async () => {
      expect(await left({ unset: 'destroy' })).toEqual([])
    })

    test('"destroy" ends the session that was deleted', async () => {
      const take: Respond = (req) => delete (req as { session?: unknown }).session
      expect(await left({ unset: 'destroy' }, take)).toEqual([])
    })

    test('"destroy" of a session that was never saved', async () => {
      const store = new session.MemoryStore()
      const destroyed = calls(store, 'destroy')
      const { get } = await site(session, { store, unset: 'destroy' }, (req, res) => {
        req.session = null as never
        res.end()
      })
      await get()
      expect(destroyed()).toBe(differs('unsaved', name, { express: 1, dropIn: 0 }))
    })

    test('"destroy" sends no cookie for a new session', async () => {
      const { get } = await site(session, { unset: 'destroy' }, (req, res) => {
        req.session = null as never
        res.end()
      })
      expect((await get()).lines).toEqual([])
    })
  })

  describe('proxy', () => {
    const secure = { cookie: { secure: true } }
    const https = { 'x-forwarded-proto': 'https' }

    test('true believes X-Forwarded-Proto, and of a list the first', async () => {
      const { get } = await site(session, { ...secure, proxy: true }, signIn)
      expect((await get('/', https)).lines).toHaveLength(1)
      expect((await get('/', { 'x-forwarded-proto': 'HTTPS, http' })).lines).toHaveLength(1)
      expect((await get('/', { 'x-forwarded-proto': 'http, https' })).lines).toHaveLength(0)
      expect((await get()).lines).toHaveLength(0)
    })

    test('false believes no header, and not `req.secure`', async () => {
      const { get } = await site(session, { ...secure, proxy: false }, signIn, (req) => {
        req.secure = true
      })
      expect((await get('/', https)).lines).toHaveLength(0)
    })

    test('undefined leaves it to Express', async () => {
      const serve = async (trust: boolean) => {
        const app = express().set('trust proxy', trust)
        app.use(session({ secret: SECRET, resave: false, saveUninitialized: true, ...secure }))
        return listen(app.use((_req, res) => void res.end()))
      }
      expect((await get(await serve(true), '/', https)).lines).toHaveLength(1)
      expect((await get(await serve(true), '/')).lines).toHaveLength(0)
      expect((await get(await serve(false), '/', https)).lines).toHaveLength(0)
    })

    test('undefined, without Express, believes `req.secure`', async () => {
      const { get } = await site(session, secure, signIn, (req) => {
        req.secure = req.url === '/secure'
      })
      expect((await get('/secure')).lines).toHaveLength(1)
      expect((await get('/')).lines).toHaveLength(0)
    })
  })

  test.each([{ genid: 'bogus' }, { unset: 'bogus' }, { secret: [] }])(
    'an invalid option is a mistake of the programmer: %o',
    (option) => {
      let kind: unknown
      try {
        session({ secret: SECRET, ...option } as never)
      } catch (error) {
        kind = (error as Error).name
      }
      expect(kind).toBe(differs('messages', name, { express: 'TypeError', dropIn: 'SessionError' }))
    },
  )

  test.each([{ saveUninitialised: false }, { cookie: { maxage: 60_000 } }])(
    'an option that there is not: %o',
    (option) => {
      const outcome = told(() => session({ secret: SECRET, ...(option as object) }))
      const texts = { express: 'made', dropIn: 'ERR_OPTION_INVALID' }
      expect(outcome).toBe(differs('unknown option', name, texts))
    },
  )

  test('a session that an earlier middleware has made stays as it is', async () => {
    const { get } = await site(session, {}, signIn, (req) => (req.session = {} as never))
    expect(await get()).toMatchObject({ status: 200, text: 'ann', lines: [] })
  })
})

/** Any store but the one in memory, which prints a warning in production. */
function keptStore(session: Library): object {
  class KeptStore extends session.Store {
    get(_id: string, done: (error: unknown) => void) {
      done(null)
    }
    set() {}
    destroy() {}
  }
  return new KeptStore()
}

function told(make: () => unknown): string {
  try {
    make()
    return 'made'
  } catch (error) {
    return (error as { code: string }).code
  }
}

function all(store: { all?: (done: (error: unknown, sessions?: object | null) => void) => void }) {
  return new Promise((resolve) => store.all!((_error, sessions) => resolve(sessions)))
}
