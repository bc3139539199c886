/** The inspector at its edges: large and hostile data, other formats, stores that are away, every kind of app. */

import { getConnInfo } from '@hono/node-server/conninfo'
import { getRequestListener } from '@hono/node-server'
import express from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import Koa from 'koa'
import { describe, expect, test } from 'vitest'
import { sessionMiddleware } from '../../src/adapters/express.ts'
import { sessionPlugin } from '../../src/adapters/fastify.ts'
import { sessionMiddleware as honoSessions } from '../../src/adapters/hono.ts'
import { sessionMiddleware as koaSessions } from '../../src/adapters/koa.ts'
import { inspector } from '../../src/devtools/devtools.ts'
import { flask } from '../../src/flask/flask.ts'
import { formerly } from '../../src/formerly/formerly.ts'
import { createSessions, type StoredSessions } from '../../src/index.ts'
import { memoryStore } from '../../src/stores/memory/memory.ts'
import { storeOf, through } from '../promises/stores.ts'
import { appWith, consoleOfTest, inspectorAt, OLD_SECRET, SECRET, served, T0 } from './app.ts'

const titles = (state: { timeline: { title: string }[] }) =>
  state.timeline.map(({ title }) => title)

describe('what is pasted', () => {
  test('and longer than 64 kB is refused with a sentence, by Node and by Fetch', async () => {
    const app = await appWith()
    const { token } = await app.state()
    const body = JSON.stringify({ token, text: 'a'.repeat(70_000) })
    const answer = await app.ask('/__sessions/explain', { method: 'POST', body })
    expect(answer.status).toBe(413)
    expect(JSON.parse(answer.body)).toEqual({
      error:
        'That is longer than 64 kB. Paste one cookie or one header: browsers store at most 4096 bytes of a cookie.',
    })
    const request = new Request('http://localhost/__sessions/explain', { method: 'POST', body })
    const response = await inspector(app.sessions).fetch(request, '127.0.0.1')
    expect(response!.status).toBe(413)
  })

  test('as a bare value is taken for the session cookie, whatever that is called', async () => {
    const app = await appWith({ cookie: { name: 'shop' } })
    const { cookie } = await app.ask('/write')
    const [explained] = await app.explain(cookie!.split('=')[1]!)
    expect(explained).toMatchObject({ name: 'shop', format: 'sojourn', verified: true })
    expect(explained!.verdict).toEqual(['The session is valid.'])
  })

  test('under another name is not read by this app', async () => {
    const app = await appWith()
    const [explained] = await app.explain('Cookie: theme=dark')
    expect(explained!.verdict).toEqual([
      'This app reads no session from it: the cookie has another name.',
    ])
  })

  test('without the secret says how to have it checked here, and not on the command line', async () => {
    const app = await appWith({}, { inspect: {} })
    const { cookie } = await app.ask('/write')
    const [explained] = await app.explain(cookie!)
    expect(explained!.verification).toMatch(/inspector\(sessions, \{ secret \}\)/)
    expect(explained!.verdict).toEqual(['The session is valid.'])
  })

  test('of an app with an audience is not said to be forged', async () => {
    const app = await appWith({ audience: 'shop' })
    const { cookie } = await app.ask('/write')
    const [explained] = await app.explain(cookie!)
    expect(explained).toMatchObject({ verified: null, verdict: ['The session is valid.'] })
    expect((await app.state(cookie)).cookies[0]!.verification).toMatch(/audience/)
  })

  test('is opened for at most twenty cookies', async () => {
    const app = await appWith()
    const many = Array.from({ length: 500 }, (_, at) => `c${at}=1`).join('; ')
    expect(await app.explain(`Cookie: ${many}`)).toHaveLength(20)
  })

  test('is not in the timeline of the app', async () => {
    const app = await appWith()
    await app.explain('session=hello')
    expect((await app.state()).timeline).toEqual([])
  })
})

describe('the data of a session', () => {
  const withData = async (data: Record<string, unknown>) => {
    const store = memoryStore({ clock: () => T0 })
    const app = await appWith(
      { store },
      {
        routes(at, sessions) {
          at.get('/fill', async (req, res) => {
            const session = await sessions.get(req)
            for (const [key, value] of Object.entries(data)) session.set(key, value)
            res.send('ok')
          })
        },
      },
    )
    const { cookie } = await app.ask('/fill')
    return app.state(cookie)
  }

  test('bytes are shown as bytes with their length, inside of values, too', async () => {
    const { keys } = await withData({
      avatar: new Uint8Array([1, 2, 255]),
      nested: { key: new Uint8Array([7]) },
      long: new Uint8Array(1000),
    })
    expect(keys).toEqual([
      { key: 'avatar', type: '3 bytes', bytes: 6, value: '01 02 ff' },
      { key: 'nested', type: 'Object', bytes: 14, value: '{"key":"07"}' },
      { key: 'long', type: '1000 bytes', bytes: 1338, value: `${'00 '.repeat(32)}…` },
    ])
  })

  test('a large session shows its two hundred largest keys, and the start of each value', async () => {
    const many = Object.fromEntries(Array.from({ length: 1000 }, (_, at) => [`k${at}`, at]))
    const { keys, keyCount } = await withData({ ...many, large: 'x'.repeat(50_000) })
    expect([keys.length, keyCount]).toEqual([200, 1001])
    expect(keys[0]).toMatchObject({ key: 'large', bytes: 50_002 })
    expect(keys[0]!.value.length).toBeLessThan(500)
  })

  test('names and values with control characters, overrides of direction and markup are text on one line', async () => {
    const { keys } = await withData({
      'a\u202eb\u001b[31m': '<script>alert(1)</script>\u2066\u0007',
      ['k'.repeat(5000)]: 'שלום',
    })
    expect(keys).toMatchObject([
      { key: 'a\\u202eb\\u001b[31m', value: '"<script>alert(1)</script>\\u2066\\u0007"' },
      { key: `${'k'.repeat(100)}…`, value: '"שלום"' },
    ])
  })
})

describe('the sessions of a user', () => {
  test('a hundred are listed, with labels that anybody may have written', async () => {
    const store = memoryStore({ clock: () => T0 })
    const app = await appWith(
      { store },
      {
        routes(at, sessions) {
          at.get('/device', async (req, res) => {
            const session = await sessions.get(req)
            session.label = String(req.query['label'])
            session.login('ada')
            res.send('ok')
          })
        },
      },
    )
    for (let device = 0; device < 99; device++) await app.ask(`/device?label=device-${device}`)
    const label = encodeURIComponent(`<b>\u202e${'l'.repeat(300)}`)
    const { cookie } = await app.ask(`/device?label=${label}`)
    const { others, label: own } = await app.state(cookie)
    expect(others).toHaveLength(100)
    expect(own).toMatch(/^<b>\\u202el{96}…$/)
    expect(others.find(({ isCurrent }) => isCurrent)!.label).toBe(own)
    const { handle } = others.find(({ isCurrent }) => !isCurrent)!
    const answer = await app.act('revoke', { userId: 'ada', handle })
    expect(JSON.parse(answer.body)).toEqual({ existed: true })
    expect((await app.state(cookie)).others).toHaveLength(99)
  })
})

describe('with a store that is unavailable', () => {
  test('the page says so, with what to do, and shows the cookie all the same', async () => {
    consoleOfTest()
    let isAway = false
    const { store } = await storeOf('SQLite', () => T0)
    const away = through(store, async (_verb, _args, call) => {
      if (isAway) throw new Error('ECONNREFUSED')
      return call()
    })
    const app = await appWith({ store: away })
    const { cookie } = await app.ask('/login')
    isAway = true
    const state = await app.state(cookie)
    expect(state).toMatchObject({
      outcome: 'failed',
      says: 'The session could not be opened (ERR_STORE_UNAVAILABLE). No visitor became anonymous by that.',
      warnings: [expect.stringMatching(/^The store did not read: .*Try again shortly/)],
      keys: [],
      others: [],
    })
    expect(state.cookies).toMatchObject([{ format: 'sojourn-id', verified: true }])
    const answer = await app.act('revoke', { userId: 'ada', handle: 'A'.repeat(22) })
    expect(answer.status).toBe(503)
    expect(JSON.parse(answer.body).error).toMatch(/^The store did not .*Try again shortly/)
  })
})

describe('cookies of other formats', () => {
  test("Flask's, under its preset, are read and verified", async () => {
    const app = await appWith({ ...(flask({ SECRET_KEY: SECRET }) as object) })
    const { cookie } = await app.ask('/write')
    const state = await app.state(cookie)
    expect(state).toMatchObject({ outcome: 'valid', keys: [{ key: 'visits', value: '1' }] })
    expect(state.cookies).toMatchObject([{ format: 'flask', verified: true }])
  })

  test('encrypted ones are opened with the secret, and the page never has their text', async () => {
    const app = await appWith({ encrypt: true })
    const { cookie } = await app.ask('/write')
    const state = await app.state(cookie)
    expect(state.cookies).toMatchObject([{ format: 'sojourn-encrypted', verified: true }])
    expect(state.cookies[0]!.payloads.map(({ label }) => label)).toEqual(['meta', 'data'])
    expect(JSON.stringify(state)).not.toContain(cookie!.split('=')[1])
  })

  test('a former session is shown as what it is, and the next request moves it', async () => {
    const before = await appWith({ secret: OLD_SECRET, cookie: { name: 'old' } })
    const { cookie } = await before.ask('/write')
    const app = await appWith({
      formerly: formerly({
        sessions: { secret: OLD_SECRET, cookie: { name: 'old' } },
        until: new Date(T0 + 86_400_000),
      }),
    })
    const state = await app.state(cookie)
    expect([state.says, state.keys.map(({ key }) => key)]).toEqual([
      'The session is one of a former side (option formerly). The next request that uses the session moves it here.',
      ['visits'],
    ])
    await app.ask('/', { headers: { cookie: cookie! } })
    expect(titles(await app.state())).toContain('moved')
  })
})

describe('what signs a visitor in', () => {
  test.each([
    ['a stored session', { store: memoryStore({ clock: () => T0 }) }, [1, 2]],
    ['a signed cookie', {}, [2]],
  ])(
    'is not on the page, where a script of the app could read it: %s',
    async (_, options, parts) => {
      const app = await appWith(options)
      const { cookie } = await app.ask('/write')
      const pieces = cookie!.split('=')[1]!.split('.')
      const told = JSON.stringify([await app.state(cookie), await app.explain(cookie!)])
      for (const part of parts) expect(told).not.toContain(pieces[part]!.slice(0, -1))
      expect(told).toContain(pieces[0]!.slice(0, 4))
    },
  )
})

describe('the inspector is at its place', () => {
  test('twice in one app, each with the sessions it was given', async () => {
    const shop = createSessions<any>({ secret: SECRET, cookie: { name: 'shop' } })
    const admin = createSessions<any>({ secret: SECRET, cookie: { name: 'admin' } })
    const app = express()
    app.use(inspector(shop), inspector(admin, { path: '/__admin' }))
    app.use(sessionMiddleware(shop), sessionMiddleware(admin))
    app.get('/shop', async (req, res) => {
      const session = await shop.get(req)
      session.set('cart', 1)
      res.send('ok')
    })
    const { ask, state } = await served(app)
    const { cookie } = await ask('/shop')
    const of = inspectorAt(ask, '/__admin')
    expect((await state(cookie)).keys).toMatchObject([{ key: 'cart' }])
    expect(titles(await state())).toContain('created')
    expect(await of.state(cookie)).toMatchObject({ outcome: 'none', timeline: [] })
  })

  test('in a router that is mounted at a prefix, and with a slash at its end', async () => {
    const sessions = createSessions<any>({ secret: SECRET })
    const router = express.Router().use(inspector(sessions))
    const { ask } = await served(express().use('/admin', router))
    for (const path of ['/admin/__sessions', '/admin/__sessions/']) {
      const page = await ask(path)
      expect([page.status, page.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8'])
    }
    expect((await inspectorAt(ask, '/admin/__sessions').state()).outcome).toBe('none')
    const named = inspector(sessions, { path: '/debug/sessions' })
    const { ask: other } = await served(express().use('/debug/sessions', named))
    expect((await inspectorAt(other, '/debug/sessions').state()).outcome).toBe('none')
  })
})

describe('in front of an app of', () => {
  const sessionsOfTest = () => createSessions<any>({ secret: SECRET, store: memoryStore() })

  async function expectShown({ ask, state, act }: Awaited<ReturnType<typeof served>>) {
    const { cookie } = await ask('/login')
    const { userId, handle, timeline } = await state(cookie)
    expect(userId).toBe('ada')
    const expected = ['open: none', 'login', 'created', 'commit: saved']
    expect(titles({ timeline })).toEqual(expect.arrayContaining(expected))
    const answer = await act('revoke', { userId, handle })
    expect(JSON.parse(answer.body)).toEqual({ existed: true })
    expect((await ask('/elsewhere')).status).toBe(404)
  }

  test('Hono', async () => {
    const sessions: StoredSessions<any> = sessionsOfTest()
    const inspect = inspector(sessions)
    const app = new Hono()
    app.use(async (c, next) => {
      const response = await inspect.fetch(c.req.raw, getConnInfo(c).remote.address)
      if (response) return response
      return next()
    })
    app.use(honoSessions(sessions))
    app.get('/login', async (c) => {
      const session = await sessions.get(c.req.raw)
      session.login('ada')
      return c.text('ok')
    })
    await expectShown(await served(getRequestListener(app.fetch)))
  })

  test('Fastify', async () => {
    const sessions = sessionsOfTest()
    const inspect = inspector(sessions)
    const app = fastify()
    app.addHook('onRequest', (request, reply, done) => inspect(request.raw, reply.raw, done))
    await app.register(sessionPlugin, { sessions })
    app.get('/login', async (request) => {
      const session = await sessions.get(request)
      session.login('ada')
      return 'ok'
    })
    await app.ready()
    await expectShown(await served((req, res) => app.routing(req, res)))
  })

  test('Koa', async () => {
    const sessions = sessionsOfTest()
    const inspect = inspector(sessions)
    const app = new Koa()
    app.use(koaSessions(sessions))
    app.use(async (ctx) => {
      if (ctx.path !== '/login') return
      const session = await sessions.get(ctx)
      session.login('ada')
      ctx.body = 'ok'
    })
    const handle = app.callback()
    await expectShown(await served((req, res) => inspect(req, res, () => void handle(req, res))))
  })
})
