/** What adapters for frameworks are made of: more carriers, one Fetch request, parts of a request. */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { respond, withSessions } from '../../src/adapters/fetch.ts'
import { mountNode } from '../../src/adapters/node/node.ts'
import { createSessions } from '../../src/index.ts'

const sessions = createSessions({
  secret: 'seams-of-adapters-71c0e5d2f94ab836',
  cookie: { name: 'session', secure: false },
})
let stop = () => {}
afterEach(() => stop())

type Handler = (req: IncomingMessage, res: ServerResponse) => unknown

/** A server that is asked once. */
async function answerOf(handler: Handler, cookie = ''): Promise<Response> {
  const server = createServer((req, res) => void handler(req, res))
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  stop = () => void server.close()
  const { port } = server.address() as AddressInfo
  return fetch(`http://127.0.0.1:${port}/`, { headers: { cookie, connection: 'close' } })
}

async function keysIn(response: Response): Promise<string[]> {
  const lines = response.headers.getSetCookie()
  expect(lines).toHaveLength(1)
  return [...(await sessions.open(lines[0]!.split(';')[0])).keys()]
}

describe('mountNode', () => {
  it('finds one session by the request, the response and a framework’s own context', async () => {
    const response = await answerOf(async (req, res) => {
      const context = { request: req }
      const visit = mountNode(sessions, req, res, [context])!
      await sessions.run(visit, async () => {
        const found = [req, res, context].map((carrier) => sessions.get(carrier))
        const [session, ...others] = await Promise.all([...found, sessions.current()])
        expect(others).toEqual([session, session, session])
        session!.set('kept', 1)
        res.end()
      })
    })
    expect(await keysIn(response)).toEqual(['kept'])
  })

  it('takes its place once, also where somebody has wrapped the request meanwhile', async () => {
    const response = await answerOf(async (req, res) => {
      mountNode(sessions, req, res)
      const wrapped = Object.create(req) as IncomingMessage
      expect(mountNode(sessions, wrapped, res)).toBeUndefined()
      ;(await sessions.get(res)).set('kept', 1)
      res.end()
    })
    expect(await keysIn(response)).toEqual(['kept'])
  })

  it('finds the session of a response whose request was wrapped before', async () => {
    const response = await answerOf(async (req, res) => {
      const wrapped = new Proxy(req, { get: (target, name) => Reflect.get(target, name) })
      mountNode(sessions, wrapped, res)
      expect(await sessions.get(res)).toBe(await sessions.get(wrapped))
      ;(await sessions.get(res)).set('kept', 1)
      res.end()
    })
    expect(await keysIn(response)).toEqual(['kept'])
  })

  it('keeps what a wrapped end writes, whoever wrapped it', async () => {
    const response = await answerOf((req, res) => {
      mountNode(sessions, req, res)
      const { end } = res
      res.end = ((...args: Parameters<typeof end>) => {
        void sessions.get(req).then((session) => {
          session.set('kept', 1)
          end.apply(res, args)
        })
        return res
      }) as typeof end
      res.end()
    })
    expect(await keysIn(response)).toEqual(['kept'])
  })

  it('lets an error page change the session after a call that Node refused', async () => {
    const response = await answerOf(async (req, res) => {
      mountNode(sessions, req, res)
      expect(() => res.end(5 as never)).toThrow(/"chunk"/)
      expect(() => res.writeHead(200, { 'x-bad': 'line\nbreak' })).toThrow(/x-bad/)
      ;(await sessions.get(req)).set('kept', 1)
      res.end()
    })
    expect(await keysIn(response)).toEqual(['kept'])
  })

  it('adds nothing to a response whose session nobody asked for', async () => {
    const response = await answerOf((req, res) => {
      mountNode(sessions, req, res)
      res.end('x')
    }, 'session=whatever')
    const { headers } = response
    expect([headers.get('vary'), headers.get('cache-control')]).toEqual([null, null])
    expect(headers.getSetCookie()).toEqual([])
  })
})

describe('respond', () => {
  const request = () => new Request('http://localhost/')

  it('finds one session by the request and a framework’s own context', async () => {
    const event = { request: request(), locals: {} }
    const response = await respond(sessions, [event.request, event.locals], async () => {
      const session = await sessions.get(event.locals)
      expect(session).toBe(await sessions.get(event.request))
      session.set('kept', 1)
      return new Response()
    })
    expect(await keysIn(response)).toEqual(['kept'])
  })

  it('sends the refusal of a guard in place of a Response of another library', async () => {
    const incoming = request()
    const own = { status: 200, statusText: 'OK', headers: new Headers(), body: 'secret' }
    const response = await respond(sessions, [incoming], async () => {
      void sessions.signedIn(incoming)
      return own as unknown as Response
    })
    expect(response.status).toBe(401)
    expect(await response.text()).not.toContain('secret')
  })

  it('handles a request that has its place in the same visit', async () => {
    const incoming = request()
    const response = await respond(sessions, [incoming], async () => {
      ;(await sessions.get(incoming)).set('outer', 1)
      return respond(sessions, [incoming], async () => {
        ;(await sessions.get(incoming)).set('inner', 1)
        return new Response()
      })
    })
    expect(await keysIn(response)).toEqual(['outer', 'inner'])
  })

  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['null', null],
    ['a string', 'page'],
    ['an object', { page: 1 }],
  ])('names what a handler returned that is no Response: %s', async (kind, value) => {
    const handler = () => value as Response
    for (const answer of [
      respond(sessions, [request()], handler),
      withSessions(sessions, handler)(request()),
    ]) {
      await expect(answer).rejects.toMatchObject({
        code: 'ERR_RESPONSE_INVALID',
        message: expect.stringContaining(`returned ${kind} and`),
      })
    }
  })

  it('shares the session with the Request of a rewritten page, which has the same context', async () => {
    const locals = {}
    const [first, second] = ['a', 'b'].map((path) => new Request(`https://shop.example/${path}`))
    const response = await respond(sessions, [first!, locals], async () => {
      ;(await sessions.get(first!)).set('kept', 1)
      return respond(sessions, [second!, locals], async () => {
        expect((await sessions.get(second!)).get('kept')).toBe(1)
        return new Response('rewritten')
      })
    })
    expect(await keysIn(response)).toEqual(['kept'])
  })

  it('keeps nothing where a handler returned no Response', async () => {
    let kept = ''
    const site = createSessions({
      secret: 'seams-of-adapters-71c0e5d2f94ab836',
      onEvent: ({ type }) => void (kept += type),
    })
    const incoming = request()
    const answer = respond(site, [incoming], async () => {
      ;(await site.get(incoming)).set('lost', 1)
      return undefined as never
    })
    await expect(answer).rejects.toMatchObject({ code: 'ERR_RESPONSE_INVALID' })
    expect(kept).toBe('')
  })

  it('takes handlers of a framework’s own request', async () => {
    class OwnRequest extends Request {
      readonly own = 'own'
    }
    const handler = withSessions(sessions, (incoming: OwnRequest) => new Response(incoming.own))
    expect(await (await handler(new OwnRequest('http://localhost/'))).text()).toBe('own')
  })
})

describe('a carrier that is not made anew for each request', () => {
  it('is refused: the next visitor would get the session of this one', async () => {
    const shared = {}
    const signIn = async () => {
      ;(await sessions.get(shared)).login('ada')
      return new Response()
    }
    const ask = (path: string) => new Request(`https://site.example${path}`)
    await respond(sessions, [ask('/login'), shared], signIn)
    const show = vi.fn<() => Response>(() => new Response())
    await expect(respond(sessions, [ask('/'), shared], show)).rejects.toMatchObject({
      code: 'ERR_OPTION_INVALID',
    })
    expect(show).not.toHaveBeenCalled()
  })

  it('is fine inside the request: another Request for the same page', async () => {
    const locals = {}
    const pages: unknown[] = []
    await respond(sessions, [new Request('https://site.example/a'), locals], async () => {
      const rewritten = new Request('https://site.example/b')
      return respond(sessions, [rewritten, locals], async () => {
        pages.push(await sessions.get(rewritten), await sessions.get(locals))
        return new Response()
      })
    })
    expect(pages[0]).toBe(pages[1])
  })
})

describe('sessions.carry', () => {
  it('lets a part of the page, asked for with a Request of its own, share the session', async () => {
    const page = withSessions(sessions, async () => {
      const part = new Request('http://localhost/part')
      sessions.carry([part])
      const answer = await withSessions(sessions, async (request: Request) => {
        ;(await sessions.get(request)).set('part', 1)
        return new Response('part')
      })(part)
      expect(answer.headers.getSetCookie()).toEqual([])
      ;(await sessions.current()).set('page', 1)
      return new Response('page')
    })
    expect(await keysIn(await page(new Request('http://localhost/')))).toEqual(['part', 'page'])
  })

  it('takes the request by any of its carriers, on a real server too', async () => {
    const response = await answerOf(async (req, res) => {
      mountNode(sessions, req, res)
      const context = {}
      sessions.carry([context, context, req], res)
      ;(await sessions.get(context)).set('kept', 1)
      res.end()
    })
    expect(await keysIn(response)).toEqual(['kept'])
  })

  it('refuses an object that carries another visitor’s request', async () => {
    const [mine, yours] = [{}, {}]
    const facts = { cookie: undefined, header: () => undefined }
    sessions.mount([mine], facts)
    sessions.mount([yours], facts)
    expect(() => sessions.carry([yours], mine)).toThrow(
      expect.objectContaining({ code: 'ERR_OPTION_INVALID' }),
    )
    expect(await sessions.get(yours)).not.toBe(await sessions.get(mine))
  })

  it('needs a request that has its place', () => {
    const unknown = expect.objectContaining({ code: 'ERR_SESSION_NOT_MOUNTED' })
    expect(() => sessions.carry([{}])).toThrow(unknown)
    expect(() => sessions.carry([{}], {})).toThrow(unknown)
  })
})

describe('a read-only visit', () => {
  it('answers a page over HTTP without a cookie, and its form with one', async () => {
    const handler: Handler = async (req, res) => {
      const visit = mountNode(sessions, req, res)!
      visit.readOnly('this page is already being sent')
      const session = await sessions.get(req)
      expect(() => session.set('late', 1)).toThrow(/already being sent/)
      res.end(String(session.get('name')))
    }
    const signed = (await sessions.open(undefined)).set('name', 'ada')
    const cookie = (await signed.commit()).getSetCookie()[0]!.split(';')[0]!
    const response = await answerOf(handler, cookie)
    expect(await response.text()).toBe('ada')
    expect(response.headers.getSetCookie()).toEqual([])
    expect(response.headers.get('vary')).toBe('Cookie')
  })
})
