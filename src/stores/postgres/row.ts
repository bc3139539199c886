/** How a row is written into PostgreSQL's columns, and the name of an owner's list. */

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

/** Reads the same columns. */
export function decodeRow([write, recent, expiresAt, owner, body]: readonly unknown[]): Row {
  return {
    write: String(write),
    recent: recent === '' ? [] : String(recent).split(' '),
    expiresAt: Number(expiresAt),
    owner: owner === null ? null : decodeText(String(owner)),
    body: decodeText(String(body)),
  }
}

/** Reads a list that the server wrote as JSON; none where there was no row. */
export function decodeKeys(list: unknown): string[] {
  return typeof list === 'string' ? (JSON.parse(list) as string[]) : []
}

/** The longest name of an owner's list, in bytes: an index takes no more than 2700. */
export const LONGEST_NAME = 255

/** What the name of an owner's list begins with where it is a hash. */
export const HASHED = '\x01#'

/**
 * The name of an owner's list: the owner as it is kept in a row, or its hash where that is too long.
 *
 * No owner in a row has a U+0001 before anything but a digit, so a hash is nobody else's name.
 */
export function listNameOf(owner: string): string {
  const kept = encodeText(owner)
  if (Buffer.byteLength(kept) <= LONGEST_NAME) return kept
  return `${HASHED}${createHash('sha256').update(kept).digest('hex')}`
}

// PostgreSQL's text cannot hold U+0000 (bytes could, but are twice as long on the wire, and illegible
// in psql), and PGlite takes U+FEFF for a mark and drops it. So U+0001 and a digit stand for both
// and for U+0001 itself.
function encodeText(text: string): string {
  return text.replaceAll('\x01', '\x011').replaceAll('\0', '\x010').replaceAll('\ufeff', '\x012')
}

function decodeText(text: string): string {
  return text.replaceAll('\x012', '\ufeff').replaceAll('\x010', '\0').replaceAll('\x011', '\x01')
}
