/** Promise 3: headers leave only after commit has answered, on error responses too. */

import { randomBytes } from 'node:crypto'
import { createServer, type RequestListener } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import express from 'express'
import { describe, expect, it } from 'vitest'
import { sessionMiddleware } from '../../src/adapters/express.ts'
import { withSessions as withFetchSessions } from '../../src/adapters/fetch.ts'
import { holdHeaders } from '../../src/adapters/node/gate.ts'
import { withSessions } from '../../src/adapters/node/node.ts'
import { refusalOf } from '../../src/session/explain/refusal.ts'
import { errorPage } from './site.ts'
import { createSessions, type Outgoing, SessionError, type Sessions } from '../../src/index.ts'

const REFUSAL_BODY = refusalOf(undefined).body

interface Data {
  user?: string
  big?: string
}

const secret = 'correct-horse-battery-staple-0123456789abcdef'
const TOO_BIG = randomBytes(5000).toString('hex')

/** What is done with a session's answer on its way to the gate. */
type Delay = (outgoing: Outgoing | undefined) => Promise<Outgoing | undefined>

/** Sessions whose commit takes as long as a store's would. */
function sessionsWith(delay?: Delay): Sessions<Data> {
  const sessions = createSessions<Data>({ secret })
  if (!delay) return sessions
  return {
    ...sessions,
    mount(carriers, facts) {
      const visit = sessions.mount(carriers, facts)!
      return { ...visit, finish: async () => delay(await visit.finish()) }
    },
  }
}

/** A delay that ends when told to, and says that it was reached. */
function barrier() {
  let open!: () => void
  let arrive!: () => void
  const opened = new Promise<void>((done) => (open = done))
  const reached = new Promise<void>((done) => (arrive = done))
  const delay: Delay = async (outgoing) => {
    arrive()
    await opened
    return outgoing
  }
  return { delay, reached, open }
}

/** Fails as a store does that is down. */
const storeIsDown: Delay = async () => {
  throw new Error('connection refused by 10.0.0.7')
}

/** What an app does, once for every adapter. */
interface Page {
  status?: number
  headers?: Record<string, string>
  body?: string
  change: (sessions: Sessions<Data>, carrier: object) => Promise<void>
}

const signIn: Page = {
  status: 303,
  headers: { location: '/home' },
  change: async (sessions, carrier) => {
    const session = await sessions.get(carrier)
    session.set('user', 'ann')
  },
}

/** Serves one page by an adapter; gives its address and a way to stop it. */
type Serve = (sessions: Sessions<Data>, page: Page) => Promise<{ url: string; stop: () => void }>

async function listen(listener: RequestListener): ReturnType<Serve> {
  const server = createServer(listener)
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const stop = () => {
    server.close()
    server.closeAllConnections()
  }
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, stop }
}

const SERVERS: Record<string, Serve> = {
  'node:http': (sessions, { status = 200, headers = {}, body, change }) =>
    listen(
      withSessions(sessions, async (req, res) => {
        await change(sessions, req)
        res.writeHead(status, headers).end(body)
      }),
    ),
  Express: (sessions, { status = 200, headers = {}, body, change }) => {
    const app = express()
    app.use(sessionMiddleware(sessions))
    app.use(async (req, res) => {
      await change(sessions, req)
      if (headers['location']) res.redirect(status, headers['location'])
      else res.status(status).set(headers).send(body)
    })
    return listen(app.use(errorPage))
  },
  Fetch: (sessions, { status = 200, headers = {}, body, change }) => {
    const handler = withFetchSessions(sessions, async (request) => {
      await change(sessions, request)
      return new Response(body ?? null, { status, headers })
    })
    // A minimal Fetch runtime on a real server, so that bytes can be waited for.
    return listen(async (req, res) => {
      const response = await handler(
        new Request(`http://localhost${req.url}`, {
          headers: req.headers as Record<string, string>,
        }),
      )
      res.writeHead(response.status, [...response.headers].flat())
      res.end(Buffer.from(await response.arrayBuffer()))
    })
  },
}

/** Asks without following; with a wire to see when bytes arrive. */
async function ask(url: string, cookie = '') {
  const response = await fetch(url, { redirect: 'manual', headers: { cookie } })
  return {
    status: response.status,
    cookies: response.headers.getSetCookie(),
    headers: response.headers,
    body: await response.text(),
  }
}

describe.each(Object.entries(SERVERS))('%s', (_name, serve) => {
  it('sends no byte before the session is kept', async () => {
    const { delay, reached, open } = barrier()
    const { url, stop } = await serve(sessionsWith(delay), signIn)
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    let received = ''
    socket.on('data', (chunk) => (received += String(chunk)))
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
    await reached
    // Bytes that had left would arrive before the answer to a second connection.
    const second = await serve(sessionsWith(), { ...signIn, change: async () => {} })
    await ask(second.url)
    second.stop()
    expect(received).toBe('')
    open()
    await new Promise((done) => socket.on('close', done))
    expect(received).toMatch(/^HTTP\/1\.1 303 /)
    expect(received).toMatch(/\r\nset-cookie: session=/i)
    stop()
  })

  it('never lets a redirect outrun its session', async () => {
    const store = new Set<string>()
    const sessions = sessionsWith(async (outgoing) => {
      await new Promise((done) => setTimeout(done, 30))
      store.add(outgoing?.setCookie?.split(';')[0] ?? '')
      return outgoing
    })
    const { url, stop } = await serve(sessions, signIn)
    const { status, cookies } = await ask(url)
    expect(status).toBe(303)
    expect(store).toEqual(new Set([cookies[0]?.split(';')[0]]))
    stop()
  })

  it('answers an error, not a success, if the session cannot be kept', async () => {
    const { url, stop } = await serve(sessionsWith(storeIsDown), { ...signIn, body: '' })
    const { status, cookies, headers, body } = await ask(url)
    expect({ status, cookies, body }).toEqual({ status: 500, cookies: [], body: REFUSAL_BODY })
    expect(headers.get('location')).toBeNull()
    expect(headers.get('cache-control')).toBe('no-store')
    stop()
  })

  it('answers an error if the cookie would be too large, and says nothing of it', async () => {
    const { url, stop } = await serve(sessionsWith(), {
      body: 'saved',
      change: async (sessions, carrier) => {
        const session = await sessions.get(carrier)
        session.set('big', TOO_BIG)
      },
    })
    const { status, cookies, body } = await ask(url)
    expect({ status, cookies, body }).toEqual({ status: 500, cookies: [], body: REFUSAL_BODY })
    stop()
  })

  it.each([404, 422, 500, 503])('keeps the session on a %i as well', async (status) => {
    const { url, stop } = await serve(sessionsWith(), {
      ...signIn,
      status,
      headers: {},
      body: 'no',
    })
    const answer = await ask(url)
    expect(answer).toMatchObject({ status, body: 'no' })
    expect(answer.cookies).toHaveLength(1)
    stop()
  })

  it('knows the visitor whom it has redirected', async () => {
    const seen: (string | undefined)[] = []
    const sessions = sessionsWith(async (outgoing) => outgoing)
    const { url, stop } = await serve(sessions, {
      ...signIn,
      change: async (_, carrier) => {
        const session = await sessions.get(carrier)
        seen.push(session.get('user'))
        session.set('user', 'ann')
      },
    })
    const { cookies } = await ask(url)
    await ask(url, cookies[0]?.split(';')[0])
    expect(seen).toEqual([undefined, 'ann'])
    stop()
  })
})

describe('after the first byte', () => {
  const codeOf = (action: () => unknown) => {
    try {
      action()
      return 'kept'
    } catch (error) {
      return error instanceof SessionError ? error.code : String(error)
    }
  }

  it.each<[string, Delay | undefined]>([
    ['at once', undefined],
    ['later', async (outgoing) => new Promise((done) => setTimeout(done, 30, outgoing))],
  ])('a write throws where it stands, with a commit that answers %s', async (_when, delay) => {
    const seen: string[] = []
    const sessions = sessionsWith(delay)
    const { url, stop } = await listen(
      withSessions(sessions, async (req, res) => {
        const session = await sessions.get(req)
        session.set('user', 'ann')
        res.write('one ')
        seen.push(codeOf(() => session.set('user', 'bob')))
        seen.push(codeOf(() => session.delete('user')))
        seen.push(codeOf(() => session.login('1')))
        seen.push(codeOf(() => session.flash('hello')))
        seen.push(String(session.get('user')))
        res.end('two')
      }),
    )
    const { status, body } = await ask(url)
    expect({ status, body }).toEqual({ status: 200, body: 'one two' })
    expect(seen).toEqual([...Array.from({ length: 4 }, () => 'ERR_SESSION_COMMITTED'), 'ann'])
    stop()
  })

  it('a session opened only then can be read, not written', async () => {
    const seen: string[] = []
    const onEvent = ({ type }: { type: string }) => void seen.push(type)
    const sessions = createSessions<Data>({ secret, onEvent })
    const { url, stop } = await listen(
      withSessions(sessions, async (req, res) => {
        res.flushHeaders()
        const session = await sessions.get(req)
        seen.push(
          String(session.get('user')),
          codeOf(() => session.set('user', 'bob')),
        )
        res.end()
      }),
    )
    await ask(url)
    // No cache was told that the page depends on the visitor, so somebody has to be.
    expect(seen).toEqual(['opened-late', 'undefined', 'ERR_SESSION_COMMITTED'])
    stop()
  })

  it('so it is where the middleware came after the first byte', async () => {
    const seen: string[] = []
    const sessions = sessionsWith()
    const app = express()
    app.use((_req, res, next) => {
      res.write('one ')
      next()
    })
    app.use(sessionMiddleware(sessions))
    app.use(async (req, res) => {
      const session = await sessions.get(req)
      seen.push(codeOf(() => session.set('user', 'bob')))
      res.end('two')
    })
    const { url, stop } = await listen(app)
    expect((await ask(url)).body).toBe('one two')
    expect(seen).toEqual(['ERR_SESSION_COMMITTED'])
    stop()
  })

  it('a Fetch handler that still streams its body cannot write either', async () => {
    const seen: string[] = []
    const sessions = sessionsWith()
    const handler = withFetchSessions(sessions, async (request) => {
      const session = await sessions.get(request)
      const body = new ReadableStream({
        async pull(controller) {
          await Promise.resolve()
          await new Promise((done) => setTimeout(done, 5))
          seen.push(codeOf(() => session.set('user', 'ann')))
          controller.enqueue(new TextEncoder().encode('late'))
          controller.close()
        },
      })
      return new Response(body)
    })
    const response = await handler(new Request('http://localhost/'))
    expect(await response.text()).toBe('late')
    expect(seen).toEqual(['ERR_SESSION_COMMITTED'])
  })
})

describe('an error response', () => {
  it.each<[string, Delay | undefined]>([
    ['at once', undefined],
    ['later', async (outgoing) => new Promise((done) => setTimeout(done, 30, outgoing))],
  ])('of Express carries the session, kept %s', async (_when, delay) => {
    const sessions = sessionsWith(delay)
    const app = express()
    app.set('env', 'test')
    app.use(sessionMiddleware(sessions))
    app.use(async (req) => {
      const session = await sessions.get(req)
      session.set('user', 'ann')
      throw new Error('a bug')
    })
    const { url, stop } = await listen(app)
    const { status, cookies, headers } = await ask(url)
    expect(status).toBe(500)
    expect(cookies).toHaveLength(1)
    expect(headers.get('vary')).toBe('Cookie')
    stop()
  })

  it('of a Fetch handler that throws keeps nothing: there is no response to carry it', async () => {
    const sessions = sessionsWith()
    const handler = withFetchSessions(sessions, async (request) => {
      const session = await sessions.get(request)
      session.set('user', 'ann')
      throw new Error('a bug')
    })
    await expect(handler(new Request('http://localhost/'))).rejects.toThrow('a bug')
  })
})

it('a commit that fails with a status of its own is answered with it', async () => {
  const { url, stop } = await listen((_req, res) => {
    holdHeaders(res, () => Promise.reject(new SessionError('ERR_SESSION_GONE')))
    res.end('welcome')
  })
  expect(await ask(url)).toMatchObject({ status: 409, body: REFUSAL_BODY })
  stop()
})
