import { createCookieSessionStorage, type SessionStorage } from 'react-router'
import { describe, expect, test } from 'vitest'
import { sessionStorage } from '../../src/adapters/react-router.ts'
import { formerly, type FormerSessions, reactRouterSession } from '../../src/formerly/formerly.ts'
import { createSessions, type EventFacts, type SessionOptions } from '../../src/index.ts'

const SECRET = 'bGFudGVybi1oaWxsLTQ3MTEtbWFwbGUtcml2ZXItMDgxNQ'
const OLD = 'Y2VkYXItcG9pbnQtMjIxMS1iaXJjaC1sYWtlLTA0NDItZWxt'

/** React Router's own storage, and ours on the same options. */
function both(cookie: Parameters<typeof reactRouterSession>[0]['cookie'] = { secrets: [SECRET] }) {
  const theirs = createCookieSessionStorage<any, any>({ cookie: cookie as object })
  const events: EventFacts[] = []
  const sessions = createSessions<any>({
    ...reactRouterSession({ cookie }),
    onEvent: (event) => void events.push(event),
  })
  return { theirs, sessions, events }
}

/** What a browser sends back. */
function sent(line: string): string {
  return line.split(';')[0]!
}

/** The cookie of React Router for some data. */
async function theirsOf(theirs: SessionStorage<any, any>, data: object): Promise<string> {
  const session = await theirs.getSession()
  for (const [key, value] of Object.entries(data)) session.set(key, value)
  return sent(await theirs.commitSession(session))
}

const VALUES: readonly object[] = [
  { userId: 'ann' },
  { userId: 'ann', cart: ['tea', { id: 7, price: 2.5 }], note: null, seen: true },
  { text: 'Grüße, 日本語 😀 \u2028 %41 + / =' },
  { a: '?', b: '??', c: '???', d: '>>>', e: '~~~~' },
  { lone: '<script>"\\' },
]

describe("React Router's sessions", () => {
  test.for(VALUES)('are read as React Router wrote them: %j', async (data) => {
    const { theirs, sessions } = both()
    const session = await sessions.open(await theirsOf(theirs, data))
    expect(Object.fromEntries(session)).toEqual(data)
    expect(session.userId).toBe('userId' in data ? data.userId : undefined)
  })

  test.for(VALUES)('are written as React Router reads and writes them: %j', async (data) => {
    const { theirs, sessions } = both()
    const session = await sessions.open('')
    for (const [key, value] of Object.entries(data)) {
      if (key !== 'userId') session.set(key, value)
    }
    if ('userId' in data) session.login('ann')
    const ours = sent((await session.commit()).getSetCookie()[0]!)
    const { data: read } = await theirs.getSession(ours)
    expect(read).toEqual(data)
    // Their own spelling of it is the same, byte by byte.
    expect(sent(await theirs.commitSession(await theirs.getSession(ours)))).toBe(ours)
  })

  test('stay signed in in both directions, and a logout ends them in both', async () => {
    const { theirs, sessions } = both()
    const cookie = await theirsOf(theirs, { userId: 'ann', cart: ['tea'] })
    const session = await sessions.open(cookie)
    expect(session.userId).toBe('ann')
    session.set('cart', ['tea', 'bread'])
    const moved = sent((await session.commit()).getSetCookie()[0]!)
    const back = await theirs.getSession(moved)
    expect([back.get('userId'), back.get('cart')]).toEqual(['ann', ['tea', 'bread']])
    const leaving = await sessions.open(moved)
    leaving.logout()
    const [line] = (await leaving.commit()).getSetCookie()
    expect(line).toMatch(/^__session=; .*Max-Age=0/)
    const cleared = sent(await theirs.destroySession(back))
    expect((await sessions.open(cleared)).userId).toBeUndefined()
    expect((await theirs.getSession(sent(line!))).get('userId')).toBeUndefined()
  })

  test('keep their flash values by sessionStorage of sojourn/react-router', async () => {
    const { theirs, sessions } = both()
    const before = await theirs.getSession()
    before.flash('notice', 'Saved')
    const ours = sessionStorage<any, any>(sessions)
    const session = await ours.getSession(sent(await theirs.commitSession(before)))
    expect(session.get('notice')).toBe('Saved')
    expect(session.get('notice')).toBeUndefined()
    session.flash('notice', 'Saved again')
    const after = await theirs.getSession(sent(await ours.commitSession(session)))
    expect(after.get('notice')).toBe('Saved again')
  })

  test('are accepted under a previous secret, and rewritten under the current one', async () => {
    const cookie = await theirsOf(both({ secrets: [OLD] }).theirs, { userId: 'ann', cart: [] })
    const { theirs, sessions } = both({ secrets: [SECRET, OLD] })
    const session = await sessions.open(cookie)
    expect(session.userId).toBe('ann')
    const rewritten = sent((await session.commit()).getSetCookie()[0]!)
    expect((await both().theirs.getSession(rewritten)).get('userId')).toBe('ann')
    expect((await theirs.getSession(rewritten)).get('userId')).toBe('ann')
  })
})

describe('nothing unverified of React Router is read', () => {
  test('with any one character changed, the session is not accepted', async () => {
    const { theirs, sessions } = both()
    const cookie = await theirsOf(theirs, { userId: 'ann', cart: ['tea'] })
    const [name, value] = [
      cookie.slice(0, '__session='.length),
      decodeURIComponent(cookie.slice(10)),
    ]
    for (let at = 0; at < value.length; at++) {
      const other = value[at] === 'A' ? 'B' : 'A'
      const forged = value.slice(0, at) + other + value.slice(at + 1)
      const session = await sessions.open(name + encodeURIComponent(forged))
      expect(session.userId, `character ${at}`).toBeUndefined()
    }
  })

  test.for<[string, () => Promise<string>]>([
    ['another secret', async () => theirsOf(both({ secrets: [OLD] }).theirs, { userId: 'ann' })],
    ['no secret', unsigned],
    ['no signature', async () => `__session=${btoa('{"userId":"ann"}')}.`],
    ['a signature in base64url', async () => urlSafe(await withPlusOrSlash())],
    ['percent signs that are none', async () => '__session=%E0%A4%A.%zz'],
    ['a list', async () => signedText('["userId","ann"]')],
    ['text that is not JSON', async () => signedText('userId=ann')],
    [
      'bytes that are not UTF-8',
      async () => signedBytes(Buffer.from('{"userId":"\xff"}', 'latin1')),
    ],
  ])('not that of %s', async ([, make]) => {
    const { sessions, events } = both()
    const session = await sessions.open(await make())
    expect([session.userId, session.size]).toEqual([undefined, 0])
    expect(events.map(({ type }) => type)).toEqual(['rejected'])
  })
})

describe('reactRouterSession()', () => {
  test('takes the cookie options of createCookieSessionStorage', async () => {
    const cookie = {
      name: 'shop',
      secrets: [SECRET],
      maxAge: 3600,
      httpOnly: true,
      secure: true,
      sameSite: 'strict',
      path: '/shop',
      domain: 'example.com',
    } as const
    const { sessions, theirs } = both(cookie)
    const session = await sessions.open('')
    session.set('cart', [])
    const [ours] = (await session.commit()).getSetCookie()
    const before = await theirs.getSession()
    before.set('cart', [])
    const parts = (line: string) => line.split('; ').toSorted()
    expect(parts(ours!)).toEqual(parts(await theirs.commitSession(before)))
  })

  test('is HttpOnly and, in production, Secure, unless turned off', async () => {
    const { cookie } = createSessions(
      reactRouterSession({ cookie: { secrets: [SECRET] } }),
    ).describePolicy()
    expect(cookie).toMatchObject({ name: '__session', httpOnly: true, sameSite: 'Lax', path: '/' })
  })

  test.for<[object, RegExp]>([
    [{}, /cookie/],
    [{ cookie: { secrets: SECRET } }, /cookie\.secrets" has to be a list/],
    [{ cookie: { secrets: [SECRET], expires: new Date(0) } }, /expires.*maxAge/],
    [{ cookie: { secrets: [SECRET], maxAge: '1h' } }, /cookie\.maxAge/],
    [{ secrets: [SECRET], cookie: {} }, /cookie: \{ secrets \}/],
    [{ cookie: { secrets: [SECRET] }, readData() {} }, /your own database/],
  ])('refuses %j', ([options, why]) => {
    const make = () => reactRouterSession(options as { cookie: object })
    expect(make).toThrow(expect.objectContaining({ code: 'ERR_OPTION_INVALID' }))
    expect(make).toThrow(why)
  })

  test.for<[Partial<SessionOptions>]>([
    [{ store: {} as never }],
    [{ encrypt: true }],
    [{ lifetime: { idle: '1h' } }],
  ])('cannot be combined with %j', ([option]) => {
    const options = { ...reactRouterSession({ cookie: { secrets: [SECRET] } }), ...option }
    expect(() => createSessions(options)).toThrow('cannot be combined with reactRouterSession()')
  })

  test('needs a secret', () => {
    expect(() => createSessions(reactRouterSession({ cookie: {} }))).toThrow(
      expect.objectContaining({ code: 'ERR_SECRET_MISSING' }),
    )
  })
})

describe("leaving React Router's cookie, by formerly", () => {
  const CURRENT = 'c3BydWNlLWhvbGxvdy05MDIzLWZsaW50LWNyZWVrLTY3NzE'

  function site(name: string, more: Partial<FormerSessions> = {}) {
    const { theirs } = both()
    const sessions = createSessions<any>({
      secret: CURRENT,
      cookie: { name },
      formerly: formerly({
        sessions: reactRouterSession({ cookie: { secrets: [SECRET] } }),
        until: new Date(Date.now() + 86_400_000),
        ...more,
      }),
    })
    return { theirs, sessions }
  }

  test('sessionStorage moves a visitor under the same name, and a logout is final', async () => {
    const { theirs, sessions } = site('__session')
    const { getSession, commitSession, destroySession } = sessionStorage<any, any>(sessions)
    const old = await theirsOf(theirs, { userId: 'ann', cart: ['tea'] })
    const moved = sent(await commitSession(await getSession(old)))
    expect((await theirs.getSession(moved)).get('cart')).toBeUndefined()
    const again = await getSession(moved)
    expect([again.session.userId, again.get('cart')]).toEqual(['ann', ['tea']])
    expect(sessions.formerlyUse()).toMatchObject([{ name: 'react-router __session', moved: 1 }])
    const out = sent(await destroySession(again))
    expect((await getSession(out)).session.userId).toBeUndefined()
  })

  test('sessionStorage refuses another name: the old cookie would sign in again after a logout', () => {
    expect(() => sessionStorage(site('session').sessions)).toThrow(
      expect.objectContaining({
        code: 'ERR_OPTION_INVALID',
        message: expect.stringContaining("Set cookie: { name: '__session' }"),
      }),
    )
  })

  test('sessionStorage refuses to drop a second cookie', async () => {
    const { sessions } = site('__session', {
      sessions: reactRouterSession({ cookie: { secrets: [SECRET], path: '/shop' } }),
    })
    const { getSession, commitSession } = sessionStorage<any, any>(sessions)
    const session = await getSession(await theirsOf(both().theirs, { userId: 'ann' }))
    await expect(commitSession(session)).rejects.toThrow('commitSession returns one')
  })

  test('with dualWrite React Router goes on with what was changed, and a logout ends both', async () => {
    const { theirs, sessions } = site('session', { dualWrite: true })
    const session = await sessions.open(await theirsOf(theirs, { userId: 'ann', cart: ['tea'] }))
    session.set('cart', ['tea', 'bread'])
    const lines = (await session.commit()).getSetCookie()
    const back = await theirs.getSession(sent(lines.find((line) => line.startsWith('__session='))!))
    expect([back.get('userId'), back.get('cart')]).toEqual(['ann', ['tea', 'bread']])
    const leaving = await sessions.open(lines.map(sent).join('; '))
    leaving.logout()
    const cleared = (await leaving.commit()).getSetCookie().map(sent)
    expect(cleared.toSorted()).toEqual(['__session=', 'session='])
  })

  test('from the date on, nobody is moved', async () => {
    const { theirs, sessions } = site('__session', { until: new Date(Date.now() - 1) })
    const session = await sessions.open(await theirsOf(theirs, { userId: 'ann' }))
    expect(session.userId).toBeUndefined()
  })
})

/** React Router's cookie without a secret, which anybody can write. */
function unsigned(): Promise<string> {
  return theirsOf(createCookieSessionStorage({ cookie: { name: '__session' } }), { userId: 'ann' })
}

/** A cookie that is signed, whatever it holds. */
async function signedBytes(bytes: Buffer): Promise<string> {
  const key = await crypto.subtle.importKey(
    'raw',
    new TextEncoder().encode(SECRET),
    { name: 'HMAC', hash: 'SHA-256' },
    false,
    ['sign'],
  )
  const body = bytes.toString('base64')
  const mac = await crypto.subtle.sign('HMAC', key, new TextEncoder().encode(body))
  const signature = Buffer.from(mac).toString('base64').replace(/=+$/, '')
  return `__session=${encodeURIComponent(`${body}.${signature}`)}`
}

function signedText(text: string): Promise<string> {
  return signedBytes(Buffer.from(text))
}

/** A cookie of React Router whose signature has a `+` or a `/`. */
async function withPlusOrSlash(): Promise<string> {
  for (let at = 0; ; at++) {
    const cookie = await signedText(JSON.stringify({ userId: 'ann', at }))
    if (/\..*%2[BF]/.test(cookie)) return cookie
  }
}

function urlSafe(cookie: string): string {
  return cookie.replaceAll('%2B', '-').replaceAll('%2F', '_')
}
