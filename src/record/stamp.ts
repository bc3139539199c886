/** When a session began, and what tells it from all others: the short text a record begins with. */

/** The parts of a stamp. */
export interface Stamp {
  /** In seconds since 1970. */
  readonly created: number | undefined
  /** Six random characters: with `created` no two sessions have the same, and it proves nothing. */
  readonly nonce: string | undefined
}

/** The stamp that says nothing. */
export const NO_STAMP: Stamp = { created: undefined, nonce: undefined }

// stamp   = "" / created ["." nonce]
// created = 1*9( DIGIT / a-z )      ; base 36
// nonce   = 6( DIGIT / a-z )
//
// Every cookie carries it, hence no JSON.
const STAMP = /^[\da-z]{1,9}(?:\.[\da-z]{6})?$/

/** The text of a stamp. */
export function encodeStamp({ created, nonce }: Stamp): string {
  if (created === undefined) return ''
  const time = created.toString(36)
  return nonce === undefined ? time : `${time}.${nonce}`
}

/** The stamp of a text, or `undefined` if it is none. */
export function decodeStamp(text: string): Stamp | undefined {
  if (text === '') return NO_STAMP
  if (!STAMP.test(text)) return undefined
  const dot = text.indexOf('.')
  // Which ends at the dot by itself.
  const created = Number.parseInt(text, 36)
  return { created, nonce: dot < 0 ? undefined : text.slice(dot + 1) }
}

/** How many nonces there are. */
export const NONCES = 36 ** 6

/** The nonce of a number below `NONCES`. */
export function spellNonce(number: number): string {
  return number.toString(36).padStart(6, '0')
}
