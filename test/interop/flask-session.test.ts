/** A running Flask with Flask-Session beside a Sojourn app: one session in one Redis, both ways. */

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sessionMiddleware } from '../../src/adapters/express.ts'
import { flaskSession } from '../../src/flask/session/flask-session.ts'
import { createSessions } from '../../src/index.ts'
import { startFlask } from './python-flask.ts'

const SECRET = 'flask-session-5f1e8b40c2d97a63'

describe.each([
  { format: 'msgpack', signs: false },
  { format: 'json', signs: true },
] as const)('Flask-Session beside this library, in $format', ({ format, signs }) => {
  const prefix = `beside-${format}-${process.pid}:`
  let client: Redis
  let python: { url: string; stop(): void }
  let ours: string
  let close: () => void

  beforeAll(async () => {
    client = new Redis(process.env['REDIS_URL']!)
    python = await startFlask(SECRET, 'flask_session_app.py', {
      REDIS_URL: process.env['REDIS_URL']!,
      KEY_PREFIX: prefix,
      FORMAT: format,
      USE_SIGNER: signs ? '1' : '0',
    })
    const sessions = createSessions(
      flaskSession({
        SECRET_KEY: SECRET,
        SESSION_REDIS: client,
        SESSION_KEY_PREFIX: prefix,
        SESSION_SERIALIZATION_FORMAT: format,
        SESSION_USE_SIGNER: signs,
      }),
    )
    const app = express()
    app.use(express.json(), sessionMiddleware(sessions))
    app.get('/data', async (req, res) => {
      const session = await sessions.get(req)
      const data = [...session.keys()].map((key) => [key, session.get(key)] as const)
      res
        .type('json')
        .send(
          JSON.stringify(Object.fromEntries(data), (_, value: unknown) =>
            typeof value === 'bigint' ? `${value}n` : value,
          ),
        )
    })
    app.get('/me', async (req, res) => {
      res.json({ user: (await sessions.get(req)).userId ?? null })
    })
    app.post('/login/:user', async (req, res) => {
      ;(await sessions.get(req)).login(req.params.user)
      res.send('in')
    })
    app.post('/logout', async (req, res) => {
      ;(await sessions.get(req)).logout()
      res.send('out')
    })
    app.post('/set', async (req, res) => {
      const session = await sessions.get(req)
      for (const [key, value] of Object.entries(req.body as object)) session.set(key, value)
      res.send('ok')
    })
    app.post('/add/:key', async (req, res) => {
      const session = await sessions.get(req)
      session.update(req.params.key, (n: number = 0) => n + 1)
      res.send('ok')
    })
    app.post('/flash/:text', async (req, res) => {
      ;(await sessions.get(req)).flash(req.params.text, 'info')
      res.send('ok')
    })
    app.get('/flashed', async (req, res) => {
      const flashes = (await sessions.get(req)).flashes()
      res.json(flashes.map(({ category, message }) => [category, String(message)]))
    })
    app.post('/clear', async (req, res) => {
      ;(await sessions.get(req)).clear()
      res.send('ok')
    })
    const server = createServer(app)
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
    ours = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    close = () => server.close()
  })
  afterAll(async () => {
    python?.stop()
    close?.()
    await client?.quit()
  })

  /** One browser: cookies do not know ports, so both apps get the same ones. */
  function visitor() {
    const cookies = new Map<string, string>()
    const go = async (url: string, method = 'GET', body?: unknown): Promise<any> => {
      const response = await fetch(url, {
        method,
        headers: {
          'user-agent': 'one browser',
          cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      for (const line of response.headers.getSetCookie()) {
        const [name = '', value = ''] = line.split(';')[0]!.split(/=(.*)/s)
        if (value === '') cookies.delete(name)
        else cookies.set(name, value)
      }
      expect(response.status).toBe(200)
      const text = await response.text()
      return /^[[{]/.test(text) ? JSON.parse(text) : text
    }
    return { go, cookie: () => cookies.get('session') }
  }

  it('a session that Flask begins is read, changed, and read by Flask again, types and all', async () => {
    const { go } = visitor()
    await go(`${python.url}/python`, 'POST')
    expect(await go(`${ours}/data`)).toEqual({
      _permanent: true,
      float: 1,
      big: '9007199254740993n',
      list: [1, null, true, { 1: 2, a: 0 }],
      name: 'é😀',
    })
    await go(`${ours}/set`, 'POST', { name: 'ü', whole: 3, half: 0.5, cart: ['tea'] })
    expect(await go(`${python.url}/types`)).toEqual({
      _permanent: 'True',
      float: '1.0',
      big: '9007199254740993',
      list: "[1, None, True, {'1': 2.0, 'a': -0.0}]",
      name: "'ü'",
      whole: '3',
      half: '0.5',
      cart: "['tea']",
    })
  })

  it('a session that we begin is read, changed, and read by us again', async () => {
    const { go, cookie } = visitor()
    await go(`${ours}/set`, 'POST', { cart: ['tea'] })
    const id = cookie()
    expect(await go(`${python.url}/types`)).toEqual({ _permanent: 'True', cart: "['tea']" })
    await go(`${python.url}/set`, 'POST', { cart: ['tea', 'milk'] })
    expect(await go(`${ours}/data`)).toEqual({ _permanent: true, cart: ['tea', 'milk'] })
    expect(cookie()).toBe(id)
  })

  it('a login on one side is a fresh login on the other, and a logout on either ends it on both', async () => {
    for (const [first, second] of [
      [python.url, ours],
      [ours, python.url],
    ] as const) {
      const { go } = visitor()
      await go(`${first}/login/ada`, 'POST')
      expect((await go(`${second}/me`)).user).toBe('ada')
      expect(await go(`${python.url}/me`)).toEqual({ user: 'ada', fresh: true })
      await go(`${second}/logout`, 'POST')
      expect((await go(`${first}/me`)).user).toBeNull()
      expect((await go(`${second}/me`)).user).toBeNull()
    }
  })

  it('a login here gives a new id, and the old one is gone for Flask, too', async () => {
    const [{ go, cookie }, thief] = [visitor(), visitor()]
    await go(`${python.url}/set`, 'POST', { cart: ['tea'] })
    const before = cookie()!
    await go(`${ours}/login/ada`, 'POST')
    expect(cookie()).not.toBe(before)
    expect(await go(`${python.url}/types`)).toMatchObject({ cart: "['tea']", _user_id: "'ada'" })
    const id = signs ? before.split('.')[0]! : before
    expect(await client.exists(prefix + id)).toBe(0)
    expect((await thief.go(`${python.url}/me`)).user).toBeNull()
  })

  it('flash messages of one side are shown on the other, once', async () => {
    const { go } = visitor()
    await go(`${python.url}/flash/from-flask`, 'POST')
    await go(`${ours}/flash/from-us`, 'POST')
    const both = [
      ['info', 'from-flask'],
      ['info', 'from-us'],
    ]
    expect(await go(`${ours}/flashed`)).toEqual(both)
    expect(await go(`${python.url}/flashed`)).toEqual([])
    await go(`${ours}/flash/from-us`, 'POST')
    expect(await go(`${python.url}/flashed`)).toEqual([['info', 'from-us']])
    expect(await go(`${ours}/flashed`)).toEqual([])
  })

  it('fifty requests, one side after the other, lose no change', async () => {
    const { go } = visitor()
    for (let turn = 0; turn < 25; turn++) {
      await go(`${python.url}/add/flask`, 'POST')
      await go(`${ours}/add/sojourn`, 'POST')
    }
    expect(await go(`${ours}/data`)).toEqual({ _permanent: true, flask: 25, sojourn: 25 })
    expect(await go(`${python.url}/types`)).toMatchObject({ flask: '25', sojourn: '25' })
  })

  it('`clear` here empties the session for Flask, and its key is gone', async () => {
    const { go, cookie } = visitor()
    await go(`${python.url}/set`, 'POST', { cart: ['tea'] })
    const id = cookie()!.split('.')[0]!
    await go(`${ours}/clear`, 'POST')
    expect(await client.exists(prefix + id)).toBe(0)
    expect(cookie()).toBeUndefined()
    await go(`${python.url}/set`, 'POST', { cart: ['milk'] })
    expect(await go(`${ours}/data`)).toEqual({ _permanent: true, cart: ['milk'] })
  })
})
