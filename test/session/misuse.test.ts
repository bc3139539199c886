/** Mistakes of a first day, and the sentence a developer sees for each: in an error or on the console. */

import { isDeepStrictEqual, format, inspect } from 'node:util'
import expressSession from 'express-session'
import { createClient } from 'redis'
import { afterEach, beforeEach, describe, expect, type MockInstance, test, vi } from 'vitest'
import { sessionMiddleware } from '../../src/adapters/express.ts'
import { withSessions } from '../../src/adapters/fetch.ts'
import { flask, flaskCookie } from '../../src/flask/flask.ts'
import { createSessions, type SessionOptions } from '../../src/index.ts'
import { redisStore } from '../../src/stores/redis/redis.ts'
import { sqliteStore } from '../../src/stores/sqlite/sqlite.ts'
import { forge, SECRET, T0, testSessions } from './visitor.ts'

/** What a row has at hand. */
interface Hand {
  /** A session with `username`, `visits` and `cart`, as JavaScript sees it. */
  session: any
  sessions: any
  /** A mounted request. */
  req: any
  create: (options?: object) => unknown
  /** The development lines and error for a cookie. */
  open: (cookie: string, options?: Partial<SessionOptions>) => Promise<unknown>
}

type Row = [wrote: string, work: (hand: Hand) => unknown, sees: RegExp]

const LIFE: Row[] = [
  [
    'lifetime: { idle: 86400 }',
    ({ create }) => create({ lifetime: { idle: 86_400 } }),
    /"lifetime\.idle" needs a unit: write '1d' if 86400 means seconds, '86400ms' if milliseconds/,
  ],
  [
    'lifetime: { absolute: 604800000 }',
    ({ create }) => create({ lifetime: { absolute: 604_800_000 } }),
    /write '7000d' if 604800000 means seconds, '7d' if milliseconds/,
  ],
  [
    "lifetime: { idle: '3600' }",
    ({ create }) => create({ lifetime: { idle: '3600' } }),
    /write '1h' if 3600 means seconds/,
  ],
  [
    'signedIn(req, { within: 600 })',
    ({ sessions, req }) => sessions.signedIn(req, { within: 600 }),
    /"within" needs a unit: write '10m'/,
  ],
  [
    "lifetime: { permanent: '30m' }",
    ({ create }) => create({ lifetime: { permanent: '30m' } }),
    /"lifetime\.permanent" is shorter than lifetime\.idle, which is '31d' by default/,
  ],
  [
    'flask({ PERMANENT_SESSION_LIFETIME: 2678400000 })',
    () => flask({ SECRET_KEY: SECRET, PERMANENT_SESSION_LIFETIME: 2_678_400_000 }),
    /has to be in seconds, as in Flask: 2678400000 are over ten years/,
  ],
  [
    'flaskCookie({ maxAge: 2678400000 })',
    () => flaskCookie({ secret: SECRET, maxAge: 2_678_400_000 }),
    /"maxAge" has to be in seconds/,
  ],
  [
    "sameSite: 'sideways'",
    ({ create }) => create({ cookie: { sameSite: 'sideways' } }),
    /"cookie\.sameSite" has to be 'Strict' or 'Lax' or 'None'/,
  ],
  ['createSessions()', () => createSessions(undefined as never), /"options" has to be an object/],
  [
    'a permanent session that expired',
    ({ open }) => open(forge(own('{"p":true}'), { seconds: 5 })),
    /idle for longer than lifetime\.idle \(lifetime\.permanent, if it is permanent\)/,
  ],
  [
    "a session of Flask's that expired",
    ({ open }) =>
      open(`session=${flaskCookie({ secret: SECRET }).seal({ a: 1 }, { now: 5 })}`, {
        ...flask({ SECRET_KEY: SECRET }),
      }),
    /idle for longer than PERMANENT_SESSION_LIFETIME/,
  ],
  [
    'two cookies of one name',
    ({ open }) => open(`${forge(own('{}'))}; ${forge(own('{"p":true}'))}`),
    /sent 2 cookies named "session".*The newest valid one is used\./,
  ],
  [
    'two apps on localhost with one cookie name',
    ({ open }) => open(forge(own('{}'), { secret: 'k'.repeat(31) + 'Q', seconds: T0 / 1000 + 5 })),
    /does not verify.*perhaps by another app.*localhost:3000 and localhost:3001 share them.*cookie: \{ name: 'shop' \}/,
  ],
]

const ELSEWHERE: Row[] = [
  [
    "createSessions({ secret, idle: '1d' })",
    ({ create }) => create({ idle: '1d' }),
    /"idle" is not known\. Write lifetime: \{ idle: '1d' \}\. There are: /,
  ],
  [
    'cookie: { maxAge: 86400 }',
    ({ create }) => create({ cookie: { maxAge: 86_400 } }),
    /"cookie\.maxAge" is not known\. Write lifetime: \{ idle: '1d' \}, and session\.permanent/,
  ],
  [
    "createSessions({ secret, name: 'sid' })",
    ({ create }) => create({ name: 'sid' }),
    /"name" is not known\. Write cookie: \{ name: 'shop' \}/,
  ],
  [
    'createSessions({ secret, resave: false })',
    ({ create }) => create({ resave: false }),
    /"resave" is not known\. Leave it out: only changes are saved/,
  ],
]

const NO_AWAIT: Row[] = [
  [
    'sessions.get(req).userId, without await',
    ({ sessions, req }) => sessions.get(req).userId,
    /An await is missing: "userId" is a property of the session.*await sessions\.get\(req\)/,
  ],
  [
    'sessions.get(req).set("visits", 1), without await',
    ({ sessions, req }) => sessions.get(req).set('visits', 1),
    /An await is missing: "set"/,
  ],
  [
    'sessions.get(req).visits = 1, without await',
    ({ sessions, req }) => (sessions.get(req).visits = 1),
    /An await is missing: "visits"/,
  ],
  [
    'sessions.signedIn(req).userId, without await',
    async ({ sessions, session, req }) => {
      session.login('ann')
      const asked = sessions.signedIn(req)
      expect(asked.userId).toBeUndefined()
      expect((await asked).userId).toBe('ann')
    },
    /An await is missing: "userId" is a property of the session.*await sessions\.signedIn\(req\)/,
  ],
  [
    'JSON.stringify(sessions.get(req))',
    ({ sessions, req }) => JSON.stringify(sessions.get(req)),
    /An await is missing: "toJSON"/,
  ],
]

const PROPERTIES: Row[] = [
  [
    "'username' in session",
    ({ session }) => 'username' in session,
    /The data of a session are not its properties\. Write session\.has\('username'\)/,
  ],
  [
    'session.username',
    ({ session }) => session.username,
    /The data of a session are not its properties\. Write session\.get\('username'\)/,
  ],
  ["session['user-name']", ({ session }) => session['user-name'], /session\.get\('user-name'\)/],
  [
    "delete session['username']",
    ({ session }) => delete session['username'],
    /not its properties\. Write session\.delete\('username'\)/,
  ],
  [
    '{ ...session }',
    ({ session }) => ({ ...session }),
    /A copy \(\{ \.\.\.session \}\).*empty: write Object\.fromEntries\(session\)/,
  ],
  [
    'Object.keys(session)',
    ({ session }) => Object.keys(session),
    /Object\.keys\(session\) .*empty/,
  ],
  [
    'Object.assign({}, session)',
    ({ session }) => Object.assign({}, session),
    /Object\.fromEntries\(session\)/,
  ],
  [
    'JSON.stringify(session)',
    ({ session }) => JSON.stringify(session),
    /JSON\.stringify\(session\) are empty: write Object\.fromEntries\(session\)/,
  ],
  [
    "session.hasOwnProperty('username')",
    ({ session }) => session.hasOwnProperty('username'),
    /Write session\.has\('username'\)/,
  ],
  [
    "Object.hasOwn(session, 'username')",
    ({ session }) => Object.hasOwn(session, 'username'),
    /session\.has\('username'\)/,
  ],
  [
    'req.session',
    ({ req }) => req.session,
    /req\.session does not exist\. Write const session = await sessions\.get\(req\)/,
  ],
  [
    "session.username = 'ada'",
    ({ session }) => (session.username = 'ada'),
    /session\.username is not saved\. Write session\.set\("username", value\)/,
  ],
  [
    'session.userId = 7',
    ({ session }) => (session.userId = 7),
    /session\.userId is not saved\. Call session\.login\(userId\), or session\.logout\(\)/,
  ],
  [
    'session.modified = true',
    ({ session }) => (session.modified = true),
    /Not needed: changes inside values are saved/,
  ],
  [
    'session.cookie.maxAge',
    ({ session }) => session.cookie.maxAge,
    /session\.cookie does not exist\. Use the options cookie and lifetime/,
  ],
  ['session.id', ({ session }) => session.id, /Use session\.handle/],
  [
    'session.save()',
    ({ session }) => session.save(),
    /Not needed: changes are saved.*await session\.commit\(\)/,
  ],
  [
    'session.destroy()',
    ({ session }) => session.destroy(),
    /session\.destroy does not exist\. Call session\.logout\(\)/,
  ],
  [
    'session.touch()',
    ({ session }) => session.touch(),
    /Not needed: each visit extends the session/,
  ],
  [
    'const { get } = session',
    ({ session: { get } }) => get('username'),
    /get\(\) was called without its session.*Write session\.get\(\)/,
  ],
]

const CALLS: Row[] = [
  [
    "logout(['language'])",
    ({ session }) => session.logout(['language']),
    /"keep" has to be a list of texts: logout\(\{ keep: \['language'\] \}\)/,
  ],
  [
    "logout('language')",
    ({ session }) => session.logout('language'),
    /logout\(\{ keep: \['language'\] \}\)/,
  ],
  [
    "logout({ keep: 'language' })",
    ({ session }) => session.logout({ keep: 'language' }),
    /logout\(\{ keep: \['language'\] \}\)/,
  ],
  [
    "logout({ kept: ['language'] })",
    ({ session }) => session.logout({ kept: ['language'] }),
    /"kept" is not known\. There are: keep/,
  ],
  ['logout(null)', ({ session }) => session.logout(null), /"keep" has to be a list/],
  [
    "flashes('error')",
    ({ session }) => session.flashes('error'),
    /"categories" has to be a list of texts: flashes\(\{ categories: \['error'\] \}\)/,
  ],
  [
    "flashes(['error'])",
    ({ session }) => session.flashes(['error']),
    /flashes\(\{ categories: \['error'\] \}\)/,
  ],
  [
    "flashes({ category: 'error' })",
    ({ session }) => session.flashes({ category: 'error' }),
    /"category" is not known\. There are: categories/,
  ],
  [
    'flash({})',
    ({ session }) => session.flash({}),
    /"flash" cannot be stored.*its message has to be text or markup/,
  ],
  ['flash(5)', ({ session }) => session.flash(5), /its message has to be text or markup/],
  ["flash('Saved', 5)", ({ session }) => session.flash('Saved', 5), /its category has to be text/],
  [
    "flash('error', 'Wrong password'), as in connect-flash",
    ({ session }) => session.flash('error', 'Wrong password'),
    /the message comes first: flash\(text, 'error'\)/,
  ],
  [
    "flash('error', 'text')",
    ({ session }) => session.flash('error', 'text'),
    /the message comes first: flash\(text, 'error'\)/,
  ],
  [
    'update(key, 5)',
    ({ session }) => session.update('visits', 5),
    /update\(\) takes a function, as \(n = 0\) => n \+ 1; set\(\) takes a value/,
  ],
  [
    "set('visits', NaN)",
    ({ session }) => session.set('visits', Number.NaN),
    /"visits" cannot be stored in a session: it holds NaN/,
  ],
  [
    'set a Promise',
    ({ session }) => session.set('user', Promise.resolve(1)),
    /it holds a Promise\. Await it first/,
  ],
  [
    'set a function deep inside',
    ({ session }) => session.set('cart', { items: [{}, { price: () => 5 }] }),
    /at cart\.items\[1\]\.price it holds a function/,
  ],
  [
    'NaN in a list',
    ({ session }) => session.set('cart', { totals: [1, Number.NaN] }),
    /at cart\.totals\[1\] it holds NaN/,
  ],
  [
    "sessions.get('username')",
    ({ sessions }) => sessions.get('username'),
    /sessions\.get\(\) takes the request/,
  ],
  [
    'sessions.get(req) without a middleware',
    ({ sessions }) => sessions.get({}),
    /Put the middleware before the routes/,
  ],
  [
    'sessions.get(req) of another createSessions',
    ({ req }) => testSessions().sessions.get(req),
    /mounted by another createSessions\(\)\. Call createSessions once/,
  ],
  [
    'sessions.get(req) in a WebSocket upgrade',
    ({ sessions }) => sessions.get({ headers: { upgrade: 'websocket' } }),
    /A WebSocket upgrade passes no middleware.*sessions\.open\(req\.headers\.cookie\)/,
  ],
  [
    'sessions.get(request) in an upgrade of Bun or Deno',
    ({ sessions }) =>
      sessions.get(new Request('http://e.com/', { headers: { upgrade: 'WebSocket' } })),
    /sessions\.open\(req\.headers\.cookie\)/,
  ],
]

/** What a Fetch handler of new sessions does with a request. */
async function handled(work: (session: any, sessions: any, request: Request) => unknown) {
  const { sessions } = testSessions()
  const handler = withSessions(sessions, async (request) => {
    const response = await work(await sessions.get(request), sessions, request)
    return response instanceof Object ? (response as Response) : new Response()
  })
  return handler(new Request('http://localhost/'))
}

const REQUESTS: Row[] = [
  [
    "update('cart', (cart) => { cart.items.push('x') })",
    ({ session }) => session.update('cart', (cart: any) => void cart.items.push('x')),
    /returned undefined\. Return the new value.*To delete the key, return REMOVE/,
  ],
  [
    'update(key, async () => 1)',
    ({ session }) => session.update('visits', async () => 1),
    /returned a promise.*await first, then call update\(\)/,
  ],
  [
    'login({ id: 7 })',
    ({ session }) => session.login({ id: 7 }),
    /login\(\) was given object\. Pass the user's id/,
  ],
  [
    'app.use(sessionMiddleware)',
    () => (sessionMiddleware as (...given: unknown[]) => unknown)({ headers: {} }, {}, () => {}),
    /got a request: write app\.use\(sessionMiddleware\(sessions/,
  ],
  [
    'sessionMiddleware({ secret })',
    () => sessionMiddleware({ secret: SECRET } as never),
    /It got the options: write const sessions = createSessions\(options\)/,
  ],
  [
    'sessions.signedIn(req) without await',
    () => handled((_session, sessions, request) => void sessions.signedIn(request)),
    /An await is missing: write `await sessions\.signedIn\(req\)`/,
  ],
  [
    'a change inside a value after the response',
    async () => {
      vi.useFakeTimers()
      let cart: string[] = []
      await handled((session) => {
        cart = session.set('cart', ['tea']).get('cart')
      })
      cart.push('cup')
      vi.advanceTimersByTime(3_000)
    },
    /changed after the response was sent, and the change is lost: "cart"\. Change it before you send/,
  ],
  [
    'a change in a WebSocket upgrade',
    () =>
      handled((session) => {
        session.set('seen', 1)
        return { status: 101, type: 'default', headers: new Headers(), body: null }
      }),
    /cannot set a cookie \(status 101\), and the changes are lost: "seen"/,
  ],
  [
    'sessions.open() without commit',
    async ({ sessions }) => {
      vi.useFakeTimers()
      ;(await sessions.open(null)).set('seen', 1)
      vi.advanceTimersByTime(3_000)
    },
    /is not saved: "seen"\. Call await session\.commit\(headers\)/,
  ],
  [
    'res.clearCookie() and a change',
    () =>
      handled((session) => {
        session.set('seen', 1)
        return new Response('', { headers: { 'set-cookie': 'session=; Max-Age=0; Path=/' } })
      }),
    /the session's Set-Cookie was sent instead\. To sign out call session\.logout\(\)/,
  ],
  [
    'session.commit(res)',
    ({ session }) => session.set('seen', 1).commit({ get() {}, set() {} }),
    /"headers" has to be a Headers object\. Behind an adapter write await session\.commit\(\)/,
  ],
  [
    'a session too large for a cookie',
    async ({ session }) => session.set('essay', 'x'.repeat(1e6)).commit(),
    /essay \(\d+ bytes\)/,
  ],
  [
    'createSessions({ secret: undefined })',
    ({ create }) => create({ secret: undefined }),
    /No secret: "secret" is empty or undefined\. .*process\.env\.SESSION_SECRET/,
  ],
  [
    'a variable that is set, under another name',
    ({ create }) => {
      vi.stubEnv('SESSION_SECRET', SECRET)
      return create({ secret: process.env['SESION_SECRET'] })
    },
    /process\.env\.SESSION_SECRET is set: read that, and compare the spelling/,
  ],
  [
    'redisStore(client.legacy())',
    () => redisStore(createClient().legacy() as never),
    /"client" returns through callbacks\. Pass a client of node-redis 4 or newer/,
  ],
  [
    'sqliteStore(new sqlite3.Database(file))',
    () => sqliteStore({ prepare: () => ({ get() {} }), exec() {} } as never),
    /has to be an open database with a synchronous API/,
  ],
  [
    'sessions.current() outside a request',
    ({ sessions }) => sessions.current(),
    /works while a request is handled.*Elsewhere pass the request: sessions\.get\(req\)/,
  ],
]

const ROWS = [...LIFE, ...ELSEWHERE, ...NO_AWAIT, ...PROPERTIES, ...CALLS, ...REQUESTS]

let warn: MockInstance<(...parts: unknown[]) => void>
beforeEach(() => {
  warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
})

/** The body of a cookie in our own format, with this metadata. */
function own(meta: string): string {
  return Buffer.from(`["",{},${meta}]`).toString('base64url')
}

async function handIn(): Promise<Hand> {
  const { sessions } = testSessions()
  const req = {}
  sessions.mount([req], { cookie: undefined, header: () => undefined })
  const session = await sessions.get(req)
  session.set('username', 'ada').set('visits', 1).set('cart', { items: [] })
  return {
    session,
    sessions,
    req,
    create: (options = {}) => createSessions({ secret: SECRET, ...options }),
    open: (cookie, options) => testSessions(options).sessions.open(cookie),
  }
}

/** All that a mistake says: the error, and the lines on the console. */
async function sentences(work: (hand: Hand) => unknown): Promise<string[]> {
  const hand = await handIn()
  const errors: string[] = []
  try {
    await work(hand)
  } catch (error) {
    errors.push((error as Error).message)
  }
  return [...errors, ...warn.mock.calls.map(([line]) => String(line))]
}

describe('a mistake is told in a sentence', () => {
  test.each(ROWS)('%s', async (_, work, sees) => {
    expect(await sentences(work)).toContainEqual(expect.stringMatching(sees))
  })

  test('there are more than forty', () => {
    expect(ROWS.length).toBeGreaterThan(40)
    expect(new Set(ROWS.map(([wrote]) => wrote)).size).toBe(ROWS.length)
  })

  test.each([...PROPERTIES, ...NO_AWAIT])(
    'and in production nothing is printed: %s',
    async (_, work) => {
      vi.stubEnv('NODE_ENV', 'production')
      await sentences(work)
      expect(warn).not.toHaveBeenCalled()
    },
  )
})

describe('what is no mistake is not warned of', () => {
  test.each<[string, (hand: Hand) => unknown]>([
    ['await', async ({ session }) => expect(await session).toBe(session)],
    ['console.log', ({ session }) => expect(inspect(session)).toMatch(/^Session /)],
    ['a matcher', ({ session }) => expect(session).toBe(session)],
    ['another matcher', ({ session }) => expect([session]).toContain(session)],
    [
      'a matcher that compares by keys',
      ({ session }) => {
        const handler = vi.fn<(session: unknown) => void>()
        handler(session)
        expect(handler).toHaveBeenCalledWith(session)
        expect({ session }).toEqual({ session })
        return isDeepStrictEqual({ session }, { session: {} })
      },
    ],
    ["console.log('%o')", ({ session }) => expect(format('%o', session)).toMatch(/Session \{\}/)],
    ['the REPL', ({ session }) => expect(inspect(session, { showProxy: true })).toMatch(/Session/)],
    [
      'another session library, which looks for its own',
      ({ req }) => {
        Object.assign(req, { url: '/', headers: {} })
        const use = expressSession({ secret: 'x', resave: false, saveUninitialized: false })
        return use(req, {} as never, () => {})
      },
    ],
    ['iteration', ({ session }) => [...session, Object.fromEntries(session)]],
    ['a getter', ({ session }) => [session.size, session.userId, session.isNew, session.handle]],
    ["'get' in session", ({ session }) => 'get' in session],
    ['text', ({ session }) => String(session)],
    ['a prototype', ({ session }) => Object.getPrototypeOf(session).constructor.name],
    ['a message named like a category', ({ session }) => session.flash('error', 'error')],
    ['the promise of a session, awaited', async ({ sessions, req }) => await sessions.get(req)],
    [
      'the promise of a session, as any promise',
      async ({ sessions, req }) => {
        const promise = sessions.get(req)
        expect(promise).toBeInstanceOf(Promise)
        expect(inspect(promise)).toMatch(/Promise/)
        await Promise.all([
          promise.then(() => {}),
          promise.catch(() => {}),
          promise.finally(() => {}),
        ])
        expect(sessions.get(req)).toBe(promise)
      },
    ],
    ['a chain', ({ session }) => session.set('a', 1).set('b', 2).get('b')],
    ['methods that are passed on', ({ session }) => Reflect.apply(session.get, session, ['a'])],
    [
      "another library's req.session",
      ({ req }) => {
        req.session = { visits: 1 }
        req.session.visits += 1
        expect(req.session).toEqual({ visits: 2 })
        expect(Object.keys(req)).toEqual(['session'])
      },
    ],
  ])('%s', async (_, work) => {
    expect(await sentences(work)).toEqual([])
  })
})

describe('a Secure cookie over plain HTTP, in production', () => {
  test.each<[string, object, string[]]>([
    ['is an event, once', { encrypted: false }, ['insecure']],
    ['is none over HTTPS', { encrypted: true }, []],
    ['is none where nobody knows', {}, []],
  ])('%s', async (_, how, expected) => {
    vi.stubEnv('NODE_ENV', 'production')
    const { sessions, events } = testSessions()
    for (let visit = 0; visit < 3; visit++) {
      const req = {}
      const seen = sessions.mount([req], { cookie: undefined, header: () => undefined, ...how })
      ;(await sessions.get(req)).set('a', 1)
      await seen!.finish()
    }
    expect(events.map(({ type }) => type).filter((type) => type === 'insecure')).toEqual(expected)
    expect(warn).not.toHaveBeenCalled()
  })
})

test("a sentence as category, as in connect-flash's order, is refused; a word may be the app's own", async () => {
  const { session } = await handIn()
  expect(() => session.flash('error', 'Wrong password')).toThrow(/the message comes first/)
  const { sessions } = testSessions()
  const first = await sessions.open(null)
  first.flash('success', 'toast')
  const [line] = (await first.commit()).getSetCookie()
  const next = await sessions.open(line!.split(';')[0])
  expect(next.flashes()).toEqual([{ category: 'toast', message: 'success' }])
})
