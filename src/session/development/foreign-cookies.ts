/** Recognises session cookies of other libraries by their format. */

import { decodeBase64url } from '../../base/bytes.ts'

/** The library, or the format, of such a cookie. */
export type ForeignFormat =
  | 'express-session'
  | 'iron-session'
  | 'jwt'
  | 'jwe'
  | 'django'
  | 'rails'
  | 'cookie-session'

/** Each format with its test and the title of such a cookie. Each test takes linear time. */
const LOOKS: readonly [ForeignFormat, looks: (value: string) => boolean, title?: string][] = [
  // "s:" id "." signature
  ['express-session', (value) => /^s:[^.]+\./.test(value)],
  ['iron-session', (value) => value.startsWith('Fe26.')],
  // header "." payload "." signature
  ['jwt', (value) => isToken(value, 3, 'alg'), 'a JSON Web Token'],
  // header "." key "." iv "." text "." tag
  ['jwe', (value) => isToken(value, 5, 'enc'), 'an encrypted JSON Web Token'],
  ['django', (value) => /^\.?[\w-]+:[\w-]+:[\w-]{27,43}$/.test(value)],
  // data "--" signature, or data "--" iv "--" tag
  ['rails', (value) => /^[\w+/=]+--[\w+/=]{16,}(?:--[\w+/=]+)?$/.test(value)],
  // base64 of JSON; the signature is in a second cookie
  ['cookie-session', (value) => jsonOf(value, 'base64') !== undefined],
]

/** The library that has probably written a value; `undefined` if none is recognised. */
export function foreignCookie(value: string): { format: ForeignFormat; title: string } | undefined {
  const plain = percentDecoded(value)
  const [format, , title] = LOOKS.find(([, looks]) => looks(plain)) ?? []
  return format && { format, title: title ?? `${format}'s cookie` }
}

function isToken(value: string, parts: number, member: string): boolean {
  const [header = '', payload = '', ...more] = value.split('.', parts + 1)
  if (more.length !== parts - 2 || jsonOf(header)?.[member] === undefined) return false
  return parts > 3 || jsonOf(payload) !== undefined
}

/** The JSON object that a text is the encoding of. */
function jsonOf(text: string, encoding?: 'base64'): Record<string, unknown> | undefined {
  // The beginning of a JSON object in base64: "{", then a quotation mark, white space or "}".
  if (!/^e[wy3][\w+/=-]*$/.test(text)) return undefined
  const bytes = encoding ? Buffer.from(text, encoding) : decodeBase64url(text)
  try {
    return JSON.parse(bytes?.toString() ?? '') as Record<string, unknown>
  } catch {
    return undefined
  }
}

/** The value without percent-encoding; unchanged if the encoding is invalid. */
export function percentDecoded(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}
