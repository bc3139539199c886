/** A running Flask with Flask-Login beside a Sojourn app: who signs in on one side is signed in on the other. */

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sessionMiddleware } from '../../src/adapters/express.ts'
import { flask } from '../../src/flask/flask.ts'
import { createSessions } from '../../src/index.ts'
import { startFlask } from './python-flask.ts'

const SECRET = 'flask-login-9d2c7b1e4f60a8c35b7e'

const sessions = createSessions(flask({ SECRET_KEY: SECRET }))
const app = express()
app.use(sessionMiddleware(sessions))
app.get('/me', async (req, res) => {
  const session = await sessions.get(req)
  res.json({ user: session.userId ?? null, keys: [...session.keys()].sort() })
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
app.post('/logout', async (req, res) => {
  const session = await sessions.get(req)
  session.logout()
  res.send('out')
})
app.post('/logout-everywhere', async (req, res) => {
  const session = await sessions.get(req)
  session.logout()
  res.clearCookie('remember_token')
  res.send('out')
})
const server = createServer(app)

let basic: { url: string; stop(): void }
let strong: { url: string; stop(): void }
let ours: string

beforeAll(async () => {
  basic = await startFlask(SECRET, 'flask_login_app.py', { SESSION_PROTECTION: 'basic' })
  strong = await startFlask(SECRET, 'flask_login_app.py', { SESSION_PROTECTION: 'strong' })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  ours = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  basic?.stop()
  strong?.stop()
  server.close()
})

/** One browser: cookies do not know ports, so all apps get the same ones. */
function visitor(userAgent: string | undefined = `It's a "browser" \\ 1.0`) {
  const cookies = new Map<string, string>()
  return async (url: string, method = 'GET', headers: Record<string, string> = {}) => {
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
    expect(body).toEqual({ user: '8', keys: ['_fresh', '_id', '_user_id'] })
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

  it('its remember_token signs in again after a logout here, unless the app clears that cookie', async () => {
    const go = visitor()
    await go(`${basic.url}/remember/ada`, 'POST')
    await go(`${ours}/logout`, 'POST')
    expect((await go(`${ours}/me`)).body).toMatchObject({ user: null })
    expect((await go(`${basic.url}/me`)).body).toEqual({ user: 'ada', fresh: false })
    await go(`${ours}/logout-everywhere`, 'POST')
    expect((await go(`${basic.url}/me`)).body).toEqual({ user: null, fresh: false })
  })

  it('its remember_token is not recognised here: until Flask has seen the visitor they are nobody', async () => {
    const go = visitor()
    await go(`${basic.url}/remember/ada`, 'POST')
    await go(`${ours}/logout`, 'POST')
    expect((await go(`${ours}/me`)).body.user).toBeNull()
    await go(`${basic.url}/me`)
    expect((await go(`${ours}/me`)).body.user).toBe('ada')
  })
})
