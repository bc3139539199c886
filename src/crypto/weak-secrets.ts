/** Detects secrets that can be guessed: published ones, placeholders, patterns. */

import { PUBLISHED_BEGINNINGS, publishedDigests } from './published-secrets.ts'

/** Why a secret protects nothing, or not enough. */
export type Weakness = 'well-known' | 'pattern' | 'short'

/** Fewer bytes than this can be searched: the length every guide asks for. */
export const MIN_SECRET_BYTES = 32

// More than this nobody types: what is longer is weak only where it repeats itself.
const MAX_TYPED = 1024

// Words and endings of placeholders. A secret made of nothing else was written to be replaced. No word
// is here that others make up: "passwords" is "pass" + "word" + "s".
const PLACEHOLDER_WORDS = new Set(
  `a abc about aes all amet an any app application asdfghjkl at auth authentication bar battery
  baz be before better bigger bit body brown by byte can cat change char character code commit
  complex config consectetur cookie correct default demo deploy dev develop django do dog dolor
  dont dummy duper encryption enter env ever example express fake fischl flask foo for fox from
  generate github goes good guess hard have hello here hhh hidden hmac horse host i in ipsum is
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

// Every spelling of a published secret: its text, and in hexadecimal the bytes that the text encodes.
const PUBLISHED = [
  ...publishedDigests(),
  ...PUBLISHED_BEGINNINGS.flatMap((beginning) => [
    beginning.toLowerCase(),
    ...decodings(beginning).map((bytes) => bytes.toString('hex')),
  ]),
]

/**
 * The first weakness found, the worst first; `undefined` for a secret that may be used.
 *
 * A text that is hexadecimal or base64 is judged as the bytes it spells, too: these may be
 * published or a pattern, but never short, for it is the text that is the secret.
 */
export function weaknessOf(secret: Uint8Array): Weakness | undefined {
  const given = Buffer.from(secret)
  const decoded = decodings(given.toString('latin1')).filter(({ length }) => length >= 16)
  const readings = [given, ...decoded]
  if (readings.some(isWellKnown)) return 'well-known'
  if (readings.some(isPattern)) return 'pattern'
  return secret.length < MIN_SECRET_BYTES ? 'short' : undefined
}

/** The bytes that a text spells where it is hexadecimal or base64. */
function decodings(text: string): Buffer[] {
  const spelled = text.trim().replace(/^(?:hex|base64):/, '')
  // The hexadecimal digits of a UUID are parted by dashes.
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
    // Django marks the secrets it makes up for a new project.
    text.startsWith('django-insecure-') ||
    PUBLISHED.some((known) => text.includes(known) || hex.includes(known)) ||
    isPlaceholder(text)
  )
}

/** Whether the text is made of placeholder words and of nothing else but digits and punctuation. */
function isPlaceholder(text: string): boolean {
  // Only what somebody typed is a placeholder: random bytes may hold no more letters than "a", and
  // hexadecimal digits may read as words by accident, but never with a letter beyond "f".
  if (text.length > MAX_TYPED) return false
  if (!/^[\t\n\r\x20-\x7e]*$/.test(text) || !/[g-z]/.test(text)) return false
  // Beginnings of words that the text so far can end with; '' is the end of a word.
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

/** Few different bytes, a piece repeated, a run such as 0123456789, or a walk over the keyboard. */
function isPattern(secret: Buffer): boolean {
  if (new Set(secret).size < Math.min(6, secret.length / 2)) return true
  if (isRepeated(secret) || isRepeated(Buffer.from(secret).reverse())) return true
  if (secret.length > MAX_TYPED) return false
  const text = Buffer.from(secret.toString('latin1').toLowerCase(), 'latin1')
  // Bytes beyond ASCII are letters of other scripts, whose leading bytes are all alike.
  const strides = text.some((byte) => byte >= 0x80) ? [1] : [1, 2, 3, 4]
  const keys = Float64Array.from(text, (byte) => KEYS[byte]!)
  return strides.some((stride) => isWalk(text, stride) || isWalk(keys, stride, ROW))
}

/** Whether a piece makes up three quarters at least, or the end is the beginning once more. */
function isRepeated(secret: Buffer): boolean {
  const { length } = secret
  // How long an end of the first bytes is also their beginning (Knuth, Morris and Pratt).
  const borders = new Uint32Array(length)
  for (let at = 1, border = 0; at < length; at++) {
    while (border > 0 && secret[at] !== secret[border]) border = borders[border - 1]!
    if (secret[at] === secret[border]) border++
    borders[at] = border
    if (at + 1 >= length * 0.75 && border >= (at + 1) / 2) return true
  }
  return length > 1 && borders[length - 1]! >= Math.min(length / 2, 8)
}

// Rows of a keyboard below each other, without and with the shift key.
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

/** Whether four places of five are neighbours of the place so many before them. */
function isWalk(places: Buffer | Float64Array, stride: number, row = Number.NaN): boolean {
  let steps = 0
  for (let at = stride; at < places.length; at++) {
    const distance = Math.abs(places[at]! - places[at - stride]!)
    if (distance <= 1 || Math.abs(distance - row) <= 1) steps++
  }
  return places.length >= 8 && steps >= (places.length - stride) * 0.8
}
