import { createServer, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { describe, expect, onTestFinished, test } from 'vitest'
import { sessionMiddleware } from '../../../src/adapters/express.ts'
import { flask } from '../../../src/flask/flask.ts'
import { createSessions, type SessionOptions } from '../../../src/index.ts'
import { memoryStore } from '../../../src/stores/memory/memory.ts'
import { emptyFolder, sojourn } from '../command.ts'

const SECRET = 'pW7vX2qLr9TzK4mBn8YcJ5hGd3FsA6eu'

interface Finding {
  verdict: 'pass' | 'warn' | 'fail'
  about: string
  says: string
}

/** Serves on a port of its own, and says where. */
async function serve(listener: RequestListener, host = '127.0.0.1'): Promise<number> {
  const server = createServer(listener)
  await new Promise<void>((done) => server.listen(0, host, done))
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

/** A real app that counts visits, with these options. */
function appWith(options: SessionOptions): RequestListener {
  const sessions = createSessions(options)
  const app = express()
  app.use(sessionMiddleware(sessions))
  app.get('/', async (req, res) => {
    const session = await sessions.get(req)
    session.set('visits', (session.get('visits') ?? 0) + 1)
    res.send('a page')
  })
  return app
}

const PRODUCTION = { name: '__Host-session', secure: true }

async function diagnose(address: string, args: readonly string[] = []) {
  const ran = await sojourn(['doctor', address, '--json', ...args], { cwd: emptyFolder() })
  const { findings } = JSON.parse(ran.out) as { findings: Finding[] }
  return { ...ran, findings, on: (about: string) => findings.find((each) => each.about === about) }
}

test.each([
  ['signed', {}, 'warn', 'signed; whoever has the cookie can read'],
  ['encrypted', { encrypt: true }, 'pass', 'encrypted'],
  ['a session id', { store: memoryStore() }, 'pass', 'a session id'],
] as const)('an app of ours whose cookie is %s passes', async (_, options, verdict, says) => {
  const port = await serve(appWith({ secret: SECRET, cookie: PRODUCTION, ...options }))
  const { code, err, findings, on } = await diagnose(`localhost:${port}`)
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(on('format')).toMatchObject({ verdict })
  expect(on('format')?.says).toContain(says)
  const others = findings.filter(({ about }) => about !== 'format')
  expect(others.map(({ about, verdict }) => [about, verdict])).toEqual(
    ['page', 'Secure', 'HttpOnly', 'SameSite', 'prefix', 'scope', 'size']
      .concat(['one cookie', 'caching', 'Vary'])
      .map((about) => [about, 'pass']),
  )
})

test("an app with Flask's preset is told what that lacks", async () => {
  const port = await serve(appWith(flask({ SECRET_KEY: SECRET })))
  const { code, on } = await diagnose(`127.0.0.1:${port}`)
  expect(code).toBe(0)
  expect(on('format')?.says).toContain('SHA-1')
  expect(on('Secure')?.verdict).toBe('warn')
  expect(on('SameSite')?.verdict).toBe('warn')
  expect(on('prefix')?.verdict).toBe('warn')
})

test('an app that is being developed over plain HTTP does not fail for want of Secure', async () => {
  const port = await serve(appWith({ secret: SECRET, cookie: { name: 'session', secure: false } }))
  const ran = await sojourn(['doctor', `http://127.0.0.1:${port}/`], { cwd: emptyFolder() })
  expect(ran.code).toBe(0)
  expect(ran.out).toMatch(/warn {2}Secure .*\n +-> .*NODE_ENV=production/)
})

const VALUE = 'Z2Vub3VnaC1vZi1hLWNvb2tpZS1mb3ItYW55Ym9keQ'
const GOOD = `__Host-session=${VALUE}; Secure; HttpOnly; Path=/; SameSite=Lax`

/** A page that answers everybody in the same way. */
function page(headers: Record<string, string | string[]>, status = 200): RequestListener {
  return (_, res) => void res.writeHead(status, headers).end('a page')
}

const SAFE = { vary: 'Cookie', 'cache-control': 'private' }

describe('each question is answered by what was sent', () => {
  test.each([
    ['Secure', 'warn', { ...SAFE, 'set-cookie': GOOD.replace('Secure; ', '') }],
    ['HttpOnly', 'fail', { ...SAFE, 'set-cookie': GOOD.replace('HttpOnly; ', '') }],
    ['SameSite', 'warn', { ...SAFE, 'set-cookie': GOOD.replace('; SameSite=Lax', '') }],
    ['SameSite', 'warn', { ...SAFE, 'set-cookie': GOOD.replace('Lax', 'None') }],
    ['SameSite', 'pass', { ...SAFE, 'set-cookie': GOOD.replace('Lax', 'Strict') }],
    ['prefix', 'warn', { ...SAFE, 'set-cookie': GOOD.replace('__Host-', '') }],
    ['prefix', 'pass', { ...SAFE, 'set-cookie': GOOD.replace('__Host-', '__Secure-') }],
    ['prefix', 'pass', { ...SAFE, 'set-cookie': GOOD.replace('__Host-', '__Host-Http-') }],
    ['scope', 'warn', { ...SAFE, 'set-cookie': `${GOOD}; Domain=localhost` }],
    ['size', 'fail', { ...SAFE, 'set-cookie': GOOD.replace(VALUE, 'x'.repeat(4083)) }],
    ['size', 'pass', { ...SAFE, 'set-cookie': GOOD.replace(VALUE, 'x'.repeat(4082)) }],
    ['one cookie', 'fail', { ...SAFE, 'set-cookie': [GOOD, GOOD] }],
    ['one cookie', 'pass', { ...SAFE, 'set-cookie': ['theme=dark', GOOD] }],
    ['caching', 'fail', { vary: 'Cookie', 'set-cookie': GOOD }],
    ['caching', 'fail', { ...SAFE, 'cache-control': 'public, max-age=60', 'set-cookie': GOOD }],
    ['caching', 'fail', { ...SAFE, 'cache-control': 'private, s-maxage=60', 'set-cookie': GOOD }],
    ['caching', 'pass', { ...SAFE, 'cache-control': 'no-store', 'set-cookie': GOOD }],
    ['caching', 'pass', { ...SAFE, 'cache-control': 'max-age=0,no-store', 'set-cookie': GOOD }],
    ['Vary', 'fail', { 'cache-control': 'private', 'set-cookie': GOOD }],
    ['Vary', 'fail', { ...SAFE, vary: 'Accept, X-Cookie', 'set-cookie': GOOD }],
    ['Vary', 'pass', { ...SAFE, vary: 'accept, cookie', 'set-cookie': GOOD }],
    ['Vary', 'pass', { ...SAFE, vary: '*', 'set-cookie': GOOD }],
    ['format', 'warn', { ...SAFE, 'set-cookie': GOOD }],
  ] as const)('%s: %s for %j', async (about, verdict, headers) => {
    const port = await serve(page(headers as Record<string, string | string[]>))
    const { on, out, err } = await diagnose(`127.0.0.1:${port}/`)
    expect(on(about)?.verdict).toBe(verdict)
    expect(out + err).not.toContain(VALUE)
  })
})

describe('a page', () => {
  test('that sets no cookie is right, and another one is asked for', async () => {
    const port = await serve(page({}))
    const { code, findings } = await diagnose(`127.0.0.1:${port}`)
    expect(code).toBe(0)
    expect(findings.map(({ about, verdict }) => [about, verdict])).toEqual([
      ['page', 'pass'],
      ['cookie', 'warn'],
    ])
  })

  test('that sets a cookie nobody knows is judged once its name is given', async () => {
    const port = await serve(page({ ...SAFE, 'set-cookie': GOOD.replace('__Host-session', 'sid') }))
    const unknown = await diagnose(`127.0.0.1:${port}`)
    expect(unknown.on('cookie')?.says).toContain('--name')
    const named = await diagnose(`127.0.0.1:${port}`, ['--name', 'sid'])
    expect(named.on('HttpOnly')?.verdict).toBe('pass')
    const other = await diagnose(`127.0.0.1:${port}`, ['--name', 'other'])
    expect(other.on('cookie')?.verdict).toBe('warn')
  })

  test('that clears the cookie has set none', async () => {
    const port = await serve(page({ ...SAFE, 'set-cookie': '__Host-session=; Max-Age=0' }))
    expect((await diagnose(`127.0.0.1:${port}`)).on('cookie')?.verdict).toBe('warn')
  })

  test('that leads elsewhere is looked at where it is', async () => {
    const asked: string[] = []
    const port = await serve((req, res) => {
      asked.push(req.url ?? '')
      res.writeHead(302, { location: 'http://example.com/' }).end()
    })
    const { on } = await diagnose(`127.0.0.1:${port}/start?a=1`)
    expect(on('page')?.says).toContain('302')
    expect(asked).toEqual(['/start?a=1'])
  })

  test('that fails for everybody is no page to judge', async () => {
    const port = await serve(page({}, 500))
    const { code, on } = await diagnose(`127.0.0.1:${port}`)
    expect(code).toBe(1)
    expect(on('page')?.verdict).toBe('fail')
  })

  test('that sends without an end is judged by its head', async () => {
    const open = new Set<ServerResponse>()
    onTestFinished(() => open.forEach((res) => res.destroy()))
    const port = await serve((_, res) => {
      open.add(res)
      res.writeHead(200, { ...SAFE, 'set-cookie': GOOD }).write('and so on')
    })
    expect((await diagnose(`127.0.0.1:${port}`)).on('HttpOnly')?.verdict).toBe('pass')
  })

  test('that nobody serves is said to be so', async () => {
    const { code, on } = await diagnose('127.0.0.1:1')
    expect(code).toBe(1)
    expect(on('page')?.says).toContain('ECONNREFUSED')
  })

  test('on ::1 alone is found by the name of this machine', async () => {
    const port = await serve(page({ ...SAFE, 'set-cookie': GOOD }), '::1')
    for (const host of ['localhost', '[::1]']) {
      expect((await diagnose(`http://${host}:${port}/`)).on('HttpOnly')?.verdict).toBe('pass')
    }
  })
})

test.each([
  'http://example.com/',
  'https://127.0.0.1.example.com/',
  'http://0.0.0.0:3000/',
  'http://10.0.0.1/',
  'http://app.localhost:3000/',
  'http://user:hunter22@localhost:3000/',
  'http://[::ffff:127.0.0.1]/',
  'http://',
])('%s is not asked for', async (address) => {
  const { code, out, err } = await sojourn(['doctor', address], { cwd: emptyFolder() })
  expect({ code, out }).toEqual({ code: 2, out: '' })
  expect(err).toMatch(/^sojourn: .+\n$/)
  expect(err).not.toContain('hunter22')
})
