/** Saves a request's changes to a stored session, and returns the Set-Cookie to send. */

import { SessionError } from '../../base/errors.ts'
import { type Change, isSoft } from '../../record/changes.ts'
import { type SessionRecord, userIdOf } from '../../record/record.ts'
import { type Committed, type Note, notesOf } from '../backend.ts'
import { idleSeconds, isDue } from './entry.ts'
import type { CommitOutcome } from './waiting-commit.ts'
import type { CommitWork } from './commit-work.ts'
import type { Plan } from './plan.ts'
import { hasIdWork } from './plan-id.ts'
import { hashOfVerifier, newVerifier } from './session-id.ts'
import {
  asksForCookie,
  type CommitParts,
  committed,
  lastLogin,
  type StoredRequest,
  unchanged,
} from './commit-result.ts'
import { admit, begin, epochOf, leave, listUntil, start } from './begin.ts'
import { end } from './end.ts'
import { beginOnce } from './once.ts'
import type { Slot, StoredOpened } from './open.ts'

/** Makes the commit of one backend. */
export function storedCommit(ports: CommitParts) {
  const { store, rules, group, members, random } = ports
  const { layout, lifetime } = rules

  return function commit(request: StoredRequest): Committed | Promise<Committed> {
    const { opened, changes } = request
    if (request.once && !opened.slot) return beginOnce(ports, commit, request, request.once)
    if (changes.some((change) => change.do === 'logout')) return end(ports, request)
    if (opened.slot) return goOn(request, opened.slot)
    if (changes.length === 0) return unchanged(opened)
    return begin(ports, request)
  }

  /** Commits a request with a session; without a promise if it only reads. */
  function goOn(request: StoredRequest, slot: Slot): Committed | Promise<Committed> {
    const { opened, changes, now } = request
    const work = workOf(slot, changes, opened.isOutdated)
    if (changes.length > 0 || hasIdWork(slot, work, rules, now)) return save(request, slot, work)
    const renews = isDue(slot.newest, rules, now)
    if (renews && slot.newest.entry.lowered !== undefined) return save(request, slot, work)
    return renews || !slot.isListed ? touch(opened, slot, now) : unchanged(opened)
  }

  async function save(request: StoredRequest, slot: Slot, work: CommitWork): Promise<Committed> {
    const { opened, changes, next, now } = request
    let outcome: CommitOutcome
    try {
      const login = lastLogin(changes)
      if (login) {
        const epoch = await epochOf(ports, login.userId, changes)
        await members.checkRoom(login.userId, slot.selector)
        outcome = await group.settle({ ...work, epoch }, slot.newest)
      } else {
        const keeping = keepOwner(slot, next, now)
        if (keeping && !(await keeping)) return revoked(opened, changes)
        outcome = await group.settle(work, slot.newest)
      }
    } catch (error) {
      // A request without changes does not fail because its id could not be renewed.
      if (changes.length === 0) return unchanged(opened, [{ type: 'touch-failed' }])
      throw error
    }
    const { plan, newest } = outcome
    if (plan.do === 'gone') throw new SessionError('ERR_SESSION_GONE')
    if (plan.do === 'move') return move(request, slot, plan)
    if (plan.do === 'drop' || !newest) return unchanged(opened, [{ type: 'ended-meanwhile' }])
    const { entry, issue } = plan
    const kept: Slot = { ...slot, row: newest.row, isListed: true, entry, newest }
    const overwrote = plan.overwrote.map((key): Note => ({ type: 'overwrote', key }))
    const notes = [...notesOf(plan), ...overwrote]
    const owner = userIdOf(entry.record, layout)
    if (owner !== undefined && lastLogin(changes)) {
      notes.push(...(await admit(ports, owner, kept, slot.entry.record)))
    }
    const isRenewed = issue !== undefined && issue !== slot.verifier
    if (isRenewed && entry.auth === slot.entry.auth) notes.push({ type: 'renewed' })
    const isRenewal = !asksForCookie(changes)
    return committed(ports, opened, kept, { issue, isRenewal, now, notes })
  }

  function move(
    request: StoredRequest,
    { selector, entry }: Slot,
    { record, leaves }: Extract<Plan, { do: 'move' }>,
  ): Promise<Committed> {
    const moving = start(ports, request, record)
    return leaves ? leave(ports, moving, [selector], userIdOf(entry.record, layout)) : moving
  }

  /** Sliding expiration: extends the session's expiry. If that fails, the next visit does it. */
  async function touch(opened: StoredOpened, slot: Slot, now: number): Promise<Committed> {
    // Work of other requests in the same swap may have shortened the timeout.
    const { entry } = slot.newest
    const expiresAt = now + entry.idle * 1000
    const owner = userIdOf(entry.record, layout)
    try {
      const { selector } = slot
      const until = listUntil(expiresAt, entry)
      const isThere = await store.touch(selector, expiresAt)
      // Not if the row is gone: that would store a user id again that `erase` has deleted.
      const isKept = isThere && owner !== undefined
      if (isKept && !(await store.keep(owner, selector, entry.epoch, until)))
        return revoked(opened, [])
      return unchanged({ ...opened, slot: { ...slot, isListed: true } })
    } catch {
      return unchanged(opened, [{ type: 'touch-failed' }])
    }
  }

  /** The user's sessions were revoked during the request. @throws ERR_SESSION_GONE */
  function revoked(opened: StoredOpened, changes: readonly Change[]): Committed {
    if (changes.every(isSoft)) return unchanged(opened, [{ type: 'ended-meanwhile' }])
    throw new SessionError('ERR_SESSION_GONE')
  }

  /**
   * Extends the owner's list, which has to outlive the row, each time a tenth of `idle` has passed,
   * and puts the session back if the list has lost it. Resolves to false if it is revoked.
   *
   * Before the row is written: a session that is in no list can neither be revoked nor counted.
   */
  function keepOwner({ selector, row, isListed, entry }: Slot, next: SessionRecord, now: number) {
    const owner = userIdOf(entry.record, layout)
    if (owner === undefined) return undefined
    const idle = idleSeconds(next, layout, lifetime)
    const expiresAt = now + idle * 1000
    const tenthOfIdle = idle * 100
    const tenthOf = (time: number) => Math.floor(time / tenthOfIdle)
    if (isListed && tenthOf(row.expiresAt) === tenthOf(expiresAt)) return undefined
    const until = listUntil(expiresAt, { idle })
    // Not if the row is gone by now: see `touch`. Then the swap finds that out.
    return store.read(selector).then((found) => {
      return found === null || store.keep(owner, selector, entry.epoch, until)
    })
  }

  function workOf(slot: Slot, changes: readonly Change[], isOutdated: boolean): CommitWork {
    const { selector, hash, verifier, entry } = slot
    let renewed: { verifier: string; hash: string } | undefined
    return {
      selector,
      hash,
      verifier,
      auth: entry.auth,
      epoch: 0,
      changes,
      isOutdated,
      renewal() {
        if (renewed) return renewed
        const fresh = newVerifier(random)
        return (renewed = { verifier: fresh, hash: hashOfVerifier(fresh) })
      },
    }
  }
}
