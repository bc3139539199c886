/** A running Flask with Flask-Login beside a Sojourn app: who signs in on one side is signed in on the other. */

import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loginRequired, sessionMiddleware } from '../../src/adapters/express.ts'
import { flask, rememberToken } from '../../src/flask/flask.ts'
import { createSessions } from '../../src/index.ts'
import { startFlask } from './python-flask.ts'

const SECRET = 'flask-login-9d2c7b1e4f60a8c35b7e'

const remember = rememberToken({ SECRET_KEY: SECRET })

/** An Express app beside Flask; with `/enter/...` it signs in from the remember cookie, too. */
function serverOf(protection: 'basic' | 'strong') {
  const sessions = createSessions<any>(
    flask({ SECRET_KEY: SECRET, SESSION_PROTECTION: protection }),
  )
  const app = express()
  app.use(sessionMiddleware(sessions))
  app.use('/enter', async (req, _res, next) => {
    remember.signIn(await sessions.get(req), req.headers.cookie)
    next()
  })
  app.get(['/me', '/enter/me'], async (req, res) => {
    const session = await sessions.get(req)
    const fresh = session.get('_fresh', false)
    res.json({ user: session.userId ?? null, fresh, keys: [...session.keys()].sort() })
  })
  app.get('/sensitive', loginRequired(sessions, { fresh: true }), (_req, res) => {
    res.send('sensitive')
  })
  app.post('/cart', async (req, res) => {
    const session = await sessions.get(req)
    session.set('cart', ['private'])
    res.send('kept')
  })
  app.post('/login/:user', async (req, res) => {
    const session = await sessions.get(req)
    session.login(req.params.user)
    res.send('in')
  })
  app.post('/ask/:user', async (req, res) => {
    const session = await sessions.get(req)
    session.login(req.params.user)
    remember.ask(session, { seconds: 3600 })
    res.send('in')
  })
  app.post('/remember/:user', async (req, res) => {
    const session = await sessions.get(req)
    session.login(req.params.user)
    res.append('Set-Cookie', remember.issue(req.params.user)).send('in')
  })
  app.post('/logout', async (req, res) => {
    const session = await sessions.get(req)
    session.logout()
    res.send('out')
  })
  return createServer(app)
}
const servers = { basic: serverOf('basic'), strong: serverOf('strong') }

let basic: { url: string; stop(): void }
let strong: { url: string; stop(): void }
let ours: string
let oursStrong: string

beforeAll(async () => {
  basic = await startFlask(SECRET, 'flask_login_app.py', { SESSION_PROTECTION: 'basic' })
  strong = await startFlask(SECRET, 'flask_login_app.py', { SESSION_PROTECTION: 'strong' })
  const listening = async (server: Server) => {
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }
  ours = await listening(servers.basic)
  oursStrong = await listening(servers.strong)
})
afterAll(() => {
  basic?.stop()
  strong?.stop()
  servers.basic.close()
  servers.strong.close()
})

/** One browser: cookies do not know ports, so all apps get the same ones. */
function visitor(userAgent: string | undefined = `It's a "browser" \\ 1.0`) {
  const cookies = new Map<string, string>()
  const go = async (url: string, method = 'GET', headers: Record<string, string> = {}) => {
    const response = await fetch(url, {
      method,
      redirect: 'manual',
      headers: {
        'user-agent': userAgent,
        ...headers,
        cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
      },
    })
    for (const line of response.headers.getSetCookie()) {
      const [name = '', value = ''] = line.split(';')[0]!.split(/=(.*)/s)
      if (value === '') cookies.delete(name)
      else cookies.set(name, value)
    }
    const text = await response.text()
    return { status: response.status, body: text.startsWith('{') ? JSON.parse(text) : text }
  }
  return Object.assign(go, { cookies })
}

describe('Flask-Login beside this library', () => {
  it('counts a login here as fresh, with its basic protection', async () => {
    const go = visitor()
    await go(`${ours}/login/7`, 'POST')
    expect((await go(`${basic.url}/me`)).body).toEqual({ user: '7', fresh: true })
    expect((await go(`${basic.url}/sensitive`)).body).toBe('sensitive')
    expect((await go(`${basic.url}/private`)).body).toBe('private')
  })

  it('keeps a login here signed in with its strong protection, from the same address and browser', async () => {
    const go = visitor('Mozilla/5.0')
    await go(`${ours}/login/ada`, 'POST')
    expect((await go(`${strong.url}/me`)).body).toEqual({ user: 'ada', fresh: true })
  })

  it('compares the address that the proxy names first, as we do', async () => {
    const go = visitor()
    const proxy = { 'x-forwarded-for': '203.0.113.9 , 10.0.0.1' }
    await go(`${ours}/login/7`, 'POST', proxy)
    expect((await go(`${strong.url}/me`, 'GET', proxy)).body).toEqual({ user: '7', fresh: true })
  })

  it('from another browser its basic protection is no longer fresh, and its strong signs out', async () => {
    for (const [python, body] of [
      [basic, { user: 'ada', fresh: false }],
      [strong, { user: null, fresh: false }],
    ] as const) {
      const go = visitor()
      await go(`${ours}/login/ada`, 'POST')
      expect((await go(`${python.url}/me`, 'GET', { 'user-agent': 'another' })).body).toEqual(body)
    }
  })

  it('a login here repairs a session that was no longer fresh', async () => {
    const go = visitor()
    await go(`${basic.url}/login/ada`, 'POST')
    const moved = { 'user-agent': 'another' }
    expect((await go(`${basic.url}/me`, 'GET', moved)).body).toEqual({ user: 'ada', fresh: false })
    await go(`${ours}/login/ada`, 'POST', moved)
    expect((await go(`${basic.url}/me`, 'GET', moved)).body).toEqual({ user: 'ada', fresh: true })
  })

  it('a user id it wrote as a number is that user here, and another login leaves nothing of it', async () => {
    const go = visitor()
    await go(`${basic.url}/login/7`, 'POST')
    await go(`${ours}/cart`, 'POST')
    expect((await go(`${ours}/me`)).body).toMatchObject({ user: '7' })
    await go(`${ours}/login/8`, 'POST')
    const { body } = await go(`${ours}/me`)
    expect(body).toEqual({ user: '8', fresh: true, keys: ['_fresh', '_id', '_user_id'] })
  })

  it('a logout on either side signs out on the other', async () => {
    for (const [first, second] of [
      [basic.url, ours],
      [ours, basic.url],
    ] as const) {
      const go = visitor()
      await go(`${first}/login/ada`, 'POST')
      await go(`${second}/logout`, 'POST')
      expect((await go(`${first}/me`)).body).toMatchObject({ user: null })
    }
  })

  it('a logout here ends its remember_token: Flask clears it, and nobody is signed in again', async () => {
    const go = visitor()
    await go(`${basic.url}/remember/ada`, 'POST')
    await go(`${ours}/logout`, 'POST')
    expect(go.cookies.has('remember_token')).toBe(true)
    expect((await go(`${ours}/enter/me`)).body).toMatchObject({ user: null })
    expect((await go(`${basic.url}/me`)).body).toEqual({ user: null, fresh: false })
    expect(go.cookies.has('remember_token')).toBe(false)
    expect((await go(`${basic.url}/me`)).body).toEqual({ user: null, fresh: false })
  })

  it('its remember_token is not recognised here without rememberToken, until Flask has seen it', async () => {
    const go = visitor()
    await go(`${basic.url}/remember/ada`, 'POST')
    go.cookies.delete('session')
    expect((await go(`${ours}/me`)).body.user).toBeNull()
    await go(`${basic.url}/me`)
    expect((await go(`${ours}/me`)).body.user).toBe('ada')
  })

  it('its remember_token signs in here with rememberToken, not fresh, and Flask knows that login', async () => {
    for (const user of ['ada', '7', 'zoë; "a, b"']) {
      const go = visitor()
      await go(`${basic.url}/remember/${encodeURIComponent(user)}`, 'POST')
      go.cookies.delete('session')
      expect((await go(`${ours}/enter/me`)).body).toEqual({
        user,
        fresh: false,
        keys: ['_fresh', '_user_id'],
      })
      expect((await go(`${ours}/sensitive`)).status).toBe(401)
      go.cookies.delete('remember_token')
      expect((await go(`${basic.url}/me`)).body).toEqual({ user, fresh: false })
      expect((await go(`${basic.url}/sensitive`)).status).toBe(401)
    }
  })

  it('a remember cookie issued here signs in on Flask, not fresh', async () => {
    for (const user of ['ada', '7', 'zoë; "a, b"']) {
      const go = visitor()
      await go(`${ours}/remember/${encodeURIComponent(user)}`, 'POST')
      go.cookies.delete('session')
      expect((await go(`${basic.url}/me`)).body).toEqual({ user, fresh: false })
    }
  })

  it('a login here that asks for a remember cookie gets it with the next response of Flask', async () => {
    const go = visitor()
    await go(`${ours}/ask/ada`, 'POST')
    expect(go.cookies.has('remember_token')).toBe(false)
    expect((await go(`${basic.url}/me`)).body).toEqual({ user: 'ada', fresh: true })
    expect(remember.verify(`remember_token=${go.cookies.get('remember_token')}`)).toBe('ada')
    expect((await go(`${ours}/me`)).body.keys).not.toContain('_remember')
  })

  it('a login on Flask is fresh here, and from another browser it is not, nor on Flask then', async () => {
    const go = visitor()
    await go(`${basic.url}/login/ada`, 'POST')
    expect((await go(`${ours}/me`)).body).toMatchObject({ user: 'ada', fresh: true })
    expect((await go(`${ours}/sensitive`)).body).toBe('sensitive')
    const moved = { 'user-agent': 'another' }
    expect((await go(`${ours}/me`, 'GET', moved)).body).toMatchObject({ user: 'ada', fresh: false })
    expect((await go(`${ours}/sensitive`, 'GET')).status).toBe(401)
    expect((await go(`${basic.url}/sensitive`)).status).toBe(401)
    await go(`${basic.url}/confirm`, 'POST')
    expect((await go(`${ours}/sensitive`)).body).toBe('sensitive')
  })

  it('a login on Flask is signed out by the strong protection here, from another browser', async () => {
    const go = visitor()
    await go(`${strong.url}/remember/ada`, 'POST')
    expect((await go(`${oursStrong}/me`)).body).toMatchObject({ user: 'ada', fresh: true })
    const moved = { 'user-agent': 'another' }
    expect((await go(`${oursStrong}/enter/me`, 'GET', moved)).body).toMatchObject({ user: null })
    expect((await go(`${strong.url}/me`)).body).toEqual({ user: null, fresh: false })
    expect([...go.cookies.keys()]).toEqual([])
  })
})
