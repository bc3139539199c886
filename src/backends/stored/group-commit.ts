/** Group commit: one swap at a time for each session, with the work of all requests that wait. */

import { SessionError } from '../../base/errors.ts'
import type { Row } from './store.ts'
import { decodeEntry, type RowAndEntry, rowOf } from './entry.ts'
import { pause } from './deadlines.ts'
import type { CommitWork, StoredParts } from './commit-work.ts'
import { planOn } from './plan.ts'
import {
  type CommitOutcome,
  mayBeOutdated,
  nextBatch,
  type PlannedCommit,
  rejectWaiter,
  settleBatchWith,
  type WaitingCommit,
} from './waiting-commit.ts'
import { newWriter, type Writer } from './writer.ts'

/** Saves the work of requests, each on the newest row of its session. */
export interface GroupCommit {
  /**
   * Resolves when a swap with this work has won, or when there is nothing to write.
   *
   * @throws ERR_SESSION_CONFLICT if the deadline passes and no swap with this work is in flight;
   * ERR_STORE_UNAVAILABLE if it is unknown whether one has won; and what an updater throws.
   */
  settle(work: CommitWork, opened: RowAndEntry): Promise<CommitOutcome>
  /** An id that no other write has. */
  newWrite(): string
}

/** The requests that are committing to one session. */
interface Group {
  readonly writer: Writer
  /** The newest row this process knows of; `undefined` if the session is gone. */
  newest: RowAndEntry | undefined
  /** Whether there is a row that this process cannot read. */
  hidesRow: boolean
  queue: WaitingCommit[]
  /** Whether the last swap won only after another process had won one. */
  isContended: boolean
}

/** The most requests that wait for one session; more are refused. */
const MAX_WAITING = 1024

/**
 * Makes the groups of one backend, which is one writer.
 *
 * - A swap never inserts, so that a session that ended meanwhile stays ended.
 * - A request resolves only after the swap with its work has won. If the swap is lost, the work of
 *   the whole batch is planned again on the current row.
 * - The deadline bounds the whole commit: waiting, reading, swapping and pauses. A request that
 *   gives up before its swap is sent has saved nothing; afterwards nobody knows.
 * - A batch ends at a login in effect: work from before it has another auth number, and is not
 *   applied to the session after it.
 */
export function groupCommit(parts: StoredParts): GroupCommit {
  const { store, rules, clock, timer, random } = parts
  const deadline = parts.deadlines.commit
  const groups = new Map<string, Group>()
  // Made at the first write: some platforms give no randomness before the first request.
  let writer: Writer | undefined
  const currentWriter = () => (writer ??= newWriter(random))

  /**
   * Settles the next batch, then lets the first request that still waits settle the one after.
   *
   * Each batch is run by a request in it: some platforms stop all work of a request once its
   * response is sent, so a request that is done must not run the batch of others.
   */
  async function lead(selector: string, group: Group): Promise<void> {
    // Other processes have been waiting as well: let one of them win.
    if (group.isContended) await pause(timer, 1 + randomBelow(2))
    const batch = nextBatch(group.queue)
    try {
      await settleBatch(selector, group, batch)
    } catch (error) {
      for (const waiting of batch) rejectWaiter(waiting, error)
    }
    const [next] = group.queue
    if (next) return next.lead()
    if (groups.get(selector) === group) groups.delete(selector)
    // When a Map grows, V8 keeps its old tables, with their content, until a full garbage collection.
    // They must not keep every row in memory.
    group.newest = undefined
  }

  async function settleBatch(
    selector: string,
    group: Group,
    requests: readonly WaitingCommit[],
  ): Promise<void> {
    group.isContended = false
    let isFresh = false
    let losses = 0
    for (;;) {
      const waiting = requests.filter(({ isSettled }) => !isSettled)
      if (waiting.length === 0) return
      const now = clock()
      const { newest } = group
      const batch = plansFor(waiting, newest, now)
      if (newest && !isFresh && batch.some((plan) => mayBeOutdated(plan, newest, rules, now))) {
        setNewest(group, selector, await store.read(selector))
        isFresh = true
        continue
      }
      const entry = batch.reduce(
        (last, { plan }) => (plan.do === 'keep' ? plan.entry : last),
        newest?.entry,
      )
      if (!newest || !entry || entry === newest.entry) {
        return settleBatchWith(group.hidesRow ? batch.map(leavingRow) : batch, newest)
      }
      const row = rowOf(entry, rules, { ...group.writer.writeAfter(newest.row), now })
      for (const request of waiting) request.isSent = true
      const swap = await store.swap(selector, newest.row.write, row)
      if (swap.won) {
        group.newest = { row, entry }
        // A swap that was lost to an earlier request of this process does not count as contention.
        group.isContended = losses > 0 && !group.writer.hasWritten(newest.row)
        return settleBatchWith(batch, group.newest)
      }
      for (const request of waiting) request.isSent = false
      setNewest(group, selector, swap.newest)
      losses += 1
      isFresh = losses === 1
      // After a pause the row may be another: if it seems to have ended, it is read again.
      if (!isFresh) await pause(timer, randomBelow(2))
    }
  }

  /** Plans each work on the result of the one before it. */
  function plansFor(
    waiting: readonly WaitingCommit[],
    newest: RowAndEntry | undefined,
    now: number,
  ): PlannedCommit[] {
    let current = newest
    return waiting.map((request) => {
      const plan = planOn(current, request.work, rules, now)
      const isWrite = plan.do === 'keep' && plan.entry !== current?.entry
      if (isWrite && current) current = { ...current, entry: plan.entry }
      return { waiting: request, plan, isWrite }
    })
  }

  function setNewest(group: Group, selector: string, row: Row | null): void {
    const entry = row ? decodeEntry(selector, row, rules) : undefined
    group.newest = row && entry ? { row, entry } : undefined
    group.hidesRow = row !== null && !entry
  }

  /** A random pause, so that two processes do not retry at the same moments. */
  function randomBelow(milliseconds: number): number {
    return (random(1)[0]! / 255) * milliseconds
  }

  return {
    newWrite: () => currentWriter().newWrite(),
    settle(work, opened) {
      const { selector } = work
      return new Promise<CommitOutcome>((resolve, reject) => {
        const known = groups.get(selector)
        const group = known ?? newGroup(opened)
        if (group.queue.length >= MAX_WAITING) {
          const why = `${MAX_WAITING} requests already wait for this session`
          reject(new SessionError('ERR_STORE_UNAVAILABLE', 'save', why))
          return
        }
        const waiting: WaitingCommit = {
          work,
          openedWrite: opened.row.write,
          resolve,
          reject,
          lead: () => {},
          cancelDeadline: timer(() => {
            const end = () => giveUp(waiting, group)
            if (store.isQueueing()) waiting.cancelDeadline = timer(end, parts.deadlines.queue)
            else end()
          }, deadline),
          isSettled: false,
          isSent: false,
        }
        group.queue.push(waiting)
        if (known) {
          // Runs as work of this request, whichever request calls `lead`.
          const turn = new Promise<void>((begin) => (waiting.lead = begin))
          void turn.then(() => lead(selector, group))
          return
        }
        groups.set(selector, group)
        void lead(selector, group)
      })
    },
  }

  function newGroup(newest: RowAndEntry): Group {
    return { writer: currentWriter(), newest, hidesRow: false, queue: [], isContended: false }
  }

  /** Takes a request off the queue and then rejects it, so that nothing of it is saved later. */
  function giveUp(waiting: WaitingCommit, group: Group): void {
    group.queue = group.queue.filter((other) => other !== waiting)
    const why = `there was no answer within ${deadline} ms`
    const error = waiting.isSent
      ? new SessionError('ERR_STORE_UNAVAILABLE', 'save', why)
      : new SessionError('ERR_SESSION_CONFLICT')
    rejectWaiter(waiting, error)
    // The platform may have stopped the leading request, and then this group would never continue.
    // So the next request begins another group, with another writer, as if in another process.
    const { selector } = waiting.work
    if (groups.get(selector) !== group) return
    groups.delete(selector)
    if (writer === group.writer) writer = undefined
  }
}

/** A login must remove the old row, because another server with a newer secret may be able to read it. */
function leavingRow(planned: PlannedCommit): PlannedCommit {
  const { plan } = planned
  return plan.do === 'move' ? { ...planned, plan: { ...plan, leaves: true } } : planned
}
