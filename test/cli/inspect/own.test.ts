import { expect, test } from 'vitest'
import { createSessions, type SessionOptions } from '../../../src/index.ts'
import { memoryStore } from '../../../src/stores/memory/memory.ts'
import { type Ran, sojourn } from '../command.ts'

const SECRET = '1f7d0c3be94a48f08a6df5c2b7e913d4a05c6e21'
const OTHER = '9b2e64d07a1c4f358e0dcb7719f6a8e35d40c2b8'
const NOW = Date.UTC(2026, 0, 2, 3, 4, 5)

/** What a browser gets from an app with these options, as `name=value`. */
async function cookieOf(options: Partial<SessionOptions>): Promise<string> {
  const sessions = createSessions({
    secret: SECRET,
    cookie: { name: 'session', secure: false },
    clock: () => NOW,
    ...options,
  })
  const session = await sessions.open(null)
  session.login('ada')
  session.set('cart', ['a value of the app'])
  const [line = ''] = (await session.commit()).getSetCookie()
  return line.split(';')[0] ?? ''
}

const inspect = (args: readonly string[], env: Record<string, string> = {}) => {
  return sojourn(['inspect', ...args], { env })
}

function expectNoSecret({ out, err }: Ran): void {
  for (const secret of [SECRET, OTHER]) expect(out + err).not.toContain(secret)
}

test('an encrypted cookie is shown whole to who has the secret', async () => {
  const ran = await inspect([await cookieOf({ encrypt: true })], { SESSION_SECRET: SECRET })
  expectNoSecret(ran)
  expect(ran).toMatchObject({ code: 0, err: '' })
  expect(ran.out).toContain("Sojourn's encrypted cookie")
  expect(ran.out).toContain('yes: as Sojourn encrypts, with the secret of SESSION_SECRET')
  expect(ran.out).toMatch(/signed +2026-01-02T03:04:05Z/)
  expect(ran.out).toMatch(/created +2026-01-02T03:04:05Z/)
  expect(ran.out).toMatch(/user id +ada/)
  expect(ran.out).toContain('a value of the app')
})

test('an encrypted cookie is shown to nobody else, but known for what it is', async () => {
  const cookie = await cookieOf({ encrypt: true })
  const none = await inspect([cookie])
  expect(none.code).toBe(0)
  expect(none.out).toContain('not verified')
  const wrong = await inspect([cookie], { SESSION_SECRET: OTHER })
  expect(wrong.code).toBe(1)
  expect(wrong.out).toContain('It cannot be decrypted (tried: SESSION_SECRET)')
  for (const ran of [none, wrong]) {
    expectNoSecret(ran)
    expect(ran.out).toContain("Sojourn's encrypted cookie")
    expect(ran.out).not.toContain('a value of the app')
    expect(ran.out).not.toContain('ada')
  }
})

test('the id of a stored session is known by its parts, and verified', async () => {
  const cookie = await cookieOf({ store: memoryStore({ clock: () => NOW }) })
  const ran = await inspect([cookie], { SESSION_SECRET: SECRET })
  expect(ran.code).toBe(0)
  expect(ran.out).toContain("the id of one of Sojourn's sessions in a store")
  expect(ran.out).toContain('yes: as Sojourn signs ids')
  const wrong = await inspect([cookie], { SESSION_SECRET: OTHER })
  expect(wrong.code).toBe(1)
  expect(wrong.out).toContain('The signature does not match')
})

const KINDS: readonly [string, Partial<SessionOptions>][] = [
  ['signed cookie', {}],
  ['encrypted cookie', { encrypt: true }],
  ['id', { store: memoryStore({ clock: () => NOW }) }],
]

test.each(KINDS)("the app's audience is part of the key of a %s", async (_, options) => {
  const cookie = await cookieOf({ ...options, audience: 'shop' })
  const without = await inspect([cookie], { SESSION_SECRET: SECRET })
  expect(without.code).toBe(1)
  expect(without.out).toContain('--audience')
  const withIt = await inspect([cookie, '--audience', 'shop'], { SESSION_SECRET: SECRET })
  expect(withIt.code).toBe(0)
})

test.each(KINDS)(
  'a %s that was made for another name is refused under this one',
  async (_, options) => {
    const cookie = await cookieOf(options)
    const value = cookie.slice(cookie.indexOf('=') + 1)
    const env = { SESSION_SECRET: SECRET }
    const moved = await inspect([value, '--name', 'other'], env)
    expect(moved.code).toBe(1)
    expect(moved.out).toContain('for a cookie named session')
    expect((await inspect([value], env)).out).toContain('for a cookie named session')
  },
)

test.each(['base64', 'hex'] as const)('a secret announced by %s: is decoded', async (encoding) => {
  const secret = `${encoding}:${Buffer.from(SECRET).toString(encoding)}`
  const cookie = await cookieOf({ secret, encrypt: true })
  expect((await inspect([cookie], { SESSION_SECRET: secret })).code).toBe(0)
  // Those bytes are the other secret, spelled out.
  expect((await inspect([cookie], { SESSION_SECRET: SECRET })).code).toBe(0)
})
