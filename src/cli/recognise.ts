/** Tells whose cookie a value is, from its looks alone: nothing here is verified. */

import { decodeBase64url } from '../base/bytes.ts'
import { unpack } from '../crypto/payload.ts'
import { decodeSeconds } from '../crypto/signed.ts'
import { type JsonObject, parseJson } from '../record/json.ts'

/** What wrote the cookie. */
export type Format =
  | 'sojourn'
  | 'flask'
  | 'itsdangerous'
  | 'express-session'
  | 'cookie-session'
  | 'iron-session'
  | 'jwt'
  | 'jwe'
  | 'django'
  | 'rails'
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
  compressed: boolean | undefined
  /** The signed time, in seconds since 1970. */
  signedAt: number | undefined
  /** The hash the length of the signature belongs to, if it is laid out as itsdangerous does. */
  digest: Digest | undefined
  notes: readonly string[]
}

/** The hashes in use, by the length of their base64url. */
export type Digest = 'sha1' | 'sha256' | 'sha512'

const DIGESTS: Readonly<Record<number, Digest>> = { 27: 'sha1', 43: 'sha256', 86: 'sha512' }

/** The longest value a server of ours looks at. */
const MAX_LENGTH = 65_536

/** Says whose cookie it is. Anything else is `unknown`, with the reason among the notes. */
export function recognise(value: string): Recognised {
  if (value.length > MAX_LENGTH) return unknown('It is longer than any cookie a browser keeps.')
  return asJwt(value) ?? asItsdangerous(value) ?? asForeign(value) ?? unknown(whyUnknown(value))
}

function recognised(format: Format, title: string, rest: Partial<Recognised> = {}): Recognised {
  return {
    format,
    title,
    parts: [],
    payloads: [],
    compressed: undefined,
    signedAt: undefined,
    digest: undefined,
    notes: [],
    ...rest,
  }
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
  if (Array.isArray(value) && value.length === 2 && value.every(isObject)) {
    return ['sojourn', "Sojourn's signed cookie"]
  }
  if (isObject(value)) return ['flask', "Flask's session cookie"]
  return ['itsdangerous', 'a value signed by itsdangerous, but no session of Flask or Sojourn']
}

// jwt = header "." payload "." signature;   jwe = header "." key "." iv "." text "." tag
function asJwt(value: string): Recognised | undefined {
  const texts = value.split('.')
  const [header = '', payload = '', signature = ''] = texts
  const head = jsonOf(header)
  if (!head || typeof head.value['alg'] !== 'string') return undefined
  if (texts.length === 5 && typeof head.value['enc'] === 'string') {
    return recognised('jwe', 'an encrypted JSON Web Token, as Auth.js writes', {
      payloads: [{ label: 'header', text: head.text }],
      notes: ['Its payload can be read only with its key.'],
    })
  }
  const body = jsonOf(payload)
  if (texts.length !== 3 || !body) return undefined
  return recognised('jwt', 'a JSON Web Token', {
    parts: [
      { name: 'header', text: header, says: 'JSON in base64url' },
      { name: 'payload', text: payload, says: 'JSON in base64url; anybody can read it' },
      { name: 'signature', text: signature, says: 'by the algorithm the header names' },
    ],
    payloads: [
      { label: 'header', text: head.text },
      { label: 'payload', text: body.text },
    ],
  })
}

function asForeign(value: string): Recognised | undefined {
  const plain = percentDecoded(value)
  if (/^s:[^.]+\.[A-Za-z0-9+/]{43}=?$/.test(plain)) {
    const dot = plain.lastIndexOf('.')
    return recognised('express-session', "express-session's cookie", {
      parts: [
        { name: 'id', text: plain.slice(2, dot), says: 'the key of the session in its store' },
        { name: 'signature', text: plain.slice(dot + 1), says: 'HMAC-SHA-256' },
      ],
      notes: ['It carries an id only: the data is in the store of the server.'],
    })
  }
  if (/^Fe26\.\d+\*/.test(plain)) {
    return recognised('iron-session', 'a cookie sealed by iron-session, h3 or hapi', {
      notes: ['It is encrypted: only the server that sealed it can read it.'],
    })
  }
  if (/^\.?[\w-]+:[\w-]+:[\w-]{27,43}$/.test(plain)) {
    return recognised('django', 'a value signed by Django')
  }
  if (/^[A-Za-z0-9+/=_-]+--[A-Za-z0-9+/=_-]{24,}$/.test(plain)) {
    return recognised('rails', "Rails' session cookie")
  }
  // value = base64 of JSON; the signature is in a second cookie
  const json = /^[A-Za-z0-9+/_-]+={0,2}$/.test(plain) ? jsonOf(plain, 'base64') : undefined
  if (!json) return undefined
  return recognised('cookie-session', "cookie-session's cookie", {
    parts: [{ name: 'payload', text: plain, says: 'JSON in base64; anybody can read it' }],
    payloads: [{ label: 'payload', text: json.text }],
    notes: ['Its signature is in a second cookie, with .sig after the name.'],
  })
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

function jsonOf(packed: string, encoding: 'base64' | 'base64url' = 'base64url') {
  const bytes = encoding === 'base64' ? Buffer.from(packed, encoding) : decodeBase64url(packed)
  const text = bytes?.toString('utf8') ?? ''
  const parsed = parseJson(text)
  return parsed && isObject(parsed.value) ? { text, value: parsed.value } : undefined
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function percentDecoded(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}
