/** Group commit: one swap at a time for each session, with the work of all requests that wait. */

import { SessionError } from '../../base/errors.ts'
import type { Clock, Random, Timer } from '../../base/ports.ts'
import type { Row } from './store.ts'
import { decodeEntry, type RowAndEntry, rowOf } from './entry.ts'
import { type GuardedStore, pause } from './guard.ts'
import type { CommitWork, StoredRules } from './commit-work.ts'
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

/** What a group needs. */
export interface GroupPorts {
  store: GuardedStore
  rules: StoredRules
  clock: Clock
  timer: Timer
  random: Random
  /** How long a commit may take, waiting included, in milliseconds. */
  deadline: number
}

/** Does the work of requests to sessions, each to the newest row. */
export interface GroupCommit {
  /**
   * Answers once a swap with this work has won, or when nothing is to be written.
   *
   * @throws ERR_SESSION_CONFLICT when the deadline passes while no swap with this work is under way,
   * ERR_STORE_UNAVAILABLE when it is not known whether one has won; what an updater throws.
   */
  settle(work: CommitWork, opened: RowAndEntry): Promise<CommitOutcome>
  /** An id that no other write has. */
  newWrite(): string
}

/** The requests that commit to one session at the moment. */
interface Group {
  readonly writer: Writer
  /** The newest row this process knows of; nothing where the session is gone. */
  newest: RowAndEntry | undefined
  /** There is a row, and this process cannot read it. */
  hidesRow: boolean
  queue: WaitingCommit[]
  /** The last swap was won after one was lost to another process. */
  isContended: boolean
}

/** More requests than this waiting for one session are turned away. */
const MAX_WAITING = 1024

/**
 * Makes the groups of one backend, which is one writer.
 *
 * - A swap never inserts. A session that was ended meanwhile stays ended, whoever still waits.
 * - A request is answered only after the swap that carries its work has won. If the swap is lost, all
 *   works of the batch are planned again.
 * - The deadline bounds all of it: waiting, reading, swapping, pauses. A request that gives up before
 *   its swap is sent has saved nothing; afterwards nobody knows.
 * - Behind a login, works from before it find another auth number, and are not done to that session.
 */
export function groupCommit(ports: GroupPorts): GroupCommit {
  const { store, rules, clock, timer, random, deadline } = ports
  const groups = new Map<string, Group>()
  // Named at its first write: some platforms give no randomness before the first request.
  let writer: Writer | undefined
  const currentWriter = () => (writer ??= newWriter(random))

  /**
   * Settles the next batch, then lets the first request that still waits settle the one after.
   *
   * Each batch is run by a request that is in it: some platforms stop all work of a request once its
   * response has left, so nobody runs a batch for others.
   */
  async function lead(selector: string, group: Group): Promise<void> {
    // The other processes have been waiting for as long: let one of them win.
    if (group.isContended) await pause(timer, 1 + randomBelow(2))
    const batch = nextBatch(group.queue)
    try {
      await settleBatch(selector, group, batch)
    } catch (error) {
      for (const waiting of batch) rejectWaiter(waiting, error)
    }
    const [next] = group.queue
    if (next) next.lead()
    else if (groups.get(selector) === group) groups.delete(selector)
  }

  async function settleBatch(
    selector: string,
    group: Group,
    requests: readonly WaitingCommit[],
  ): Promise<void> {
    group.isContended = false
    let isFresh = false
    for (let losses = 0; ; losses += 1) {
      if (losses > 1) await pause(timer, randomBelow(2))
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
        // Lost to a request of this process that is over: nobody else waits for this session.
        group.isContended = losses > 0 && !group.writer.hasWritten(newest.row)
        return settleBatchWith(batch, group.newest)
      }
      for (const request of waiting) request.isSent = false
      setNewest(group, selector, swap.newest)
      isFresh = true
    }
  }

  /** Each work on what the one before it has made. */
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

  /** Less than that many milliseconds, by chance: two processes must not go on in step. */
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
          const why = `${MAX_WAITING} requests wait for this session already`
          reject(new SessionError('ERR_STORE_UNAVAILABLE', 'save', why))
          return
        }
        const waiting: WaitingCommit = {
          work,
          openedWrite: opened.row.write,
          resolve,
          reject,
          lead: () => {},
          cancelDeadline: timer(() => giveUp(waiting, group), deadline),
          isSettled: false,
          isSent: false,
        }
        group.queue.push(waiting)
        if (known) {
          // Goes on here, as work of this request, whoever says that it is its turn.
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

  /** Takes a request out before it is answered, so that nothing of it is saved afterwards. */
  function giveUp(waiting: WaitingCommit, group: Group): void {
    group.queue = group.queue.filter((other) => other !== waiting)
    const why = `there was no answer within ${deadline} ms`
    const error = waiting.isSent
      ? new SessionError('ERR_STORE_UNAVAILABLE', 'save', why)
      : new SessionError('ERR_SESSION_CONFLICT')
    rejectWaiter(waiting, error)
    // Whoever leads may have been stopped with its request, and the group would stand still for
    // ever. The next request begins another: two of them are as two processes, so the writer changes.
    const { selector } = waiting.work
    if (groups.get(selector) !== group) return
    groups.delete(selector)
    if (writer === group.writer) writer = undefined
  }
}

/** A login must not leave a row behind that another server, with a newer secret, can still read. */
function leavingRow(planned: PlannedCommit): PlannedCommit {
  const { plan } = planned
  return plan.do === 'move' ? { ...planned, plan: { ...plan, leaves: true } } : planned
}
