/** Forging by form: cookies that look right, signed by nobody or with what anybody can guess. */

import { createHash, createHmac } from 'node:crypto'
import {
  anyCookie,
  BASE64URL,
  base64url,
  type Forge,
  type Hands,
  repeated,
  withPiece,
} from './forger.ts'
import { TELLING_NAMES } from './telling-names.ts'

const PAYLOADS = [
  '{"userId":"admin"}',
  '["s44we8.aaaaaa",{"userId":"admin"},{"u":"admin"}]',
  '[{"u":"admin"},{"x":1}]',
  '{"_user_id":"1","_fresh":true,"_permanent":true}',
  '{"__proto__":{"userId":"admin"}}',
  'null',
  '[]',
  '',
]
const HEADERS = ['{"alg":"none"}', '{"alg":"HS256","typ":"JWT"}', '{"alg":"dir","enc":"A256GCM"}']
const GUESSES = ['', 'secret', 'session', 'sojourn/1', 'changeme', '\u0000'.repeat(32), 'None']

const LETTERS = [...BASE64URL]

function letters({ one }: Hands, size: number): string {
  return repeated(size, () => one(LETTERS))
}

function bytesOf({ random }: Hands, size: number): Uint8Array {
  return Uint8Array.from({ length: size }, () => random() * 256)
}

/** The ways, by name. */
export const FORMS: Readonly<Record<string, Forge>> = {
  'random, in the form of a signed cookie': (hands) =>
    `${hands.one(['', '.'])}${base64url(bytesOf(hands, hands.below(60)))}.${letters(hands, 6)}.${letters(hands, hands.one([27, 43, 86]))}`,

  'random, in the form of an id': (hands) =>
    `${letters(hands, 22)}.${letters(hands, 43)}.${letters(hands, 16)}`,

  'random, in the form of an envelope': (hands) => {
    const bytes = bytesOf(hands, 64 + hands.below(60))
    const genuine = Buffer.from(hands.one(hands.own), 'base64url')
    // Half of them under a key id that is in use.
    bytes.set(hands.random() < 0.5 ? genuine.subarray(0, 3) : [1])
    return base64url(bytes)
  },

  'Unicode of any kind': (hands) =>
    repeated(1 + hands.below(40), () =>
      hands.random() < 0.2
        ? String.fromCharCode(hands.below(65_536))
        : String.fromCodePoint(hands.below(0x110000)),
    ),

  'Unicode inside a cookie': (hands) => {
    const strange = [
      '\u{1d400}',
      '\uff21',
      '\ud800',
      '\u2024',
      '\u0131',
      '\u212a',
      '\u200b',
      '\ufeff',
    ]
    return withPiece(hands.one(hands.own), hands.one(strange), hands)
  },

  'very long': (hands) => {
    const size = hands.random() < 0.04 ? hands.one([60_000, 70_000]) : 1 + hands.below(6_000)
    const cookie = anyCookie(hands)
    return hands.one([
      () => hands.one(['A', '.', '%', '-', '\u00ff']).repeat(size),
      () => cookie.repeat(Math.ceil(size / cookie.length)),
      () => `${'A'.repeat(size)}.${cookie}`,
      () => `${cookie}${'.A'.repeat(size / 2)}`,
    ])()
  },

  'names of prototypes': (hands) => {
    const parts = hands.one(hands.own).split('.')
    const name = hands.one(TELLING_NAMES)
    parts[hands.below(parts.length)] = hands.one([
      name,
      base64url(name),
      `${name}${letters(hands, 36)}`,
    ])
    return hands.one([parts.join('.'), name, name + hands.one(hands.own)])
  },

  // C-25: nothing unsigned is ever read.
  'a payload without protection': (hands) => {
    const payload = hands.one(PAYLOADS)
    const body = base64url(payload)
    const time = hands.one(hands.own).split('.').at(-2) ?? 'ZVPwAA'
    return hands.one([
      payload,
      encodeURIComponent(payload),
      Buffer.from(payload).toString('base64'),
      body,
      `${body}.`,
      `.${body}`,
      `${body}.${time}`,
      `${body}.${time}.`,
      `${body}.${time}.${'A'.repeat(43)}`,
      `${base64url(hands.one(HEADERS))}.${body}.`,
      `${base64url(hands.one(HEADERS))}.${body}.${letters(hands, 43)}`,
      `s:${body}.${letters(hands, 43)}`,
      `j:${payload}`,
      `Fe26.2**${body}*${letters(hands, 22)}*${letters(hands, 64)}**${body}*${letters(hands, 43)}~2`,
      `AQ${letters(hands, 2)}${body}`,
    ])
  },

  'a payload signed with what anybody can guess': (hands) => {
    const cookie = hands.one(hands.own)
    const [digest, characters] = hands.one([
      ['sha1', 27],
      ['sha256', 43],
      ['sha256', 16],
    ] as const)
    const key = hands.one([...GUESSES, cookie, cookie.split('.')[0]!])
    const text = hands.one([
      `${base64url(hands.one(PAYLOADS))}.ZVPwAA`,
      cookie.slice(0, cookie.lastIndexOf('.')),
      `${letters(hands, 22)}.${letters(hands, 43)}`,
    ])
    const hash = hands.one([
      createHash(digest).update(text),
      createHash(digest).update(key + text),
      createHmac(digest, key).update(text),
    ])
    return `${text}.${hash.digest('base64url').slice(0, characters)}`
  },
}
