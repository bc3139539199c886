import { createHmac } from 'node:crypto'
import { createRequire } from 'node:module'
import { describe, expect, it, vi } from 'vitest'
import { createSessions, type SessionOptions } from '../../src/index.ts'
import { cookieSession, ironSession, secureSession } from '../../src/formerly/formerly.ts'
import { sealData, unsealData } from 'iron-session'
import { getIronSession } from 'iron-session9'
import { kept, keygrip, libraries, OTHER, SECRET, secretbox, sodium } from './libraries.ts'

const KEY = Buffer.from(OTHER).subarray(0, 32)

/** Options that TypeScript would refuse. */
const bad = (options: object) => options as never

async function login(options: SessionOptions): Promise<string[]> {
  const session = await createSessions(options).open('')
  session.login('ada')
  return (await session.commit()).getSetCookie()
}

describe('options that a preset does not understand', () => {
  it.each([
    [() => cookieSession(bad({ keys: [SECRET], signed: false })), /signed.*has to be true/],
    [() => cookieSession(bad({ keys: { sign() {}, verify() {} } })), /keys.*Keygrip/],
    [() => cookieSession(bad({ keys: [SECRET], expires: new Date() })), /expires.*maxAge/],
    [() => cookieSession(bad({ keys: [SECRET], secureProxy: true })), /secureProxy.*secure/],
    [() => cookieSession(bad({ keys: [SECRET], maxAge: '1d' })), /maxAge.*milliseconds/],
    [() => cookieSession(bad({ keys: [SECRET], algorithm: 'md5' })), /algorithm/],
    [() => cookieSession(bad({ keys: [SECRET], priority: 'high' })), /priority/],
    [() => ironSession(bad({ password: SECRET })), /cookieName.*missing/],
    [() => ironSession({ cookieName: 'shop', password: {} }), /password.*empty/],
    [() => ironSession({ cookieName: 'shop', password: { new: SECRET } }), /whole numbers/],
    [() => ironSession(bad({ cookieName: 'a', password: SECRET, onUnsealError() {} })), /onEvent/],
    [() => ironSession({ cookieName: 'shop', password: SECRET, ttl: -1 }), /ttl.*seconds/],
    [
      () => ironSession(bad({ cookieName: 'a', password: SECRET, cookieOptions: { encode() {} } })),
      /cookieOptions\.encode/,
    ],
    [() => secureSession(bad({ key: KEY })), /sodium.*sodium-native/],
    [() => secureSession({ sodium, key: KEY.subarray(1) }), /key.*32 bytes/],
    [() => secureSession({ sodium, key: [KEY, 'short'] }), /key\[1\].*32 bytes/],
    [() => secureSession({ sodium, secret: 'too short' }), /secret.*32 bytes/],
    [() => secureSession({ sodium, secret: SECRET, salt: 'x' }), /salt.*16 bytes/],
    [() => secureSession(bad([{ sodium, key: KEY }])), /list: call createSessions for each/],
    [
      () => secureSession(bad({ sodium, key: KEY, cookie: { secure: 'auto' } })),
      /secure.*true or false/,
    ],
  ])('are refused with a reason: %s', (make, message) => {
    expect(make).toThrow(message)
  })

  it.each(libraries)('of createSessions beside $name are refused with a reason', ({ preset }) => {
    const more: Record<string, unknown> = {
      encrypt: true,
      audience: 'shop',
      lifetime: { idle: '1h' },
      cookie: { name: 'shop' },
      maxBytes: 1000,
      tags: [{ key: ' x', test: () => false, encode: String, decode: String }],
    }
    for (const [option, value] of Object.entries(more)) {
      const options = { ...preset(), [option]: value }
      expect(() => createSessions(options)).toThrow(new RegExp(`${option}.*combined with`))
    }
  })

  it('include a missing secret, and in production a known one', () => {
    expect(() => createSessions(cookieSession({ keys: [undefined] }))).toThrow('keys')
    expect(() => createSessions(cookieSession({}))).toThrow('secret')
    expect(() => createSessions(ironSession({ cookieName: 'a', password: undefined }))).toThrow(
      'password',
    )
    const known = cookieSession({ keys: ['keyboard cat'] })
    expect(() => createSessions(known)).not.toThrow()
    vi.stubEnv('NODE_ENV', 'production')
    expect(() => createSessions(known)).toThrow('keys')
    vi.unstubAllEnvs()
  })
})

describe('cookie attributes', () => {
  it('are those of the library, Secure unless the app says otherwise', async () => {
    vi.stubEnv('NODE_ENV', 'production')
    const [signature, value] = await login(
      cookieSession({ keys: [SECRET], maxAge: 3_600_000, domain: '.shop.example', sameSite: true }),
    )
    const attributes =
      '; Domain=shop.example; Max-Age=3600; Secure; HttpOnly; Path=/; SameSite=Strict'
    expect(signature).toMatch(new RegExp(`^session\\.sig=[\\w-]{27}${attributes}$`))
    expect(value).toMatch(new RegExp(`^session=[^;]+${attributes}$`))
    expect(await login(ironSession({ cookieName: 'shop', password: SECRET }))).toEqual([
      expect.stringMatching(/~2; Max-Age=1209540; Secure; HttpOnly; Path=\/; SameSite=Lax$/),
    ])
    expect(await login(secureSession({ sodium, key: KEY, cookie: { maxAge: 60 } }))).toEqual([
      expect.stringMatching(/; Max-Age=60; Secure; HttpOnly; Path=\/$/),
    ])
    vi.unstubAllEnvs()
  })

  it('of a cleared cookie-session are those of both cookies', async () => {
    const sessions = createSessions(cookieSession({ keys: [SECRET], path: '/shop' }))
    const session = await sessions.open(kept('', await login(cookieSession({ keys: [SECRET] }))))
    session.logout()
    expect((await session.commit()).getSetCookie()).toEqual([
      expect.stringMatching(/^session\.sig=; .*Max-Age=0; HttpOnly; Path=\/shop$/),
      expect.stringMatching(/^session=; .*Max-Age=0; HttpOnly; Path=\/shop$/),
    ])
  })

  it.each([
    [{ ttl: 3600 }, 'Max-Age=3540'],
    [{ ttl: 30 }, 'Max-Age=30'],
    [{ ttl: 0 }, 'Max-Age=34560000'],
    [{ cookieOptions: { maxAge: 600 } }, 'Max-Age=600'],
  ])('of iron-session with %j have %s', async (options, text) => {
    const [line] = await login(ironSession({ cookieName: 'a', password: SECRET, ...options }))
    expect(line).toContain(`; ${text};`)
  })

  it('of iron-session have no Max-Age, and the seal no expiry, with maxAge: undefined', async () => {
    const cookieOptions = { maxAge: undefined }
    const options = ironSession({ cookieName: 'a', password: SECRET, cookieOptions })
    const [line] = await login(options)
    expect(line).not.toContain('Max-Age')
    expect(line!.split('*')[5]).toBe('')
    const later = createSessions({ ...options, clock: () => Date.now() + 1e12 })
    expect((await later.open(kept('', [line!]))).userId).toBe('ada')
  })
})

describe('key rotation', () => {
  const OLD = ironSession({ cookieName: 'a', password: { 1: SECRET } })
  const BOTH = ironSession({ cookieName: 'a', password: { 1: SECRET, 2: OTHER } })
  const OTHER_KEY = Buffer.from(KEY).reverse()

  it.each([
    ['iron-session', OLD, BOTH, ironSession({ cookieName: 'a', password: { 2: OTHER } })],
    [
      'cookie-session',
      cookieSession({ secret: SECRET }),
      cookieSession({ keys: [OTHER, SECRET] }),
      cookieSession({ keys: [OTHER] }),
    ],
    [
      'secure-session',
      secureSession({ sodium, key: KEY.toString('base64') }),
      secureSession({ sodium, key: [OTHER_KEY, KEY] }),
      secureSession({ sodium, key: OTHER_KEY }),
    ],
  ])('of %s: a visit rewrites the cookie under the current key', async (_, old, both, only) => {
    const cookie = kept('', await login(old))
    const session = await createSessions(both).open(cookie)
    expect(session.userId).toBe('ada')
    const rewritten = kept(cookie, (await session.commit()).getSetCookie())
    expect((await createSessions(only).open(rewritten)).userId).toBe('ada')
    expect((await createSessions(only).open(cookie)).userId).toBeUndefined()
  })

  it('of iron-session: a seal of the highest password is read by iron-session, and the reverse', async () => {
    const passwords = { 1: SECRET, 2: OTHER }
    const value = kept('', await login(BOTH)).slice('a='.length)
    expect(value).toMatch(/^Fe26\.2\*2\*/)
    expect(await unsealData(value, { password: passwords })).toEqual({ userId: 'ada' })
    const older = await sealData({ userId: 'grace' }, { password: { 1: SECRET } })
    expect((await createSessions(BOTH).open(`a=${older}`)).userId).toBe('grace')
    // No id of a property that every object has.
    for (const id of ['toString', '__proto__', 'default', '']) {
      const session = await createSessions(BOTH).open(`a=${older.replace('*1*', `*${id}*`)}`)
      expect(session.userId).toBeUndefined()
    }
  })

  it('of secure-session: a key derived from secret and salt is that of the plugin', async () => {
    const { default: fastify } = await import('fastify')
    const { default: plugin } = await import('@fastify/secure-session')
    for (const salt of [undefined, '0123456789abcdef']) {
      const app = fastify()
      const options = { secret: SECRET, ...(salt && { salt }) }
      await app.register(plugin, { ...options, cookie: { path: '/' } } as never)
      await app.ready()
      const value = app.encodeSecureSession(app.createSecureSession({ userId: 'ada' } as never))
      const sessions = createSessions(secureSession({ sodium, ...options }))
      const session = await sessions.open(`session=${encodeURIComponent(value)}`)
      expect(session.userId).toBe('ada')
      await app.close()
    }
  })
})

describe('iron-session', () => {
  it('accepts a seal as long as the seal says, whatever ttl is now', async () => {
    const sealed = await sealData({ userId: 'ada' }, { password: SECRET, ttl: 30 * 86_400 })
    const now = Date.now()
    const shorter = ironSession({ cookieName: 'a', password: SECRET, ttl: 3600 })
    const at = (time: number) => createSessions({ ...shorter, clock: () => time })
    expect((await at(now).open(`a=${sealed}`)).userId).toBe('ada')
    expect((await at(now + 29 * 86_400_000).open(`a=${sealed}`)).userId).toBe('ada')
    expect((await at(now + 31 * 86_400_000).open(`a=${sealed}`)).userId).toBeUndefined()
  })

  it('refuses a seal without its version, and one of another version', async () => {
    const sealed = await sealData({ userId: 'ada' }, { password: SECRET })
    const sessions = createSessions(ironSession({ cookieName: 'a', password: SECRET }))
    for (const version of ['', '~', '~1', '~3', '~2~2']) {
      const session = await sessions.open(`a=${sealed.replace('~2', version)}`)
      expect(session.userId).toBeUndefined()
    }
  })

  it('9: reads a session in chunks, writes one cookie, and leaves no chunk after a logout', async () => {
    const options = { cookieName: 'shop', password: SECRET, chunk: true }
    const response = new Response(null)
    const session = await getIronSession<Record<string, unknown>>(
      new Request('http://localhost/'),
      response,
      options,
    )
    Object.assign(session, { userId: 'ada', text: 'x'.repeat(5000) })
    await session.save()
    const cookie = kept('', response.headers.getSetCookie())
    expect(cookie).toMatch(/^shop\.0=[^;]+; shop\.1=/)
    const sessions = createSessions(ironSession(options))
    const opened = await sessions.open(cookie)
    expect(opened.userId).toBe('ada')
    opened.set('text', 'short')
    const smaller = kept(cookie, (await opened.commit()).getSetCookie())
    expect(smaller).toMatch(/^shop=[^;]+$/)
    const again = await sessions.open(cookie)
    again.logout()
    expect(kept(cookie, (await again.commit()).getSetCookie())).toBe('')
    // Without the option there is no such cookie.
    const plain = createSessions(ironSession({ ...options, chunk: false }))
    expect((await plain.open(cookie)).userId).toBeUndefined()
  })
})

it('a cookie of secure-session without a time is refused', async () => {
  const sessions = createSessions(secureSession({ sodium, key: KEY }))
  const box = (text: string) => {
    const [message, nonce] = [Buffer.from(text), Buffer.alloc(24, 7)]
    const cipher = Buffer.alloc(message.length + 16)
    sodium.crypto_secretbox_easy(cipher, message, nonce, KEY)
    const value = `${cipher.toString('base64')};${nonce.toString('base64')}`
    return `session=${encodeURIComponent(value)}`
  }
  const now = Math.round(Date.now() / 1000)
  expect((await sessions.open(box(`{"userId":"ada","__ts":${now}}`))).userId).toBe('ada')
  for (const time of ['', ',"__ts":null', ',"__ts":"x"', `,"__ts":${now + 3600}`, ',"__ts":[1]']) {
    expect((await sessions.open(box(`{"userId":"ada"${time}}`))).userId).toBeUndefined()
  }
})

describe('cookie-session', () => {
  it('pairs the first value with the first signature, as the library does', async () => {
    const sessions = createSessions(keygrip.preset())
    const [ada, eve] = await Promise.all(
      ['ada', 'eve'].map(async (user) => {
        const session = await sessions.open('')
        session.login(user)
        return kept('', (await session.commit()).getSetCookie()).split('; ')
      }),
    )
    const server = await keygrip.start()
    for (const pairs of [
      [...ada!, ...eve!],
      [ada![0], eve![0], ada![1], eve![1]],
      [ada![0], eve![1], eve![0], ada![1]],
      [eve![0], ada![1], ada![0]],
    ]) {
      const cookie = pairs.join('; ')
      const found = (await server.get(cookie))['userId']
      expect((await sessions.open(cookie)).userId).toBe(found)
    }
    await server.stop()
  })

  it('keeps the expiry that koa-session has in the same format', async () => {
    const now = Date.parse('2026-11-30T12:00:00Z')
    const of = (data: object) => signed(JSON.stringify(data))
    const sessions = createSessions({ ...keygrip.preset(), clock: () => now })
    const expired = of({ userId: 'ada', _expire: now - 1, _maxAge: 1000 })
    expect((await sessions.open(expired)).userId).toBeUndefined()
    const session = await sessions.open(of({ userId: 'ada', _expire: now + 10, _maxAge: 60_000 }))
    expect(session.userId).toBe('ada')
    session.set('seen', true)
    const [value] = kept('', (await session.commit()).getSetCookie()).match(/(?<=session=)[^;]+/)!
    expect(JSON.parse(Buffer.from(value, 'base64').toString())).toEqual({
      userId: 'ada',
      _expire: now + 60_000,
      _maxAge: 60_000,
      seen: true,
    })
  })

  it('takes another hash of Keygrip', async () => {
    const near = createRequire(createRequire(import.meta.url).resolve('cookie-session'))
    const Keygrip = near('keygrip') as new (
      keys: string[],
      hash: string,
    ) => { verify(text: string, signature: string): boolean }
    const cookie = kept('', await login(cookieSession({ keys: [SECRET], algorithm: 'sha256' })))
    const [, value, signature] = /session=([^;]+)/
      .exec(cookie)!
      .concat(/sig=([^;]+)/.exec(cookie)![1]!)
    expect(new Keygrip([SECRET], 'sha256').verify(`session=${value}`, signature!)).toBe(true)
  })
})

/** The cookies of cookie-session for any text, signed with its key. */
function signed(text: string): string {
  const value = Buffer.from(text).toString('base64')
  const signature = createHmac('sha1', SECRET).update(`session=${value}`).digest('base64url')
  return `session=${value}; session.sig=${signature}`
}

describe('what the JSON of another library may hold', () => {
  const seal = async (text: string) => `a=${await sealData(JSON.parse(text), { password: SECRET })}`
  const sessions = createSessions(ironSession({ cookieName: 'a', password: SECRET }))

  it('includes keys of every object, which change nothing', async () => {
    const session = await sessions.open(
      await seal('{"__proto__":{"admin":true},"constructor":1,"userId":"ada"}'),
    )
    expect(session.userId).toBe('ada')
    expect(session.get('admin' as never)).toBeUndefined()
    expect(({} as Record<string, unknown>)['admin']).toBeUndefined()
    expect(session.get('constructor' as never)).toBe(1)
    session.set('x', 1)
    const [line] = (await session.commit()).getSetCookie()
    const back = await unsealData<object>(kept('', [line!]).slice(2), { password: SECRET })
    expect(Object.keys(back)).toEqual(['__proto__', 'constructor', 'userId', 'x'])
  })

  it('is refused beyond 64 levels', async () => {
    const nested = (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`
    const userId = (levels: number) => `{"userId":"ada","x":${nested(levels)}}`
    expect((await sessions.open(await seal(userId(63)))).userId).toBe('ada')
    expect((await sessions.open(await seal(userId(64)))).userId).toBeUndefined()
  })

  it('is no list, text or number', async () => {
    for (const text of ['["userId"]', '"userId"', '7', 'null', 'true']) {
      expect((await sessions.open(await seal(text))).size).toBe(0)
    }
  })

  it('is JSON, and one object', async () => {
    const all = createSessions(keygrip.preset())
    expect((await all.open(signed(' {"userId":"ada","x":[1e400]}'))).userId).toBe('ada')
    for (const text of [
      '{"userId":"ada","x":NaN}',
      '{"userId":"ada","x":[-Infinity]}',
      '[{"userId":"ada"}]',
      '{"userId":"ada"}}',
      '{"userId":"ada"',
      '{"userId":"ada","x":"\u0000"}',
      '',
    ]) {
      expect((await all.open(signed(text))).userId).toBeUndefined()
    }
  })

  it('is a number as user id, under the key that the app says', async () => {
    const named = createSessions(
      ironSession({ cookieName: 'a', password: SECRET, userId: 'account' }),
    )
    const session = await named.open(await seal('{"account":42,"userId":"no"}'))
    expect(session.userId).toBe('42')
  })

  it.each([
    [Number.NaN, 'NaN'],
    [new Date(0), 'a Date'],
    [new Map(), 'a Map'],
    [{ a: [1n] }, 'a bigint'],
    [{ toJSON: () => 1 }, 'toJSON'],
    [[undefined], 'undefined'],
    [() => 1, 'a function'],
  ])('is never changed silently: %s is refused', async (value, message) => {
    const session = await sessions.open('')
    expect(() => {
      session.set('x', value as never)
      // An object is looked at when it is saved.
    }).toThrow(message)
  })
})

it('says in its policy whose format it is, and its algorithms', () => {
  expect(libraries.map(({ preset }) => createSessions(preset()).describePolicy().format)).toEqual([
    'cookie-session',
    'iron-session',
    'iron-session',
    'secure-session',
  ])
  expect(createSessions(secretbox.preset()).describePolicy().algorithms['cookie']).toContain(
    'XSalsa20',
  )
})
