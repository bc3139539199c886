/** What a cookie's value looks like, as far as its looks tell. */

import type { JsonObject } from '../../record/text/json.ts'

/** What wrote the cookie. */
export type Format =
  | 'sojourn'
  | 'sojourn-encrypted'
  | 'sojourn-id'
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

/** A value of that format. */
export function recognised(
  format: Format,
  title: string,
  rest: Partial<Recognised> = {},
): Recognised {
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

/** Whether a JSON value is an object. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
