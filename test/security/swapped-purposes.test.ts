/** A-02, A-03: each form of value under the key of each purpose; rows, cookies and tokens in each other's place. */

import { describe, expect, test } from 'vitest'
import { sessionIdFormat } from '../../src/backends/stored/session-id.ts'
import { encrypter } from '../../src/crypto/encrypted.ts'
import { packPlain } from '../../src/crypto/payload.ts'
import { authenticator, timedSigner } from '../../src/crypto/signed.ts'
import { keyFor, type Purpose } from '../../src/crypto/keys.ts'
import { memoryStore } from '../../src/stores/memory/memory.ts'
import type { SessionStore } from '../../src/backends/stored/store.ts'
import { fakeClock } from '../../src/testing/testing.ts'
import { through } from '../promises/stores.ts'
import { OLD_SECRET, SECRET, T0 } from '../session/visitor.ts'
import { neighbourPosts } from './csrf-request.ts'
import { type App, ENCRYPTED, ENCRYPTED_ROW, FLASK, ID, type Kind, KINDS, SIGNED } from './kinds.ts'

const PURPOSES: readonly Purpose[] = ['session', 'encrypted', 'row', 'session id', 'csrf']
const SCOPE = { audience: '', cookieName: 'session' }
const SECONDS = T0 / 1000
const keyOf = (purpose: Purpose) => keyFor(Buffer.from(SECRET), purpose, SCOPE)

/** The text of a record, out of a genuine cookie that anybody could read. */
async function recordText(): Promise<string> {
  const value = await SIGNED.app().cookieOf((session) => session.login('ada'))
  return Buffer.from(value.split('.')[0]!, 'base64url').toString()
}

const hmac = (purpose: Purpose) => authenticator([keyOf(purpose)], 'sha256')
const [SELECTOR, VERIFIER] = ['s'.repeat(22), 'v'.repeat(43)]

/** Each form, as the holder of one purpose's key would write it, and the purpose that it is of. */
const FORMS: readonly [
  form: string,
  kind: Kind,
  right: Purpose,
  write: (purpose: Purpose, text: string) => string,
][] = [
  [
    'a signed session',
    SIGNED,
    'session',
    (purpose, text) => timedSigner(hmac(purpose)).sign(packPlain(text), SECONDS),
  ],
  [
    'an id',
    ID,
    'session id',
    (purpose) => sessionIdFormat([keyOf(purpose)]).issue(SELECTOR, VERIFIER),
  ],
  [
    'an encrypted session',
    ENCRYPTED,
    'encrypted',
    (purpose, text) =>
      encrypter([keyOf(purpose)], { ...SCOPE, purpose: 'session' }).seal(text, SECONDS),
  ],
]

describe.each(FORMS)('%s', (_form, kind, right, write) => {
  test('is one under the key of its own purpose only', async () => {
    const text = await recordText()
    for (const purpose of PURPOSES) {
      const app = kind.app()
      const opened = await app.open(write(purpose, text))
      // A genuine id without a row is looked for: that is how far only the right key gets.
      const isKnown = opened.verified === 1 || app.calls() === 1
      expect(isKnown, purpose).toBe(purpose === right)
    }
  })

  test('is not one under the secret itself, nor in a form of Flask', async () => {
    const text = await recordText()
    const bare = authenticator([Buffer.from(SECRET)], 'sha256')
    const values = [
      timedSigner(bare).sign(packPlain(text), SECONDS),
      `${SELECTOR}.${VERIFIER}.${bare.sign(`${SELECTOR}.${VERIFIER}`).slice(0, 16)}`,
      encrypter([Buffer.from(SECRET)], { ...SCOPE, purpose: 'session' }).seal(text, SECONDS),
    ]
    for (const value of values) {
      const app = kind.app()
      expect(await app.accepts(value)).toBe(false)
      expect(await FLASK.app().accepts(value)).toBe(false)
      expect(app.calls()).toBe(0)
    }
  })
})

test('an envelope under the right key, sealed for another purpose, opens nothing', async () => {
  const text = await recordText()
  for (const purpose of [...PURPOSES, '', 'Session']) {
    const value = encrypter([keyOf('encrypted')], { ...SCOPE, purpose }).seal(text, SECONDS)
    expect(await ENCRYPTED.app().accepts(value), purpose).toBe(purpose === 'session')
  }
  // Nor one that is bound to a row, whatever the row; and a row is bound to its key.
  const bound = encrypter([keyOf('encrypted')], { ...SCOPE, purpose: 'session' })
  expect(await ENCRYPTED.app().accepts(bound.seal(text, SECONDS, SELECTOR))).toBe(false)
  const { app, put, ada, eve, bodies } = await twoRows(ENCRYPTED_ROW)
  const rows = encrypter([keyOf('row')], { ...SCOPE, purpose: 'row' })
  const opened = rows.open(bodies.ada, keyIn(ada))
  if (typeof opened === 'string') throw new Error(opened)
  for (const [context, expected] of [[keyIn(ada), true] as const, [keyIn(eve), false] as const]) {
    put.set(keyIn(ada), rows.seal(opened.text, SECONDS, context))
    expect(await app.accepts(ada)).toBe(expected)
  }
})

/** Two visitors of one store, and a store that answers what the test puts in the place of their rows. */
async function twoRows(kind: Kind) {
  const clock = fakeClock(T0)
  const kept = memoryStore({ clock })
  const put = new Map<string, string>()
  const store: SessionStore = through(kept, async (verb, [key], call) => {
    const answer = (await call()) as { body: string } | null
    const body = verb === 'read' ? put.get(String(key)) : undefined
    return body === undefined ? answer : { ...answer, body }
  })
  const app = kind.app({ clock, store })
  const ada = await app.cookieOf((session) => session.login('ada'))
  const eve = await app.cookieOf((session) => session.login('eve'))
  const bodyOf = async (id: string) => (await kept.read(keyIn(id)))!.body
  return { app, put, ada, eve, bodies: { ada: await bodyOf(ada), eve: await bodyOf(eve) } }
}

const keyIn = (id: string) => id.split('.')[0]!

async function expectCorrupt(app: App, id: string) {
  app.events.length = 0
  expect(await app.accepts(id)).toBe(false)
  expect(app.events).toEqual([{ type: 'rejected', reason: 'corrupt' }])
}

describe.each([ID, ENCRYPTED_ROW])('$name', (kind) => {
  test("another session's row in its place opens nothing, and is reported corrupt", async () => {
    const { app, put, ada, eve, bodies } = await twoRows(kind)
    put.set(keyIn(eve), bodies.ada)
    await expectCorrupt(app, eve)
    expect(await app.accepts(ada)).toBe(true)
    put.set(keyIn(ada), bodies.eve)
    await expectCorrupt(app, ada)
    put.clear()
    expect([await app.accepts(ada), await app.accepts(eve)]).toEqual([true, true])
  })

  test('a cookie of any kind in the place of its row opens nothing', async () => {
    const { app, put, ada } = await twoRows(kind)
    for (const other of KINDS) {
      put.set(keyIn(ada), await other.app().cookieOf((session) => session.login('ada')))
      await expectCorrupt(app, ada)
    }
  })

  test('what its rows hold is no cookie of any kind', async () => {
    const { bodies } = await twoRows(kind)
    const pieces = [bodies.ada, ...bodies.ada.split(/[\n.]/), bodies.ada.replaceAll('\n', '.')]
    for (const other of [...KINDS, ENCRYPTED_ROW]) {
      for (const piece of pieces) expect((await other.app().open(piece)).verified).toBe(0)
    }
  })
})

test('an encrypted row opens nothing in a store of rows that are not encrypted, nor the reverse', async () => {
  const [plain, hidden] = [await twoRows(ID), await twoRows(ENCRYPTED_ROW)]
  plain.put.set(keyIn(plain.ada), hidden.bodies.ada)
  await expectCorrupt(plain.app, plain.ada)
  hidden.put.set(keyIn(hidden.ada), plain.bodies.ada.replace(keyIn(plain.ada), keyIn(hidden.ada)))
  await expectCorrupt(hidden.app, hidden.ada)
})

describe.each([SIGNED, ENCRYPTED, ID, ENCRYPTED_ROW])('a CSRF token, $name', (kind) => {
  test('is no cookie, and no cookie is one, nor a part of one', async () => {
    const { app, value, token } = await signedIn(kind)
    for (const other of [...KINDS, ENCRYPTED_ROW]) {
      expect((await other.app().open(token)).verified, other.name).toBe(0)
    }
    for (const given of [value, ...value.split('.'), value.slice(-43), `${token}.${token}`]) {
      expect(await neighbourPosts(app.sessions, `session=${value}`, given), given).toBe('ERR_CSRF')
    }
  })

  test('is one under the key of its own purpose, audience, name and secret only', async () => {
    const { app, value, token, text } = await signedIn(kind)
    const posts = (given: string) => neighbourPosts(app.sessions, `session=${value}`, given)
    const signed = (key: Uint8Array) => authenticator([key], 'sha256').sign(text)
    expect(signed(keyOf('csrf'))).toBe(token)
    expect(await posts(token)).toBe('passes')
    const secret = Buffer.from(SECRET)
    const wrong = [
      ...PURPOSES.filter((purpose) => purpose !== 'csrf').map(keyOf),
      keyFor(secret, 'csrf', { ...SCOPE, audience: 'shop' }),
      keyFor(secret, 'csrf', { ...SCOPE, cookieName: 'other' }),
      keyFor(Buffer.from(OLD_SECRET), 'csrf', SCOPE),
      secret,
    ]
    for (const key of wrong) expect(await posts(signed(key))).toBe('ERR_CSRF')
  })
})

/** Somebody who is signed in, the token of the session, and the text that it signs. */
async function signedIn(kind: Kind) {
  const app = kind.app()
  let token = ''
  const value = await app.cookieOf((session) => {
    session.login('ada')
    token = session.csrfToken()
  })
  const { record } = await app.open(value)
  const text = `${record!.stamp.nonce}.${record!.stamp.created}.ada`
  return { app, value, token, text }
}
