/** Forging by change: genuine cookies altered, taken apart, mixed and spelled otherwise. */

import { mutated } from '../record/random.ts'
import {
  anyCookie,
  BASE64URL,
  base64url,
  type Forge,
  partsOf,
  repeated,
  withPiece,
} from './forger.ts'

const AROUND = 'ABCXYZabcxyz0189-_.=+/%"\\ ,;\u0000\u0085\u00e9\u00ff'

/** The ways, by name. */
export const CHANGES: Readonly<Record<string, Forge>> = {
  'one to three small changes': (hands) => {
    let value = hands.one(hands.own)
    for (let left = 1 + hands.below(3); left > 0; left -= 1) {
      value = mutated(value, AROUND, hands.random)
    }
    return value
  },

  'bits flipped': ({ own, one, below }) => {
    const codes = [...one(own)].map((letter) => letter.charCodeAt(0))
    for (let left = 1 + below(8); left > 0; left -= 1) codes[below(codes.length)]! ^= 1 << below(8)
    return String.fromCharCode(...codes)
  },

  'parts of two cookies of this kind': (hands) => {
    const { parts, between } = partsOf(hands.one(hands.own))
    const { parts: others } = partsOf(hands.one(hands.own))
    const mixed = parts.map((part, at) => (hands.random() < 0.5 ? part : (others[at] ?? '')))
    return mixed.join(between)
  },

  'parts of cookies of any kind': (hands) => {
    const { between } = partsOf(hands.one(hands.own))
    const part = () => hands.one(partsOf(anyCookie(hands)).parts)
    return repeated(1 + hands.below(5), part, between)
  },

  'parts in another order, twice or not at all': ({ own, one, below }) => {
    const { parts, between } = partsOf(one(own))
    const others = repeated(1 + below(5), () => one(parts), between)
    return below(2) ? others : parts.toReversed().join(between)
  },

  'a cookie of another kind, or under another secret': ({ foreign, one }) => one(foreign),

  'bytes of one cookie in the place of those of another': (hands) => {
    const [a, b] = [hands.one(hands.own), hands.one(hands.own)].map((cookie) =>
      Buffer.from(cookie.replaceAll('.', ''), 'base64url'),
    ) as [Buffer, Buffer]
    const at = hands.below(a.length)
    const spliced = Buffer.concat([a.subarray(0, at), b.subarray(at)])
    return spliced.toString('base64url')
  },

  // version 1, key id 2, salt 24, commitment 16, ciphertext, tag 16
  'fields of two envelopes exchanged': (hands) => {
    const FIELDS = [0, 1, 3, 27, 43]
    const [a, b] = [hands.one(hands.own), anyCookie(hands)].map((cookie) =>
      Buffer.from(cookie, 'base64url'),
    ) as [Buffer, Buffer]
    const parts = (bytes: Buffer) => {
      const ends = [...FIELDS.slice(1), Math.max(43, bytes.length - 16), bytes.length]
      return [...FIELDS, Math.max(43, bytes.length - 16)].map((from, n) =>
        bytes.subarray(from, ends[n]),
      )
    }
    const [left, right] = [parts(a), parts(b)]
    const mixed = left.map((part, n) => (hands.random() < 0.5 ? part : right[n]!))
    return Buffer.concat(mixed).toString('base64url')
  },

  'another version or key id': (hands) => {
    const bytes = Buffer.from(hands.one(hands.own).replaceAll('.', ''), 'base64url')
    bytes[hands.below(3)] = hands.below(256)
    return bytes.toString('base64url')
  },

  'another time': (hands) => {
    const [body, , signature] = hands.one(hands.own).split('.')
    const seconds = Buffer.alloc(4)
    seconds.writeUInt32BE(hands.below(2 ** 32))
    return `${body}.${base64url(seconds)}.${signature}`
  },

  'a signature cut or lengthened': (hands) => {
    const cookie = hands.one(hands.own)
    const at = cookie.lastIndexOf('.') + 1
    const [head, signature] = [cookie.slice(0, at), cookie.slice(at)]
    return head + hands.one(['', signature.slice(0, hands.below(43)), signature + signature, '='])
  },

  // The high bits of each character changed, so that a lossy reader sees the genuine one.
  'characters that are the same in one byte': ({ own, one, below }) => {
    const codes = [...one(own)].map((letter) => letter.charCodeAt(0))
    codes[below(codes.length)]! += 256 * (1 + below(255))
    return String.fromCharCode(...codes)
  },

  'empty parts': (hands) => {
    const parts = hands.one(hands.own).split('.')
    const emptied = parts.map((part) => (hands.random() < 0.5 ? '' : part))
    return hands.one([
      emptied.join('.'),
      '.'.repeat(hands.below(9)),
      withPiece(hands.one(hands.own), '.', hands),
    ])
  },

  // M3: a lenient decoder takes several spellings for the same bytes.
  'another spelling of the same bytes': (hands) => {
    const parts = hands.one(hands.own).split('.')
    const at = hands.below(parts.length)
    const part = parts[at]!
    const last = BASE64URL.indexOf(part.at(-1) ?? 'A')
    parts[at] = hands.one([
      part.slice(0, -1) + BASE64URL[(last & ~15) | hands.below(16)]!,
      part + '='.repeat(1 + hands.below(3)),
      part.replaceAll('-', '+').replaceAll('_', '/'),
      withPiece(part, hands.one([' ', '\n', '\t', '\r\n', '*', '\u0000']), hands),
      part.split('').join(' '),
      base64url(part),
    ])
    return parts.join('.')
  },

  'percent-encoded': (hands) => {
    const percent = (letter: string) =>
      `%${letter.charCodeAt(0).toString(16).padStart(2, '0').toUpperCase()}`
    const cookie = hands.one(hands.own)
    const some = cookie.replace(/[^]/g, (letter) =>
      hands.random() < 0.1 ? percent(letter) : letter,
    )
    return hands.one([
      some,
      cookie.replaceAll('.', '%2E'),
      cookie.replaceAll('.', '%252E'),
      cookie.replace(/[^]/g, percent),
    ])
  },

  'letters in the other case': (hands) => {
    const cookie = hands.one(hands.own)
    return hands.one([
      cookie.toUpperCase(),
      cookie.toLowerCase(),
      [...cookie].reverse().join(''),
      cookie.replace(/[a-z]/gi, (letter) =>
        hands.random() < 0.05 ? letter.toUpperCase() : letter,
      ),
    ])
  },

  'cookies one after the other': (hands) => {
    const join = hands.one(['', '.', ',', ';', ' ', '|', '&', '\n', '\u0000', '; session='])
    return repeated(2 + hands.below(3), () => anyCookie(hands), join)
  },
}
