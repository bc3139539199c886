/** The text of a row in one Redis string: a header line, the owner, the body. */

// value  = header "\n" [owner] body, or "" for a tombstone
// header = expiresAt " " write " " recent *("," recent) " " owner's length, or "-" for none
//
// The scripts read only the header. Lengths are in UTF-16 code units, as in JavaScript.

import type { Row } from '../../backends/stored/store.ts'

/** The value of a removed key. */
const TOMBSTONE = ''

/** How much of a value is read to check whether it is a row. */
export const BEGINNING = 1024

/** A complete header, or the beginning of a longer one. */
const HEADER = /^-?\d[\d.e+]* [\w.-]+ [\w.,-]*(?: (?:\d+|-)\n|$)/

/** Whether a value with this beginning is a row, and not a string of the application. */
export function isRow(beginning: string): boolean {
  const header = HEADER.exec(beginning)?.[0]
  return header !== undefined && (header.endsWith('\n') || header.length === BEGINNING)
}

/** Writes a row. */
export function encodeRow({ write, recent, expiresAt, owner, body }: Row): string {
  return `${expiresAt} ${write} ${recent.join(',')} ${owner?.length ?? '-'}\n${owner ?? ''}${body}`
}

/**
 * Decodes a reply; `null` if there is no value, or a tombstone. A value that is not a row becomes the
 * body of an expired row without a write id: it is rejected as corrupt, and no swap replaces it.
 */
export function decodeRow(reply: unknown): Row | null {
  const value = textOf(reply)
  if (value === undefined || value === TOMBSTONE) return null
  const writeAt = value.indexOf(' ') + 1
  const recentAt = value.indexOf(' ', writeAt) + 1
  const lengthAt = value.indexOf(' ', recentAt) + 1
  const ownerAt = value.indexOf('\n') + 1
  const expiresAt = Number(value.slice(0, writeAt - 1))
  const length = value.slice(lengthAt, ownerAt - 1)
  const bodyAt = ownerAt + (length === '-' ? 0 : Number(length))
  const isWhole = 0 < writeAt && writeAt + 1 < recentAt && recentAt < lengthAt && lengthAt < ownerAt
  if (!isWhole || length === '' || Number.isNaN(expiresAt) || !(bodyAt <= value.length)) {
    return { write: '', recent: [], expiresAt: 0, owner: null, body: value }
  }
  const recent = value.slice(recentAt, lengthAt - 1)
  return {
    write: value.slice(writeAt, recentAt - 1),
    recent: recent === '' ? [] : recent.split(','),
    expiresAt,
    owner: length === '-' ? null : value.slice(ownerAt, bodyAt),
    body: value.slice(bodyAt),
  }
}

/** A reply as text: the client may return buffers. */
export function textOf(reply: unknown): string | undefined {
  // Redis has no reply that is undefined: nil is null.
  if (reply === undefined) throw new Error('the client returned nothing: does it take callbacks?')
  if (reply === null) return undefined
  if (typeof reply === 'string') return reply
  return Buffer.isBuffer(reply) ? reply.toString('utf8') : String(reply)
}
