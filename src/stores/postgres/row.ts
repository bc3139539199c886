/** The columns of a row in PostgreSQL, and the name of an owner's list. */

import { createHash } from 'node:crypto'
import type { Row } from '../../backends/stored/store.ts'

/** The columns in the order of the statements, from `write` to `body`. */
export function encodeRow({ write, recent, expiresAt, owner, body }: Row): unknown[] {
  return [
    write,
    recent.join(' '),
    expiresAt,
    owner === null ? null : encodeText(owner),
    encodeText(body),
  ]
}

/** Decodes the same columns. */
export function decodeRow([write, recent, expiresAt, owner, body]: readonly unknown[]): Row {
  return {
    write: String(write),
    recent: recent === '' ? [] : String(recent).split(' '),
    expiresAt: Number(expiresAt),
    owner: owner === null ? null : decodeText(String(owner)),
    body: decodeText(String(body)),
  }
}

/** Decodes a list that the server has encoded as JSON; an empty list if there was no row. */
export function decodeKeys(list: unknown): string[] {
  return typeof list === 'string' ? (JSON.parse(list) as string[]) : []
}

/** The longest name of an owner's list, in bytes. An index takes at most 2700. */
export const LONGEST_NAME = 255

/** The beginning of a name that is a hash. */
export const HASHED = '\x01#'

/**
 * The name of an owner's list: the encoded owner, or its hash if that is too long. In an encoded
 * owner a digit follows each U+0001, so that no owner equals a hash.
 */
export function listNameOf(owner: string): string {
  const name = encodeText(owner)
  if (Buffer.byteLength(name) <= LONGEST_NAME) return name
  return `${HASHED}${createHash('sha256').update(name).digest('hex')}`
}

// PostgreSQL's text cannot store U+0000, and PGlite drops U+FEFF. Both, and U+0001 itself, are
// encoded as U+0001 and a digit. (The type bytea could store them, but is twice as long on the wire
// and not readable in psql.)
export function encodeText(text: string): string {
  return text.replaceAll('\x01', '\x011').replaceAll('\0', '\x010').replaceAll('\ufeff', '\x012')
}

function decodeText(text: string): string {
  return text.replaceAll('\x012', '\ufeff').replaceAll('\x010', '\0').replaceAll('\x011', '\x01')
}
