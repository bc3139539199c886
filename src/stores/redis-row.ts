/** How a row is written into one Redis string: a short header line, then the owner, then the body. */

// value  = header "\n" [owner] body, or "" for a tombstone
// header = expiresAt " " write " " recent *("," recent) " " owner's length, or "-" for none
//
// The scripts read the header, never what follows. Lengths are those of JavaScript.

import type { Row } from './store.ts'

/** What a removed key holds. */
const TOMBSTONE = ''

/** How a value of ours begins: with this many characters of it, it can be told from another's. */
export const BEGINNING = /^-?\d[\d.e+]* [\w.-]+ /

/** Writes a row. */
export function encodeRow({ write, recent, expiresAt, owner, body }: Row): string {
  return `${expiresAt} ${write} ${recent.join(',')} ${owner?.length ?? '-'}\n${owner ?? ''}${body}`
}

/** Reads a reply: null where there is nothing, or a tombstone. Throws for what is no row. */
export function decodeRow(reply: unknown): Row | null {
  const value = textOf(reply)
  if (value === undefined || value === TOMBSTONE) return null
  const end = value.indexOf('\n')
  const [expiresAt, write, recent, length, ...more] = value.slice(0, Math.max(end, 0)).split(' ')
  if (!write || recent === undefined || length === undefined || more.length > 0) throw notARow()
  const start = end + 1
  const ownerEnd = start + (length === '-' ? 0 : Number(length))
  const row = {
    write,
    recent: recent === '' ? [] : recent.split(','),
    expiresAt: Number(expiresAt),
    owner: length === '-' ? null : value.slice(start, ownerEnd),
    body: value.slice(ownerEnd),
  }
  if (Number.isNaN(row.expiresAt) || Number.isNaN(ownerEnd)) throw notARow()
  return row
}

/** A reply as text: a client may have been told to answer with buffers. */
export function textOf(reply: unknown): string | undefined {
  if (reply === null || reply === undefined) return undefined
  if (typeof reply === 'string') return reply
  return Buffer.isBuffer(reply) ? reply.toString('utf8') : String(reply)
}

function notARow(): Error {
  return new Error('The key holds something that is not a session.')
}
