/** What has to be true of one recorded cookie, whichever runner asks. */

import assert from 'node:assert/strict'
import { inflateSync } from 'node:zlib'
import { withSessions } from '../../src/adapters/fetch.ts'
import { authenticator, decodeSeconds } from '../../src/crypto/signed.ts'
import { unpack } from '../../src/crypto/payload.ts'
import { flask, flaskCookie } from '../../src/flask/flask.ts'
import { itsdangerousKey } from '../../src/flask/flask-cookie.ts'
import { createSessions, SessionError, type EventFacts } from '../../src/index.ts'
import { isSignedAhead, refusedCookie } from './deviations.ts'
import { bytesOf, type Vector } from './fixtures.ts'
import { entriesOf, fromTyped, hasCounterpart, matches, type Typed } from './typed.ts'
import { factsOf } from '../session/facts-of.ts'

export async function checkVector(vector: Vector): Promise<void> {
  if (vector.api) return checkSigner(vector)
  if (vector.expect.outcome === 'encode_error') return checkRefusedValue()
  if (vector.secret_keys!.every((key) => bytesOf(key).length === 0)) return checkEmptySecret(vector)
  checkOpened(vector)
  await checkSession(vector)
  if (vector.encode && hasCounterpart(vector.input)) {
    checkSealed(vector)
    await checkWritten(vector)
  }
}

const toolOf = ({ secret_keys, salt, digest, key_derivation, max_age }: Vector) => {
  const [secret, ...fallbacks] = secret_keys!.map(bytesOf).reverse()
  return flaskCookie({
    secret,
    fallbacks,
    ...(salt ? { salt: bytesOf(salt) } : {}),
    digest: digest!,
    derivation: key_derivation!,
    maxAge: max_age ?? null,
  })
}

function checkOpened(vector: Vector): void {
  const { cookie, now, expect } = vector
  const opened = toolOf(vector).open(cookie!, { now: now! })
  if (expect.outcome !== 'ok') {
    assert.equal(opened.ok, false)
    if (expect.outcome === 'bad_payload' && !opened.ok) assert.equal(opened.reason, 'payload')
    return
  }
  const refused = refusedCookie(cookie!)
  if (refused) {
    assert.equal(opened.ok, false, refused)
    return
  }
  assert.ok(opened.ok, 'Flask opens it')
  assert.ok(matches(opened.data, expect.value!), 'the value is the same')
  assert.equal(opened.signedAt.getTime(), expect.date_signed! * 1000)
}

/** Through the preset and the Fetch adapter: what `open_session` gives. */
async function checkSession(vector: Vector): Promise<void> {
  const { cookie, now, max_age, flask_open_session: expected } = vector
  if (!expected || !isFlasks(vector) || max_age === null || !isHeaderValue(cookie!)) return
  const events: EventFacts[] = []
  const { sessions } = appOf(vector, now!, events)
  const handler = withSessions(sessions, async (request) => {
    const session = await sessions.get(request)
    const value = expected.value ?? ({ t: 'dict', v: [] } as Typed)
    const data = Object.assign(Object.create(null) as object, null)
    for (const [key, member] of session) Object.defineProperty(data, key, entry(member))
    const isAnonymous = session.size === 0
    const refused = refusedCookie(cookie!)
    if (isSignedAhead(cookie!, now!)) {
      const opened = toolOf({ ...vector, max_age: null }).open(cookie!)
      assert.ok(opened.ok)
      assert.deepEqual(Object.fromEntries(session), opened.data)
    } else if (expected.outcome !== 'session' || refused || !isDictionaryText(vector)) {
      // A cookie that verifies and cannot be read is an anonymous session and an event, no error.
      assert.ok(isAnonymous, refused ?? 'the payload is no dictionary')
      assert.equal(session.isNew, true)
    } else {
      assert.ok(matches(data, value), 'the session is the same')
      if (expected.permanent !== undefined) assert.equal(session.permanent, expected.permanent)
    }
    return new Response()
  })
  await handler(new Request('http://localhost/', { headers: { cookie: `session=${cookie}` } }))
  assert.ok(events.filter((event) => event.type === 'rejected').length <= 1)
}

function entry(value: unknown): PropertyDescriptor {
  return { value, enumerable: true, writable: true, configurable: true }
}

/** Flask makes a dictionary of a list of pairs too; here only an object is a session. */
function isDictionaryText({ expect, flask_open_session: expected }: Vector): boolean {
  return expect.outcome !== 'ok' || expect.value!.t === 'dict' || expected!.outcome !== 'session'
}

function isFlasks({ salt, digest, key_derivation }: Vector): boolean {
  const isSalt = salt ? Buffer.from(bytesOf(salt)).toString() === 'cookie-session' : true
  return isSalt && digest === 'sha1' && key_derivation === 'hmac'
}

function isHeaderValue(cookie: string): boolean {
  return /^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*$/.test(cookie)
}

function appOf(vector: Vector, now: number, events: EventFacts[]) {
  const [secret, ...fallbacks] = vector.secret_keys!.map(bytesOf).reverse()
  const config = flask({
    SECRET_KEY: secret,
    SECRET_KEY_FALLBACKS: fallbacks,
    PERMANENT_SESSION_LIFETIME: vector.max_age ?? 2_678_400,
    MAX_COOKIE_SIZE: 0,
  })
  const sessions = createSessions({
    ...config,
    clock: () => now * 1000,
    onEvent: (event) => void events.push(factsOf(event)),
  })
  return { sessions }
}

function checkSealed(vector: Vector): void {
  const { input, timestamp, cookie } = vector
  const tool = toolOf(vector)
  if (refusedCookie(cookie!)) {
    // What could not be read again is not written.
    assert.throws(
      () => tool.seal(fromTyped(input!), { now: timestamp! }),
      (error) => error instanceof SessionError,
    )
    return
  }
  const sealed = tool.seal(fromTyped(input!), { now: timestamp! })
  sameCookie(sealed, vector)
  const reopened = tool.open(sealed, { now: timestamp! })
  assert.ok(reopened.ok && matches(reopened.data, vector.expect.value!))
}

/** Through the preset and the Fetch adapter: each key set, and the cookie that leaves. */
async function checkWritten(vector: Vector): Promise<void> {
  if (!isFlasks(vector) || vector.input!.t !== 'dict' || entriesOf(vector.input!).length === 0)
    return
  if (refusedCookie(vector.cookie!)) return
  const { sessions } = appOf(vector, vector.timestamp!, [])
  const handler = withSessions(sessions, async (request) => {
    const session = await sessions.get(request)
    for (const [key, value] of entriesOf(vector.input!)) session.set(key, fromTyped(value))
    return new Response()
  })
  const response = await handler(new Request('http://localhost/'))
  const [line] = response.headers.getSetCookie()
  sameCookie(/^session=([^;]*)/.exec(line!)![1]!, vector)
}

/** Byte for byte; where either is deflated, the inflated payload: zlibs differ, also in whether it pays. */
function sameCookie(ours: string, { cookie, encode }: Vector): void {
  const isDeflated = ours.startsWith('.') || cookie!.startsWith('.')
  if (encode === 'exact' && !isDeflated) assert.equal(ours, cookie)
  assert.equal(payloadOf(ours), payloadOf(cookie!))
  assert.equal(ours.split('.').at(-2), cookie!.split('.').at(-2))
}

function payloadOf(cookie: string): string {
  const body = cookie.split('.').slice(0, -2).join('.')
  const bytes = Buffer.from(body.replace(/^\./, ''), 'base64url')
  return (body.startsWith('.') ? inflateSync(bytes) : bytes).toString('utf8')
}

/** Python-only values have no counterpart; the nearest, a Set, is refused where it is set. */
function checkRefusedValue(): void {
  const tool = flaskCookie({ secret: 'correct horse battery staple' })
  assert.throws(() => tool.seal({ value: new Set([1]) }), { code: 'ERR_VALUE_UNSUPPORTED' })
}

/** Flask signs with an empty secret; here it is refused at start-up. */
function checkEmptySecret(vector: Vector): void {
  assert.throws(() => toolOf(vector), { code: 'ERR_SECRET_MISSING' })
  assert.throws(() => appOf(vector, vector.now!, []), { code: 'ERR_SECRET_MISSING' })
}

/** itsdangerous' own classes, from which Flask's session is made. */
function checkSigner(vector: Vector): void {
  const { api, signed, sep, digest, secret_keys, salt, key_derivation, timestamp, input } = vector
  const { outcome } = vector.expect
  const keys = secret_keys!
    .map((key) => itsdangerousKey(bytesOf(key), bytesOf(salt!), digest!, key_derivation!))
    .reverse()
  const authenticate = authenticator(keys, digest!)
  const at = signed!.lastIndexOf(sep!)
  const [text, signature] = [signed!.slice(0, at), signed!.slice(at + sep!.length)]
  if (outcome !== 'ok') {
    const seconds = decodeSeconds(text.slice(text.lastIndexOf(sep!) + sep!.length))
    const isAccepted = authenticate.verify(text, signature) !== undefined && seconds !== undefined
    assert.equal(isAccepted, false)
    return
  }
  assert.equal(authenticate.sign(text), signature)
  assert.notEqual(authenticate.verify(text, signature), undefined)
  let payload = text
  if (timestamp !== null && timestamp !== undefined) {
    const dot = text.lastIndexOf(sep!)
    assert.equal(decodeSeconds(text.slice(dot + sep!.length)), timestamp)
    payload = text.slice(0, dot)
  }
  if (!api!.includes('Serializer')) {
    assert.equal(payload, input!['v'])
    return
  }
  const json = api!.startsWith('URLSafe') ? unpack(payload) : payload
  assert.ok(matches(JSON.parse(json!), input!))
}
