/** Recognises the format of a session cookie, and its parts; and says how to verify it. */

import { ID, sessionIdFormat } from '../backends/stored/session-id.ts'
import { decodeBase64url } from '../base/bytes.ts'
import { systemClock } from '../base/ports.ts'
import { keyFor, type Scope } from '../crypto/keys.ts'
import { unpack } from '../crypto/payload.ts'
import type { EncryptionSchedule } from '../crypto/sealer.ts'
import { decodeSeconds } from '../crypto/signed.ts'
import { flaskSigner } from '../flask/flask-cookie.ts'
import { type JsonObject, parseJson } from '../record/text/json.ts'
import {
  foreignCookie,
  type ForeignFormat,
  percentDecoded,
} from '../session/development/foreign-cookies.ts'
import { ownPreset } from '../session/setup/own-preset.ts'

/** The format of a cookie. */
export type Format =
  | 'sojourn'
  | 'sojourn-encrypted'
  | 'sojourn-id'
  | 'flask'
  | 'itsdangerous'
  | ForeignFormat
  | 'unknown'

/** The format and the parts of a value. Nothing in it is verified. */
export interface Recognised {
  format: Format
  title: string
  parts?: readonly { name: string; text: string; says: string }[]
  /** The JSON texts that it contains, each with a label. */
  payloads?: readonly { label: string; text: string }[]
  compressed?: boolean
  /** The signed time, in seconds since 1970. */
  signedAt?: number | undefined
  /** The ways in which it may be signed or encrypted; none if it cannot be verified here. */
  ways?: readonly Way[]
  notes?: readonly string[]
}

/** A way in which a value may be signed or encrypted. */
export interface Way {
  says: string
  /** Whether the key depends on the cookie's name. */
  isBound?: true
  /** Opens the value with a secret; a text says why it is not valid. */
  open(secret: Uint8Array, scope: Scope): { text?: string; seconds?: number } | string
}

/** The longest value that a server of ours reads. */
const MAX_LENGTH = 65_536

/** Recognises a value. For any other it is `unknown`, with the reason in the notes. */
export function recognise(value: string): Recognised {
  if (value.length > MAX_LENGTH) return unknown('It is longer than any cookie that browsers store.')
  const found = asId(value) ?? asEncrypted(value) ?? asForeign(value) ?? asSigned(value)
  return found ?? unknown('Its length and parts are not those of a known session cookie.')
}

function unknown(why: string): Recognised {
  return { format: 'unknown', title: 'not a known session cookie', notes: [why] }
}

/** The parts of a value with their names, in order. */
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
      verifier: 'the secret part; the store has only its hash',
      mac: '96 bits of HMAC-SHA-256',
    }),
    ways: [way],
    notes: ["The session's data is in the store: see sojourn list."],
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
      head: 'version 1, and the id of the key',
      sealed: 'AES-256-GCM; nobody can read it without the secret',
    }),
    ways: [ownWay('as Sojourn encrypts', value, { migrateUntil: undefined, from: 0 })],
  }
}

/** The hashes by the length of a signature in base64url. */
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
      payload: `${compressed ? 'deflated JSON' : 'JSON'} in base64url; everybody can read it`,
      timestamp: 'when it was signed',
      signature: algorithm ?? 'its length is wrong: it was shortened or extended',
    }),
    payloads: json && text !== undefined ? [{ label: 'payload', text }] : [],
    ways: digest === undefined ? [] : waysToSign(value, digest),
    notes: json
      ? []
      : ['The payload is not JSON: it was shortened or changed, or is something else.'],
  }
}

function waysToSign(value: string, digest: string): Way[] {
  const flask: Way = {
    says: digest === 'sha1' ? 'as Flask signs' : `as Flask would sign with ${digest}`,
    open: (secret) => flaskSigner([secret], { digest }).verify(value),
  }
  return digest === 'sha256' ? [ownWay('as Sojourn signs', value), flask] : [flask]
}

/** Opens the value as a server with that secret does. */
function ownWay(says: string, value: string, encryption?: EncryptionSchedule): Way {
  const { format } = ownPreset({}, false)
  const rest = { tags: [], clock: systemClock, encryption }
  const open: Way['open'] = (secret, scope) =>
    format({ secrets: [secret], scope, ...rest }).sealer.open(value)
  return { says, isBound: true, open }
}

/** The format of a payload. Ours is a list of stamp, data and optional metadata; Flask's is an object. */
function signedFormat(value: unknown): { format: Format; title: string } {
  const [stamp, ...objects] = Array.isArray(value) ? (value as unknown[]) : []
  const isOwn = typeof stamp === 'string' && [1, 2].includes(objects.length)
  if (isOwn && objects.every(isJsonObject)) {
    return { format: 'sojourn', title: "Sojourn's signed cookie" }
  }
  if (isJsonObject(value)) return { format: 'flask', title: "Flask's session cookie" }
  return { format: 'itsdangerous', title: 'a value signed by itsdangerous, but not a session' }
}

function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A cookie of another library: shows each part that is a JSON object in base64. */
function asForeign(value: string): Recognised | undefined {
  const found = foreignCookie(value)
  if (!found) return undefined
  const payloads = percentDecoded(value)
    .split('.')
    .map((part, at) => ({ label: `part ${at + 1}`, text: Buffer.from(part, 'base64').toString() }))
    .filter(({ text }) => isJsonObject(parseJson(text)?.value))
  return { ...found, payloads }
}
