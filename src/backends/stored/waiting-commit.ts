/** The requests that wait for a swap of one session: batches, and what each request gets. */

import type { Fields } from '../../record/fields.ts'
import type { SessionRecord } from '../../record/record.ts'
import { entryEnded, type RowAndEntry } from './entry.ts'
import type { CommitWork, SessionRules } from './commit-work.ts'
import type { Plan } from './plan.ts'

/** The result of a request's work. */
export interface CommitOutcome {
  /** The entry that this request sees: with its own work, without later work of others. */
  plan: Exclude<Plan, { do: 'fail' }>
  /** The newest row, with the work of all requests, and its entry. */
  newest: RowAndEntry | undefined
}

/** A request that waits for its outcome. */
export interface WaitingCommit {
  readonly work: CommitWork
  /** The write of the row it opened. */
  readonly openedWrite: string
  readonly resolve: (outcome: CommitOutcome) => void
  readonly reject: (error: unknown) => void
  /** Lets this request run the next batch, its own work first. */
  lead: () => void
  cancelDeadline: () => void
  /** Whether it is resolved or rejected. A deadline may do that before its batch ends. */
  isSettled: boolean
  /** Whether a swap with its work is in flight. */
  isSent: boolean
}

/** A waiting request, and the result of its work if the batch's swap wins. */
export interface PlannedCommit {
  waiting: WaitingCommit
  plan: Plan
  isWrite: boolean
}

/** A batch has at most this many requests, and this many characters of new values. */
const MAX_BATCH = 128
const MAX_TEXT = 262_144

/** Takes the next batch off the queue: the first request, and those after it that fit. */
export function nextBatch(queue: WaitingCommit[]): WaitingCommit[] {
  let length = 0
  const full = queue.findIndex(({ work }, index) => {
    length += textLength(work)
    return index > 0 && (index >= MAX_BATCH || length > MAX_TEXT)
  })
  return queue.splice(0, full < 0 ? queue.length : full)
}

function textLength({ changes }: CommitWork): number {
  return changes.reduce((sum, change) => sum + (change.do === 'set' ? change.text.length : 32), 0)
}

/**
 * Whether a plan without a write may be wrong because this row is older than the one its request
 * opened.
 *
 * A write cannot be wrong, because its swap fails on an older row. The row that the request opened
 * can be outdated only if it has expired: a visit may have touched it since.
 */
export function mayBeOutdated(
  { waiting, isWrite }: PlannedCommit,
  { row, entry }: RowAndEntry,
  rules: SessionRules,
  now: number,
): boolean {
  if (isWrite) return false
  return waiting.openedWrite !== row.write || entryEnded(row, entry, rules, now) !== undefined
}

/** Settles the requests of a batch whose swap has won, or that had nothing to write. */
export function settleBatchWith(
  batch: readonly PlannedCommit[],
  newest: RowAndEntry | undefined,
): void {
  for (const { waiting, plan } of batch) {
    if (plan.do === 'fail') rejectWaiter(waiting, plan.error)
    else if (settleWaiter(waiting)) waiting.resolve({ plan: withOwnRecord(plan), newest })
  }
}

/**
 * The plan with a record that belongs to its request alone.
 *
 * The records of a group share fields, and a field holds the live object once a request has asked
 * for it: if one request changed that object in place, the others would see and save the change.
 */
function withOwnRecord<Planned extends Plan>(plan: Planned): Planned {
  if (plan.do === 'keep') {
    return { ...plan, entry: { ...plan.entry, record: ownRecord(plan.entry.record) } }
  }
  return plan.do === 'move' ? { ...plan, record: ownRecord(plan.record) } : plan
}

function ownRecord({ data, meta, stamp }: SessionRecord): SessionRecord {
  const own = ownFields(data)
  // In a flat layout both are one map.
  return { data: own, meta: meta === data ? own : ownFields(meta), stamp }
}

/** Copies the fields whose text is that of an object, which is decoded again; shares the others. */
function ownFields(fields: Fields): Fields {
  const own: Fields = new Map()
  fields.forEach((field, key) => {
    const { text } = field
    const isObject = text.startsWith('{') || text.startsWith('[')
    own.set(key, isObject ? { text, live: undefined } : field)
  })
  return own
}

/** Rejects a request, unless it is settled already. */
export function rejectWaiter(waiting: WaitingCommit, error: unknown): void {
  if (settleWaiter(waiting)) waiting.reject(error)
}

/** Marks a request as settled; `false` if it was already. */
function settleWaiter(waiting: WaitingCommit): boolean {
  if (waiting.isSettled) return false
  waiting.isSettled = true
  waiting.cancelDeadline()
  return true
}
