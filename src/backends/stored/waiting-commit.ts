/** The requests that wait for a swap of one session: which go together, and how each is answered. */

import { entryEnded, type RowAndEntry } from './entry.ts'
import { withOwnRecord } from './own-record.ts'
import type { CommitWork, SessionRules } from './commit-work.ts'
import type { Plan } from './plan.ts'

/** What became of a request's work. */
export interface CommitOutcome {
  /** Its entry is what this request sees: its own work, not what others put on top of it. */
  plan: Exclude<Plan, { do: 'fail' }>
  /** The newest row, with the work of all in it, and what that row says. */
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
  /** Calls its deadline off. */
  cancelDeadline: () => void
  /** It has its answer; after a deadline that comes before the end of its batch. */
  isSettled: boolean
  /** A swap with its work is under way. */
  isSent: boolean
}

/** A waiting request, and what its work comes to if the batch's swap wins. */
export interface PlannedCommit {
  waiting: WaitingCommit
  plan: Plan
  isWrite: boolean
}

/** A swap takes the work of at most this many requests, and this many characters of new values. */
const MAX_BATCH = 128
const MAX_TEXT = 262_144

/** Takes the requests off the queue that go with the next swap: always the first, and what fits. */
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
 * Whether a work comes to nothing only because this row is older than the one its request opened.
 *
 * A write needs no such doubt: its swap is lost on an older row. Nor does the row it opened, unless
 * that has expired: a visit may have touched it since.
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

/** Answers each request of a batch whose one swap has won, or that had nothing to write. */
export function settleBatchWith(
  batch: readonly PlannedCommit[],
  newest: RowAndEntry | undefined,
): void {
  for (const { waiting, plan } of batch) {
    if (plan.do === 'fail') rejectWaiter(waiting, plan.error)
    else if (settleWaiter(waiting)) waiting.resolve({ plan: withOwnRecord(plan), newest })
  }
}

/** Answers a request with an error, unless it has its answer. */
export function rejectWaiter(waiting: WaitingCommit, error: unknown): void {
  if (settleWaiter(waiting)) waiting.reject(error)
}

/** Marks a request as answered; `false` where it was already. */
function settleWaiter(waiting: WaitingCommit): boolean {
  if (waiting.isSettled) return false
  waiting.isSettled = true
  waiting.cancelDeadline()
  return true
}
