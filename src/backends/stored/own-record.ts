/** Gives each request of a group a record of its own, without the live objects of the others. */

import type { Fields } from '../../record/fields.ts'
import type { SessionRecord } from '../../record/record.ts'
import type { Plan } from './plan.ts'

/**
 * The plan as its request gets it.
 *
 * The records a group works on share fields from one request to the next, and a field holds the live
 * object once a request has asked for it: what one changes in place, the others would see and save.
 * So a record of a group is never handed out; the request's own objects are put into the copy later,
 * by whoever holds them.
 */
export function withOwnRecord<Planned extends Plan>(plan: Planned): Planned {
  if (plan.do === 'keep') {
    return { ...plan, entry: { ...plan.entry, record: ownRecord(plan.entry.record) } }
  }
  return plan.do === 'move' ? { ...plan, record: ownRecord(plan.record) } : plan
}

/** The same texts in fields of their own: objects are decoded again when somebody asks. */
function ownRecord({ data, meta, stamp }: SessionRecord): SessionRecord {
  const own = ownFields(data)
  // In a flat layout both are one map.
  return { data: own, meta: meta === data ? own : ownFields(meta), stamp }
}

function ownFields(fields: Fields): Fields {
  const own: Fields = new Map()
  for (const [key, { text, live }] of fields) {
    const isObject = typeof live?.value === 'object' && live.value !== null
    own.set(key, isObject ? { text } : { text, live })
  }
  return own
}
