/** The formats of session cookies: what each looks like, what it says, and how it is verified. */

import { ID, sessionIdFormat } from '../../backends/stored/session-id.ts'
import { decodeBase64url } from '../../base/bytes.ts'
import { systemClock } from '../../base/ports.ts'
import { keyFor, type Scope } from '../../crypto/keys.ts'
import { unpack } from '../../crypto/payload.ts'
import type { EncryptionSchedule } from '../../crypto/sealer.ts'
import { decodeSeconds } from '../../crypto/signed.ts'
import { flaskSigner } from '../../flask/flask-cookie.ts'
import { type JsonObject, parseJson } from '../../record/text/json.ts'
import {
  foreignCookie,
  type ForeignFormat,
  percentDecoded,
} from '../../session/development/foreign-cookies.ts'
import { ownPreset } from '../../session/setup/own-preset.ts'

/** What wrote the cookie. */
export type Format =
  | 'sojourn'
  | 'sojourn-encrypted'
  | 'sojourn-id'
  | 'flask'
  | 'itsdangerous'
  | ForeignFormat
  | 'unknown'

/** What a value looks like. Nothing of it is verified. */
export interface Recognised {
  format: Format
  title: string
  parts?: readonly { name: string; text: string; says: string }[]
  /** The JSON it carries, by what each text is. */
  payloads?: readonly { label: string; text: string }[]
  compressed?: boolean
  /** The signed time, in seconds since 1970. */
  signedAt?: number | undefined
  /** In which ways a secret may have made it; none where that cannot be told here. */
  ways?: readonly Way[]
  notes?: readonly string[]
}

/** A way in which a secret may have made a value. */
export interface Way {
  says: string
  /** Whether the key depends on the cookie's name. */
  isBound?: true
  /** What the value says to who has the secret, or a word for why it is not valid. */
  open(secret: Uint8Array, scope: Scope): { text?: string; seconds?: number } | string
}

/** The longest value a server of ours looks at. */
const MAX_LENGTH = 65_536

/** Says whose cookie it is. Anything else is `unknown`, with the reason among the notes. */
export function recognise(value: string): Recognised {
  if (value.length > MAX_LENGTH) return unknown('It is longer than any cookie a browser keeps.')
  const found = asId(value) ?? asEncrypted(value) ?? asForeign(value) ?? asSigned(value)
  return found ?? unknown('It is neither of the length nor in the parts that such a cookie has.')
}

function unknown(why: string): Recognised {
  return { format: 'unknown', title: 'no session cookie that is known here', notes: [why] }
}

/** Names the parts of a value, in their order. */
function named(texts: readonly string[], parts: Readonly<Record<string, string>>) {
  return Object.entries(parts).map(([name, says], at) => ({ name, says, text: texts[at] ?? '' }))
}

function asId(value: string): Recognised | undefined {
  if (!ID.test(value)) return undefined
  const way: Way = {
    says: 'as Sojourn signs ids',
    isBound: true,
    open(secret, scope) {
      const id = sessionIdFormat([keyFor(secret, 'session id', scope)]).parse(value)
      return typeof id === 'string' ? id : {}
    },
  }
  return {
    format: 'sojourn-id',
    title: "the id of one of Sojourn's sessions in a store",
    parts: named(value.split('.'), {
      selector: "the session's handle, its key in the store",
      verifier: 'proves who was given the id; hashed in the store',
      mac: '96 bits of HMAC-SHA-256',
    }),
    ways: [way],
    notes: ['What the session holds is in the store: see sojourn list.'],
  }
}

// envelope = base64url(version key-id salt commitment ciphertext tag), version 1
const ENVELOPE = /^(A[\w-]{3})([\w-]{82,})$/

function asEncrypted(value: string): Recognised | undefined {
  const [, ...parts] = ENVELOPE.exec(value) ?? []
  if (decodeBase64url(parts.join(''))?.[0] !== 1) return undefined
  return {
    format: 'sojourn-encrypted',
    title: "Sojourn's encrypted cookie",
    compressed: false,
    parts: named(parts, {
      head: 'version 1, and which key it is under',
      sealed: 'AES-256-GCM; nobody can read it without the secret',
    }),
    ways: [ownWay('as Sojourn encrypts', value, { migrateUntil: undefined, from: 0 })],
  }
}

/** The hashes in use, by the length of their base64url. */
const DIGESTS: Readonly<Record<number, [digest: string, says: string]>> = {
  27: ['sha1', 'HMAC-SHA-1'],
  43: ['sha256', 'HMAC-SHA-256'],
  86: ['sha512', 'HMAC-SHA-512'],
}

// signed = ["."] payload "." timestamp "." signature
function asSigned(value: string): Recognised | undefined {
  const [, body = '', timestamp = '', signature = ''] = /^(.*)\.(.*)\.(.*)$/s.exec(value) ?? []
  const signedAt = decodeSeconds(timestamp)
  const [digest, algorithm] = DIGESTS[signature.length] ?? []
  const text = unpack(body)
  const json = text === undefined ? undefined : parseJson(text)
  if (signedAt === undefined || (!json && !digest) || !/^[\w.-]+$/.test(body)) return undefined
  const compressed = body.startsWith('.')
  return {
    ...signedFormat(json?.value),
    compressed,
    signedAt,
    parts: named([body, timestamp, signature], {
      payload: `${compressed ? 'deflated JSON' : 'JSON'} in base64url; anybody can read it`,
      timestamp: 'when it was signed',
      signature: algorithm ?? 'of no length a signature has: it was cut or added to',
    }),
    payloads: json && text !== undefined ? [{ label: 'payload', text }] : [],
    ways: digest === undefined ? [] : waysToSign(value, digest),
    notes: json ? [] : ['The payload is no JSON: it was cut or changed, or is something else.'],
  }
}

function waysToSign(value: string, digest: string): Way[] {
  const flask: Way = {
    says: digest === 'sha1' ? 'as Flask signs' : `as Flask would sign with ${digest}`,
    open: (secret) => flaskSigner([secret], { digest }).verify(value),
  }
  return digest === 'sha256' ? [ownWay('as Sojourn signs', value), flask] : [flask]
}

/** As a server with that secret would open it. */
function ownWay(says: string, value: string, encryption?: EncryptionSchedule): Way {
  const { format } = ownPreset({}, false)
  const rest = { tags: [], clock: systemClock, encryption }
  const open: Way['open'] = (secret, scope) =>
    format({ secrets: [secret], scope, ...rest }).sealer.open(value)
  return { says, isBound: true, open }
}

/** Ours is a list of a stamp, the data, and perhaps what else is known; Flask's an object. */
function signedFormat(value: unknown): { format: Format; title: string } {
  const [stamp, ...objects] = Array.isArray(value) ? (value as unknown[]) : []
  const isOwn = typeof stamp === 'string' && [1, 2].includes(objects.length)
  if (isOwn && objects.every(isJsonObject)) {
    return { format: 'sojourn', title: "Sojourn's signed cookie" }
  }
  if (isJsonObject(value)) return { format: 'flask', title: "Flask's session cookie" }
  return { format: 'itsdangerous', title: 'a value signed by itsdangerous, but no session' }
}

function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Another library's: each part that is a JSON object in base64 can be read. */
function asForeign(value: string): Recognised | undefined {
  const found = foreignCookie(value)
  if (!found) return undefined
  const payloads = percentDecoded(value)
    .split('.')
    .map((part, at) => ({ label: `part ${at + 1}`, text: Buffer.from(part, 'base64').toString() }))
    .filter(({ text }) => isJsonObject(parseJson(text)?.value))
  return { ...found, payloads }
}
