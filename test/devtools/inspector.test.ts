import { createServer, request as rawRequest, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { inspector } from '../../src/devtools/devtools.ts'
import { isForwarded, isLoopback, isLoopbackHost } from '../../src/devtools/loopback.ts'
import type { Snapshot } from '../../src/devtools/snapshot.ts'
import type { Entry } from '../../src/devtools/timeline.ts'
import { createSessions, type StoredSessions } from '../../src/index.ts'
import { sessionMiddleware } from '../../src/adapters/express.ts'
import { memoryStore } from '../../src/stores/memory/memory.ts'

const SECRET = 'q7Rk2vX9-mB4tZ8wL1nC6yH3pD5sF0gJ'

type State = Snapshot & { timeline: Entry[] }

let server: Server
let origin: string
let sessions: StoredSessions

beforeEach(async () => {
  sessions = createSessions({ secret: SECRET, store: memoryStore() })
  const app = express()
  app.use(inspector(sessions, { secret: SECRET }))
  app.use(sessionMiddleware(sessions), express.json())
  app.get('/login', async (req, res) => {
    const session = await sessions.get(req)
    session.set('cart', ['tea', 'bread']).set('note', '<img src=x onerror=alert(1)>')
    session.login('ada')
    res.send('ok')
  })
  app.get('/', async (req, res) => void res.send(String((await sessions.get(req)).userId)))
  server = createServer(app).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterEach(() => {
  server.closeAllConnections()
  server.close()
})

async function signIn(): Promise<string> {
  const response = await fetch(`${origin}/login`)
  return response.headers.getSetCookie()[0]!.split(';', 1)[0]!
}

async function stateOf(cookie?: string): Promise<State> {
  const response = await fetch(`${origin}/__sessions/state`, { headers: cookie ? { cookie } : {} })
  return (await response.json()) as State
}

async function tokenOf(): Promise<string> {
  const page = await (await fetch(`${origin}/__sessions`)).text()
  return /data-token="([^"]+)"/.exec(page)![1]!
}

function post(path: string, body: object): Promise<Response> {
  return fetch(`${origin}/__sessions/${path}`, { method: 'POST', body: JSON.stringify(body) })
}

describe('the inspector', () => {
  test('shows the keys, types and sizes of the session, who is signed in, and when it expires', async () => {
    const state = await stateOf(await signIn())
    expect(state).toMatchObject({ outcome: 'valid', userId: 'ada', key: 0, permanent: false })
    expect(state.keys).toEqual([
      { key: 'cart', type: 'list of 2', bytes: 15, value: '["tea","bread"]' },
      { key: 'note', type: 'string', bytes: 30, value: '"<img src=x onerror=alert(1)>"' },
    ])
    const { idle } = state.policy.lifetime
    expect(state.expires!.idle - state.now).toBeGreaterThan((idle - 60) * 1000)
    expect(state.others).toMatchObject([{ handle: state.handle, isCurrent: true }])
  })

  test('says why a session is empty, in a sentence', async () => {
    expect((await stateOf()).says).toMatch(/sent no session cookie/)
    const cookie = await signIn()
    const name = cookie.split('=')[0]
    expect((await stateOf(`${name}=nonsense`)).says).toMatch(/not in our format/)
    expect((await stateOf(cookie.replace(/.$/, cookie.endsWith('A') ? 'B' : 'A'))).says).toMatch(
      /signature does not match/,
    )
    await sessions.revokeUser('ada')
    expect((await stateOf(cookie)).says).toMatch(/no session of this id/)
  })

  test('tells what requests did, and not what it did itself', async () => {
    const cookie = await signIn()
    await stateOf(cookie)
    await fetch(origin, { headers: { cookie } })
    const { timeline } = await stateOf(cookie)
    expect(timeline.map(({ title }) => title)).toEqual([
      'open: none',
      'login',
      'created',
      'commit: saved',
      'open: valid',
      'commit: unchanged',
    ])
    expect(JSON.stringify(timeline)).not.toContain(cookie.split('=')[1])
  })

  test('sends new entries as they happen', async () => {
    const stopped = new AbortController()
    const response = await fetch(`${origin}/__sessions/timeline`, { signal: stopped.signal })
    expect(response.headers.get('content-type')).toBe('text/event-stream')
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
    await reader.read()
    await signIn()
    let text = ''
    while (!text.includes('"title":"login"')) text += (await reader.read()).value ?? ''
    stopped.abort()
    expect(text).toMatch(/^data: \{/m)
  })

  test('revokes another session of the user, and only for its own page', async () => {
    const [here, there] = [await signIn(), await signIn()]
    const { handle } = await stateOf(there)
    const foreign = await post('revoke', { userId: 'ada', handle, token: 'guessed' })
    expect(foreign.status).toBe(403)
    expect((await stateOf(there)).outcome).toBe('valid')
    const own = await post('revoke', { userId: 'ada', handle, token: await tokenOf() })
    expect(await own.json()).toEqual({ existed: true })
    expect((await stateOf(there)).outcome).toBe('rejected')
    expect((await stateOf(here)).outcome).toBe('valid')
  })

  test('explains a cookie that is pasted, and whether our secret made it', async () => {
    const cookie = await signIn()
    const response = await post('explain', { text: `Cookie: ${cookie}`, token: await tokenOf() })
    expect(await response.json()).toMatchObject([{ format: 'sojourn-id', verified: true }])
  })

  test('is one page, which loads nothing from elsewhere and runs no script but its own', async () => {
    const response = await fetch(`${origin}/__sessions`)
    expect(response.headers.get('content-security-policy')).toMatch(/^default-src 'none'; .*nonce-/)
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(await response.text()).not.toMatch(/(?:src|href)="(?!data:|#)/)
  })

  test('leaves every other path to the app', async () => {
    expect(await (await fetch(origin)).text()).toBe('undefined')
    expect((await fetch(`${origin}/__sessionsx`)).status).toBe(404)
  })
})

describe('the inspector in front of an app', () => {
  async function served<Result>(app: RequestListener, ask: (at: string) => Promise<Result>) {
    const another = createServer(app).listen(0, '127.0.0.1')
    await new Promise((resolve) => another.once('listening', resolve))
    try {
      return await ask(`http://127.0.0.1:${(another.address() as AddressInfo).port}`)
    } finally {
      another.closeAllConnections()
      another.close()
    }
  }

  test('does not read the body of a request whose path only begins like its own', async () => {
    const app = express()
    app.use(inspector(sessions), express.text())
    app.post('/__sessions-of-tea', (req, res) => void res.send(`got ${req.body}`))
    const said = await served(app, async (at) =>
      (await fetch(`${at}/__sessions-of-tea`, { method: 'POST', body: 'tea' })).text(),
    )
    expect(said).toBe('got tea')
  })

  test('calls the app once, and leaves what it throws to the server', () => {
    const inspect = inspector(sessions)
    const next = vi.fn<() => void>(() => {
      throw new Error('the app')
    })
    const request = { url: '/tea', headers: {} } as never
    expect(() => inspect(request, {} as never, next)).toThrow('the app')
    expect(next).toHaveBeenCalledTimes(1)
  })

  test.each(['null', '1', '"text"', '[]', '{', ''])(
    'refuses an action whose body is %j',
    async (body) => {
      const inspect = inspector(sessions)
      const { status } = await served(inspect, (at) =>
        fetch(`${at}/__sessions/revoke`, { method: 'POST', body }),
      )
      expect(status).toBe(403)
    },
  )

  test('follows the timeline no longer for a browser that went away before the answer', async () => {
    const inspect = inspector(sessions)
    const emitted = vi.spyOn(ReadableStream.prototype, 'getReader')
    await served(
      (req, res) => {
        res.destroy()
        inspect(req, res)
      },
      (at) => fetch(`${at}/__sessions/timeline`).catch(() => {}),
    )
    await vi.waitFor(() => expect(emitted).toHaveBeenCalled())
    const reader = emitted.mock.results[0]!.value as ReadableStreamDefaultReader
    emitted.mockRestore()
    await reader.closed
  })
})

describe('where the inspector is not served', () => {
  test.each([
    ['x-forwarded-for', '203.0.113.7'],
    ['x-forwarded-for', '203.0.113.7, 127.0.0.1'],
    ['x-forwarded-for', '127.0.0.1, 203.0.113.7'],
    ['x-forwarded-host', 'tea.tunnel.example'],
    ['forwarded', 'proto=https;for="[2001:db8::1]:443"'],
    ['forwarded', 'for=127.0.0.1, for=unknown'],
    ['forwarded', 'for=127.0.0.1;host=tea.tunnel.example'],
    ['x-real-ip', '203.0.113.7'],
    ['cf-connecting-ip', '2001:db8::1'],
  ])('not through a tunnel that runs here: %s: %s', async (name, value) => {
    const response = await fetch(`${origin}/__sessions`, { headers: { [name]: value } })
    expect(response.status).toBe(403)
    expect(await response.text()).toMatch(/proxy or a tunnel/)
  })

  test.each([
    ['x-forwarded-for', '127.0.0.1, ::1, ::ffff:127.0.0.1'],
    ['x-forwarded-for', '127.0.0.1:4711, [::1]:4711'],
    ['x-forwarded-host', 'LOCALHOST:3000'],
    ['forwarded', 'for="[::1]:4711";host=localhost:3000;proto=http'],
  ])('a development server in front of it is no tunnel: %s: %s', (name, value) => {
    expect(isForwarded(new Headers({ [name]: value }))).toBe(false)
  })

  test('not to the script of a page of another site, which CORS may let read it', async () => {
    const statusOf = (path: string, headers: Record<string, string>) =>
      new Promise((resolve) => {
        rawRequest(`${origin}${path}`, { headers }, (res) => resolve(res.resume().statusCode)).end()
      })
    const evil = { origin: 'https://evil.example' }
    for (const site of ['cross-site', 'same-site']) {
      expect(await statusOf('/__sessions', { ...evil, 'sec-fetch-site': site })).toBe(403)
      expect(await statusOf('/__sessions/state', { 'sec-fetch-site': site })).toBe(403)
      expect(await statusOf('/__sessions/timeline', { 'sec-fetch-site': site })).toBe(403)
      // A link to the page.
      expect(await statusOf('/__sessions', { 'sec-fetch-site': site })).toBe(200)
    }
    expect(await statusOf('/__sessions/state', { 'sec-fetch-site': 'same-origin' })).toBe(200)
  })

  test('not in production, nor where NODE_ENV says nothing', () => {
    for (const env of ['production', '', 'staging']) {
      vi.stubEnv('NODE_ENV', env)
      expect(() => inspector(sessions)).toThrow(/development or test/)
    }
    vi.unstubAllEnvs()
  })

  test('not to other machines, nor under a name that an attacker has resolved to this one', async () => {
    const { fetch: serve } = inspector(sessions)
    const page = new Request('http://localhost:3000/__sessions')
    expect((await serve(page, '127.0.0.1'))!.status).toBe(200)
    expect((await serve(page))!.status).toBe(403)
    expect((await serve(page, '192.168.0.7'))!.status).toBe(403)
    const rebound = new Request('http://evil.example:3000/__sessions')
    expect((await serve(rebound, '127.0.0.1'))!.status).toBe(403)
    const remote = inspector(sessions, { remote: true })
    expect((await remote.fetch(rebound, '192.168.0.7'))!.status).toBe(200)
    expect(await serve(new Request('http://localhost/other'), '127.0.0.1')).toBeUndefined()
  })

  test.each([
    ['127.0.0.1', true],
    ['127.8.9.1', true],
    ['::1', true],
    ['::ffff:127.0.0.1', true],
    ['10.0.0.1', false],
    ['::ffff:10.0.0.1', false],
    ['2001:db8::1', false],
    ['localhost', false],
    [undefined, false],
  ])('the address %s is this machine: %s', (address, expected) => {
    expect(isLoopback(address)).toBe(expected)
  })

  test.each([
    ['localhost', true],
    ['app.localhost', true],
    ['[::1]', true],
    ['localhost.evil.example', false],
    ['evil.example', false],
  ])('the host name %s is this machine: %s', (name, expected) => {
    expect(isLoopbackHost(name)).toBe(expected)
  })
})
