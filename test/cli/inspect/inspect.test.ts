import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createSessions } from '../../../src/index.ts'
import { flaskCookie, tuple } from '../../../src/flask/flask.ts'
import { emptyFolder, type Ran, sojourn } from '../command.ts'

const SECRET = '1f7d0c3be94a48f08a6df5c2b7e913d4a05c6e21'
const OTHER = '9b2e64d07a1c4f358e0dcb7719f6a8e35d40c2b8'

interface Fill {
  name?: string
  now?: number
  keep?: Record<string, unknown>
}

/** The Set-Cookie line of a session of our own, of now: the command has the machine's clock. */
async function ownLine({ name = 'session', now = Date.now(), keep = { cart: [1, 2] } }: Fill = {}) {
  const sessions = createSessions({
    secret: SECRET,
    cookie: { name, secure: name.startsWith('__') },
    clock: () => now,
  })
  const session = await sessions.open(null)
  session.login('ada')
  for (const [key, value] of Object.entries(keep)) session.set(key, value)
  session.flash('Welcome')
  return (await session.commit(new Headers())).get('set-cookie')!
}

const pairOf = (line: string) => line.split(';')[0]!
const valueOf = (line: string) => pairOf(line).slice(line.indexOf('=') + 1)
const flaskValue = (data: unknown) => flaskCookie({ secret: SECRET }).seal(data)

const withSecret = (args: string[], secret = SECRET) => {
  return sojourn(['inspect', ...args], { env: { SESSION_SECRET: secret } })
}

async function json(args: string[], secret: string | null = SECRET, input?: string) {
  const ran = await sojourn(['inspect', '--json', ...args], {
    ...(secret === null ? {} : { env: { SESSION_SECRET: secret } }),
    ...(input === undefined ? {} : { input }),
  })
  const { cookies, others } = JSON.parse(ran.out) as { cookies: any[]; others: any[] }
  return { ...ran, cookie: cookies[0], cookies, others }
}

function expectNoSecret({ out, err }: Ran) {
  expect(out + err).not.toContain(SECRET)
  expect(out + err).not.toContain(OTHER)
}

test('a Set-Cookie line of ours is shown whole: data, times, sizes, parts, attributes', async () => {
  const line = await ownLine({ now: Date.UTC(2026, 0, 2, 3, 4, 5) })
  const ran = await withSecret([line])
  expect(ran.code).toBe(0)
  expect(ran.out).toContain("Sojourn's signed cookie")
  expect(ran.out).toContain('yes: as Sojourn signs, with the secret of SESSION_SECRET')
  expect(ran.out).toMatch(/signed +2026-01-02T03:04:05Z \(/)
  expect(ran.out).toMatch(/created +2026-01-02T03:04:05Z/)
  expect(ran.out).toMatch(/signed in +2026-01-02T03:04:05Z/)
  expect(ran.out).toMatch(/user id +ada/)
  expect(ran.out).toMatch(/flashes +1 waiting/)
  expect(ran.out).toContain(
    `${valueOf(line).length} bytes, ${pairOf(line).length - 1} with its name`,
  )
  expect(ran.out).toContain('4096')
  expect(ran.out).toContain('HttpOnly')
  expect(ran.out).toContain('"cart": [\n      1,\n      2\n    ]')
  expectNoSecret(ran)
})

test('programs get the same as JSON', async () => {
  const line = await ownLine({ now: Date.UTC(2026, 0, 2, 3, 4, 5) })
  const { code, cookie, others } = await json([line])
  expect(code).toBe(0)
  expect(others).toEqual([])
  expect(cookie).toMatchObject({
    name: 'session',
    format: 'sojourn',
    verified: true,
    compressed: false,
    size: { value: valueOf(line).length, nameAndValue: pairOf(line).length - 1, limit: 4096 },
    times: {
      signed: '2026-01-02T03:04:05Z',
      created: '2026-01-02T03:04:05Z',
      authenticated: '2026-01-02T03:04:05Z',
    },
    session: { userId: 'ada', permanent: false, flashes: 1, label: null },
    payloads: [
      { label: 'meta' },
      { label: 'data', json: { cart: [1, 2] }, text: '{"cart":[1,2]}' },
    ],
  })
  expect(cookie.parts.map((part: { name: string }) => part.name)).toEqual([
    'payload',
    'timestamp',
    'signature',
  ])
})

test('without a secret it says plainly that nothing was verified', async () => {
  const line = await ownLine()
  const { code, out } = await sojourn(['inspect', line])
  expect(code).toBe(0)
  expect(out).toMatch(/verified +not verified: .*no secret was given/)
  expect((await json([line], null)).cookie.verified).toBeNull()
})

test('a Cookie header, its value alone, a Set-Cookie line and a whole response are all understood', async () => {
  const line = await ownLine()
  const flask = flaskValue({ n: 1 })
  const inputs = [
    valueOf(line),
    `"${valueOf(line)}"`,
    pairOf(line),
    `theme=dark; ${pairOf(line)}; _ga=GA1.1.5`,
    `Cookie: theme=dark; ${pairOf(line)}`,
    `cookie:${pairOf(line)}`,
    `Set-Cookie: ${line}`,
    `HTTP/1.1 200 OK\r\nDate: now\r\nset-cookie: theme=dark; Path=/\r\nSet-Cookie: ${line}\r\n\r\n`,
    `* Connected\n> GET / HTTP/1.1\n< Set-Cookie: ${line}\n`,
    `  ${pairOf(line)}\n`,
  ]
  const shown = await Promise.all(
    inputs.map(async (input, index) => {
      const { code, cookie } = await (index % 2 ? json([input]) : json([], SECRET, input))
      return { input, code, format: cookie.format, verified: cookie.verified }
    }),
  )
  expect(shown).toEqual(
    inputs.map((input) => ({ input, code: 0, format: 'sojourn', verified: true })),
  )
  expect((await json(['-'], SECRET, `session=${flask}`)).cookie.format).toBe('flask')
  // Without quotation marks a shell makes several arguments of it.
  expect((await json(['Cookie:', 'theme=dark;', pairOf(line)])).cookie.verified).toBe(true)
})

test('in a header the likeliest cookie is shown and the others are named', async () => {
  const jwt = `${b64({ alg: 'HS256', typ: 'JWT' })}.${b64({ sub: '1' })}.${'A'.repeat(43)}`
  const header = `auth=${jwt}; theme=dark; ${pairOf(await ownLine({ name: 'shop' }))}`
  const { cookie, others, code } = await json([header])
  expect(code).toBe(0)
  expect(cookie).toMatchObject({ name: 'shop', format: 'sojourn', verified: true })
  expect(others).toEqual([
    { name: 'auth', format: 'jwt' },
    { name: 'theme', format: 'unknown' },
  ])
  const named = await json([header, '--name', 'auth'], null)
  expect(named.cookie).toMatchObject({
    name: 'auth',
    format: 'jwt',
    payloads: [{}, { json: { sub: '1' } }],
  })
  const missing = await sojourn(['inspect', header, '--name', 'nothing'])
  expect(missing).toMatchObject({ code: 1, out: '' })
  expect(missing.err).toContain('auth, theme, shop')
})

test('two cookies of one name are both shown, since that is why sign-in fails', async () => {
  const line = pairOf(await ownLine())
  const header = `${line.slice(0, -1)}${line.endsWith('A') ? 'E' : 'A'}; ${line}`
  const { code, cookies } = await json([header])
  expect(code).toBe(0)
  expect(cookies.map(({ verified }) => verified)).toEqual([false, true])
  expect((await withSecret([header])).out).toContain('2 cookies have this name')
})

test.each(['session', '__Host-session', '__Secure-session', 'shop'])(
  'the name is part of our key: %s verifies under its own name only',
  async (name) => {
    const line = await ownLine({ name })
    const [own, named, renamed] = await Promise.all([
      json([pairOf(line)]),
      json([valueOf(line), '--name', name]),
      json([`elsewhere=${valueOf(line)}`]),
    ])
    expect([own.cookie.verified, named.cookie.verified]).toEqual([true, true])
    expect(renamed).toMatchObject({ code: 1, cookie: { verified: false } })
  },
)

test.each(['session', '__Host-Http-session', '__Host-session', '__Secure-session'])(
  'a usual name need not be said: %s',
  async (name) => {
    const line = await ownLine({ name })
    expect((await json([valueOf(line)])).cookie.verification).toContain(`named ${name}`)
    const renamed = await json([`elsewhere=${valueOf(line)}`])
    expect(renamed.cookie.verification).toContain(`for a cookie named ${name}`)
  },
)

test('without its name a value of another name asks for it', async () => {
  const { code, cookie } = await json([valueOf(await ownLine({ name: 'shop' }))])
  expect(code).toBe(1)
  expect(cookie.verification).toContain('--name')
})

test("Flask's cookie verifies too, compressed or not, and its tags and numbers keep their spelling", async () => {
  const plain = await json([
    `session=${flaskValue({ _permanent: true, _user_id: '7', t: tuple(1, 2) })}`,
  ])
  expect(plain).toMatchObject({
    code: 0,
    cookie: { format: 'flask', verified: true, compressed: false },
  })
  expect(plain.cookie.session).toMatchObject({ permanent: true, userId: '7' })
  expect(plain.cookie.payloads[0].json).toMatchObject({ t: { ' t': [1, 2] } })
  expect(plain.cookie.parts[2].says).toContain('SHA-1')

  const big = await json([flaskValue({ text: 'x'.repeat(3000) })])
  expect(big).toMatchObject({
    code: 0,
    cookie: { format: 'flask', verified: true, compressed: true },
  })

  const spelled = await withSecret([flaskValue({ big: 12345678901234567890123n })])
  expect(spelled.out).toContain('"big": 12345678901234567890123')
})

test('a secret that does not fit gives exit code 1 and a reason', async () => {
  for (const value of [pairOf(await ownLine()), `session=${flaskValue({ a: 1 })}`]) {
    const { code, cookie, ...ran } = await json([value], OTHER)
    expect({ code, verified: cookie.verified }).toEqual({ code: 1, verified: false })
    expect(cookie.verification).toContain('does not match')
    expectNoSecret({ code, ...ran })
    expect((await withSecret([value], OTHER)).out).toMatch(/verified +NO: /)
  }
})

test.each([
  ['a line end', `${SECRET}\n`, 'without the white space'],
  ['quotation marks', `"${SECRET}"`, 'without the quotation marks'],
])('%s too much around the secret is found out', async (_, secret, says) => {
  const { code, cookie } = await json([pairOf(await ownLine())], secret)
  expect(code).toBe(1)
  expect(cookie.verification).toContain(says)
})

test.each([
  ['with quotation marks around it', `"${SECRET}"`],
  ['with a line end after it', `${SECRET}\n`],
  ['decoded from hexadecimal', Buffer.from(SECRET, 'hex')],
  ['decoded from base64', Buffer.from(SECRET, 'base64')],
])('a secret that the app has %s is found out', async (says, secret) => {
  const value = flaskCookie({ secret }).seal({ a: 1 })
  const { code, cookie, ...ran } = await json([value])
  expect(code).toBe(1)
  expect(cookie.verification).toBe(`It is valid under the secret of SESSION_SECRET ${says}.`)
  expectNoSecret({ code, ...ran })
})

test('an exact secret is found before one that needs mending', async () => {
  const env = { SESSION_SECRET: `${SECRET} `, SECRET_KEY: SECRET }
  const ran = await sojourn(['inspect', flaskValue({ a: 1 })], { env })
  expect(ran.code).toBe(0)
  expect(ran.out).toContain('with the secret of SECRET_KEY')
})

test('what itsdangerous signed for something else does not verify as a session', async () => {
  const derivation = 'django-concat'
  const other = flaskCookie({ secret: SECRET, salt: 'itsdangerous', derivation }).seal({ a: 1 })
  const { code, cookie } = await json([other])
  expect({ code, verified: cookie.verified }).toEqual({ code: 1, verified: false })
})

test('--env takes the secret from a file; what is in the environment already stays', async () => {
  const cwd = emptyFolder()
  writeFileSync(join(cwd, '.env'), `SESSION_SECRET=${SECRET}\n`)
  const args = ['inspect', pairOf(await ownLine()), '--env', '.env']
  const ran = await sojourn(args, { cwd })
  expect(ran).toMatchObject({ code: 0, err: '' })
  expect(ran.out).toContain('yes: as Sojourn signs, with the secret of SESSION_SECRET')
  expectNoSecret(ran)
  expect(await sojourn(args, { cwd, env: { SESSION_SECRET: OTHER } })).toMatchObject({ code: 1 })
  expect(await sojourn([...args.slice(0, -1), 'no.env'], { cwd })).toMatchObject({ code: 2 })
})

test('a cookie that was cut says so', async () => {
  const { code, cookie } = await json([pairOf(await ownLine()).slice(0, -3)])
  expect(code).toBe(1)
  expect(cookie.verification).toContain('shortened')
})

test('where the secret comes from: --secret with a warning, a named variable, the usual two', async () => {
  const pair = pairOf(await ownLine())
  const option = await sojourn(['inspect', pair, '--secret', SECRET])
  expect(option.code).toBe(0)
  expect(option.err).toContain('history')
  expectNoSecret(option)

  const env = { MY_SECRET: SECRET, SESSION_SECRET: OTHER }
  const named = await sojourn(['inspect', pair, '--secret-env', 'MY_SECRET'], { env })
  expect(named).toMatchObject({ code: 0, err: '' })
  expect(named.out).toContain('the secret of MY_SECRET')

  const second = await sojourn(['inspect', pair], {
    env: { SESSION_SECRET: OTHER, SECRET_KEY: SECRET },
  })
  expect(second.code).toBe(0)
  expect(second.out).toContain('the secret of SECRET_KEY')
})

test('a variable that is not set is a mistake, and what stood there is not repeated', async () => {
  const ran = await sojourn(['inspect', 'x', '--secret-env', SECRET])
  expect(ran).toMatchObject({ code: 2, out: '' })
  expectNoSecret(ran)
  expect((await sojourn(['inspect', 'x', '--secret', ''])).code).toBe(2)
})

const b64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

test.each([
  ['express-session', `connect.sid=s%3A${'a'.repeat(32)}.${'b'.repeat(42)}%2B`],
  ['express-session', `s:${'a'.repeat(32)}.${'b'.repeat(43)}`],
  ['jwt', `${b64({ alg: 'HS256' })}.${b64({ sub: '1', iat: 1 })}.${'x'.repeat(43)}`],
  ['jwe', `${b64({ alg: 'dir', enc: 'A256GCM' })}..aaaa.bbbb.cccc`],
  ['iron-session', 'Fe26.2*1*abc*def*ghi*123*456*789~2'],
  ['cookie-session', `session=${Buffer.from('{"views":1}').toString('base64')}`],
  ['django', 'eyJhIjoxfQ:1tZVPx:abcdefghijklmnopqrstuvwxyz012345678'],
  ['itsdangerous', `${b64('text')}.ZVPxAA.${'x'.repeat(27)}`],
])('what is not ours is named: %s', async (format, given) => {
  const { code, cookie } = await json([given], null)
  expect({ code, format: cookie.format }).toEqual({ code: 0, format })
  // With a secret the question is whether it verifies, and the answer is no.
  expect((await json([given])).code).toBe(1)
})

test.each(['', ' ', 'theme=dark', 'garbage', 'a.b.c', 'a; b; c', 'Cookie:', '.', '..', '...', '='])(
  'nothing recognisable in %j: exit code 1',
  async (given) => {
    const { code } = await sojourn(['inspect'], { input: given })
    expect(code).toBe(1)
  },
)

test('an old cookie and one from the future are pointed out', async () => {
  const old = await json([await ownLine({ now: Date.UTC(2020, 0, 1) })])
  expect(old.cookie.notes.join()).toContain('31 days')
  const future = await json([await ownLine({ now: Date.UTC(2100, 0, 1) })])
  expect(future.cookie.notes.join()).toContain('future')
})

test('what a terminal would obey is spelled out', async () => {
  const keep = { evil: '\u001b[2J\u009b31m\u202e\u2028\u007f', '\u001b]0;title\u0007': 1 }
  const line = await ownLine({ keep })
  for (const args of [[line], [line, '--json']]) {
    const { out } = await withSecret(args)
    expect(out).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
    expect(out).toContain('\\u001b[2J')
  }
  const name = await sojourn(['inspect', '\u001b[31mname=dark; b=1'])
  expect(name.out + name.err).not.toContain('\u001b')
})
