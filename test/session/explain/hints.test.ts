import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, type MockInstance, test, vi } from 'vitest'
import { createSessions, type SessionOptions } from '../../../src/index.ts'
import { withSessions } from '../../../src/adapters/fetch.ts'
import { forge, OLD_SECRET, SECRET, T0, testSessions } from '../visitor.ts'

const run = promisify(execFile)

let warn: MockInstance<(...parts: unknown[]) => void>
beforeEach(() => {
  warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
})
afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
})
const said = () => warn.mock.calls.map(([line]) => String(line))
const base64url = (text: string) => Buffer.from(text).toString('base64url')
const stale = (options = {}) => forge(base64url('["",{"x":1}]'), { secret: OLD_SECRET, ...options })
const flaskCookie = `session=${base64url('{"user":"ada"}')}.ZVPxAA.${'A'.repeat(27)}`

/** One cause of trouble after the other, twice, and what the console says. */
interface Trouble {
  name: string
  options?: Partial<SessionOptions>
  url?: string
  headers?: Record<string, string>
  work?: 'read' | 'write' | 'large' | 'logout'
  line: RegExp
}
const troubles: Trouble[] = [
  {
    name: 'a bad signature',
    headers: { cookie: stale({ seconds: T0 / 1000 + 5 }) },
    line: /does not verify: it was changed, or signed with a secret that is not configured here/,
  },
  {
    name: 'a cookie older than the process',
    headers: { cookie: stale({ seconds: T0 / 1000 - 50 }) },
    line: /before this process started\. A secret made at start-up logs everyone out on each restart: .*npx sojourn secret --write \.env/,
  },
  {
    name: "Flask's cookie",
    headers: { cookie: flaskCookie },
    line: /looks like Flask's\. Cookies do not know ports.*another cookie name/,
  },
  {
    name: "express-session's cookie",
    headers: { cookie: 'session=s%3Aabc.def' },
    line: /looks like express-session's/,
  },
  {
    name: "cookie-session's cookie",
    headers: { cookie: `session=${base64url('{"a":1}')}` },
    line: /looks like cookie-session's/,
  },
  {
    name: "iron-session's cookie",
    headers: { cookie: 'session=Fe26.2*1*a*b' },
    line: /looks like iron-session's/,
  },
  {
    name: 'a JSON Web Token',
    headers: { cookie: 'session=eyJhbGciOiJIUzI1NiJ9.e30.AAAA' },
    line: /looks like a JSON Web Token/,
  },
  {
    name: 'anything else',
    headers: { cookie: 'session=hello' },
    line: /looks like another program's\. Cookies do not know ports/,
  },
  {
    name: 'an expired session',
    headers: { cookie: forge(base64url('["",{}]'), { seconds: 5 }) },
    line: /idle for longer than lifetime\.idle/,
  },
  {
    name: 'an absolutely expired one',
    options: { lifetime: { absolute: '1d' } },
    headers: { cookie: forge(base64url('["5",{}]')) },
    line: /older than lifetime\.absolute/,
  },
  {
    name: 'clocks that differ',
    headers: { cookie: forge(base64url('["",{}]'), { seconds: T0 / 1000 + 600 }) },
    line: /clocks of your servers differ/,
  },
  {
    name: 'another program with our secret',
    headers: { cookie: forge(base64url('{}')) },
    line: /verifies but cannot be read/,
  },
  {
    name: 'duplicates',
    headers: { cookie: `${forge(base64url('["",{}]'))}; session=x` },
    line: /sent 2 cookies named "session", 1 of them valid: .*Delete the other/,
  },
  { name: 'a cookie too large', work: 'large', line: /would be \d+ bytes.*Largest keys: big/ },
  {
    name: 'logout without a store',
    work: 'logout',
    line: /only sessions in a store can be ended everywhere/,
  },
  {
    name: 'Secure on localhost',
    options: { cookie: { secure: true } },
    url: 'http://localhost:3000/',
    headers: { host: 'localhost:3000' },
    work: 'write',
    line: /Secure cookie is sent over plain HTTP: on localhost not every browser accepts it\. .*NODE_ENV=development/,
  },
  {
    name: 'Secure on a LAN address',
    options: { cookie: { secure: true } },
    url: 'http://10.0.0.5:3000/',
    headers: { host: '10.0.0.5:3000' },
    work: 'write',
    line: /over plain HTTP, where browsers drop it/,
  },
  {
    name: 'a call from another origin',
    url: 'http://api.e.com/',
    headers: { origin: 'http://e.com', host: 'api.e.com' },
    line: /A request from http:\/\/e\.com came without cookies\. .*credentials: 'include'.*Access-Control-Allow-Credentials/,
  },
  {
    name: 'a call from another site',
    headers: { origin: 'https://x.org', 'sec-fetch-site': 'cross-site' },
    line: /A request from https:\/\/x\.org/,
  },
]

async function cause({ options, url = 'http://e.com/', headers = {}, work = 'read' }: Trouble) {
  const { sessions } = testSessions(options)
  const handler = withSessions(sessions, async (request) => {
    const session = await sessions.get(request)
    if (work === 'write') session.set('x', 1)
    if (work === 'logout') session.logout()
    if (work === 'large')
      session.set(
        'big',
        Array.from({ length: 6000 }, (_, at) =>
          String.fromCharCode(33 + ((at * at * 31 + at * 17) % 9000)),
        ).join(''),
      )
    return new Response('ok')
  })
  for (let round = 0; round < 3; round++) {
    await handler(new Request(url, { headers: Object.entries(headers) }))
  }
}

describe('one line on the console, once per cause, with the remedy', () => {
  test.each(troubles)('$name', async (trouble) => {
    await cause(trouble)
    expect(said()).toEqual([expect.stringMatching(trouble.line)])
    expect(said()[0]).toMatch(/^\[sojourn\] [A-Za-z][^\n]*\.$/)
    expect(said()[0]).not.toContain(SECRET)
  })

  test.each(troubles)('never in production: $name', async (trouble) => {
    vi.stubEnv('NODE_ENV', 'production')
    await cause({
      ...trouble,
      options: {
        ...trouble.options,
        cookie: { name: 'session', secure: false, ...trouble.options?.cookie },
      },
    })
    expect(said()).toEqual([])
  })

  test.each<Trouble & { line: RegExp }>([
    { name: 'a first visit', line: /^$/ },
    {
      name: 'a write over HTTPS',
      options: { cookie: { secure: true } },
      url: 'https://e.com/',
      work: 'write',
      line: /^$/,
    },
    {
      name: 'a write behind a proxy that says HTTPS',
      options: { cookie: { secure: true } },
      headers: { 'x-forwarded-proto': 'https' },
      work: 'write',
      line: /^$/,
    },
    { name: 'a read over plain HTTP', options: { cookie: { secure: true } }, line: /^$/ },
    {
      name: 'a call from its own origin',
      headers: { origin: 'http://e.com', host: 'e.com' },
      line: /^$/,
    },
    {
      name: 'a call the browser calls same-origin',
      headers: { origin: 'http://e.com', host: 'inner', 'sec-fetch-site': 'same-origin' },
      line: /^$/,
    },
    { name: 'a call without an origin to name', headers: { origin: 'null' }, line: /^$/ },
    {
      name: 'a call with cookies',
      headers: { origin: 'http://x.org', cookie: 'other=1' },
      line: /^$/,
    },
  ])('nothing for $name', async (trouble) => {
    await cause(trouble)
    expect(said()).toEqual([])
  })

  test('no middleware, a key where the request was meant, and nothing running: each its own line', async () => {
    const sessions = createSessions({ secret: SECRET })
    for (let round = 0; round < 2; round++) {
      await sessions.get({}).catch(() => {})
      await sessions.get('cart' as never).catch(() => {})
      await sessions.current().catch(() => {})
    }
    expect(said()).toEqual([
      expect.stringMatching(
        /Put the middleware before the routes: app\.use\(sessionMiddleware\(sessions\)\)/,
      ),
      expect.stringMatching(/sessions\.get\(\) takes the request.*session\.get\('cart'\)/),
      expect.stringMatching(/sessions\.current\(\) works while a request is handled/),
    ])
  })

  test.each([
    [undefined, true, undefined, true],
    [undefined, false, undefined, false],
    [undefined, true, 'true', false],
    ['development', true, undefined, false],
    ['production', true, undefined, false],
  ])('NODE_ENV %j on a terminal (%j) with CI %j', (environment, isTTY, ci, expected) => {
    vi.stubEnv('NODE_ENV', environment)
    vi.stubEnv('CI', ci)
    const before = Object.getOwnPropertyDescriptor(process.stdout, 'isTTY')
    Object.defineProperty(process.stdout, 'isTTY', { value: isTTY, configurable: true })
    createSessions({ secret: SECRET })
    createSessions({ secret: SECRET, cookie: { secure: true } })
    if (before) Object.defineProperty(process.stdout, 'isTTY', before)
    else Reflect.deleteProperty(process.stdout, 'isTTY')
    expect(said()).toEqual(
      expected
        ? [
            expect.stringMatching(
              /NODE_ENV is not set, so the cookie is "__Host-Http-session" and Secure.*NODE_ENV=development/,
            ),
          ]
        : [],
    )
  })
})

describe('no secret', () => {
  const withEnvFile = (file: string | undefined) => {
    const readFileSync = () => {
      if (file === undefined) throw new Error('ENOENT')
      return file
    }
    const statSync = () => ({ isFile: () => true })
    return vi
      .spyOn(process, 'getBuiltinModule')
      .mockReturnValue({ readFileSync, statSync } as never)
  }

  test.each<[string, string | undefined, RegExp]>([
    [
      'no .env',
      undefined,
      /Run `npx sojourn secret --write \.env`, start with `node --env-file=\.env`, and pass process\.env\.SESSION_SECRET/,
    ],
    [
      'a .env with it',
      'A=1\nSESSION_SECRET=x\n',
      /There is a \.env file with SESSION_SECRET in it that was not loaded: start with `node --env-file=\.env`, and read process\.env\.SESSION_SECRET/,
    ],
    [
      'a .env with another',
      '# x\r\n export  FLASK_SECRET_KEY = "x"\r\n',
      /with FLASK_SECRET_KEY in it.*process\.env\.FLASK_SECRET_KEY/,
    ],
    ['a .env with several', 'OTHER_SECRET=x\nSESSION_SECRET=y', /with SESSION_SECRET in it/],
    ['a .env with an empty one', 'SESSION_SECRET=\n#SESSION_SECRET=x', /npx sojourn secret/],
  ])('%s', (_, file, message) => {
    withEnvFile(file)
    expect(() => createSessions({ secret: undefined })).toThrow(
      expect.objectContaining({
        code: 'ERR_SECRET_MISSING',
        message: expect.stringMatching(message),
      }),
    )
  })

  test('a .env that was loaded is not blamed: the variable that is read may be misspelt', () => {
    vi.stubEnv('SHOP_SECRET', SECRET)
    withEnvFile(`SHOP_SECRET=${SECRET}`)
    expect(() => createSessions({ secret: undefined })).toThrow(
      /process\.env\.SHOP_SECRET is set: read that, and compare the spelling/,
    )
  })

  test('a .env that is a pipe is not waited for', async () => {
    const cwd = mkdtempSync(join(tmpdir(), 'sojourn-env-'))
    await run('mkfifo', [join(cwd, '.env')])
    const index = new URL('../../../src/index.ts', import.meta.url)
    const program = `import { createSessions } from '${index}'; createSessions({ secret: undefined })`
    const ended = run(process.execPath, ['--input-type=module', '--eval', program], { cwd })
    await expect(ended).rejects.toThrow(/ERR_SECRET_MISSING/)
    rmSync(cwd, { recursive: true })
  })

  test.each([
    ['production', 0],
    ['development', 1],
  ])(
    'in %s the files are looked at %d times, and only for a missing secret',
    (environment, times) => {
      vi.stubEnv('NODE_ENV', environment)
      const looked = withEnvFile('')
      createSessions({ secret: SECRET })
      expect(looked).not.toHaveBeenCalled()
      expect(() => createSessions({ secret: undefined })).toThrow(/npx sojourn secret/)
      expect(looked).toHaveBeenCalledTimes(times)
    },
  )
})

describe('a page of a signed-in visitor that the app shares with caches', () => {
  const shared = async (control: string, userId?: string) => {
    const { sessions } = testSessions()
    const page = withSessions(sessions, async (request) => {
      const session = await sessions.get(request)
      if (request.url.endsWith('/login')) session.login(userId!)
      return new Response('', { headers: { 'cache-control': control } })
    })
    const login = userId && (await page(new Request('http://localhost/login')))
    warn.mockClear()
    const headers = login ? { cookie: login.headers.getSetCookie()[0]!.split(';')[0]! } : {}
    for (let time = 0; time < 2; time += 1)
      await page(new Request('http://localhost/', { headers }))
    return said()
  }

  test('is told once, with what to do', async () => {
    for (const control of ['public, max-age=60', 's-maxage=60', 'public, max-age=0, s-maxage=9']) {
      expect(await shared(control, 'ada')).toEqual([
        expect.stringMatching(/signed-in visitor.*Leave public and s-maxage out/),
      ])
    }
  })

  test.each(['private', 'no-store', 'max-age=60', 'public, max-age=0', 'public, no-store'])(
    'is not told where no cache serves it: %s',
    async (control) => expect(await shared(control, 'ada')).toEqual([]),
  )

  test('is not told where nobody is signed in', async () => {
    expect(await shared('public, max-age=60')).toEqual([])
  })
})
