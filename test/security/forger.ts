/** What a forger holds, and how a cookie is spelled. */

/** What a forger has: cookies of the kind that is attacked, others, and chance. */
export interface Hands {
  /** Genuine cookies of this kind, in this app. */
  readonly own: readonly string[]
  /** Cookies of the other kinds under the same secret, and of any kind under others. */
  readonly foreign: readonly string[]
  random(): number
  below(limit: number): number
  one<Item>(items: readonly Item[]): Item
}

/** Makes one forgery. */
export type Forge = (hands: Hands) => string

/** The alphabet of base64url, in its order. */
export const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** Any cookie that the forger holds; more often one of the kind that is attacked. */
export function anyCookie({ own, foreign, one, random }: Hands): string {
  return one(random() < 0.6 ? own : foreign)
}

/** The text with a piece put in somewhere, perhaps over what was there. */
export function withPiece(text: string, piece: string, { below }: Hands): string {
  const at = below(text.length + 1)
  return text.slice(0, at) + piece + text.slice(at + below(3))
}

/** That many texts, one after the other. */
export function repeated(times: number, once: () => string, join = ''): string {
  return Array.from({ length: times }, once).join(join)
}

/** A text in base64url. */
export function base64url(text: string | Uint8Array): string {
  return Buffer.from(text).toString('base64url')
}

/** The parts of a cookie, and what stands between them: head, salt and the rest of an envelope. */
export function partsOf(cookie: string): { parts: string[]; between: string } {
  if (cookie.includes('.')) return { parts: cookie.split('.'), between: '.' }
  return { parts: [cookie.slice(0, 4), cookie.slice(4, 36), cookie.slice(36)], between: '' }
}
