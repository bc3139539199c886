/** How large a record in a store may be. */

import { SessionError } from '../../base/errors.ts'
import type { SessionRecord } from '../../record/record.ts'
import type { SessionRules } from './commit-work.ts'

/** What a store takes, less what stands before a record. Encrypted, three bytes become four. */
function mostBytes({ cipher }: SessionRules): number {
  return cipher ? 786_000 : 1_048_000
}

/** @throws ERR_SESSION_TOO_LARGE */
export function checkSize(record: SessionRecord, rules: SessionRules): void {
  const { layout } = rules
  const most = mostBytes(rules)
  // UTF-8 spends at most three bytes on a UTF-16 code unit: most records need no counting.
  let units = 0
  for (const [key, { text }] of record.data) units += key.length + text.length
  units += record.meta.get(layout.names.flashes)?.text.length ?? 0
  if (units * 3 < most / 2 && record.data.size < 10_000) return
  const sizes = [...record.data].map(([key, { text }]) => ({ key, size: Buffer.byteLength(text) }))
  const flashes = record.meta.get(layout.names.flashes)
  if (flashes) sizes.push({ key: 'flash messages', size: Buffer.byteLength(flashes.text) })
  const size = sizes.reduce((sum, part) => sum + part.size + Buffer.byteLength(part.key) + 4, 100)
  if (size <= most) return
  const largest = sizes.sort((a, b) => b.size - a.size).slice(0, 3)
  const named = largest.map((part) => `${part.key} (${part.size} bytes)`).join(', ')
  throw new SessionError('ERR_SESSION_TOO_LARGE', size, most, named)
}
