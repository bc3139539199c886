/** The Fetch adapter adds headers to a response and leaves everything else as it was. */

import { describe, expect, it } from 'vitest'
import { withSessions } from '../../src/adapters/fetch.ts'
import { withSessions as withNodeSessions } from '../../src/adapters/node/node.ts'
import { createSessions, type EventFacts } from '../../src/index.ts'
import { factsOf } from '../session/facts-of.ts'

const events: EventFacts[] = []
const sessions = createSessions({
  secret: 'fetch-adapter-5b1e0c94d7f2a863e1',
  onEvent: (event) => void events.push(factsOf(event)),
})
const request = () => new Request('http://localhost/')

/** Answers with a response after writing to the session. */
function writing(respond: () => Response) {
  return withSessions(sessions, async (request: Request) => {
    ;(await sessions.get(request)).set('a', 1)
    return respond()
  })
}

describe('withSessions for Fetch', () => {
  it('keeps status, reason, headers and body', async () => {
    const response = await writing(
      () => new Response('made', { status: 201, statusText: 'Yes', headers: { 'x-own': '1' } }),
    )(request())
    expect([response.status, response.statusText, response.headers.get('x-own')]).toEqual([
      201,
      'Yes',
      '1',
    ])
    expect(await response.text()).toBe('made')
    expect(response.headers.getSetCookie()).toHaveLength(1)
  })

  it('adds the cookie to a redirect, whose own headers are immutable', async () => {
    const response = await writing(() => Response.redirect('http://localhost/next'))(request())
    expect(response.status).toBe(302)
    expect(response.headers.getSetCookie()).toHaveLength(1)
  })

  it('never writes into the app’s own response, which may be answered to the next visitor too', async () => {
    const shared = new Response(null, { status: 204 })
    const handler = writing(() => shared)
    const first = await handler(request())
    expect(first.headers.getSetCookie()).toHaveLength(1)
    expect(shared.headers.getSetCookie()).toEqual([])
    expect(shared.headers.get('vary')).toBeNull()
  })

  it('gives a response back untouched when nobody asked for the session', async () => {
    const response = new Response('plain')
    expect(await withSessions(sessions, () => response)(request())).toBe(response)
  })

  it('passes on what the runtime passes besides the request', async () => {
    const handler = withSessions(sessions, (_request, env: { name: string }, n: number) => {
      return new Response(`${env.name} ${n}`)
    })
    expect(await (await handler(request(), { name: 'worker' }, 7)).text()).toBe('worker 7')
  })

  it('leaves a network error as it is', async () => {
    const error = Response.error()
    expect(await writing(() => error)(request())).toBe(error)
  })

  it('lets a handler’s mistakes reach the runtime, and does not call them a failed save', async () => {
    events.length = 0
    await expect(writing(() => undefined as never)(request())).rejects.toMatchObject({
      code: 'ERR_RESPONSE_INVALID',
    })
    const used = new Response('once')
    await used.text()
    await expect(writing(() => used)(request())).rejects.toThrow(TypeError)
    await expect(
      writing(() => {
        throw new RangeError('mine')
      })(request()),
    ).rejects.toThrow('mine')
    expect(events.map(({ type }) => type)).not.toContain('commit-failed')
  })

  it('a request that was made up without a socket is served too', async () => {
    const secure = createSessions({
      secret: 'fetch-adapter-5b1e0c94d7f2a863e1',
      cookie: { name: 'session', secure: true },
    })
    const headers = new Map<string, unknown>()
    const res = {
      _header: null,
      headersSent: false,
      statusCode: 200,
      getHeader: (name: string) => headers.get(name.toLowerCase()),
      setHeader: (name: string, value: unknown) => headers.set(name.toLowerCase(), value),
      getHeaderNames: () => [...headers.keys()],
      writeHead() {},
      write() {},
      flushHeaders() {},
      end() {},
    }
    const req = { headers: { host: 'localhost' } }
    await new Promise<void>((resolve) => {
      withNodeSessions(secure, async (req, res) => {
        ;(await secure.get(req)).set('a', 1)
        res.end()
        resolve()
      })(req as never, res as never)
    })
    expect(headers.get('set-cookie')).toHaveLength(1)
  })
})
