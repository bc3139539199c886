/** Keeps what a request did to a stored session, and says which Set-Cookie has to leave. */

import { alsoSending, SessionError } from '../base/errors.ts'
import type { Clock, Random } from '../base/ports.ts'
import type { SetCookieWriter } from '../http/set-cookie.ts'
import { type Change, isSoft } from '../record/changes.ts'
import { cookieLifetime, isDueForRenewal } from '../record/lifetime.ts'
import { isEmpty, type SessionRecord, userIdOf } from '../record/record.ts'
import type { CommitRequest, Committed, Note } from './backend.ts'
import { type Entry, idleSeconds, rowOf, seenAt, timesOf } from './entry.ts'
import type { GroupCommit, Settled } from './group-commit.ts'
import { type GuardedStore, isUnknown } from './guard.ts'
import type { Members } from './members.ts'
import { checkSize, hasIdWork, type Plan, type StoredRules, type Work } from './plan.ts'
import type { Removals } from './removals.ts'
import { hashOfVerifier, newSelector, newVerifier, type SessionIdFormat } from './session-id.ts'
import type { Slot, StoredOpened } from './stored-open.ts'

/** What committing needs. */
export interface CommitPorts {
  store: GuardedStore
  ids: SessionIdFormat
  writer: SetCookieWriter
  rules: StoredRules
  group: GroupCommit
  members: Members
  removals: Removals
  clock: Clock
  random: Random
}

/** A commit of what was opened in a store. */
export type StoredRequest = CommitRequest & { opened: StoredOpened }

/** Makes the commit of one backend. */
export function storedCommit(ports: CommitPorts) {
  const { store, ids, writer, rules, group, members, removals, random } = ports
  const { layout, lifetime } = rules

  return function commit(request: StoredRequest): Committed | Promise<Committed> {
    const { opened, changes } = request
    if (changes.some((change) => change.do === 'logout')) return end(request)
    if (opened.slot) return goOn(request, opened.slot)
    if (changes.length === 0) return unchanged(opened)
    return begin(request)
  }

  /** A visitor without a session. */
  function begin({ opened, changes, next, now }: StoredRequest): Committed | Promise<Committed> {
    // The cookie of the login that came between must not be replaced by another session's.
    if (opened.isSuperseded && !lastLogin(changes)) {
      if (changes.every(isSoft)) return unchanged(opened)
      throw new SessionError('ERR_SESSION_GONE')
    }
    return isEmpty(next, layout) ? unchanged(opened) : start(opened, next, changes, now)
  }

  /** A session of its own for a record: the row first, then its owner's list, then the cookie. */
  async function start(
    opened: StoredOpened,
    record: SessionRecord,
    changes: readonly Change[],
    now: number,
  ): Promise<Committed> {
    checkSize(record, layout)
    const verifier = newVerifier(random)
    const slot = await insert(record, verifier, now)
    const owner = userIdOf(record, layout)
    const notes = owner === undefined ? [] : await admit(owner, slot, changes, now)
    return committed(opened, slot, verifier, now, notes)
  }

  /** Where it is not known whether an insert was executed, another key is taken: nobody has the first. */
  async function insert(record: SessionRecord, verifier: string, now: number): Promise<Slot> {
    let failure: unknown
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const selector = newSelector(random)
      const hash = hashOfVerifier(verifier)
      const entry: Entry = {
        selector,
        verifier: hash,
        auth: 1,
        idle: idleSeconds(record, layout, lifetime),
        issued: Math.floor(now / 1000),
        previous: undefined,
        record,
      }
      const row = rowOf(entry, layout, { write: group.newWrite(), recent: [], now })
      try {
        if (await store.insert(selector, row)) return { selector, verifier, hash, row, entry }
        failure = new SessionError('ERR_STORE_UNAVAILABLE', 'insert', 'new keys are taken')
      } catch (error) {
        if (!isUnknown(error)) throw error
        failure = error
      }
    }
    throw failure
  }

  /** A visitor with a session. */
  async function goOn(request: StoredRequest, slot: Slot): Promise<Committed> {
    const { opened, changes, next, now } = request
    const work = workOf(slot, changes, opened.key > 0)
    if (changes.length === 0 && !hasIdWork(slot, work, rules, now)) return visit(opened, slot, now)
    let settled: Settled
    try {
      const login = lastLogin(changes)
      if (login) await members.checkRoom(login.userId, slot.selector)
      else await keepOwner(slot, next, now)
      settled = await group.settle(work, slot.row)
    } catch (error) {
      // A visit that changed nothing is not refused for what only its id had to do.
      if (changes.length === 0) return unchanged(opened, [{ type: 'touch-failed' }])
      throw error
    }
    const { plan, newest } = settled
    if (plan.do === 'gone') throw new SessionError('ERR_SESSION_GONE')
    if (plan.do === 'move') return move(request, slot, plan)
    if (plan.do === 'drop' || !newest) return unchanged(opened, [{ type: 'ended-meanwhile' }])
    const kept: Slot = { ...slot, ...newest, entry: plan.entry }
    const notes: Note[] = plan.overwrote.map((key) => ({ type: 'overwrote', key }))
    const owner = userIdOf(plan.entry.record, layout)
    if (owner !== undefined && lastLogin(changes)) {
      notes.push(...(await admit(owner, kept, changes, now)))
    }
    if (
      plan.issue !== undefined &&
      plan.entry.auth === slot.entry.auth &&
      plan.issue !== slot.verifier
    )
      notes.push({ type: 'renewed' })
    return committed(opened, kept, plan.issue, now, notes)
  }

  /** A login that begins a session of its own; the one it leaves is over before anybody is told. */
  async function move(
    { opened, changes, now }: StoredRequest,
    { selector, entry }: Slot,
    { record, leaves }: Extract<Plan, { do: 'move' }>,
  ): Promise<Committed> {
    const moved = await start(opened, record, changes, now)
    if (leaves) await remove(selector, userIdOf(entry.record, layout))
    return moved
  }

  /** A logout, and what begins after it. */
  async function end({ opened, changes, next, now }: StoredRequest): Promise<Committed> {
    const selector = opened.slot?.selector ?? opened.expired
    const owner = opened.slot && userIdOf(opened.slot.entry.record, layout)
    const cleared = opened.hasCookie && !opened.isSuperseded ? writer.clear() : undefined
    const nobody = {
      ...opened,
      record: undefined,
      handle: undefined,
      slot: undefined,
      expired: undefined,
    }
    try {
      if (selector !== undefined) await remove(selector, owner)
      if (isEmpty(next, layout))
        return { opened: { ...nobody, hasCookie: false }, setCookie: cleared }
      return await begin({
        opened: nobody,
        changes: changes.slice(afterLogout(changes)),
        next,
        now,
      })
    } catch (error) {
      // In this browser at least the session is over, whatever the store does.
      if (error instanceof SessionError && cleared) alsoSending(error, 'set-cookie', cleared)
      throw error
    }
  }

  /** Ends a row for good; one that the store does not confirm is removed later. */
  async function remove(selector: string, owner: string | undefined): Promise<void> {
    try {
      await store.remove(selector)
    } catch (error) {
      removals.add(selector)
      throw error
    }
    if (owner === undefined) return
    // A key whose row is gone does no harm in the list: the next listing takes it off.
    await store.forget(owner, [selector]).catch(() => {})
  }

  async function admit(
    owner: string,
    { selector, row, entry }: Slot,
    changes: readonly Change[],
    now: number,
  ): Promise<Note[]> {
    const calledAt = lastLogin(changes)?.calledAt ?? now
    try {
      const count = await members.admit(owner, selector, calledAt, untilFor(row.expiresAt, entry))
      return count > 0 ? [{ type: 'evicted', count }] : []
    } catch (error) {
      // Nobody was given its id, but it would stand in the way of the next login.
      if (isUnknown(error)) removals.add(selector)
      throw error
    }
  }

  /** A visit without changes: at most a touch, and one that fails is the next visit's. */
  async function visit(opened: StoredOpened, slot: Slot, now: number): Promise<Committed> {
    const { row, entry } = slot
    if (!isDueForRenewal(lifetime, timesOf(row, entry, layout, now), now)) return unchanged(opened)
    const expiresAt = now + entry.idle * 1000
    const owner = userIdOf(entry.record, layout)
    try {
      if (owner !== undefined) await store.keep(owner, untilFor(expiresAt, entry))
      await store.touch(slot.selector, expiresAt)
      return unchanged(opened)
    } catch {
      return unchanged(opened, [{ type: 'touch-failed' }])
    }
  }

  /**
   * The owner's list has to outlive the row: it is told each time a tenth of `idle` has passed.
   *
   * Before the row is written: a session that is in no list can neither be revoked nor counted.
   */
  async function keepOwner({ row, entry }: Slot, next: SessionRecord, now: number): Promise<void> {
    const owner = userIdOf(entry.record, layout)
    if (owner === undefined) return
    const idle = idleSeconds(next, layout, lifetime)
    const expiresAt = now + idle * 1000
    const tenth = idle * 100
    if (Math.floor(row.expiresAt / tenth) === Math.floor(expiresAt / tenth)) return
    await store.keep(owner, untilFor(expiresAt, { idle }))
  }

  function committed(
    opened: StoredOpened,
    slot: Slot,
    issue: string | undefined,
    now: number,
    notes: Note[],
  ): Committed {
    const { row, entry, selector } = slot
    const seen = seenAt(row, entry)
    const common = { ...opened, record: entry.record, seen, handle: selector, isSuperseded: false }
    if (issue === undefined)
      return { opened: { ...common, slot } as StoredOpened, setCookie: undefined, notes }
    const keepFor = cookieLifetime(lifetime, timesOf(row, entry, layout, now), now)
    const setCookie = writer.set(ids.issue(selector, issue), keepFor, now)
    const held: StoredOpened = {
      ...common,
      hasCookie: true,
      key: 0,
      slot: { ...slot, verifier: issue, hash: entry.verifier },
    }
    return { opened: held, setCookie, notes }
  }

  function workOf(slot: Slot, changes: readonly Change[], isOldSecret: boolean): Work {
    const { selector, hash, verifier, entry } = slot
    let renewed: { verifier: string; hash: string } | undefined
    return {
      selector,
      hash,
      verifier,
      auth: entry.auth,
      changes,
      isOldSecret,
      renewal() {
        if (renewed) return renewed
        const fresh = newVerifier(random)
        return (renewed = { verifier: fresh, hash: hashOfVerifier(fresh) })
      },
    }
  }
}

/** So much longer than its row an owner's list is kept: until the next time it is told. */
function untilFor(expiresAt: number, { idle }: Pick<Entry, 'idle'>): number {
  return expiresAt + idle * 200
}

function unchanged(opened: StoredOpened, notes: Note[] = []): Committed {
  return { opened, setCookie: undefined, notes }
}

function lastLogin(changes: readonly Change[]) {
  const login = changes.findLast((change) => change.do === 'login')
  return login?.do === 'login' ? login : undefined
}

function afterLogout(changes: readonly Change[]): number {
  return changes.findLastIndex((change) => change.do === 'logout') + 1
}
