/** An app that sends a Set-Cookie of the session cookie's name itself. */

import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import {
  createServer as createServer2,
  connect,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from 'node:http2'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { sessionMiddleware } from '../../src/adapters/express.ts'
import { withSessions as withFetchSessions } from '../../src/adapters/fetch.ts'
import { withSessions } from '../../src/adapters/node/node.ts'
import { flask } from '../../src/flask/flask.ts'
import type { Session, SessionOptions, Sessions } from '../../src/index.ts'
import { memoryStore } from '../../src/stores/memory/memory.ts'
import { SECRET, T0, testSessions, Visitor } from '../session/visitor.ts'

const CLEARED = 'session=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT'
const OTHER = 'theme=dark; Path=/'

type Work = (session: Session<any>) => void
/** Serves one page that works on the session and clears the cookie; returns its Set-Cookie lines. */
type Serve = (sessions: Sessions<any>, cookie: string, work: Work) => Promise<string[]>

const served =
  (answer: (res: ServerResponse) => unknown): Serve =>
  async (sessions, cookie, work) => {
    const server = createServer(
      withSessions(sessions, async (req, res) => {
        work(await sessions.get(req))
        answer(res)
      }),
    ).listen(0)
    onTestFinished(() => void server.close())
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const response = await fetch(`http://localhost:${port}/`, { headers: { cookie } })
    return response.headers.getSetCookie()
  }

const WAYS: [string, Serve][] = [
  [
    "Express' res.clearCookie",
    async (sessions, cookie, work) => {
      const app = express().use(sessionMiddleware(sessions))
      app.get('/', async (req, res) => {
        work(await sessions.get(req))
        res.append('Set-Cookie', OTHER).clearCookie('session').send('bye')
      })
      const server = app.listen(0)
      onTestFinished(() => void server.close())
      await once(server, 'listening')
      const { port } = server.address() as AddressInfo
      const response = await fetch(`http://localhost:${port}/`, { headers: { cookie } })
      return response.headers.getSetCookie()
    },
  ],
  ["node's setHeader", served((res) => res.setHeader('Set-Cookie', [OTHER, CLEARED]).end())],
  [
    "node's appendHeader",
    served((res) =>
      res.appendHeader('Set-Cookie', OTHER).appendHeader('set-cookie', CLEARED).end(),
    ),
  ],
  [
    "node's writeHead, with an object",
    served((res) => res.writeHead(200, { 'Set-Cookie': [OTHER, CLEARED] }).end()),
  ],
  [
    "node's writeHead, with a list",
    served((res) => res.writeHead(200, ['Set-Cookie', OTHER, 'Set-Cookie', CLEARED]).end()),
  ],
  [
    "node:http2's setHeader",
    async (sessions, cookie, work) => {
      const listener = withSessions<Http2ServerRequest, Http2ServerResponse>(
        sessions,
        async (req, res) => {
          work(await sessions.get(req))
          res.setHeader('set-cookie', [OTHER, CLEARED])
          res.end()
        },
      )
      const server = createServer2(listener).listen(0)
      await once(server, 'listening')
      const client = connect(`http://localhost:${(server.address() as AddressInfo).port}`)
      onTestFinished(() => (client.close(), void server.close()))
      const [headers] = (await once(client.request({ cookie }).resume(), 'response')) as [
        { 'set-cookie'?: string[] },
      ]
      return headers['set-cookie'] ?? []
    },
  ],
  [
    'a Fetch Response',
    async (sessions, cookie, work) => {
      const handler = withFetchSessions(sessions, async (request) => {
        work(await sessions.get(request))
        return new Response(null, {
          headers: [
            ['set-cookie', OTHER],
            ['set-cookie', CLEARED],
          ],
        })
      })
      const request = new Request('http://localhost/', { headers: { cookie } })
      return (await handler(request)).headers.getSetCookie()
    },
  ],
  [
    'the headers of session.commit',
    async (sessions, cookie, work) => {
      const session = await sessions.open(cookie)
      work(session)
      const headers = new Headers([
        ['set-cookie', OTHER],
        ['set-cookie', CLEARED],
      ])
      return (await session.commit(headers)).getSetCookie()
    },
  ],
]

/** A visitor whose cookie is due for renewal. */
async function due(options: Partial<SessionOptions> = {}) {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
  const world = testSessions(options)
  const visitor = new Visitor(world.sessions)
  await visitor.visit((session) => {
    session.permanent = true
    session.login('7')
  })
  world.clock.now += 4 * 86_400_000
  world.events.length = 0
  return { ...world, cookie: visitor.cookie!, warn }
}

afterEach(() => vi.restoreAllMocks())

describe.each(WAYS)('a cookie that the app clears by %s', (_, serve) => {
  test('is cleared, although the session was due for renewal', async () => {
    const { sessions, cookie, events } = await due()
    const lines = await serve(sessions, cookie, (session) => session.get('x'))
    expect(lines).toHaveLength(2)
    expect(lines[0]).toBe(OTHER)
    expect(lines[1]).toMatch(/^session=;/)
    expect(events).toEqual([])
  })

  test('is set where this request changed the session, with an event and a line', async () => {
    const { sessions, cookie, events, warn } = await due()
    const lines = await serve(sessions, cookie, (session) => session.set('x', 1))
    expect(lines).toHaveLength(2)
    expect(lines[0]).toBe(OTHER)
    expect((await sessions.open(lines[1]!.split(';')[0])).get('x')).toBe(1)
    expect(events).toContainEqual({ type: 'set-cookie-replaced' })
    expect(warn.mock.calls.flat().join('\n')).toMatch(/a Set-Cookie for "session" of its own/)
  })
})

test.each([
  ['encrypted', { encrypt: true }],
  ["Flask's", flask({ SECRET_KEY: SECRET })],
  ['stored', { store: memoryStore({ clock: () => T0 }), rotate: '1d' as const }],
])('a mere renewal yields to the app: %s', async (_, options) => {
  const { sessions, cookie, events } = await due(options)
  const headers = new Headers({ 'set-cookie': CLEARED })
  const committed = await (await sessions.open(cookie)).commit(headers)
  expect(committed.getSetCookie()).toEqual([CLEARED])
  expect(committed.get('cache-control')).toBe('private')
  expect(events.filter(({ type }) => type === 'set-cookie-replaced')).toEqual([])
})

test('in Flask’s preset a page that never asks for its session can clear its cookie', async () => {
  const { sessions, cookie } = await due(flask({ SECRET_KEY: SECRET }))
  const page = withFetchSessions(
    sessions,
    () => new Response(null, { headers: { 'set-cookie': CLEARED } }),
  )
  const response = await page(new Request('http://localhost/', { headers: { cookie } }))
  expect(response.headers.getSetCookie()).toEqual([CLEARED])
})

test("a session's own line of an earlier commit is not taken for the app's", async () => {
  const { sessions, cookie, events } = await due()
  const session = await sessions.open(cookie)
  session.set('x', 1)
  const headers = await session.commit()
  session.set('x', 2)
  expect((await session.commit(headers)).getSetCookie()).toHaveLength(1)
  expect((await session.commit(headers)).getSetCookie()).toHaveLength(1)
  expect(events).toEqual([])
})
