import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { inspector } from '../../src/devtools/devtools.ts'
import { isLoopback, isLoopbackHost } from '../../src/devtools/loopback.ts'
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

describe('where the inspector is not served', () => {
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
