/** The stamp of a record: creation time and nonce of a session, as a short text. */

/** Creation time and nonce of a session. */
export interface Stamp {
  /** When the session was created, in seconds since 1970. */
  readonly created: number | undefined
  /** Six random characters that, with `created`, identify a session. Not secret: no credential. */
  readonly nonce: string | undefined
}

/** A stamp without time and nonce, as in Flask's layout. */
export const NO_STAMP: Stamp = { created: undefined, nonce: undefined }

// stamp   = "" / created ["." nonce]
// created = 1*9( DIGIT / a-z )      ; base 36
// nonce   = 6( DIGIT / a-z )
//
// Every cookie carries it, so it is shorter than JSON.
const STAMP = /^[\da-z]{1,9}(?:\.[\da-z]{6})?$/

/** Encodes a stamp as text. */
export function encodeStamp({ created, nonce }: Stamp): string {
  if (created === undefined) return ''
  const time = created.toString(36)
  return nonce === undefined ? time : `${time}.${nonce}`
}

/** Decodes a stamp; returns `undefined` if the text is invalid. */
export function decodeStamp(text: string): Stamp | undefined {
  if (text === '') return NO_STAMP
  if (!STAMP.test(text)) return undefined
  const dot = text.indexOf('.')
  // parseInt stops at the dot.
  const created = Number.parseInt(text, 36)
  return { created, nonce: dot < 0 ? undefined : text.slice(dot + 1) }
}

/** The number of different nonces. */
export const NONCES = 36 ** 6

/** Encodes a number below `NONCES` as a nonce: six characters in base 36. */
export function spellNonce(number: number): string {
  return number.toString(36).padStart(6, '0')
}
