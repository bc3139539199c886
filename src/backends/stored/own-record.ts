/** Gives each request of a group a record of its own, without the live objects of the others. */

import type { Layout, SessionRecord } from '../../record/record.ts'
import type { Plan } from './plan.ts'

/**
 * The plan as its request gets it.
 *
 * The records a group works on share fields from one request to the next, and a field holds the live
 * object once a request has asked for it: what one changes in place, the others would see and save.
 * So a record of a group is never handed out; the request's own objects are put into the copy later,
 * by whoever holds them.
 */
export function withOwnRecord<Planned extends Plan>(plan: Planned, layout: Layout): Planned {
  if (plan.do === 'keep') {
    return { ...plan, entry: { ...plan.entry, record: ownRecord(plan.entry.record, layout) } }
  }
  return plan.do === 'move' ? { ...plan, record: ownRecord(plan.record, layout) } : plan
}

/** The same texts in fields of their own: objects are decoded again when somebody asks. */
function ownRecord(record: SessionRecord, layout: Layout): SessionRecord {
  const copy = layout.copy(record)
  for (const fields of [copy.data, copy.meta]) {
    for (const [key, { text, live }] of fields) {
      const isObject = typeof live?.value === 'object' && live.value !== null
      fields.set(key, isObject ? { text } : { text, live })
    }
  }
  return copy
}
