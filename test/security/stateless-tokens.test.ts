/** ASVS 4.0.3, 3.5.3: what a token that carries its session has to resist, word by word. */

import { createHmac } from 'node:crypto'
import { deflateSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { flaskSigner } from '../../src/flask/flask-cookie.ts'
import { encrypter } from '../../src/crypto/encrypted.ts'
import { packPlain } from '../../src/crypto/payload.ts'
import { authenticator, timedSigner } from '../../src/crypto/signed.ts'
import { keyFor } from '../../src/crypto/keys.ts'
import { keyIdOf, plainOf, spell } from '../crypto/envelope.ts'
import { seededRandom } from '../record/random.ts'
import { OLD_SECRET, SECRET, T0 } from '../session/visitor.ts'
import { type App, ENCRYPTED, FLASK, ID, SIGNED } from './kinds.ts'
import { randomWork } from './random-sessions.ts'
import { eachTampering } from './tampering.ts'

const SECONDS = T0 / 1000
const SCOPE = { audience: '', cookieName: 'session' }
const KEYS = ['session', 'encrypted', 'csrf'] as const
const RECORD = '["s44we8.aaaaaa",{"x":1},{"u":"admin"}]'
const FLASK_RECORD = '{"_user_id":"admin"}'
const b64 = (text: string | Uint8Array) => Buffer.from(text).toString('base64url')

const signIn = (app: App, user = 'ada') => app.cookieOf((session) => session.login(user))

async function expectRefused(app: App, values: readonly string[]) {
  for (const value of values) expect(await app.accepts(value), value).toBe(false)
}

/** What the holder of a secret can write: in each format, any text. */
function written(secret: Uint8Array, text: string): string[] {
  const under = (key: Uint8Array) => timedSigner(authenticator([key], 'sha256'))
  const keys = KEYS.map((purpose) => keyFor(secret, purpose, SCOPE))
  return [
    ...keys.map((key) => under(key).sign(packPlain(text), SECONDS)),
    ...keys.map((key) => encrypter([key], { ...SCOPE, purpose: 'session' }).seal(text, SECONDS)),
    flaskSigner([secret], {}).sign(packPlain(text), SECONDS),
  ]
}

describe.each([SIGNED, ENCRYPTED, FLASK])('$name: a token that carries its session', (kind) => {
  test('what the next tests forge opens where it is genuine', async () => {
    const texts = [RECORD, FLASK_RECORD]
    const opened = texts
      .flatMap((text) => written(Buffer.from(SECRET), text))
      .map((value) => kind.app().open(value))
    expect((await Promise.all(opened)).filter(({ verified }) => verified === 1)).toHaveLength(1)
  })

  test('resists tampering: no small change of it opens', async () => {
    const app = kind.app()
    const value = await app.cookieOf(randomWork(seededRandom(353)))
    const changed: string[] = []
    eachTampering(value, { insertions: 6, pairs: 'near' }, (one) => changed.push(one))
    expect((await app.open(value)).verified).toBe(1)
    for (const one of changed) expect((await app.open(one)).verified, one).toBe(0)
  })

  test('resists enveloping: a token inside of another is not that token', async () => {
    const app = kind.app()
    const inner = await signIn(app, 'admin')
    // Signed or encrypted as text, by the app's own keys, it is no record.
    await expectRefused(app, written(Buffer.from(SECRET), inner))
    await expectRefused(app, written(Buffer.from(SECRET), JSON.stringify(inner)))
    await expectRefused(app, [
      b64(inner),
      `.${b64(deflateSync(inner))}`,
      `Bearer.${inner}`,
      `s:${inner}`,
      `${b64('{"alg":"none"}')}.${b64(inner)}.`,
      `${b64(inner)}.${b64('SVPwAA')}.${'A'.repeat(43)}`,
      `${inner}.${inner}`,
      `Fe26.2**${inner}`,
    ])
    // As a value of somebody's session it stays a value.
    const outer = await app.cookieOf((session) => {
      session.login('eve')
      session.set('token', inner)
    })
    const session = await app.sessions.open(`session=${outer}`)
    expect([session.userId, session.get('token')]).toEqual(['eve', inner])
  })

  test('resists replay only by its end: a copy opens as long as it is fresh, and no longer', async () => {
    const app = kind.app()
    const copy = await signIn(app)
    const session = await app.sessions.open(`session=${copy}`)
    session.logout()
    await session.commit()
    // The limit of every cookie without a store: nothing tells this copy from its original.
    expect(await app.accepts(copy)).toBe(true)
    app.clock.advance(31 * 86_400_000)
    expect(await app.accepts(copy)).toBe(true)
    app.clock.advance(1000)
    await expectRefused(app, [copy])
    expect(app.events.at(-1)).toEqual({ type: 'rejected', reason: 'expired' })
    // And it ends at once with its secret.
    await expectRefused(kind.app({ secret: OLD_SECRET }), [await signIn(kind.app())])
  })

  test('resists a null cipher: without a key nothing opens', async () => {
    const app = kind.app()
    const texts = [RECORD, FLASK_RECORD]
    const body = (await signIn(app)).replace(/\.[^.]*$|.{22}$/, '')
    await expectRefused(app, [
      ...texts,
      ...texts.map(encodeURIComponent),
      ...texts.flatMap((text) => [b64(text), `${b64(text)}.`, `${b64(text)}..`]),
      ...texts.flatMap((text) =>
        ['none', 'None', 'HS0'].map((alg) => `${b64(`{"alg":"${alg}"}`)}.${b64(text)}.`),
      ),
      body,
      `${body}.`,
      `${body}.${'A'.repeat(43)}`,
      ...['', '\0'.repeat(32)].map(
        (key) => `${body}.${createHmac('sha256', key).update(body).digest('base64url')}`,
      ),
      ...texts.flatMap((text) => written(Buffer.alloc(32), text)),
    ])
    // An envelope whose tag says nothing, or little: Node's own default takes four bytes.
    const key = keyFor(Buffer.from(SECRET), 'encrypted', SCOPE)
    const whole = {
      key,
      labels: ['session', '', 'session', ''],
      salt: Buffer.alloc(24, 1),
      plain: plainOf(SECONDS, RECORD),
    } as const
    expect(await app.accepts(spell(whole))).toBe(kind === ENCRYPTED)
    await expectRefused(app, [
      ...[4, 8, 12, 13, 14, 15].map((tagBytes) => spell({ ...whole, tagBytes })),
      ...[0, 4, 15, 16, 32].map((bytes) => spell({ ...whole, tag: Buffer.alloc(bytes) })),
      spell({ ...whole, commitment: Buffer.alloc(16) }),
      spell({ ...whole, version: 0 }),
      b64(Buffer.concat([Buffer.from([1, ...keyIdOf(key)]), plainOf(SECONDS, RECORD)])),
    ])
  })

  test("resists key substitution: no key but the app's own opens anything", async () => {
    const app = kind.app()
    const foreign = Buffer.from(OLD_SECRET)
    await expectRefused(app, [
      ...written(foreign, RECORD),
      ...written(foreign, FLASK_RECORD),
      await signIn(kind.app({ secret: OLD_SECRET })),
      // A key that comes along with the token.
      `${b64(JSON.stringify({ alg: 'HS256', jwk: { kty: 'oct', k: b64(foreign) } }))}.${b64(RECORD)}.${'A'.repeat(43)}`,
    ])
    // Somebody else's key, under the name of the app's.
    const [own, other] = [Buffer.from(SECRET), foreign].map((secret) =>
      keyFor(secret, 'encrypted', SCOPE),
    )
    const sealed = {
      key: other!,
      labels: ['session', '', 'session', ''],
      salt: Buffer.alloc(24, 1),
      plain: plainOf(SECONDS, RECORD),
    } as const
    await expectRefused(app, [
      spell(sealed),
      spell({ ...sealed, keyId: keyIdOf(own!) }),
      spell({ ...sealed, key: own!, keyId: keyIdOf(other!) }),
    ])
  })
})

test('an id in a store resists replay: it ends with the logout, and another takes its place at a login', async () => {
  const app = ID.app()
  const anonymous = await app.cookieOf((session) => session.set('x', 1))
  const session = await app.sessions.open(`session=${anonymous}`)
  session.login('ada')
  const [line = ''] = (await session.commit()).getSetCookie()
  const id = line.slice('session='.length).split(';')[0]!
  await expectRefused(app, [anonymous])
  expect(await app.accepts(id)).toBe(true)
  const leaving = await app.sessions.open(`session=${id}`)
  leaving.logout()
  await leaving.commit()
  await expectRefused(app, [id, anonymous])
})
