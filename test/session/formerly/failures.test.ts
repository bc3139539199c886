/** What happens to a visitor whose session cannot be moved, and to one of a side that fails. */

import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, test } from 'vitest'
import { withSessions as withFetch } from '../../../src/adapters/fetch.ts'
import { withSessions } from '../../../src/adapters/node/node.ts'
import { flask } from '../../../src/flask/flask.ts'
import { formerly, type FormerSessions } from '../../../src/formerly/formerly.ts'
import { createSessions } from '../../../src/index.ts'
import { memoryStore } from '../../../src/stores/memory/memory.ts'
import { sessionStore } from '../../../src/stores/session-store.ts'
import { DAY, fakeTime, Jar, NEW_SECRET, SECRET, T0, withEvents } from './jar.ts'

const UNTIL = '2027-02-01'

/** A store that can be unplugged. */
function unpluggable() {
  const line = { isCut: false }
  const verbs = memoryStore()
  const cut = new Proxy(verbs, {
    get(target, name) {
      const verb = Reflect.get(target, name) as unknown
      if (typeof verb !== 'function' || name === 'backend') return verb
      return (...args: unknown[]) => {
        if (line.isCut) throw Object.assign(new Error('cut'), { code: 'ECONNREFUSED' })
        return Reflect.apply(verb, target, args) as unknown
      }
    },
  })
  return { line, store: sessionStore(cut as never) }
}

async function moved(ours: object, former: Partial<FormerSessions> = {}, theirs: object = {}) {
  const { time, clock } = fakeTime()
  const sessions = { secret: SECRET, cookie: { name: 'old' }, ...theirs }
  const before = withEvents({ ...sessions, clock })
  const after = withEvents({
    secret: NEW_SECRET,
    clock,
    formerly: formerly({ sessions, until: UNTIL, name: 'old', ...former }),
    ...ours,
  })
  const jar = new Jar()
  await jar.visit(before.sessions, (session) => {
    session.login('mona')
    session.set('text', 'stays')
  })
  return { time, clock, before, after, jar }
}

test('a session too large for our side is served, and neither lost nor an error page', async () => {
  const { before, after, jar } = await moved({}, {}, { store: memoryStore() })
  await jar.visit(before.sessions, (session) =>
    session.set('large', randomBytes(4000).toString('base64')),
  )
  for (let visit = 0; visit < 2; visit++) {
    expect(await jar.user(after.sessions)).toBe('mona')
    expect([...jar.cookies.keys()]).toEqual(['old'])
  }
  expect(after.events).toEqual([
    { type: 'move-failed', from: 'old', code: 'ERR_COOKIE_TOO_LARGE' },
    { type: 'move-failed', from: 'old', code: 'ERR_COOKIE_TOO_LARGE' },
  ])
  expect(await jar.user(before.sessions)).toBe('mona')
  // A page that makes it smaller moves it.
  await jar.visit(after.sessions, (session) => session.delete('large'))
  expect(await jar.user(after.sessions)).toBe('mona')
  expect([...jar.cookies.keys()]).toEqual(['session'])
})

test('a change that cannot be saved is an error, and leaves the old session alone', async () => {
  const { before, after, jar } = await moved({}, {}, { store: memoryStore() })
  const large = randomBytes(4000).toString('base64')
  await expect(
    jar.visit(after.sessions, (session) => session.set('large', large)),
  ).rejects.toMatchObject({ code: 'ERR_COOKIE_TOO_LARGE' })
  expect(await jar.user(before.sessions)).toBe('mona')
})

test('our store that is down while a session would be moved: the next visit moves it', async () => {
  const { line, store } = unpluggable()
  const { after, jar } = await moved({ store })
  line.isCut = true
  await expect(jar.user(after.sessions)).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' })
  line.isCut = false
  expect(await jar.user(after.sessions)).toBe('mona')
  expect([...jar.cookies.keys()]).toEqual(['session'])
})

test('our store that fails at the commit: the page is served, and the next visit moves it', async () => {
  const { line, store } = unpluggable()
  const { after, jar } = await moved({ store })
  await jar.visit(after.sessions, (session) => {
    expect(session.userId).toBe('mona')
    line.isCut = true
  })
  line.isCut = false
  expect([...jar.cookies.keys()]).toEqual(['old'])
  expect(after.events.map(({ type }) => type)).toEqual(['move-failed'])
  expect(await jar.user(after.sessions)).toBe('mona')
  expect([...jar.cookies.keys()]).toEqual(['session'])
})

test('a change of the first visit counts once, if our store did not confirm the session', async () => {
  const verbs = memoryStore()
  let fails = false
  const unsure = new Proxy(verbs, {
    get(target, name) {
      const verb = Reflect.get(target, name) as unknown
      if (name !== 'insert') return verb
      return async (...args: unknown[]) => {
        const inserted = await (Reflect.apply(
          verb as () => unknown,
          target,
          args,
        ) as Promise<unknown>)
        if (!fails) return inserted
        fails = false
        throw Object.assign(new Error('cut'), { code: 'ECONNRESET' })
      }
    },
  })
  const { after, jar } = await moved({ store: sessionStore(unsure as never) })
  fails = true
  await jar.visit(after.sessions, (session) => {
    session.update('visits', (visits = 0) => visits + 1)
  })
  expect(fails).toBe(false)
  await jar.visit(after.sessions, (session) => {
    expect(session.userId).toBe('mona')
    expect(session.get('visits')).toBe(1)
  })
})

test('an old store that is down is no reason to sign anybody out', async () => {
  const { line, store } = unpluggable()
  const { after, jar } = await moved({}, {}, { store })
  line.isCut = true
  await expect(jar.user(after.sessions)).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' })
  // A visitor without the old cookie does not notice.
  expect(await new Jar().user(after.sessions)).toBeUndefined()
  line.isCut = false
  expect(await jar.user(after.sessions)).toBe('mona')
})

test('an old store that does not end the session is an event, but an error of a logout', async () => {
  const { line, store } = unpluggable()
  const { after, jar } = await moved({}, {}, { store })
  const leaving = jar.copy()
  await expect(
    leaving.visit(after.sessions, (session) => {
      line.isCut = true
      session.logout()
    }),
  ).rejects.toMatchObject({
    code: 'ERR_STORE_UNAVAILABLE',
    headers: { 'set-cookie': expect.stringMatching(/^old=; .*Max-Age=0/) },
  })
  line.isCut = false
  await jar.visit(after.sessions, () => void (line.isCut = true))
  expect([...jar.cookies.keys()]).toEqual(['session'])
  expect(after.events.map(({ type }) => type)).toContain('former-failed')
})

test('a logout ends the sessions of all former sides, or fails', async () => {
  const { line, store } = unpluggable()
  const stored = { secret: SECRET, cookie: { name: 'older' }, store }
  const { clock, before, after, jar } = await moved({
    formerly: formerly([
      { sessions: { secret: SECRET, cookie: { name: 'old' } }, until: UNTIL },
      { sessions: stored, until: UNTIL },
    ]),
  })
  const older = withEvents({ ...stored, clock })
  await jar.visit(older.sessions, (session) => session.login('lisa'))
  line.isCut = true
  const out = () => jar.visit(after.sessions, (session) => session.logout())
  await expect(out()).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' })
  line.isCut = false
  const copy = jar.copy()
  await out()
  expect(jar.cookies.size).toBe(0)
  expect(await copy.user(older.sessions)).toBeUndefined()
  expect(await jar.user(before.sessions)).toBeUndefined()
})

test('a logout of our session does not leave an old one that would sign the visitor in', async () => {
  const { line, store } = unpluggable()
  const { after, jar } = await moved({ store: memoryStore() }, {}, { store })
  const old = jar.cookies.get('old')!
  await jar.visit(after.sessions, () => void (line.isCut = true))
  // The browser did not get that response whole.
  jar.cookies.set('old', old)
  const out = () => jar.visit(after.sessions, (session) => session.logout())
  await expect(out()).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' })
  line.isCut = false
  await out()
  jar.cookies.set('old', old)
  expect(await jar.user(after.sessions)).toBeUndefined()
})

test('a logout while the old store is down expires the cookie that was written along', async () => {
  const { line, store } = unpluggable()
  const { after, jar } = await moved({ store: memoryStore() }, { dualWrite: true }, { store })
  // It is moved, but the old side does not learn of it.
  await jar.visit(after.sessions, () => void (line.isCut = true))
  expect([...jar.cookies.keys()]).toEqual(['old', 'session'])
  await jar.visit(after.sessions, (session) => session.logout())
  expect(jar.cookies.size).toBe(0)
  line.isCut = false
  expect(await jar.user(after.sessions)).toBeUndefined()
})

test('values that our side cannot store are left out, and named', async () => {
  const money = {
    key: 'money',
    test: (value: unknown) => value instanceof URL,
    encode: (value: unknown) => String(value),
    decode: (text: unknown) => new URL(String(text)),
  }
  const { clock } = fakeTime()
  const sessions = { secret: SECRET, cookie: { name: 'old' }, tags: [money] }
  const before = withEvents({ ...sessions, clock } as never)
  const after = withEvents({
    secret: NEW_SECRET,
    clock,
    formerly: formerly({ sessions: sessions as never, until: UNTIL, name: 'old' }),
  })
  const jar = new Jar()
  await jar.visit(before.sessions, (session) => {
    session.set('link', new URL('https://app.example/'))
    session.login('mona')
  })
  await jar.visit(after.sessions, (session) => {
    expect(session.userId).toBe('mona')
    expect(session.has('link')).toBe(false)
  })
  expect(after.events).toEqual([{ type: 'moved', from: 'old', left: ['link'] }])
})

test('a login that nobody knows the time of is not a recent one', async () => {
  const { clock } = fakeTime()
  const sessions = flask({ SECRET_KEY: SECRET, SESSION_COOKIE_NAME: 'old' })
  const before = withEvents({ ...sessions, clock })
  const after = withEvents({
    secret: NEW_SECRET,
    clock,
    formerly: formerly({ sessions, until: UNTIL }),
  })
  const jar = new Jar()
  await jar.visit(before.sessions, (session) => session.login('mona'))
  for (let visit = 0; visit < 2; visit++) {
    await jar.visit(after.sessions, (session) => {
      expect(session.userId).toBe('mona')
      expect(session.authenticatedAt).toBeUndefined()
    })
    const carrier = {}
    const facts = { cookie: jar.header, header: () => null }
    after.sessions.mount([carrier], facts as never)
    await expect(after.sessions.signedIn(carrier, { within: '1h' })).rejects.toMatchObject({
      code: 'ERR_LOGIN_STALE',
    })
  }
})

test('a session that holds nothing is no session', async () => {
  const { clock } = fakeTime()
  const sessions = flask({ SECRET_KEY: SECRET, SESSION_COOKIE_NAME: 'old' })
  const before = withEvents({ ...sessions, clock })
  const after = withEvents({
    secret: NEW_SECRET,
    clock,
    formerly: formerly({ sessions, until: UNTIL }),
  })
  const jar = new Jar()
  await jar.visit(before.sessions, (session) => void (session.permanent = true))
  expect(jar.cookies.size).toBe(1)
  await jar.visit(after.sessions, (session) => expect(session.isNew).toBe(true))
  expect([jar.cookies.size, after.events]).toEqual([0, []])
})

test('an old session that was not ended is ended by close(), before the process is', async () => {
  const { line, store } = unpluggable()
  const { before, after, jar } = await moved({}, {}, { store })
  const copy = jar.copy()
  await jar.visit(after.sessions, () => void (line.isCut = true))
  line.isCut = false
  expect(await after.sessions.close()).toEqual({ commits: 0, logouts: 0 })
  expect(await copy.user(before.sessions)).toBeUndefined()
})

test("a moved login is not fresh for Flask-Login, and has the request's identifier", async () => {
  const { clock } = fakeTime()
  const sessions = { secret: SECRET, cookie: { name: 'old' } }
  const before = withEvents({ ...sessions, clock })
  const after = withEvents({
    ...flask({ SECRET_KEY: NEW_SECRET }),
    clock,
    formerly: formerly({ sessions, until: UNTIL }),
  })
  const jar = new Jar()
  await jar.visit(before.sessions, (session) => session.login('mona'))
  const facts = { cookie: jar.header, address: '127.0.0.1', header: () => null }
  const visit = after.sessions.mount([{}], facts as never)!
  const session = await visit.session()
  expect(session.get('_user_id')).toBe('mona')
  expect(session.get('_fresh')).toBe(false)
  expect(session.get('_id')).toMatch(/^[0-9a-f]{128}$/)
})

test('our own timeouts apply to old sessions, too', async () => {
  const { time, after, jar } = await moved({ lifetime: { idle: '2h' } })
  time.now += 3 * 3_600_000
  expect(await jar.user(after.sessions)).toBeUndefined()
  expect(jar.cookies.size).toBe(0)
})

test('data of an older version is migrated on the way', async () => {
  const migrate = (data: Record<string, unknown>, version: number) => ({
    ...data,
    text: `${String(data['text'])} ${version}`,
  })
  const { after, jar } = await moved({ version: 3, migrate }, {}, { version: 2 })
  for (let visit = 0; visit < 2; visit++) {
    await jar.visit(after.sessions, (session) => expect(session.get('text')).toBe('stays 2'))
  }
})

test('both Set-Cookie lines are sent by Node and by fetch, to no shared cache', async () => {
  const { after, jar } = await moved({})
  const handler = withSessions(after.sessions, async (req: any, res: any) => {
    const session = await after.sessions.get(req)
    res.setHeader('Set-Cookie', ['theme=dark; Path=/', 'old=ours-too; Path=/x'])
    res.setHeader('Cache-Control', 'public, max-age=60')
    res.end(session.userId)
  })
  const server = createServer(handler as never)
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const overNode = await fetch(`http://127.0.0.1:${port}/`, { headers: { cookie: jar.header! } })
  server.close()
  const byFetch = withFetch(after.sessions, async (request: Request) => {
    const session = await after.sessions.get(request)
    const headers = new Headers({ 'cache-control': 'public, max-age=60' })
    headers.append('set-cookie', 'theme=dark; Path=/')
    headers.append('set-cookie', 'old=ours-too; Path=/x')
    return new Response(session.userId, { headers })
  })
  const overFetch = await byFetch(
    new Request('http://app.example/', { headers: { cookie: jar.header! } }),
  )
  for (const response of [overNode, overFetch]) {
    expect(await response.text()).toBe('mona')
    const names = response.headers.getSetCookie().map((line) => line.replace(/=.*$/, ''))
    expect(names).toEqual(['theme', 'old', 'old', 'session'])
    expect(response.headers.getSetCookie().at(-2)).toMatch(/^old=; .*Max-Age=0/)
    expect(response.headers.get('cache-control')).toBe('private, max-age=60')
  }
})

test('a cookie of the old name that another application owns stays', async () => {
  const { after } = await moved({})
  const jar = new Jar()
  jar.cookies.set('old', 'of-another-application')
  await jar.visit(after.sessions, (session) => session.set('a', 1))
  await jar.visit(after.sessions, (session) => session.set('a', 2))
  expect(jar.cookies.get('old')).toBe('of-another-application')
  expect(after.sessions.formerlyUse()).toMatchObject([{ name: 'old', moved: 0, refused: 1 }])
})

test('an old cookie that is sent after the date expires, and its session ends', async () => {
  const { time, before, after, jar } = await moved({}, {}, { store: memoryStore() })
  time.now = Date.parse(UNTIL) - 20 * DAY
  // Three months are longer than a session lives.
  const later = new Jar()
  await later.visit(before.sessions, (session) => session.login('mona'))
  time.now = Date.parse(UNTIL)
  const copy = later.copy()
  for (const one of [jar, later]) {
    expect(await one.user(after.sessions)).toBeUndefined()
    expect(one.cookies.size).toBe(0)
  }
  expect(await copy.user(before.sessions)).toBeUndefined()
})

describe('the options', () => {
  const sessions = { secret: SECRET, cookie: { name: 'old' } }
  const refused = (former: object | readonly object[], ours: object = {}) => {
    try {
      createSessions({
        secret: NEW_SECRET,
        clock: () => T0,
        formerly: formerly(former as FormerSessions),
        ...ours,
      })
    } catch (error) {
      return (error as Error).message.replaceAll('"', '')
    }
    return undefined
  }

  it('are checked when the app starts', () => {
    expect(refused({ sessions, until: UNTIL })).toBeUndefined()
    expect(refused({ sessions })).toMatch(/formerly\.until is missing/)
    expect(refused([{ sessions, until: UNTIL }, { sessions }])).toMatch(/formerly\[1\]\.until/)
    expect(refused([])).toMatch(/one to 8/)
    expect(refused({ sessions, until: 'soon' })).toMatch(/has to be a date/)
    expect(refused({ sessions, until: '2028-01-01' })).toMatch(/400 days/)
    expect(refused({ until: UNTIL })).toMatch(/formerly\.sessions/)
    expect(refused({ sessions, until: UNTIL, userId: 'passport..user' })).toMatch(/passport\.user/)
    expect(refused({ sessions, until: UNTIL, userIdAs: 'bigint' })).toMatch(/userIdAs/)
    expect(refused({ sessions, until: UNTIL, dualWrite: 'yes' })).toMatch(/true or false/)
    expect(refused({ sessions, until: UNTIL, name: '' })).toMatch(/formerly\.name/)
    expect(refused({ sessions, secret: SECRET, until: UNTIL })).toMatch(/sessions: { secret }/)
    expect(refused({ sessions: { ...sessions, clock: () => T0 }, until: UNTIL })).toMatch(
      /clock is taken from the new side/,
    )
    expect(refused({ sessions: { ...sessions, formerly: formerly([]) }, until: UNTIL })).toMatch(
      /formerly is taken from the new side/,
    )
    expect(refused({ sessions: { secret: 'short' }, until: UNTIL })).toBeUndefined()
    const same = { sessions: { secret: SECRET }, until: UNTIL, dualWrite: true }
    expect(refused(same)).toMatch(/both sides write 'session'/)
    expect(refused(same, { cookie: { path: '/app' } })).toBeUndefined()
  })

  it('have to be made by formerly()', () => {
    const make = () =>
      createSessions({ secret: SECRET, formerly: { sessions, until: UNTIL } as never })
    expect(make).toThrow(/has to be made by formerly\(\) of 'sojourn\/formerly'/)
  })

  it('are named in the policy and the counts', async () => {
    const { after } = await moved({}, { dualWrite: true })
    expect(after.sessions.describePolicy().formerly).toEqual([
      { name: 'old', cookieName: 'old', until: '2027-02-01T00:00:00.000Z', dualWrite: true },
    ])
    expect(after.sessions.formerlyUse()).toEqual([
      { name: 'old', until: new Date(UNTIL), moved: 0, lastAt: undefined, refused: 0 },
    ])
    expect(createSessions({ secret: SECRET }).formerlyUse()).toEqual([])
    const unnamed = createSessions({
      secret: NEW_SECRET,
      clock: () => T0,
      formerly: formerly({ sessions, until: UNTIL }),
    })
    expect(unnamed.formerlyUse()[0]!.name).toBe('sojourn old')
  })
})
