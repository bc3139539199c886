/** Detects weak secrets: published ones, placeholders, patterns, too short ones. */

import { PUBLISHED_PIECES, publishedDigests } from './published-secrets.ts'

/** Why a secret is weak: an attacker knows it, can guess it, or can search for it. */
export type Weakness = 'well-known' | 'pattern' | 'short'

/** A secret has at least as many bytes as the output of SHA-256 (RFC 2104 section 3). */
export const MIN_SECRET_BYTES = 32

// Nobody types a longer secret: above this length only repetition is checked.
const MAX_TYPED = 1024

// Words and endings of placeholders. A secret made only of these was written to be replaced. Words
// that consist of others are left out: "passwords" is "pass" + "word" + "s".
const PLACEHOLDER_WORDS = new Set(
  `a abc about aes all amet an any app application asdfghjkl at auth authentication bar battery
  baz be before better bigger bit body brown by byte can cat change char character code commit
  complex config consectetur cookie correct default demo deploy dev develop django do dog dolor
  dont dummy duper encryption enter env ever example express fake fischl flask foo for fox from
  generate github goes good guess hard have hello here hhh hidden hmac horse host i in ipsum
  it jump just jwt keep kept key keyboard know lazy least length local log long lorem love
  luftschloss make max me min minimum more must my narfidort never new next no node not now of
  ok on one only or other our over own pass passwd phrase place placeholder please precious
  private prod production project put quick qwerty random re really safe sample scret secert
  secret secrt secure security session set sh shh should signature signing site so sojourn
  staple string strong super symbol temp temporary test text than that the thing thirty this to
  token top tutorial two uiop ultra un unique use v valid value very want web will with word
  world x you zxcvbnm s d r ed er ing ment`.split(/\s+/),
)

const WORD_BEGINNINGS = new Set(
  [...PLACEHOLDER_WORDS].flatMap((word) => Array.from(word, (_, at) => word.slice(0, at + 1))),
)

// Characters that stand for a letter: p4ssw0rd, s3cr3t, $ecret.
const LOOK_ALIKES = new Map(
  Array.from('0o1i3e4a5s7t@a$s!i'.matchAll(/../g), ([pair]) => [...pair] as [string, string]),
)

// Each published secret twice: as text, and as the hexadecimal form of the bytes that it encodes.
const PUBLISHED = [
  ...publishedDigests(),
  ...PUBLISHED_PIECES.flatMap((piece) => [
    piece.toLowerCase(),
    ...decodings(piece).map((bytes) => bytes.toString('hex')),
  ]),
]

/**
 * Returns the worst weakness of a secret, or `undefined` if none was found.
 *
 * A hexadecimal or base64 text is also checked as the bytes it encodes, for published secrets and
 * patterns. The length is that of the text, since the text is the secret.
 */
export function weaknessOf(secret: Uint8Array): Weakness | undefined {
  const given = Buffer.from(secret)
  const decoded = decodings(given.toString('latin1')).filter(({ length }) => length >= 16)
  const readings = [given, ...decoded]
  if (readings.some(isWellKnown)) return 'well-known'
  if (readings.some(isPattern)) return 'pattern'
  return secret.length < MIN_SECRET_BYTES ? 'short' : undefined
}

/** The bytes that a text encodes if it is hexadecimal or base64; both can be the case. */
function decodings(text: string): Buffer[] {
  const spelled = text.trim().replace(/^(?:hex|base64):/, '')
  // The hexadecimal digits of a UUID are separated by dashes.
  const digits = /^[\da-f-]+$/i.test(spelled) ? spelled.replaceAll('-', '') : ''
  const bytes: Buffer[] = []
  if (digits !== '') bytes.push(Buffer.from(digits, 'hex'))
  if (/^[\w+/-]+={0,2}$/.test(spelled)) {
    bytes.push(Buffer.from(spelled, 'base64'))
  }
  return bytes
}

function isWellKnown(secret: Buffer): boolean {
  if (secret.length > MAX_TYPED) return false
  const text = secret.toString('latin1').toLowerCase()
  const hex = secret.toString('hex')
  return (
    // Django's `startproject` marks its generated secrets with this prefix.
    text.startsWith('django-insecure-') ||
    PUBLISHED.some((known) => text.includes(known) || hex.includes(known)) ||
    isPlaceholder(text)
  )
}

/** Whether the text consists only of placeholder words, digits and punctuation. */
function isPlaceholder(text: string): boolean {
  // Only printable ASCII with a letter beyond "f": the only letter of random bytes may be an "a",
  // and hexadecimal digits may form words by accident.
  if (text.length > MAX_TYPED) return false
  if (!/^[\t\n\r\x20-\x7e]*$/.test(text) || !/[g-z]/.test(text)) return false
  // Unfinished words that the text so far can end with; '' means that a word has ended.
  let open = new Set([''])
  for (const character of text) {
    const isLetter = character >= 'a' && character <= 'z'
    const letter = isLetter ? character : LOOK_ALIKES.get(character)
    const next = new Set(isLetter ? [] : open)
    for (const beginning of letter === undefined ? [] : open) {
      const longer = beginning + letter
      if (WORD_BEGINNINGS.has(longer)) next.add(longer)
      if (PLACEHOLDER_WORDS.has(longer)) next.add('')
    }
    if (next.size === 0) return false
    open = next
  }
  return open.has('')
}

/** Few distinct bytes, repetition, a sequence such as 0123456789, or a keyboard walk (qwerty). */
function isPattern(secret: Buffer): boolean {
  if (new Set(secret).size < Math.min(6, secret.length / 2)) return true
  if (isRepeated(secret) || isRepeated(Buffer.from(secret).reverse())) return true
  if (secret.length > MAX_TYPED) return false
  const text = Buffer.from(secret.toString('latin1').toLowerCase(), 'latin1')
  // In UTF-8 the letters of another script share their leading bytes.
  const strides = text.some((byte) => byte >= 0x80) ? [1] : [1, 2, 3, 4]
  const keys = Float64Array.from(text, (byte) => KEYS[byte]!)
  return strides.some((stride) => isWalk(text, stride) || isWalk(keys, stride, ROW))
}

/** Whether a repeated piece fills at least three quarters, or the end repeats the beginning. */
function isRepeated(secret: Buffer): boolean {
  const { length } = secret
  // Border lengths of each prefix (Knuth-Morris-Pratt failure function).
  const borders = new Uint32Array(length)
  for (let at = 1, border = 0; at < length; at++) {
    while (border > 0 && secret[at] !== secret[border]) border = borders[border - 1]!
    if (secret[at] === secret[border]) border++
    borders[at] = border
    if (at + 1 >= length * 0.75 && border >= (at + 1) / 2) return true
  }
  return length > 1 && borders[length - 1]! >= Math.min(length / 2, 8)
}

// The rows of a US keyboard, without and with the shift key.
const KEYBOARD = [
  ['`1234567890-=', ' qwertyuiop[]\\', " asdfghjkl;'", ' zxcvbnm,./'],
  ['~!@#$%^&*()_+', ' qwertyuiop{}|', ' asdfghjkl:"', ' zxcvbnm<>?'],
]
const ROW = 32
const KEYS = new Float64Array(256).fill(Number.NaN)
for (const [row, line] of KEYBOARD.flatMap((rows) => [...rows.entries()])) {
  for (const [column, key] of [...line].entries()) {
    if (key !== ' ') KEYS[key.charCodeAt(0)] = row * ROW + column
  }
}

/** Whether at least 80 % of the places are neighbours of the place `stride` before them. */
function isWalk(places: Buffer | Float64Array, stride: number, row = Number.NaN): boolean {
  let steps = 0
  for (let at = stride; at < places.length; at++) {
    const distance = Math.abs(places[at]! - places[at - stride]!)
    if (distance <= 1 || Math.abs(distance - row) <= 1) steps++
  }
  return places.length >= 8 && steps >= (places.length - stride) * 0.8
}
