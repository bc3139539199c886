/** What is built, on whatever Node runs this: no tool, no TypeScript, only `dist` and node:test. */

import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { after, test } from 'node:test'
import express from 'express'
import { createSessions, SessionError } from 'sojourn'
import { sessionMiddleware } from 'sojourn/express'
import { withSessions } from 'sojourn/fetch'
import { flask, flaskCookie, tuple } from 'sojourn/flask'
import { withSessions as withNodeSessions } from 'sojourn/node'
import { instrumentSessions } from 'sojourn/otel'

const secret = 'Zr4u7x!A%D*G-KaPdSgVkYp3s6v9y/B?'

// What Flask 3.1 and 2.2 write for {'user': 'ada', 'roles': ('admin', 'staff'), 'visits': 3} and
// session.permanent = True.
const FLASK = {
  secret: '0f4d2b6c8a1e3957bd60c2f4a8e1937502c4b6d8',
  now: 1_700_000_000,
  cookie:
    'eyJfcGVybWFuZW50Ijp0cnVlLCJyb2xlcyI6eyIgdCI6WyJhZG1pbiIsInN0YWZmIl19LCJ1c2VyIjoiYWRhIiwidmlzaXRzIjozfQ.ZVPxAA.GdS3ZPiyEXxxKCFTKDHTneGskbY',
}

const servers = []
after(() => {
  for (const server of servers) server.close()
})

/** Starts a server on a free port and answers its address. */
function listen(listener) {
  return new Promise((resolve) => {
    const server = createServer(listener).listen(0, '127.0.0.1', () => {
      servers.push(server)
      resolve(`http://127.0.0.1:${server.address().port}/`)
    })
  })
}

/** The Cookie header a browser would send after a response. */
function cookieFrom(response) {
  return response.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ')
}

/** Visits three times with the cookie of the time before. */
async function threeVisits(visit) {
  const texts = []
  let cookie = ''
  for (let times = 0; times < 3; times++) {
    const response = await visit(cookie === '' ? {} : { cookie })
    assert.equal(response.headers.get('vary'), 'Cookie')
    texts.push(await response.text())
    cookie = cookieFrom(response)
  }
  return texts
}

const count = async (session) => String(session.update('visits', (n = 0) => n + 1))

test('a session is opened from a header and committed into headers', async () => {
  const sessions = createSessions({ secret })
  const session = await sessions.open(undefined)
  session.set('name', 'Ada')
  session.flash('Welcome')
  const headers = await session.commit()
  const again = await sessions.open(cookieFrom({ headers }))
  assert.equal(again.get('name'), 'Ada')
  assert.deepEqual(again.flashes(), [{ category: 'message', message: 'Welcome' }])
})

test('opens and events are told on diagnostics channels, and to OpenTelemetry', async () => {
  const told = []
  const note = (message, name) => told.push(name)
  subscribe('sojourn:event', note)
  const spans = []
  const tracer = {
    startSpan(name) {
      spans.push(name)
      return { setAttributes() {}, setStatus() {}, end: () => spans.push('end') }
    },
  }
  const stop = instrumentSessions({ trace: { getTracer: () => tracer } })
  await createSessions({ secret }).open('session=forged; __Host-Http-session=forged')
  stop()
  unsubscribe('sojourn:event', note)
  assert.deepEqual(told, ['sojourn:event'])
  assert.deepEqual(spans, ['session.open', 'end'])
})

test('a secret everybody knows is refused at start-up', () => {
  assert.throws(
    () => createSessions({ secret: 'your_secret_key' }),
    (error) => error instanceof SessionError && error.code === 'ERR_SECRET_WEAK',
  )
})

test('a Fetch handler counts its visits', async () => {
  const sessions = createSessions({ secret })
  const handler = withSessions(sessions, async (request) => {
    return new Response(await count(await sessions.get(request)))
  })
  const visit = (headers) => handler(new Request('http://localhost/', { headers }))
  assert.deepEqual(await threeVisits(visit), ['1', '2', '3'])
})

test('a node:http server counts its visits', async () => {
  const sessions = createSessions({ secret })
  const address = await listen(
    withNodeSessions(sessions, async (req, res) => res.end(await count(await sessions.get(req)))),
  )
  assert.deepEqual(await threeVisits((headers) => fetch(address, { headers })), ['1', '2', '3'])
})

test('an Express app counts its visits', async () => {
  const sessions = createSessions({ secret })
  const app = express()
  app.use(sessionMiddleware(sessions))
  app.get('/', async (req, res) => {
    res.send(await count(await sessions.get(req)))
  })
  const address = await listen(app)
  assert.deepEqual(await threeVisits((headers) => fetch(address, { headers })), ['1', '2', '3'])
})

test('a cookie that Flask wrote opens, and the same one is written', async () => {
  const cookie = flaskCookie({ secret: FLASK.secret })
  const opened = cookie.open(FLASK.cookie, { now: FLASK.now })
  assert.equal(opened.ok, true)
  assert.equal(opened.data.user, 'ada')
  assert.deepEqual([...opened.data.roles], ['admin', 'staff'])
  const data = { user: 'ada', roles: tuple('admin', 'staff'), visits: 3, _permanent: true }
  assert.equal(cookie.seal(data, { now: FLASK.now }), FLASK.cookie)
})

test('the Flask preset opens it as a session', async () => {
  const config = flask({ SECRET_KEY: FLASK.secret })
  const sessions = createSessions({ ...config, clock: () => FLASK.now * 1000 })
  const session = await sessions.open(`session=${FLASK.cookie}`)
  assert.equal(session.get('visits'), 3)
  assert.equal(session.permanent, true)
})

test('the package can be required, too', () => {
  const required = createRequire(import.meta.url)('sojourn')
  assert.equal(required.createSessions, createSessions)
})
