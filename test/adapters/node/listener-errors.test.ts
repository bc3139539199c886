/** What `withSessions` of `sojourn/node` does with the promise and the errors of a listener. */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { connect, createServer as createServer2 } from 'node:http2'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { withSessions } from '../../../src/adapters/node/node.ts'
import { memoryStore } from '../../../src/stores/memory/memory.ts'
import { T0, testSessions } from '../../session/visitor.ts'

type Listener = (req: IncomingMessage, res: ServerResponse) => unknown

async function serve(listener: Listener) {
  const server = createServer((req, res) => void listener(req, res))
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return (init: RequestInit = {}) => fetch(`http://127.0.0.1:${port}/`, init)
}

/** What is printed while a test runs. */
function printed() {
  const lines = vi.spyOn(console, 'error').mockImplementation(() => {})
  onTestFinished(() => lines.mockRestore())
  return lines.mock.calls
}

const PLACES = [
  ['a cookie', () => ({})],
  ['a store', () => ({ store: memoryStore({ clock: () => T0 }) })],
] as const

describe.each(PLACES)('an error of a listener, sessions in %s', (_, place) => {
  test.each<[what: string, code: string, fail: (session: any) => unknown]>([
    ['ERR_USER_ID_INVALID', 'ERR_USER_ID_INVALID', (session) => session.login(undefined)],
    ['ERR_VALUE_UNSUPPORTED', 'ERR_VALUE_UNSUPPORTED', (session) => session.set('f', () => {})],
    [
      'any error',
      'UNKNOWN',
      () => {
        throw new RangeError('of the app')
      },
    ],
    [
      'what is no error',
      'UNKNOWN',
      () => {
        throw 'text' // oxlint-disable-line no-throw-literal -- an app can throw anything, and that is what is tested
      },
    ],
  ])('is a 500, an event and a line, after a form was read: %s', async (_what, code, fail) => {
    const { sessions, events } = testSessions(place())
    const lines = printed()
    let requests = 0
    const ask = await serve(
      withSessions(sessions, async (req, res) => {
        requests += 1
        await text(req)
        if (requests === 1) fail(await sessions.get(req))
        res.end('fine')
      }),
    )
    const answer = await ask({ method: 'POST', body: 'name=ada' })
    expect([answer.status, await answer.text()]).toEqual([
      500,
      'Something went wrong. Please try again.\n',
    ])
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(events).toContainEqual({ type: 'handler-failed', code })
    expect(lines).toHaveLength(1)
    expect(lines[0]![0]).toContain('[sojourn] A request listener failed')
    expect(await (await ask({ method: 'POST' })).text()).toBe('fine')
  })

  test('is a 500 where a plain function throws it', async () => {
    const { sessions, events } = testSessions(place())
    printed()
    const ask = await serve(
      withSessions(sessions, () => {
        throw new Error('of the app')
      }),
    )
    expect((await ask()).status).toBe(500)
    expect(events).toEqual([{ type: 'handler-failed', code: 'UNKNOWN' }])
  })

  test('after the headers were sent ends the connection, and the server lives', async () => {
    const { sessions, events } = testSessions(place())
    printed()
    let requests = 0
    const ask = await serve(
      withSessions(sessions, async (req, res) => {
        await sessions.get(req)
        if (++requests > 1) return res.end('fine')
        res.writeHead(200, { 'content-length': '1000' })
        await new Promise((sent) => res.write('the beginning', sent))
        throw new Error('of the app')
      }),
    )
    await expect(ask().then((answer) => answer.text())).rejects.toThrow(/terminated|failed/)
    expect(events).toContainEqual({ type: 'handler-failed', code: 'UNKNOWN' })
    expect(await (await ask()).text()).toBe('fine')
  })

  test('after the response leaves the response as it is', async () => {
    const { sessions, events } = testSessions(place())
    printed()
    const ask = await serve(
      withSessions(sessions, async (req, res) => {
        ;(await sessions.get(req)).set('a', 1)
        res.end('the page')
        throw new Error('of the app')
      }),
    )
    const answer = await ask()
    expect([answer.status, await answer.text()]).toEqual([200, 'the page'])
    expect(answer.headers.getSetCookie()).toHaveLength(1)
    expect(events).toContainEqual({ type: 'handler-failed', code: 'UNKNOWN' })
  })

  test('that names a status is answered with it, and is no failure', async () => {
    const { sessions, events } = testSessions(place())
    const lines = printed()
    const ask = await serve(
      withSessions(sessions, async (req) => void (await sessions.signedIn(req))),
    )
    const answer = await ask()
    expect([answer.status, await answer.text()]).toEqual([401, 'Please sign in first.\n'])
    expect([events, lines]).toEqual([[], []])
  })
})

test('a host that awaits the wrapper goes on when the listener is done', async () => {
  const { sessions } = testSessions()
  printed()
  const order: string[] = []
  const wrapped = withSessions(sessions, async (req, res) => {
    await sessions.get(req)
    await new Promise((ready) => setImmediate(ready))
    order.push('listener')
    res.end()
    if (req.url === '/failing') throw new Error('of the app')
  })
  const ask = await serve(async (req, res) => {
    await wrapped(req, res)
    order.push('host')
  })
  await ask()
  expect(order).toEqual(['listener', 'host'])
})

test('a thenable that is no promise of this realm is waited for, too', async () => {
  const { sessions, events } = testSessions()
  printed()
  const foreign = {
    // oxlint-disable-next-line unicorn/no-thenable -- it stands for the promise of another library
    then: (_: unknown, failed: (error: Error) => void) => failed(new Error('of the app')),
  }
  const ask = await serve(withSessions(sessions, () => foreign))
  expect((await ask()).status).toBe(500)
  expect(events).toEqual([{ type: 'handler-failed', code: 'UNKNOWN' }])
})

test('a wrapper in a wrapper passes its error on to the outer one', async () => {
  const { sessions, events } = testSessions()
  printed()
  const inner = withSessions(sessions, async () => {
    throw new Error('of the app')
  })
  const ask = await serve(withSessions(sessions, (req, res) => inner(req, res)))
  expect((await ask()).status).toBe(500)
  expect(events).toEqual([{ type: 'handler-failed', code: 'UNKNOWN' }])
})

test('over HTTP/2 an error is a 500, too', async () => {
  const { sessions, events } = testSessions()
  printed()
  const server = createServer2(
    withSessions(sessions, async () => {
      throw new Error('of the app')
    }) as never,
  )
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  onTestFinished(() => client.close())
  const [head] = (await once(client.request({ ':path': '/' }), 'response')) as [
    Record<string, unknown>,
  ]
  expect(head[':status']).toBe(500)
  expect(events).toEqual([{ type: 'handler-failed', code: 'UNKNOWN' }])
})

test('a guard that is asked while the page is being sent ends the connection', async () => {
  const { sessions, events } = testSessions()
  let requests = 0
  const ask = await serve(
    withSessions(sessions, async (req, res) => {
      if (++requests > 1) return res.end('fine')
      res.writeHead(200, { 'content-length': '1000' })
      await new Promise((sent) => res.write('the beginning', sent))
      void sessions.signedIn(req)
      return undefined
    }),
  )
  await expect(ask().then((answer) => answer.text())).rejects.toThrow(/terminated|failed/)
  expect(events).toContainEqual({
    type: 'guard-unheeded',
    guard: 'signedIn',
    code: 'ERR_NOT_SIGNED_IN',
  })
  expect(await (await ask()).text()).toBe('fine')
})
