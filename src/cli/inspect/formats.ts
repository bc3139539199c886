/** The formats of session cookies: what each looks like, what it says, and how it is verified. */

import { sessionIdFormat } from '../../backends/stored/session-id.ts'
import { decodeBase64url } from '../../base/bytes.ts'
import { encrypter } from '../../crypto/encrypted.ts'
import { keyFor } from '../../crypto/keys.ts'
import { unpack } from '../../crypto/payload.ts'
import { authenticator, decodeSeconds, timedSigner } from '../../crypto/signed.ts'
import { flaskSigner } from '../../flask/flask-cookie.ts'
import { type JsonObject, parseJson } from '../../record/text/json.ts'
import {
  foreignCookie,
  type ForeignFormat,
  percentDecoded,
} from '../../session/explain/foreign-cookies.ts'
import { type Format, recognised, type Recognised, type Way } from './recognised.ts'

/** The longest value a server of ours looks at. */
const MAX_LENGTH = 65_536

/** Says whose cookie it is. Anything else is `unknown`, with the reason among the notes. */
export function recognise(value: string): Recognised {
  if (value.length > MAX_LENGTH) return unknown('It is longer than any cookie a browser keeps.')
  const found = asId(value) ?? asEncrypted(value) ?? asForeign(value) ?? asSigned(value)
  return found ?? unknown('It is neither of the length nor in the parts that such a cookie has.')
}

// id = selector "." verifier "." mac
const ID = /^([\w-]{22})\.([\w-]{43})\.([\w-]{16})$/

function asId(value: string): Recognised | undefined {
  const [, selector, verifier = '', mac = ''] = ID.exec(value) ?? []
  if (selector === undefined) return undefined
  const way: Way = {
    says: 'as Sojourn signs ids',
    isBound: true,
    open(secret, scope) {
      const id = sessionIdFormat([keyFor(secret, 'session id', scope)]).parse(value)
      return typeof id === 'string' ? id : {}
    },
  }
  return recognised(['sojourn-id', "the id of one of Sojourn's sessions in a store"], {
    parts: [
      { name: 'selector', text: selector, says: "the session's handle, its key in the store" },
      {
        name: 'verifier',
        text: verifier,
        says: 'proves who was given the id; hashed in the store',
      },
      { name: 'mac', text: mac, says: '96 bits of HMAC-SHA-256' },
    ],
    ways: [way],
    notes: ['What the session holds is in the store: see sojourn list.'],
  })
}

// envelope = base64url(version key-id salt commitment ciphertext tag), version 1
const HEAD_CHARACTERS = 4
const MIN_ENVELOPE = 86

function asEncrypted(value: string): Recognised | undefined {
  if (value.length < MIN_ENVELOPE || !/^A[\w-]+$/.test(value)) return undefined
  if (decodeBase64url(value)?.[0] !== 1) return undefined
  const [head, sealed] = [value.slice(0, HEAD_CHARACTERS), value.slice(HEAD_CHARACTERS)]
  const way: Way = {
    says: 'as Sojourn encrypts',
    isBound: true,
    open(secret, scope) {
      const keys = [keyFor(secret, 'encrypted', scope)]
      return encrypter(keys, { ...scope, purpose: 'session' }).open(value)
    },
  }
  return recognised(['sojourn-encrypted', "Sojourn's encrypted cookie"], {
    compressed: false,
    parts: [
      { name: 'head', text: head, says: 'version 1, and which key it is under' },
      { name: 'sealed', text: sealed, says: 'AES-256-GCM; nobody can read it without the secret' },
    ],
    ways: [way],
  })
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
  const packed = `${compressed ? 'deflated JSON' : 'JSON'} in base64url; anybody can read it`
  const cut = 'of no length a signature has: it was cut or added to'
  const unread = text === undefined ? 'base64url of text' : 'JSON that a session can be'
  const note = `The payload is not ${unread}: it was cut or changed, or is something else.`
  return recognised(signedFormat(json?.value), {
    compressed,
    signedAt,
    parts: [
      { name: 'payload', text: body, says: packed },
      { name: 'timestamp', text: timestamp, says: 'when it was signed' },
      { name: 'signature', text: signature, says: algorithm ?? cut },
    ],
    payloads: json && text !== undefined ? [{ label: 'payload', text }] : [],
    ways: digest === undefined ? [] : waysToSign(value, digest),
    notes: json ? [] : [note],
  })
}

function waysToSign(value: string, digest: string): Way[] {
  const own: Way = {
    says: 'as Sojourn signs',
    isBound: true,
    open(secret, scope) {
      const keys = [keyFor(secret, 'session', scope)]
      return timedSigner(authenticator(keys, digest)).verify(value)
    },
  }
  const flask: Way = {
    says: digest === 'sha1' ? 'as Flask signs' : `as Flask would sign with ${digest}`,
    open: (secret) => flaskSigner([secret], { digest }).verify(value),
  }
  const salted = { salt: 'itsdangerous', digest, derivation: 'django-concat' } as const
  const other: Way = {
    says: 'as itsdangerous signs',
    but: 'with the salt "itsdangerous": it is no session of Flask',
    open: (secret) => flaskSigner([secret], salted).verify(value),
  }
  return digest === 'sha256' ? [own, flask, other] : [flask, other]
}

function signedFormat(value: unknown): readonly [Format, string] {
  if (isRecord(value)) return ['sojourn', "Sojourn's signed cookie"]
  if (isJsonObject(value)) return ['flask', "Flask's session cookie"]
  return ['itsdangerous', 'a value signed by itsdangerous, but no session of Flask or Sojourn']
}

/** Whether it is a list of a stamp, the data, and perhaps what else is known. */
function isRecord(value: unknown): boolean {
  if (!Array.isArray(value) || value.length < 2 || value.length > 3) return false
  const [stamp, ...objects] = value as unknown[]
  return typeof stamp === 'string' && objects.every(isJsonObject)
}

function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Which parts of other libraries' cookies are JSON in base64, from the first on. */
const JSON_PARTS: Partial<Record<ForeignFormat, readonly string[]>> = {
  jwt: ['header', 'payload'],
  jwe: ['header'],
  'cookie-session': ['payload'],
}

const FOREIGN_NOTES: Partial<Record<ForeignFormat, string>> = {
  jwe: 'As Auth.js writes. Its payload can be read only with its key.',
  'express-session': 'It carries an id only: the data is in the store of the server.',
  'iron-session': 'iron-session, h3 or hapi sealed it: only that server can read it.',
  'cookie-session': 'Its signature is in a second cookie, with .sig after the name.',
}

function asForeign(value: string): Recognised | undefined {
  const found = foreignCookie(value)
  if (!found) return undefined
  const { format, title } = found
  const texts = percentDecoded(value).split('.')
  const note = FOREIGN_NOTES[format]
  return recognised([format, title], {
    payloads: (JSON_PARTS[format] ?? []).map((label, at) => {
      return { label, text: Buffer.from(texts[at]!, 'base64').toString() }
    }),
    notes: note === undefined ? [] : [note],
  })
}

function unknown(why: string): Recognised {
  return recognised(['unknown', 'no session cookie that is known here'], { notes: [why] })
}
