/** The adapters of `node:http` and Express, where the runtime has such servers. */

import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import express from 'express'
import { createSessions } from 'sojourn'
import * as forExpress from 'sojourn/express'
import * as forNode from 'sojourn/node'
import { memoryStore } from 'sojourn/stores/memory'
import { browserOn, count, countsToThree, fortyAtOnce, secret } from './site.mjs'

/** A handler for `node:http` that counts visits. */
const counting = (sessions) =>
  forNode.withSessions(sessions, async (req, res) => {
    res.end(await count(sessions.get(req)))
  })

/** An Express app that counts visits, signs in, and streams. */
function expressApp(sessions) {
  const app = express()
  app.use(forExpress.sessionMiddleware(sessions))
  app.get('/', async (req, res) => {
    res.send(await count(sessions.get(req)))
  })
  app.post('/login', express.urlencoded({ extended: false }), forExpress.csrfGuard(sessions))
  app.post('/login', async (req, res) => {
    const opened = await sessions.get(req)
    opened.login('ada')
    res.redirect(303, '/account')
  })
  app.get('/token', async (req, res) => {
    res.send((await sessions.get(req)).csrfToken())
  })
  app.get('/account', forExpress.loginRequired(sessions, { redirect: '/login' }))
  app.get('/account', async (req, res) => {
    res.json({ user: (await sessions.get(req)).userId })
  })
  app.get('/stream', async (req, res) => {
    await count(sessions.get(req))
    Readable.from(['one ', 'two ', 'three']).pipe(res)
  })
  app.get('/huge', async (req, res) => {
    const opened = await sessions.get(req)
    opened.set('huge', Array.from({ length: 5000 }, (_, n) => n * 7919).join(' '))
    res.send('saved')
  })
  app.use((error, _req, res, _next) => {
    res.status(error.status ?? 500).send(error.code ?? 'failed')
  })
  return app
}

async function openExpress(host, options = {}) {
  const sessions = createSessions({ secret, ...options })
  return browserOn(await host.listen(expressApp(sessions)), sessions)
}

export const nodeHttp = {
  async 'a node:http server counts its visits'(host) {
    const sessions = createSessions({ secret })
    await countsToThree(await host.listen(counting(sessions)), sessions)
  },

  async '40 concurrent requests of one session count exactly, node:http'(host) {
    const sessions = createSessions({ secret, store: memoryStore() })
    await fortyAtOnce(await host.listen(counting(sessions)), sessions)
  },

  async 'a response that is written in parts has its cookie before the first byte'(host) {
    const sessions = createSessions({ secret, store: memoryStore() })
    const handler = forNode.withSessions(sessions, async (req, res) => {
      const visits = await count(sessions.get(req))
      res.writeHead(200, { 'content-type': 'text/plain' })
      res.write('visit ')
      await new Promise((next) => setTimeout(next, 1))
      res.end(visits)
    })
    const { go } = browserOn(await host.listen(handler), sessions)
    const response = await go()
    assert.equal(response.headers.getSetCookie().length, 1)
    assert.equal(await response.text(), 'visit 1')
    assert.equal(await (await go()).text(), 'visit 2')
  },

  async 'a store that hangs gives a 503, node:http'(host) {
    const never = () => new Promise(() => {})
    const deadlines = { read: '40ms', write: '40ms', commit: '160ms', queue: '40ms' }
    const store = { ...memoryStore(), insert: never }
    const sessions = createSessions({ secret, store, deadlines })
    const response = await (await host.listen(counting(sessions)))('/')
    assert.equal(response.status, 503)
    await response.text()
  },

  async 'a guard of node:http returns 401'(host) {
    const sessions = createSessions({ secret })
    const account = forNode.loginRequired(sessions, {}, (_req, res) => res.end('yours'))
    const { go } = browserOn(await host.listen(forNode.withSessions(sessions, account)), sessions)
    const response = await go()
    assert.equal(response.status, 401)
    assert.equal(await response.text(), 'Please sign in first.\n')
  },
}

export const expresses = {
  async 'an Express app counts its visits'(host) {
    const sessions = createSessions({ secret })
    await countsToThree(await host.listen(expressApp(sessions)), sessions)
  },

  async '40 concurrent requests of one session count exactly, Express'(host) {
    const sessions = createSessions({ secret, store: memoryStore() })
    await fortyAtOnce(await host.listen(expressApp(sessions)), sessions)
  },

  async 'sign in with the CSRF token, and the account, Express'(host) {
    const { go } = await openExpress(host, { store: memoryStore() })
    const turnedAway = await go('/account')
    assert.equal(turnedAway.headers.get('location'), '/login?next=%2Faccount')
    await (await go()).text()
    const token = await (await go('/token')).text()
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    const refused = await go('/login', { method: 'POST', headers: form, body: '_csrf=wrong' })
    assert.deepEqual([refused.status, await refused.text()], [403, 'ERR_CSRF'])
    const body = new URLSearchParams({ _csrf: token }).toString()
    assert.equal((await go('/login', { method: 'POST', headers: form, body })).status, 303)
    assert.deepEqual(await (await go('/account')).json(), { user: 'ada' })
  },

  async 'a piped response has its cookie, Express'(host) {
    const { go } = await openExpress(host, { store: memoryStore() })
    const response = await go('/stream')
    assert.equal(response.headers.getSetCookie().length, 1)
    assert.equal(await response.text(), 'one two three')
    assert.equal(await (await go()).text(), '2')
  },

  async "a session that cannot be saved becomes an error of the app's own, Express"(host) {
    const { go } = await openExpress(host)
    const response = await go('/huge')
    assert.equal(response.status, 500)
    assert.equal(await response.text(), 'ERR_COOKIE_TOO_LARGE')
    assert.deepEqual(response.headers.getSetCookie(), [])
  },
}
