/** Bad cookies of every kind a site can keep its session in, each with the reason it is refused for. */

import { deflateSync } from 'node:zlib'
import { encrypter } from '../../src/crypto/encrypted.ts'
import { deriveKey } from '../../src/crypto/keyring.ts'
import { authenticator, timedSigner } from '../../src/crypto/signed.ts'
import { flaskSigner } from '../../src/flask/flask-cookie.ts'
import { flask } from '../../src/flask/flask.ts'
import {
  createSessions,
  type EventFacts,
  type SessionEvent,
  type Sessions,
} from '../../src/index.ts'
import { memoryStore } from '../../src/stores/memory/memory.ts'
import { type FakeClock, fakeClock } from '../../src/testing/time/clock.ts'
import { OLD_SECRET, SECRET, Visitor } from '../session/visitor.ts'
import { anId, type BadCookie, ids, tampered } from './same-answer-ids.ts'
import { factsOf } from '../session/facts-of.ts'

/** A site that keeps its session in one kind of cookie. */
export interface Kind {
  sessions: Sessions<any>
  events: EventFacts[]
  /** A cookie that opens: with one fault less, the bad ones would. */
  good(): Promise<string>
  /** Cookies that this site refuses. */
  bad(): Promise<BadCookie[]>
}

/** Seals a text as the kind does: what only the holder of the secret can send. */
type Seal = (body: string | Uint8Array, seconds: number, as?: As) => string

interface As {
  secret?: string
  name?: string
  purpose?: string
  audience?: string
}

const base64url = (text: string | Uint8Array) => Buffer.from(text).toString('base64url')

/** Signs a body; a text is spelled as one, bytes are taken for deflated. */
const spelled = (body: string | Uint8Array) =>
  typeof body === 'string' ? base64url(body) : `.${base64url(body)}`

const signed: Seal = (body, seconds, as = {}) => {
  const { secret = SECRET, name = 'session', purpose = 'session', audience = '' } = as
  const key = deriveKey(Buffer.from(secret), 'sojourn/1', purpose, audience, name)
  return timedSigner(authenticator([key], 'sha256')).sign(spelled(body), seconds)
}

const encrypted: Seal = (body, seconds, as = {}) => {
  const { secret = SECRET, name = 'session', purpose = 'session', audience = '' } = as
  const key = deriveKey(Buffer.from(secret), 'sojourn/1', 'encrypted', audience, name)
  const sealer = encrypter([key], { purpose, audience, cookieName: name })
  return sealer.seal(typeof body === 'string' ? body : Buffer.from(body).toString(), seconds)
}

const ofFlask: Seal = (body, seconds, { secret = SECRET, purpose } = {}) => {
  const salt = purpose === undefined ? {} : { salt: purpose }
  return flaskSigner([Buffer.from(secret)], salt).sign(spelled(body), seconds)
}

/** A record as the kind writes it, with a value's text in it. */
const recordWith = (seal: Seal, text: string) =>
  seal === ofFlask ? `{"x":${text}}` : `["s44we8.abc123",{"x":${text}}]`

/** What anybody can send, without a secret and without a genuine cookie. */
const ANYBODYS: readonly BadCookie[] = [
  ['empty', 'session=', 'malformed'],
  ['garbage', 'session=garbage', 'malformed'],
  ['quoted', 'session="quoted garbage is not quoted garbage"', 'malformed'],
  ['quoted, with escapes', 'session="a\\"b\\054\\377"', 'malformed'],
  ['bytes outside ASCII', 'session=\u00ff\u00fe\u0080', 'malformed'],
  ['UTF-8', `session=${Buffer.from('café€😀').toString('latin1')}`, 'malformed'],
  ['long', `session=${'A'.repeat(12_000)}`, 'malformed'],
  ['one dot', 'session=.', 'malformed'],
  ['percent signs', 'session=%00%0d%0aSet-Cookie:%20a=b', 'malformed'],
  ['unsigned JSON', `session=${base64url(recordWith(signed, '1'))}`, 'malformed'],
  ['markup', 'session=<script>alert(1)</script>', 'malformed'],
  ["another library's", 'session=s%3Aabcdefghijklmnop.abcdefghijklmnopqrstuvwxyz', ''],
  ['many dots', `session=${'.'.repeat(8000)}`, ''],
  ['two bad ones', 'session=garbage; session=rubbish', 'malformed'],
  ['bad ones among others', 'a=b; session=garbage; c=d; session=; session', 'malformed'],
]

/** Cookies that carry the session: signed, encrypted, or Flask's. */
function carrying(seal: Seal, now: number, idle: number): BadCookie[] {
  const bomb = deflateSync(recordWith(seal, `"${'x'.repeat(5_000_000)}"`))
  const nested = recordWith(seal, '['.repeat(2000) + ']'.repeat(2000))
  const good = recordWith(seal, '1')
  const seconds = Math.floor(now / 1000)
  const made: [name: string, value: string, reason: string][] = [
    ...tampered(seal(good, seconds)).map(([name, value]) => [name, value, ''] as const),
    ['under another secret', seal(good, seconds, { secret: OLD_SECRET }), ''],
    ['of another purpose', seal(good, seconds, { purpose: 'csrf' }), ''],
    ['expired', seal(good, seconds - idle - 1), 'expired'],
    ['of long ago', seal(good, 1), 'expired'],
    ['from the future', seal(good, seconds + 1000), 'future'],
    ['a text that is no JSON', seal('[{},{', seconds), 'payload'],
    ['JSON that is no session', seal('[1,2,3,4]', seconds), 'payload'],
    ['an unknown tag', seal(recordWith(seal, '{" t":1}'), seconds), 'payload'],
    ['nested too deep', seal(nested, seconds), 'payload'],
  ].map(([name, value, reason]) => [name!, value!, reason!])
  if (seal !== encrypted) made.push(['a bomb', seal(bomb, seconds), 'payload'])
  return made.map(([name, value, reason]) => [name, `session=${value}`, reason])
}

/** What Flask has no name, no audience for. */
function bound(seal: Seal, now: number): BadCookie[] {
  const seconds = Math.floor(now / 1000)
  const good = recordWith(seal, '1')
  return [
    ['of another name', `session=${seal(good, seconds, { name: 'other' })}`, ''],
    ['of another app', `session=${seal(good, seconds, { audience: 'other' })}`, ''],
  ]
}

/** One kind's cookies, presented to the others. */
function foreign(now: number, own: Seal | undefined): BadCookie[] {
  const seconds = Math.floor(now / 1000)
  const kinds = { signed, encrypted, "Flask's": ofFlask }
  const others = Object.entries(kinds).filter(([, seal]) => seal !== own)
  const made = others.map(([name, seal]): BadCookie => {
    return [`${name}, under our secret`, `session=${seal(recordWith(seal, '1'), seconds)}`, '']
  })
  if (own) made.push(['an id, under our secret', `session=${anId(SECRET)}`, ''])
  return made
}

const IDLE = '10h'
const IDLE_SECONDS = 36_000

/** The kinds of cookies. */
export const KINDS: Readonly<Record<string, () => Kind>> = {
  signed: () => kind((options) => createSessions(options), signed),
  encrypted: () => kind((options) => createSessions({ ...options, encrypt: true }), encrypted),
  "Flask's": () =>
    kind(({ clock, onEvent }) => {
      const config = { SECRET_KEY: SECRET, PERMANENT_SESSION_LIFETIME: IDLE_SECONDS }
      return createSessions({ ...flask(config), clock, onEvent })
    }, ofFlask),
  'an id': () => {
    const clock = fakeClock()
    const store = memoryStore({ clock })
    const events: EventFacts[] = []
    const onEvent = (event: SessionEvent) => events.push(factsOf(event))
    const lifetime = { idle: IDLE }
    const sessions = createSessions<any>({ secret: SECRET, lifetime, clock, onEvent, store })
    const bad = async () => [
      ...ANYBODYS,
      ...(await ids(sessions, store, clock)),
      ...foreign(clock(), undefined),
    ]
    const good = async () => {
      const visitor = new Visitor(sessions)
      await visitor.visit((session) => session.set('x', 1))
      return visitor.cookie!
    }
    return { sessions, events, good, bad }
  },
}

function kind(
  make: (options: {
    secret: string
    lifetime: { idle: string }
    clock: FakeClock
    onEvent: (event: SessionEvent) => void
  }) => Sessions<any>,
  seal: Seal,
): Kind {
  const clock = fakeClock()
  const events: EventFacts[] = []
  const onEvent = (event: SessionEvent) => void events.push(factsOf(event))
  const sessions = make({ secret: SECRET, lifetime: { idle: IDLE }, clock, onEvent })
  const bad = async () => [
    ...ANYBODYS,
    ...carrying(seal, clock(), IDLE_SECONDS),
    ...(seal === ofFlask ? [] : bound(seal, clock())),
    ...foreign(clock(), seal),
  ]
  const good = async () => `session=${seal(recordWith(seal, '1'), Math.floor(clock() / 1000))}`
  return { sessions, events, good, bad }
}
