/** What a device list says of a session: its handle, times and label. */

import { authenticatedAtOf, labelOf } from '../../record/record.ts'
import type { SessionInfo } from '../store-backend.ts'
import type { SessionRules } from './commit-work.ts'
import { type RowAndEntry, seenAt } from './entry.ts'

/** Makes the list's item of a row that was read. */
export function infoOf({ row, entry }: RowAndEntry, { layout }: SessionRules): SessionInfo {
  const { record, selector } = entry
  return {
    handle: selector,
    createdAt: dateOf(record.stamp.created),
    authenticatedAt: dateOf(authenticatedAtOf(record, layout)),
    lastSeenAt: new Date(seenAt(row, entry) * 1000),
    label: labelOf(record, layout),
  }
}

function dateOf(seconds: number | undefined): Date | undefined {
  return seconds === undefined ? undefined : new Date(seconds * 1000)
}
