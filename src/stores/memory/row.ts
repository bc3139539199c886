/** Encodes a row as one flat string, which takes little more memory than its text. */

import { GARBAGE_MS, type Row } from '../../backends/stored/store.ts'

// packed    = width end SP write SP recent SP owner-length SP owner body
// tombstone = "0" removed-at SP
// width     = "1" | "2"             bytes that the engine spends on each character
// recent    = [ id *( "," id ) ]
// owner-length is empty for null; only owner and body may contain spaces.

/** Encodes a row. */
export function packRow({ write, recent, expiresAt, owner, body }: Row): string {
  const width = /[^\0-\xff]/.test(owner ?? '') || /[^\0-\xff]/.test(body) ? '2' : '1'
  const fields = [`${width}${expiresAt}`, write, recent.join(','), owner?.length ?? '', owner ?? '']
  const last = fields.pop()
  // join() makes one flat string; concatenation would make a tree of the parts.
  return [fields.join(' '), ' ', last, body].join('')
}

/** Decodes a row; `null` for a tombstone or for `undefined`. */
export function unpackRow(packed: string | undefined): Row | null {
  if (packed === undefined || isTombstone(packed)) return null
  const ends = [packed.indexOf(' ')]
  for (let field = 1; field < 4; field++) ends.push(packed.indexOf(' ', ends.at(-1)! + 1))
  const [end, write, recent, start] = ends as [number, number, number, number]
  const ids = packed.slice(write + 1, recent)
  const ownerLength = packed.slice(recent + 1, start)
  const bodyAt = start + 1 + Number(ownerLength)
  return {
    write: packed.slice(end + 1, write),
    recent: ids === '' ? [] : ids.split(','),
    expiresAt: endOf(packed),
    owner: ownerLength === '' ? null : packed.slice(start + 1, bodyAt),
    body: packed.slice(bodyAt),
  }
}

/** The string that replaces a removed row. */
export function tombstone(now: number): string {
  return `0${now} `
}

/** Whether a string is a tombstone. */
export function isTombstone(packed: string): boolean {
  return packed.charCodeAt(0) === 0x30
}

/** The bytes that the characters take. */
export function weightOf(packed: string): number {
  return packed.length * (packed.charCodeAt(0) === 0x32 ? 2 : 1)
}

/** Whether a string may be dropped: two minutes after its end, or at once if it is a row and room is short. */
export function isDue(packed: string, now: number, room: 'enough' | 'short'): boolean {
  const late = room === 'short' && !isTombstone(packed) ? 0 : GARBAGE_MS
  return endOf(packed) + late <= now
}

function endOf(packed: string): number {
  return Number(packed.slice(1, packed.indexOf(' ')))
}
