/** Group commit: one swap at a time for each session, with all that waits for it in it. */

import { SessionError } from '../../base/errors.ts'
import { encodeBase64url } from '../../base/bytes.ts'
import type { Clock, Random, Timer } from '../../base/ports.ts'
import type { Row } from './store.ts'
import { decodeEntry, rowOf } from './entry.ts'
import {
  type Held,
  mayBeOutdated,
  type Member,
  nextBatch,
  type Planned,
  type Settled,
  tellAll,
  told,
} from './group-batch.ts'
import { type GuardedStore, pause } from './guard.ts'
import { planOn, type StoredRules, type Work } from './plan.ts'

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

/** Does works to sessions, each to the newest row. */
export interface GroupCommit {
  /**
   * @throws ERR_SESSION_CONFLICT when the deadline passes before a swap has won,
   * ERR_STORE_UNAVAILABLE when it is not known whether one has; what an updater throws on newer data.
   */
  settle(work: Work, opened: Held): Promise<Settled>
  /** An id that no other write has. */
  newWrite(): string
}

interface Group {
  /** Whose writes its swaps are: one swap of a writer is under way at a time. */
  readonly writer: string
  /** The newest row this process knows of; nothing where the session is gone. */
  newest: Settled['newest']
  /** There is a row, and this process cannot read it. */
  hidesRow: boolean
  waiting: Member[]
  /** The last swap was won after others were lost to another process. */
  isContended: boolean
}

/** More requests than this waiting for one session are turned away. */
const MAX_WAITING = 1024

/** A row remembers the last write of this many other writers. */
const MAX_RECENT = 32

/** Makes the groups of one backend, which is one writer. */
export function groupCommit(ports: GroupPorts): GroupCommit {
  const { store, rules, clock, timer, random, deadline } = ports
  const groups = new Map<string, Group>()
  // Named at its first write: some platforms give no randomness before the first request.
  let writer: string | undefined
  let writes = 0

  async function run(selector: string, group: Group): Promise<void> {
    while (group.waiting.length > 0) {
      const batch = nextBatch(group.waiting)
      try {
        await settleBatch(selector, group, batch)
      } catch (error) {
        for (const member of batch) told(member, () => member.reject(error))
      }
      // The other processes have been waiting for as long: let one of them win.
      if (group.isContended) await pause(timer, 1 + (random(1)[0]! / 255) * 2)
    }
    if (groups.get(selector) === group) groups.delete(selector)
  }

  async function settleBatch(selector: string, group: Group, members: Member[]): Promise<void> {
    group.isContended = false
    let isFresh = false
    for (let losses = 0; ; losses += 1) {
      if (losses > 1) await pause(timer, (random(1)[0]! / 255) * 2)
      const batch = members.filter((member) => !member.isOver)
      if (batch.length === 0) return
      const now = clock()
      const { newest } = group
      const plans = plansFor(batch, newest, now)
      if (
        newest &&
        !isFresh &&
        plans.some((planned) => mayBeOutdated(planned, newest, rules, now))
      ) {
        lookAt(group, selector, await store.read(selector))
        isFresh = true
        continue
      }
      const entry = plans.reduce(
        (last, { plan }) => (plan.do === 'keep' ? plan.entry : last),
        newest?.entry,
      )
      if (!newest || !entry || entry === newest.entry) {
        return tellAll(group.hidesRow ? plans.map(leavingRow) : plans, newest, rules)
      }
      const row = rowOf(entry, rules, { ...nextWrite(newest.row, group.writer), now })
      for (const member of batch) member.isSent = true
      const swap = await store.swap(selector, newest.row.write, row)
      if (swap.won) {
        group.newest = { row, entry }
        group.isContended = losses > 0
        return tellAll(plans, group.newest, rules)
      }
      for (const member of batch) member.isSent = false
      lookAt(group, selector, swap.newest)
      isFresh = true
    }
  }

  /** Each work on what the one before it has made. */
  function plansFor(batch: readonly Member[], newest: Settled['newest'], now: number): Planned[] {
    let current = newest
    return batch.map((member) => {
      const plan = planOn(current, member.work, rules, now)
      const isWrite = plan.do === 'keep' && plan.entry !== current?.entry
      if (isWrite && current) current = { ...current, entry: plan.entry }
      return { member, plan, isWrite }
    })
  }

  function lookAt(group: Group, selector: string, row: Row | null): void {
    const entry = row ? decodeEntry(selector, row, rules) : undefined
    group.newest = row && entry ? { row, entry } : undefined
    group.hidesRow = row !== null && !entry
  }

  function nameOfWriter(): string {
    return (writer ??= encodeBase64url(random(9)))
  }

  function newWrite(by = nameOfWriter()): string {
    writes += 1
    return `${by}.${writes.toString(36)}`
  }

  /** The next write, and the last ones of the others. */
  function nextWrite({ write, recent }: Row, by: string) {
    const others = [write, ...recent].filter((id) => !id.startsWith(`${by}.`))
    return { write: newWrite(by), recent: others.slice(0, MAX_RECENT) }
  }

  return {
    newWrite,
    settle(work, opened) {
      const { selector } = work
      return new Promise<Settled>((resolve, reject) => {
        const known = groups.get(selector)
        const group = known ?? newGroup(opened)
        if (group.waiting.length >= MAX_WAITING) {
          const why = `${MAX_WAITING} requests wait for this session already`
          reject(new SessionError('ERR_STORE_UNAVAILABLE', 'save', why))
          return
        }
        const member: Member = {
          work,
          opened: opened.row.write,
          resolve,
          reject,
          cancel: timer(() => giveUp(member, group), deadline),
          isOver: false,
          isSent: false,
        }
        group.waiting.push(member)
        if (known) return
        groups.set(selector, group)
        void run(selector, group)
      })
    },
  }

  function newGroup(newest: Held): Group {
    return {
      writer: nameOfWriter(),
      newest,
      hidesRow: false,
      waiting: [],
      isContended: false,
    }
  }

  /** Takes a request out before it is told, so that nothing of it is kept afterwards. */
  function giveUp(member: Member, group: Group): void {
    group.waiting = group.waiting.filter((waiting) => waiting !== member)
    const error = member.isSent
      ? new SessionError(
          'ERR_STORE_UNAVAILABLE',
          'save',
          `there was no answer within ${deadline} ms`,
        )
      : new SessionError('ERR_SESSION_CONFLICT')
    told(member, () => member.reject(error))
    // Where a platform stops work with the request that began it, the group may stand still for
    // ever. The next request begins another: two of them are as two processes.
    if (groups.get(member.work.selector) !== group) return
    groups.delete(member.work.selector)
    if (writer === group.writer) writer = undefined
  }
}

/** A login must not leave behind a row that another server, with a newer secret, still opens. */
function leavingRow(planned: Planned): Planned {
  const { plan } = planned
  return plan.do === 'move' ? { ...planned, plan: { ...plan, leaves: true } } : planned
}
