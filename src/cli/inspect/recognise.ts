/** Tells whose cookie a value is, from its looks alone: nothing here is verified. */

import { decodeBase64url } from '../../base/bytes.ts'
import { unpack } from '../../crypto/payload.ts'
import { decodeSeconds } from '../../crypto/signed.ts'
import { type JsonObject, parseJson } from '../../record/text/json.ts'
import {
  foreignCookie,
  type ForeignFormat,
  percentDecoded,
} from '../../session/explain/foreign-cookies.ts'

/** What wrote the cookie. */
export type Format =
  | 'sojourn'
  | 'sojourn-encrypted'
  | 'sojourn-id'
  | 'flask'
  | 'itsdangerous'
  | ForeignFormat
  | 'unknown'

/** One part of a value, and what it is. */
export interface Part {
  name: string
  text: string
  says: string
}

/** What a value looks like. */
export interface Recognised {
  format: Format
  title: string
  parts: readonly Part[]
  /** The JSON it carries, by what each text is. */
  payloads: readonly { label: string; text: string }[]
  compressed?: boolean
  /** The signed time, in seconds since 1970. */
  signedAt?: number | undefined
  /** The hash the length of the signature belongs to, if it is laid out as itsdangerous does. */
  digest?: Digest | undefined
  notes: readonly string[]
}

/** The hashes in use, by the length of their base64url. */
export type Digest = 'sha1' | 'sha256' | 'sha512'

const DIGESTS: Readonly<Record<number, Digest>> = { 27: 'sha1', 43: 'sha256', 86: 'sha512' }
const DIGEST_NAMES = { sha1: 'SHA-1', sha256: 'SHA-256', sha512: 'SHA-512' } as const

/** The longest value a server of ours looks at. */
const MAX_LENGTH = 65_536

/** Says whose cookie it is. Anything else is `unknown`, with the reason among the notes. */
export function recognise(value: string): Recognised {
  if (value.length > MAX_LENGTH) return unknown('It is longer than any cookie a browser keeps.')
  return (
    asId(value) ??
    asEncrypted(value) ??
    asForeign(value) ??
    asItsdangerous(value) ??
    unknown(whyUnknown(value))
  )
}

function recognised(format: Format, title: string, rest: Partial<Recognised>): Recognised {
  return { format, title, parts: [], payloads: [], notes: [], ...rest }
}

function part(name: string, text: string, says: string): Part {
  return { name, text, says }
}

// id = selector "." verifier "." mac
function asId(value: string): Recognised | undefined {
  if (!/^[\w-]{22}\.[\w-]{43}\.[\w-]{16}$/.test(value)) return undefined
  const [selector = '', verifier = '', mac = ''] = value.split('.')
  return recognised('sojourn-id', "the id of one of Sojourn's sessions in a store", {
    parts: [
      part('selector', selector, "the session's handle, its key in the store"),
      part('verifier', verifier, 'proves who was given the id; the store has a hash of it'),
      part('mac', mac, '96 bits of HMAC-SHA-256'),
    ],
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
  return recognised('sojourn-encrypted', "Sojourn's encrypted cookie", {
    compressed: false,
    parts: [
      part('head', head, 'version 1, and which key it is under'),
      part('sealed', sealed, 'AES-256-GCM; nobody can read it without the secret'),
    ],
  })
}

// signed = ["."] payload "." timestamp "." signature
function asItsdangerous(value: string): Recognised | undefined {
  const [, body = '', timestamp = '', signature = ''] = /^(.*)\.(.*)\.(.*)$/s.exec(value) ?? []
  const signedAt = decodeSeconds(timestamp)
  const digest = DIGESTS[signature.length]
  const text = unpack(body)
  const json = text === undefined ? undefined : parseJson(text)
  if (signedAt === undefined || (!json && !digest) || !/^[\w.-]+$/.test(body)) return undefined
  const compressed = body.startsWith('.')
  const packed = `${compressed ? 'deflated JSON' : 'JSON'} in base64url; anybody can read it`
  const signed = digest ? `HMAC-${DIGEST_NAMES[digest]}` : NO_DIGEST
  return recognised(...signedFormat(json?.value), {
    compressed,
    signedAt,
    digest,
    payloads: json && text !== undefined ? [{ label: 'payload', text }] : [],
    parts: [
      part('payload', body, packed),
      part('timestamp', timestamp, 'when it was signed'),
      part('signature', signature, signed),
    ],
    notes: json
      ? []
      : [
          `The payload is not ${text === undefined ? 'base64url of text' : 'JSON that a session can be'}: it was cut or changed, or is something else.`,
        ],
  })
}

const NO_DIGEST = 'of no length a signature has: it was cut or added to'

function signedFormat(value: unknown): [Format, string] {
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

function asForeign(value: string): Recognised | undefined {
  const found = foreignCookie(value)
  return found && recognised(found.format, found.title, foreignDetails(found.format, value))
}

function foreignDetails(format: ForeignFormat, value: string): Partial<Recognised> {
  const plain = percentDecoded(value)
  const [first = '', second = '', third = ''] = plain.split('.')
  const json = (label: string, text: string) => {
    return { label, text: Buffer.from(text, 'base64').toString() }
  }
  switch (format) {
    case 'jwt':
      return {
        parts: [
          part('header', first, 'JSON in base64url'),
          part('payload', second, 'JSON in base64url; anybody can read it'),
          part('signature', third, 'by the algorithm the header names'),
        ],
        payloads: [json('header', first), json('payload', second)],
      }
    case 'jwe':
      return {
        payloads: [json('header', first)],
        notes: ['As Auth.js writes. Its payload can be read only with its key.'],
      }
    case 'express-session':
      return {
        parts: [
          part('id', first.slice(2), 'the key of the session in its store'),
          part('signature', second, 'HMAC-SHA-256'),
        ],
        notes: ['It carries an id only: the data is in the store of the server.'],
      }
    case 'iron-session':
      return { notes: ['iron-session, h3 or hapi sealed it: only that server can read it.'] }
    case 'cookie-session':
      return {
        parts: [part('payload', plain, 'JSON in base64; anybody can read it')],
        payloads: [json('payload', plain)],
        notes: ['Its signature is in a second cookie, with .sig after the name.'],
      }
    default:
      return {}
  }
}

function unknown(why: string): Recognised {
  return recognised('unknown', 'no session cookie that is known here', { notes: [why] })
}

function whyUnknown(value: string): string {
  if (value === '') return 'It is empty.'
  const dots = value.replace(/^\./, '').split('.').length
  if (dots !== 3) {
    return `It has ${dots} ${dots === 1 ? 'part' : 'parts'} between dots; a signed cookie has 3.`
  }
  return 'It has three parts, but neither payload and timestamp nor the length of the signature fit.'
}
