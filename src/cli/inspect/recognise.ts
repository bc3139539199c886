/** Tells whose cookie a value is, from its looks alone: nothing here is verified. */

import { decodeBase64url } from '../../base/bytes.ts'
import { unpack } from '../../crypto/payload.ts'
import { decodeSeconds } from '../../crypto/signed.ts'
import { parseJson } from '../../record/text/json.ts'
import { asForeign, asJwt } from './recognise-foreign.ts'
import {
  type Digest,
  type Format,
  isJsonObject,
  type Recognised,
  recognised,
} from './recognised.ts'

const DIGESTS: Readonly<Record<number, Digest>> = { 27: 'sha1', 43: 'sha256', 86: 'sha512' }

/** The longest value a server of ours looks at. */
const MAX_LENGTH = 65_536

/** Says whose cookie it is. Anything else is `unknown`, with the reason among the notes. */
export function recognise(value: string): Recognised {
  if (value.length > MAX_LENGTH) return unknown('It is longer than any cookie a browser keeps.')
  return (
    asId(value) ??
    asEncrypted(value) ??
    asJwt(value) ??
    asItsdangerous(value) ??
    asForeign(value) ??
    unknown(whyUnknown(value))
  )
}

// id = selector "." verifier "." mac
function asId(value: string): Recognised | undefined {
  const [, selector, verifier, mac] = /^([\w-]{22})\.([\w-]{43})\.([\w-]{16})$/.exec(value) ?? []
  if (selector === undefined || verifier === undefined || mac === undefined) return undefined
  return recognised('sojourn-id', "the id of one of Sojourn's sessions in a store", {
    parts: [
      { name: 'selector', text: selector, says: "the session's handle, its key in the store" },
      {
        name: 'verifier',
        text: verifier,
        says: 'proves who was given the id; the store has a hash of it',
      },
      { name: 'mac', text: mac, says: '96 bits of HMAC-SHA-256' },
    ],
    notes: ['What the session holds is in the store: see sojourn list.'],
  })
}

// envelope = base64url(version key-id salt commitment ciphertext tag), version 1
const HEAD_CHARACTERS = 4
const MIN_ENVELOPE = 86

function asEncrypted(value: string): Recognised | undefined {
  if (value.length < MIN_ENVELOPE || !/^A[\w-]+$/.test(value)) return undefined
  const envelope = decodeBase64url(value)
  if (envelope?.[0] !== 1) return undefined
  return recognised('sojourn-encrypted', "Sojourn's encrypted cookie", {
    compressed: false,
    parts: [
      {
        name: 'head',
        text: value.slice(0, HEAD_CHARACTERS),
        says: 'version 1, and which key it is under',
      },
      {
        name: 'sealed',
        text: value.slice(HEAD_CHARACTERS),
        says: 'AES-256-GCM; nobody can read it without the secret',
      },
    ],
  })
}

// signed = ["."] payload "." timestamp "." signature
function asItsdangerous(value: string): Recognised | undefined {
  const last = value.lastIndexOf('.')
  const middle = value.lastIndexOf('.', last - 1)
  if (middle < 0 || last === middle) return undefined
  const body = value.slice(0, middle)
  const timestamp = value.slice(middle + 1, last)
  const signature = value.slice(last + 1)
  const signedAt = decodeSeconds(timestamp)
  const digest = DIGESTS[signature.length]
  const text = unpack(body)
  const json = text === undefined ? undefined : parseJson(text)
  if (signedAt === undefined || (!json && !digest) || !/^[\w.-]+$/.test(body)) return undefined
  const compressed = body.startsWith('.')
  const [format, title] = signedFormat(json?.value)
  return recognised(format, title, {
    compressed,
    signedAt,
    digest,
    payloads: json && text !== undefined ? [{ label: 'payload', text }] : [],
    parts: [
      {
        name: 'payload',
        text: body,
        says: `${compressed ? 'deflated JSON' : 'JSON'} in base64url; anybody can read it`,
      },
      { name: 'timestamp', text: timestamp, says: 'when it was signed' },
      {
        name: 'signature',
        text: signature,
        says: digest ? `HMAC-${DIGEST_NAMES[digest]}` : NO_DIGEST,
      },
    ],
    notes: json ? [] : [text === undefined ? NOT_PACKED : NOT_JSON],
  })
}

const DIGEST_NAMES = { sha1: 'SHA-1', sha256: 'SHA-256', sha512: 'SHA-512' } as const
const NO_DIGEST = 'of no length a signature has: it was cut or added to'
const NOT_PACKED =
  'The payload is not base64url of text: it was cut or changed, or is something else.'
const NOT_JSON =
  'The payload is not JSON that a session can be: it was cut or changed, or is something else.'

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
