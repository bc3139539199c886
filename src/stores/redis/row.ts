/** How a row is written into one Redis string: a short header line, then the owner, then the body. */

// value  = header "\n" [owner] body, or "" for a tombstone
// header = expiresAt " " write " " recent *("," recent) " " owner's length, or "-" for none
//
// The scripts read the header, never what follows. Lengths are those of JavaScript.

import type { Row } from '../../backends/stored/store.ts'

/** What a removed key holds. */
const TOMBSTONE = ''

/** How much of a value is asked for to tell whether it is a row. */
export const BEGINNING = 1024

/** A whole header, or as much of a longer one as fits into the beginning. */
const HEADER = /^-?\d[\d.e+]* [\w.-]+ [\w.,-]*(?: (?:\d+|-)\n|$)/

/** Whether a value that begins so is a row: the application may keep strings of its own beside it. */
export function isRow(beginning: string): boolean {
  const header = HEADER.exec(beginning)?.[0]
  return header !== undefined && (header.endsWith('\n') || header.length === BEGINNING)
}

/** Writes a row. */
export function encodeRow({ write, recent, expiresAt, owner, body }: Row): string {
  return `${expiresAt} ${write} ${recent.join(',')} ${owner?.length ?? '-'}\n${owner ?? ''}${body}`
}

/**
 * Reads a reply: null where there is nothing, or a tombstone.
 *
 * What is no row comes back whole as the body of one that is over and that no write made: what it
 * says opens nothing, no swap replaces it, and who rejects it need not know of this form.
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

/** A reply as text: a client may have been told to answer with buffers. */
export function textOf(reply: unknown): string | undefined {
  if (reply === null || reply === undefined) return undefined
  if (typeof reply === 'string') return reply
  return Buffer.isBuffer(reply) ? reply.toString('utf8') : String(reply)
}
