/** Who waits for a swap of one session: which go together, and how each is told. */

import type { Row } from './store.ts'
import { type Entry, entryEnded } from './entry.ts'
import type { Plan, StoredRules, Work } from './plan.ts'
import type { Layout, SessionRecord } from '../../record/record.ts'

/** How a request's work was settled. */
export interface Settled {
  /** Its entry is what this request sees: its own work, not what others put on top of it. */
  plan: Exclude<Plan, { do: 'fail' }>
  /** The newest row, with the work of all in it, and what that row says. */
  newest: Held | undefined
}

/** A row with what it says. Always the two that belong together: the next swap stands on them. */
export interface Held {
  row: Row
  entry: Entry
}

/** A request that waits. */
export interface Member {
  readonly work: Work
  /** The write of the row it opened. */
  readonly opened: string
  readonly resolve: (settled: Settled) => void
  readonly reject: (error: unknown) => void
  /** Calls its deadline off. */
  cancel: () => void
  /** Its deadline has passed, and its request was told. */
  isOver: boolean
  /** A swap with its work is under way. */
  isSent: boolean
}

/** What becomes of one, once the swap has won. */
export interface Planned {
  member: Member
  plan: Plan
  isWrite: boolean
}

/** A swap takes no more than this many works, and texts of this length. */
const MAX_WORKS = 128
const MAX_TEXT = 262_144

/** Takes those off the queue that go with the next swap. */
export function nextBatch(waiting: Member[]): Member[] {
  let length = 0
  const full = waiting.findIndex((member, index) => {
    length += textLength(member.work)
    return index > 0 && (index >= MAX_WORKS || length > MAX_TEXT)
  })
  return waiting.splice(0, full < 0 ? waiting.length : full)
}

function textLength({ changes }: Work): number {
  return changes.reduce((sum, change) => sum + (change.do === 'set' ? change.text.length : 32), 0)
}

/**
 * Whether a work comes to nothing only because this row is older than the one its request opened.
 *
 * A write needs no such doubt: its swap is lost on an older row. Nor does the row it opened, unless
 * that has run out: a visit may have touched it since.
 */
export function mayBeOutdated(
  { member, isWrite }: Planned,
  { row, entry }: NonNullable<Settled['newest']>,
  rules: StoredRules,
  now: number,
): boolean {
  if (isWrite) return false
  return member.opened !== row.write || entryEnded(row, entry, rules, now) !== undefined
}

/** Tells each what became of its work: all stand on the one swap that has won. */
export function tellAll(
  plans: readonly Planned[],
  kept: Settled['newest'],
  { layout }: StoredRules,
): void {
  for (const { member, plan } of plans) {
    told(member, () => {
      if (plan.do === 'fail') member.reject(plan.error)
      else member.resolve({ plan: withOwnRecord(plan, layout), newest: kept })
    })
  }
}

/**
 * The plan as its request gets it: with a record of its own.
 *
 * The records that a group works on share fields from one request to the next, and a field holds the
 * live object once a request has asked for it. So no record of a group is ever handed out.
 */
function withOwnRecord(plan: Settled['plan'], layout: Layout): Settled['plan'] {
  if (plan.do === 'keep') {
    return { ...plan, entry: { ...plan.entry, record: unshared(plan.entry.record, layout) } }
  }
  return plan.do === 'move' ? { ...plan, record: unshared(plan.record, layout) } : plan
}

/** The same record in fields of its own, without live objects: they are read from the text again. */
function unshared(record: SessionRecord, layout: Layout): SessionRecord {
  const copy = layout.copy(record)
  for (const fields of [copy.data, copy.meta]) {
    for (const [key, { text, live }] of fields) {
      const isObject = typeof live?.value === 'object' && live.value !== null
      fields.set(key, isObject ? { text } : { text, live })
    }
  }
  return copy
}

/** Tells a request its outcome, once. */
export function told(member: Member, tell: () => void): void {
  if (member.isOver) return
  member.isOver = true
  member.cancel()
  tell()
}
