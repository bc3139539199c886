/** `mountUpgrade`: the session of a WebSocket, with a real server and client of `ws`. */

import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Duplex } from 'node:stream'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { mountNode, mountUpgrade } from '../../src/adapters/node/node.ts'
import { withSessions } from '../../src/adapters/fetch.ts'
import { memoryStore } from '../../src/stores/memory/memory.ts'
import { ask, open, opened, sessionsInStore, signIn, upgradeServer } from './upgrade-site.ts'

const EVIL = 'https://evil.example'

/** A server that checks each upgrade, and answers messages from the session. */
async function site(options: Parameters<typeof sessionsInStore>[0] = {}) {
  const { sessions, events } = sessionsInStore(options)
  const server = await upgradeServer((accept) => async (req, socket, head) => {
    mountUpgrade(sessions, req)
    await sessions.checkCsrf(req)
    const session = await sessions.get(req)
    accept(req, socket, head, (ws) => {
      ws.on(
        'close',
        sessions.onEnded(session.handle, (why) => ws.close(4401, why)),
      )
      ws.on('message', async (message) => {
        try {
          if (String(message) === 'reload') await session.reload()
          if (String(message) === 'change') session.set('visits', 1)
          ws.send(session.userId ?? 'nobody')
        } catch (error) {
          ws.send((error as { code: string }).code)
        }
      })
    })
  })
  return { sessions, events, ...server }
}

describe('the handshake', () => {
  it('of a page of another origin is refused with 403 before it is answered', async () => {
    const { sessions, port, accepted, events } = await site()
    const { cookie } = await signIn(sessions)
    const cross = { 'sec-fetch-site': 'cross-site', origin: EVIL }
    for (const headers of [
      { origin: EVIL },
      cross,
      { origin: EVIL, 'sec-fetch-mode': 'websocket' },
    ]) {
      expect(await open(port, { cookie, ...headers })).toEqual({ refused: '403' })
    }
    expect(accepted).toEqual([])
    expect(events.filter(({ type }) => type === 'csrf-refused')).toHaveLength(3)
  })

  it('of an own page, and of one in trustedOrigins, opens a socket with the session', async () => {
    const { sessions, port, origin } = await site({ trustedOrigins: ['https://app.example'] })
    const { cookie } = await signIn(sessions)
    for (const headers of [
      { origin },
      { origin, 'sec-fetch-site': 'same-origin' },
      { origin: 'https://app.example', 'sec-fetch-site': 'cross-site' },
    ]) {
      const { ws } = opened(await open(port, { cookie, ...headers }))
      expect(await ask(ws, 'who')).toBe('ada')
    }
  })

  it('of a program, which sends no Origin, is refused with a session’s cookie, unless it has the token', async () => {
    const { sessions, port } = await site()
    const { cookie } = await signIn(sessions)
    expect(await open(port, { cookie })).toEqual({ refused: '403' })
    expect(await ask(opened(await open(port, {})).ws, 'who')).toBe('nobody')
    const token = (await sessions.open(cookie)).csrfToken()
    const { ws } = opened(await open(port, { cookie, 'x-csrf-token': token }))
    expect(await ask(ws, 'who')).toBe('ada')
  })

  it('is refused with the status of a guard that nobody handles: 401, and 503 without the store', async () => {
    const store = memoryStore()
    const { sessions, events } = sessionsInStore({ store })
    const { port, origin } = await upgradeServer((accept) => async (req, socket, head) => {
      mountUpgrade(sessions, req)
      await sessions.signedIn(req)
      accept(req, socket, head)
    })
    expect(await open(port, { origin })).toEqual({ refused: '401' })
    // It is the usual way, and not one that somebody forgot.
    expect(events.filter(({ type }) => type === 'guard-unheeded')).toEqual([])
    const { cookie } = await signIn(sessions)
    opened(await open(port, { origin, cookie }))
    store.read = () => Promise.reject(new Error('away'))
    const away = sessionsInStore({ store: { ...store } })
    const other = await upgradeServer((accept) => async (req, socket, head) => {
      mountUpgrade(away.sessions, req)
      await away.sessions.get(req)
      accept(req, socket, head)
    })
    expect(await open(other.port, { cookie })).toEqual({ refused: '503' })
  })

  it.each([0, 1, 20])(
    'is refused though the handler does something before the error leaves it, which takes %i ms',
    async (ms) => {
      const { sessions, events } = sessionsInStore()
      const { port } = await upgradeServer((accept) => async (req, socket, head) => {
        mountUpgrade(sessions, req)
        // Two that refuse, of which the second rejects when the socket is closed already.
        void sessions.signedIn(req).finally(() => sleep(ms + 20))
        try {
          await sessions.checkCsrf(req)
        } finally {
          await sleep(ms)
        }
        accept(req, socket, head)
      })
      expect(await open(port, { origin: EVIL })).toEqual({ refused: '403' })
      await sleep(ms + 20)
      expect(events.filter(({ type }) => type === 'guard-unheeded')).toEqual([])
    },
  )

  it('reaches no client if the await is forgotten: nothing is sent until the guard has passed', async () => {
    const { sessions, events } = sessionsInStore()
    const { port, origin } = await upgradeServer((accept) => (req, socket, head) => {
      mountUpgrade(sessions, req)
      void sessions.checkCsrf(req)
      void sessions.signedIn(req)
      accept(req, socket, head, (ws) => ws.on('message', () => ws.send('for who is signed in')))
    })
    const { cookie } = await signIn(sessions)
    const { ws } = opened(await open(port, { cookie, origin }))
    expect(await ask(ws, '?')).toBe('for who is signed in')
    expect(await open(port, { cookie, origin: EVIL })).toEqual({ refused: 'socket hang up' })
    expect(await open(port, { origin })).toEqual({ refused: 'socket hang up' })
    const unheeded = events.filter(({ type }) => type === 'guard-unheeded')
    expect(unheeded.map((event) => 'guard' in event && event.guard)).toEqual([
      'checkCsrf',
      'signedIn',
    ])
  })

  it('is answered by an app that handles the refusal itself, whatever it does then', async () => {
    const { sessions } = sessionsInStore()
    const { port, origin } = await upgradeServer((accept) => async (req, socket, head) => {
      mountUpgrade(sessions, req)
      try {
        await sessions.checkCsrf(req)
      } catch {
        // As in the README of ws.
        socket.write('HTTP/1.1 418 No\r\n\r\n')
        return socket.destroy()
      }
      const session = await sessions.signedIn(req).catch(() => undefined)
      accept(req, socket, head, (ws) =>
        ws.on('message', () => ws.send(session?.userId ?? 'a guest')),
      )
    })
    expect(await open(port, { origin: EVIL })).toEqual({ refused: '418' })
    const { ws } = opened(await open(port, { origin }))
    expect(await ask(ws, '?')).toBe('a guest')
  })
})

describe('a client that disconnects', () => {
  it('while a guard runs does not end the process', async () => {
    const { sessions } = sessionsInStore()
    const over: unknown[] = []
    const { port } = await upgradeServer((accept) => async (req, socket, head) => {
      mountUpgrade(sessions, req)
      client.resetAndDestroy()
      await new Promise((closed) => socket.once('close', closed))
      over.push(await sessions.signedIn(req).catch(({ code }: { code: string }) => code))
      accept(req, socket, head)
    })
    const client = connect(port, '127.0.0.1')
    client.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n')
    await vi.waitFor(() => expect(over).toEqual(['ERR_NOT_SIGNED_IN']))
  })
})

describe('a refused client that', () => {
  const handshake = `GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\nOrigin: ${EVIL}\r\n\r\n`

  /** Refuses a client that sends the handshake, reads or not, and never ends its side. */
  async function refused(listen: (socket: Duplex) => void) {
    const { sessions } = sessionsInStore()
    const refusals: Duplex[] = []
    const { port } = await upgradeServer(() => async (req, socket) => {
      listen(socket)
      mountUpgrade(sessions, req)
      refusals.push(socket)
      await sessions.checkCsrf(req)
    })
    const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    onTestFinished(() => void client.destroy())
    client.on('error', () => {})
    client.write(handshake)
    await vi.waitFor(() => expect(refusals).toHaveLength(1))
    return { client, socket: refusals[0]! }
  }

  it('keeps its side open does not keep the connection', async () => {
    const { client, socket } = await refused(() => {})
    let text = ''
    client.on('data', (chunk) => (text += String(chunk)))
    await vi.waitFor(() => expect(text).toMatch(/^HTTP\/1\.1 403/))
    await vi.waitFor(() => expect(socket.destroyed).toBe(true))
  })

  it('does not read keeps it for seconds only', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    // What an earlier request on the connection asked for.
    const { socket } = await refused((connection) => void connection.write(Buffer.alloc(32 << 20)))
    await vi.waitFor(() => expect(socket.writableEnded).toBe(true))
    expect(socket.destroyed).toBe(false)
    await vi.advanceTimersByTimeAsync(10_000)
    expect(socket.destroyed).toBe(true)
  })
})

describe('the session of a socket', () => {
  it('is read-only: a change throws, and says why', async () => {
    const { sessions, port, origin } = await site()
    const { cookie } = await signIn(sessions)
    const { ws } = opened(await open(port, { cookie, origin }))
    expect(await ask(ws, 'change')).toBe('ERR_SESSION_READ_ONLY')
    expect([...(await sessions.open(cookie)).keys()]).toEqual([])
  })

  it('sees by reload that somebody signed out, or that all was revoked', async () => {
    const { sessions } = sessionsInStore()
    const { port, origin } = await upgradeServer((accept) => async (req, socket, head) => {
      mountUpgrade(sessions, req)
      const session = await sessions.signedIn(req)
      accept(req, socket, head, (ws) => {
        ws.on('message', async () => {
          await session.reload()
          ws.send(session.userId ?? 'nobody')
        })
      })
    })
    const { cookie } = await signIn(sessions)
    const { ws } = opened(await open(port, { cookie, origin }))
    expect(await ask(ws, '?')).toBe('ada')
    await sessions.revokeUser('ada')
    expect(await ask(ws, '?')).toBe('nobody')
  })

  it('sees by reload what a page saved, also after its id was renewed twice', async () => {
    const { sessions, port, origin } = await site({ grace: '1ms', rotate: '1m' })
    let { cookie } = await signIn(sessions)
    const { ws } = opened(await open(port, { cookie, origin }))
    for (let times = 0; times < 2; times += 1) {
      const page = await sessions.open(cookie)
      page.regenerate()
      cookie = (await page.commit()).getSetCookie()[0]!.split(';')[0]!
    }
    expect(await ask(ws, 'reload')).toBe('ada')
    const page = await sessions.open(cookie)
    page.login('ada')
    await page.commit()
    expect(await ask(ws, 'reload')).toBe('nobody')
  })

  it('ends with it: a socket is closed at once when its session is revoked, and others stay', async () => {
    const { sessions, port, origin } = await site()
    const [ada, bob] = [await signIn(sessions), await signIn(sessions, 'bob')]
    const adas = opened(await open(port, { cookie: ada.cookie, origin }))
    const bobs = opened(await open(port, { cookie: bob.cookie, origin }))
    await sessions.revokeUser('ada')
    expect(await adas.closed).toBe(4401)
    expect(await ask(bobs.ws, 'who')).toBe('bob')
    const page = await sessions.open(bob.cookie)
    page.logout()
    await page.commit()
    expect(await bobs.closed).toBe(4401)
  })
})

describe('mountUpgrade', () => {
  it('takes its place once, and finds the session by further carriers', async () => {
    const { sessions } = sessionsInStore()
    const found: unknown[] = []
    const { port, origin } = await upgradeServer((accept) => async (req, socket, head) => {
      expect(mountUpgrade(sessions, req, [socket])).toBeDefined()
      expect(mountUpgrade(sessions, req)).toBeUndefined()
      found.push(await sessions.get(req), await sessions.get(socket))
      accept(req, socket, head)
    })
    opened(await open(port, { origin }))
    expect(found[0]).toBe(found[1])
  })

  it('adds carriers to a request that it has mounted, and refuses those of another one', async () => {
    const { sessions } = sessionsInStore()
    const request = () => ({ headers: {}, socket: {} }) as never
    const [one, other, socket] = [request(), request(), {}]
    mountUpgrade(sessions, one)
    expect(mountUpgrade(sessions, one, [socket])).toBeUndefined()
    expect(await sessions.get(socket)).toBe(await sessions.get(one))
    mountUpgrade(sessions, other)
    expect(() => mountUpgrade(sessions, other, [socket])).toThrow(/another request/)
  })

  it('refuses a request that another adapter has mounted, which takes an upgrade for a page', async () => {
    const { sessions } = sessionsInStore()
    const req = { method: 'GET', headers: {}, socket: {} } as never
    mountNode(sessions, req, { req, once() {}, getHeader() {} } as never)
    expect(() => mountUpgrade(sessions, req)).toThrow(/another adapter/)
    expect(() => mountUpgrade({} as never, req)).toThrow(/mountUpgrade\(sessions, req\)/)
  })
})

it('checkCsrf refuses a WebSocket of another origin behind every other adapter, too', async () => {
  const { sessions } = sessionsInStore()
  const { cookie } = await signIn(sessions)
  const handler = withSessions(sessions, async (request: Request) => {
    await sessions.checkCsrf(request)
    return new Response('opened')
  })
  // As Bun and Deno pass it: a script can set neither header.
  const get = (headers: Record<string, string>) =>
    handler(new Request('http://app.example/', { headers: { cookie, ...headers } }))
  const handshake = { upgrade: 'WebSocket', connection: 'Upgrade', host: 'app.example' }
  expect((await get({ ...handshake, origin: EVIL })).status).toBe(403)
  expect((await get({ ...handshake, origin: 'http://app.example' })).status).toBe(200)
  expect((await get({ origin: EVIL })).status).toBe(200)
})
