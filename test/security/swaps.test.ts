/** what was made for one purpose, name, audience or key opens nothing anywhere else. */

import { describe, expect, test } from 'vitest'
import { flaskCookie, itsdangerousKey } from '../../src/flask/flask-cookie.ts'
import { keyFor, type Purpose } from '../../src/crypto/keys.ts'
import { memoryStore } from '../../src/stores/memory/memory.ts'
import { fakeClock } from '../../src/testing/testing.ts'
import { OLD_SECRET, SECRET, T0 } from '../session/visitor.ts'
import { type App, ENCRYPTED, ENCRYPTED_ROW, FLASK, ID, type Kind, KINDS, SIGNED } from './kinds.ts'

const OWN = [SIGNED, ENCRYPTED, ID]

/** A cookie of somebody who is signed in. */
const cookieOf = (app: App) =>
  app.cookieOf((session) => {
    session.login('ada')
    session.set('x', 1)
  })

/** Expects that a value opens nothing, without a word to the store. */
async function expectRefused(app: App, value: string, what?: string) {
  const calls = app.calls()
  expect(await app.accepts(value), what).toBe(false)
  expect(app.calls() - calls, what).toBe(0)
}

/** Two apps of one kind and one store: nothing but the keys can keep them apart. */
function neighbours(kind: Kind, ...each: Parameters<Kind['app']>[0][]): App[] {
  const clock = fakeClock(T0)
  const store = memoryStore({ clock })
  return each.map((options) => kind.app({ ...options, clock, store }))
}

describe('under the same secret, cookie name and audience', () => {
  const pairs = KINDS.flatMap((from) =>
    KINDS.filter((to) => to !== from).map((to) => [from.name, to.name, from, to] as const),
  )

  test.each(pairs)('a cookie of the kind "%s" opens nothing as "%s"', async (_a, _b, from, to) => {
    const value = await cookieOf(from.app())
    const app = to.app()
    await expectRefused(app, value)
    await expectRefused(app, await cookieOf(from.app({ clock: app.clock })))
    expect(await app.accepts(await cookieOf(app))).toBe(true)
  })

  test('a signed cookie opens nothing where the migration to encrypted ones is over', async () => {
    const value = await cookieOf(SIGNED.app())
    const until = (time: number) => ({ more: { encrypt: { migrateUntil: new Date(time) } } })
    await expectRefused(ENCRYPTED.app(until(T0)), value)
    expect(await ENCRYPTED.app(until(T0 + 1)).accepts(value)).toBe(true)
  })

  test('while they migrate, neither an id nor a cookie of Flask opens anything', async () => {
    const migrating = ENCRYPTED.app({ more: { encrypt: { migrateUntil: new Date(T0 + 1) } } })
    for (const kind of [ID, FLASK]) {
      await expectRefused(migrating, await cookieOf(kind.app()), kind.name)
    }
  })
})

describe.each([...OWN, ENCRYPTED_ROW])('$name', (kind) => {
  test('a cookie opens nothing under another name', async () => {
    const names = ['session', 'Session', 'session2', 'sess', '__Secure-session', '__Host-session']
    for (const [given, shown] of pairsOf(names)) {
      const [from, to] = neighbours(kind, { name: given }, { name: shown })
      const value = await cookieOf(from!)
      expect(await from!.accepts(value)).toBe(true)
      await expectRefused(to!, value, `${given} as ${shown}`)
    }
  })

  test('a cookie opens nothing for another audience', async () => {
    const names = ['', 'shop', 'Shop', 'shop2', 'session', 'encrypted', 'csrf', 'sojourn/1', 'shöp']
    for (const [given, shown] of pairsOf(names)) {
      const [from, to] = neighbours(
        kind,
        { more: { audience: given } },
        { more: { audience: shown } },
      )
      const value = await cookieOf(from!)
      expect(await from!.accepts(value)).toBe(true)
      await expectRefused(to!, value, `${given} as ${shown}`)
    }
  })

  test('the end of an audience is not taken for the beginning of a name', async () => {
    const [from, to] = neighbours(
      kind,
      { name: 'session', more: { audience: 'shop' } },
      { name: 'ession', more: { audience: 'shops' } },
    )
    await expectRefused(to!, await cookieOf(from!))
    await expectRefused(from!, await cookieOf(to!))
  })
})

describe.each([...KINDS, ENCRYPTED_ROW])('$name', (kind) => {
  test('a cookie opens nothing under another secret, however close', async () => {
    const close = [
      OLD_SECRET,
      `${SECRET} `,
      SECRET.toLowerCase(),
      SECRET.slice(0, -1),
      `${SECRET}0`,
    ]
    for (const other of [...close, SECRET + OLD_SECRET, Buffer.from(SECRET).toString('hex')]) {
      const [from, to] = neighbours(kind, {}, { secret: other })
      await expectRefused(to!, await cookieOf(from!), other)
      await expectRefused(from!, await cookieOf(to!), other)
    }
  })

  test('a key derived from the secret is no secret of the app', async () => {
    for (const derived of everyKey()) {
      const [from, to] = neighbours(kind, {}, { secret: derived })
      await expectRefused(from!, await cookieOf(to!))
      await expectRefused(to!, await cookieOf(from!))
    }
  })

  test('a secret that was dropped opens nothing; one that is kept does', async () => {
    const [old, rotated, dropped] = neighbours(
      kind,
      { secret: OLD_SECRET },
      { secret: [SECRET, OLD_SECRET] },
      { secret: SECRET },
    )
    const value = await cookieOf(old!)
    expect(await rotated!.accepts(value)).toBe(true)
    await expectRefused(dropped!, value)
    // The newest signs: what the ring writes, the old secret alone does not open.
    await expectRefused(old!, await cookieOf(rotated!))
  })
})

describe("Flask's preset", () => {
  const data = { _user_id: 'ada', x: 1 }
  const seal = (options: object) =>
    flaskCookie({ secret: SECRET, ...options }).seal(data, { now: T0 / 1000 })

  test.each([
    ['another salt', { salt: 'itsdangerous' }],
    ['the salt of remember-me tokens', { salt: 'remember-token' }],
    ['no salt', { salt: '' }],
    ['another hash', { digest: 'sha256' }],
    ['another derivation', { derivation: 'django-concat' }],
    ['the secret itself as its key', { derivation: 'none' }],
  ])('a value under the same secret with %s opens nothing', async (_what, options) => {
    await expectRefused(FLASK.app(), seal(options))
    expect(await FLASK.app().accepts(seal({}))).toBe(true)
  })

  test('binds no name, as Flask binds none: the same value opens under another name', async () => {
    expect(await FLASK.app({ name: 'other' }).accepts(await cookieOf(FLASK.app()))).toBe(true)
  })
})

function pairsOf(names: readonly string[]) {
  return names.flatMap((one) =>
    names.filter((other) => other !== one).map((other) => [one, other] as const),
  )
}

function everyKey(): Uint8Array[] {
  const scope = { audience: '', cookieName: 'session' }
  const secret = Buffer.from(SECRET)
  const purposes: Purpose[] = ['session', 'encrypted', 'row', 'session id', 'csrf']
  return [
    ...purposes.map((purpose) => keyFor(secret, purpose, scope)),
    itsdangerousKey(secret, 'cookie-session', 'sha1', 'hmac'),
  ]
}
