/** Responses that are none of Node's: those of tests, of Socket.IO, and written by hand. */

import { createServer, IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import mocks from 'node-mocks-http'
import { Server as SocketServer } from 'socket.io'
import { describe, expect, onTestFinished, test } from 'vitest'
import { sessionMiddleware } from '../../src/adapters/express.ts'
import { mountNode, withSessions } from '../../src/adapters/node/node.ts'
import type { Sessions } from '../../src/index.ts'
import { memoryStore } from '../../src/stores/memory/memory.ts'
import { T0, testSessions } from '../session/visitor.ts'

const PLACES = [
  ['a signed cookie', () => ({})],
  ['a store', () => ({ store: memoryStore({ clock: () => T0 }) })],
] as const

const { createRequest } = mocks
/** Its own types take `Response` for the browser's here. */
const createResponse = mocks.createResponse as unknown as () => ServerResponse & {
  send(body: string): void
  _getData(): string
  _getStatusCode(): number
}

const KEY = 'cookie-of-the-tests'

async function noteIn(sessions: Sessions<any>, lines: readonly string[]): Promise<unknown> {
  expect(lines).toHaveLength(1)
  return (await sessions.open(lines[0]!.split(';')[0])).get(KEY)
}

/** Resolves when the stand-in has been ended. */
function ended(res: { end: (...args: any[]) => unknown }): Promise<void> {
  return new Promise((resolve) => {
    const { end } = res
    res.end = function (this: unknown, ...args: unknown[]) {
      const result = end.apply(this, args)
      resolve()
      return result
    }
  })
}

describe.each(PLACES)('a stand-in for a response, sessions in %s', (_, place) => {
  test.each([
    ['end', (res: ReturnType<typeof createResponse>) => res.end('page')],
    ['send', (res: ReturnType<typeof createResponse>) => res.send('page')],
    [
      'writeHead',
      (res: ReturnType<typeof createResponse>) => {
        res.writeHead(200, { 'Set-Cookie': ['app=1'], 'X-App': 'stays' })
        res.write('pa')
        res.end('ge')
      },
    ],
  ])('of node-mocks-http is sent with the cookie, by %s', async (verb, send) => {
    const { sessions } = testSessions(place())
    const req = createRequest()
    const res = createResponse()
    const done = ended(res)
    await new Promise<void>((next) =>
      sessionMiddleware(sessions)(req as never, res as never, () => next()),
    )
    ;(await sessions.get(req)).set(KEY, 'kept')
    send(res)
    await done
    const lines = [res.getHeader('set-cookie') ?? []].flat().map(String)
    const ours = lines.filter((line) => !line.startsWith('app='))
    expect(await noteIn(sessions, ours)).toBe('kept')
    expect(lines).toHaveLength(verb === 'writeHead' ? 2 : 1)
    expect(res._getData()).toBe('page')
    expect(res._getStatusCode()).toBe(200)
    expect(res.getHeader('vary')).toBe('Cookie')
  })

  test('of node-mocks-http gets the refusal of a guard that nobody awaited', async () => {
    for (const verb of ['end', 'send'] as const) {
      const { sessions } = testSessions(place())
      const req = createRequest()
      const res = createResponse()
      const done = ended(res)
      mountNode(sessions, req as never, res as never)
      void sessions.signedIn(req)
      res[verb]('SECRET')
      await done
      expect(res._getStatusCode()).toBe(401)
      // Its `send` has kept the text before it calls `end`.
      if (verb === 'end') expect(res._getData()).toBe('Please sign in first.\n')
    }
  })

  test('written by hand is sent with the headers it can take', async () => {
    const { sessions } = testSessions(place())
    const sent = new Map<string, unknown>()
    let body: unknown
    const res = {
      setHeader: (name: string, value: unknown) => void sent.set(name.toLowerCase(), value),
      getHeader: (name: string) => sent.get(name.toLowerCase()),
      end: (given: unknown) => void (body = given),
    }
    const done = ended(res)
    const req = { headers: {}, method: 'GET', url: '/' }
    await withSessions(sessions, async () => {
      ;(await sessions.get(req)).set(KEY, 'kept')
      res.end('page')
    })(req as never, res as never)
    await done
    expect(body).toBe('page')
    expect(await noteIn(sessions, sent.get('set-cookie') as string[])).toBe('kept')
    // It looks as before, save the two methods that wait for the session.
    expect(Object.keys(res).toSorted()).toEqual(['end', 'getHeader', 'setHeader'])
  })

  test('written by hand with only writeHead and end gets the headers there', async () => {
    const { sessions } = testSessions(place())
    for (const calls of ['both', 'end'] as const) {
      const heads: [number, Record<string, any>][] = []
      const res = {
        writeHead: (status: number, headers: Record<string, any>) =>
          void heads.push([status, headers]),
        end() {},
      }
      const done = ended(res)
      const req = { headers: {}, method: 'GET', url: '/' }
      await withSessions(sessions, async () => {
        ;(await sessions.get(req)).set(KEY, 'kept')
        if (calls === 'both') res.writeHead(201, { 'X-App': 'stays' })
        res.end()
      })(req as never, res as never)
      await done
      expect(heads).toHaveLength(1)
      const [status, headers] = heads[0]!
      expect(status).toBe(calls === 'both' ? 201 : 200)
      expect(headers['X-App']).toBe(calls === 'both' ? 'stays' : undefined)
      expect(await noteIn(sessions, headers['Set-Cookie'])).toBe('kept')
    }
  })

  test('without any method is read from, and nothing is thrown anywhere', async () => {
    const { sessions } = testSessions(place())
    const [req, res] = [{}, {}]
    mountNode(sessions, req as never, res as never)
    ;(await sessions.get(req)).set(KEY, 'lost')
    ;(res as ServerResponse).end()
    await new Promise((turn) => setImmediate(turn))
    expect((await sessions.get(req)).get(KEY)).toBe('lost')
  })

  test('that is frozen gives a session that cannot be changed, and says why', async () => {
    const { sessions } = testSessions(place())
    const req = { headers: {} }
    mountNode(sessions, req as never, Object.freeze({}) as never)
    const session = await sessions.get(req)
    expect(() => session.set(KEY, 'lost')).toThrow(/frozen/)
  })

  test('a real response of a request without a socket is sent, too', async () => {
    const { sessions } = testSessions(place())
    const req = new IncomingMessage(undefined as never)
    const res = new ServerResponse(req)
    Object.defineProperty(res, 'req', { value: undefined })
    mountNode(sessions, req, res)
    ;(await sessions.get(req)).set(KEY, 'kept')
    const done = ended(res)
    res.end('page')
    await done
    await new Promise((turn) => setImmediate(turn))
    const lines = [res.getHeader('set-cookie') ?? []].flat().map(String)
    expect(await noteIn(sessions, lines)).toBe('kept')
  })

  test('Socket.IO finds the session of a polling and of a WebSocket client', async () => {
    const { sessions } = testSessions({
      ...place(),
      cookie: { name: 'session', secure: false },
    })
    const signed = (await sessions.open(undefined)).set(KEY, 'kept')
    const cookie = (await signed.commit()).getSetCookie()[0]!.split(';')[0]!
    const server = createServer((_req, res) => res.end())
    const io = new SocketServer(server)
    io.engine.use(sessionMiddleware(sessions))
    const seen = new Map<string, unknown>()
    io.engine.on('connection', async (socket: { request: object; transport: { name: string } }) => {
      const name = socket.transport.name
      seen.set(name, (await sessions.get(socket.request)).get(KEY))
      tell()
    })
    let tell = () => {}
    const told = (name: string) =>
      new Promise<void>((resolve) => (tell = () => seen.has(name) && resolve()))
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
    onTestFinished(async () => void (await io.close()))
    const { port } = server.address() as AddressInfo

    const polling = told('polling')
    const response = await fetch(`http://127.0.0.1:${port}/socket.io/?EIO=4&transport=polling`, {
      headers: { cookie },
    })
    expect(response.status).toBe(200)
    await polling

    const upgraded = told('websocket')
    // The WebSocket client of Node 24: it takes headers as an option.
    const socket = new WebSocket(`ws://127.0.0.1:${port}/socket.io/?EIO=4&transport=websocket`, {
      headers: { cookie },
    } as never)
    onTestFinished(() => socket.close())
    await upgraded
    expect(Object.fromEntries(seen)).toEqual({ polling: 'kept', websocket: 'kept' })
  })

  test('a middleware of Socket.IO that forgets a guard is no client', async () => {
    const { sessions } = testSessions(place())
    const server = createServer((_req, res) => res.end())
    const io = new SocketServer(server)
    io.engine.use(sessionMiddleware(sessions))
    io.engine.use((req: object, _res: unknown, next: (error?: unknown) => void) => {
      sessions.signedIn(req).then(() => next(), next)
    })
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
    onTestFinished(async () => void (await io.close()))
    const { port } = server.address() as AddressInfo
    const url = `http://127.0.0.1:${port}/socket.io/?EIO=4&transport=polling`
    expect((await fetch(url)).status).toBe(400)
    const socket = new WebSocket(`ws://127.0.0.1:${port}/socket.io/?EIO=4&transport=websocket`)
    await new Promise((failed) => socket.addEventListener('error', failed))
    expect((await fetch(url)).status).toBe(400)
  })
})
