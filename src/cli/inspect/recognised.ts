/** What the look of a cookie tells: its format, its parts, and how a secret may have made it. */

import type { Scope } from '../../crypto/keys.ts'
import type { ForeignFormat } from '../../session/explain/foreign-cookies.ts'

/** What wrote the cookie. */
export type Format =
  | 'sojourn'
  | 'sojourn-encrypted'
  | 'sojourn-id'
  | 'flask'
  | 'itsdangerous'
  | ForeignFormat
  | 'unknown'

/** What a value looks like. Nothing of it is verified. */
export interface Recognised {
  format: Format
  title: string
  parts: readonly { name: string; text: string; says: string }[]
  /** The JSON it carries, by what each text is. */
  payloads: readonly { label: string; text: string }[]
  compressed?: boolean
  /** The signed time, in seconds since 1970. */
  signedAt?: number | undefined
  /** In which ways a secret may have made it; none where that cannot be told here. */
  ways: readonly Way[]
  notes: readonly string[]
}

/** A way in which a secret may have made a value. */
export interface Way {
  says: string
  /** Whether the key depends on the cookie's name. */
  isBound?: true
  /** Why the value is no session all the same. */
  but?: string
  /** What the value says to who has the secret, or a word for why it does not open. */
  open(secret: Uint8Array, scope: Scope): { text?: string; seconds?: number } | string
}

/** Says what a value looks like: nothing, beside what is given here. */
export function recognised(
  [format, title]: readonly [Format, string],
  rest: Partial<Recognised>,
): Recognised {
  return { format, title, parts: [], payloads: [], ways: [], notes: [], ...rest }
}
