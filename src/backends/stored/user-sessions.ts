/** A user's sessions: admits logins, lists and ends them. */

import { withCause, SessionError } from '../../base/errors.ts'
import type { Ended } from '../../record/lifetime.ts'
import { authenticatedAtOf, labelOf } from '../../record/record.ts'
import { decodeEntry, entryEnded, type RowAndEntry, seenAt } from './entry.ts'
import type { SessionInfo } from '../store-backend.ts'
import type { SessionRules, StoredParts } from './commit-work.ts'
import { eachInParts, removeEach } from './upkeep.ts'

/** Works on all sessions of a user. */
export interface Members {
  /**
   * Adds a session whose row was just written to its owner's list; returns how many older ones it
   * ended for the limit. If the list refuses it, the session is removed again.
   *
   * @throws ERR_SESSION_LIMIT, ERR_SESSION_GONE if the user's sessions were revoked meanwhile.
   */
  admit(owner: string, selector: string, calledAt: number, until: number): Promise<number>
  /**
   * Checks whether a login would be refused, before it is written, so that the visitor keeps their
   * session. `admit` decides.
   *
   * @throws ERR_SESSION_LIMIT
   */
  checkRoom(owner: string, selector: string): Promise<void>
  list(owner: string): Promise<SessionInfo[]>
  /** Ends one session of this owner; returns whether it existed. */
  revoke(owner: string, selector: string): Promise<boolean>
  /** Ends all of them, logins in flight included; returns how many there were. */
  revokeAll(owner: string, except: string | undefined): Promise<number>
}

/** How many sessions excepted from a revocation are remembered, for concurrent logins in them. */
const MAX_EXCEPTED = 1024

/** Without a limit, one login in this many removes expired sessions from its user's list. */
const TIDIES_EACH = 16

/** How long a touch that extends an expired row may still be in flight, in milliseconds. */
const LATE_TOUCH = 60_000

/** Makes the verbs on one store. */
export function members({ store, rules, clock, limit }: StoredParts): Members {
  let admissions = 0
  /** When a session was last excepted from the revocation of its user's others. */
  const excepted = new Map<string, number>()
  const storeLimit = limit && { most: limit.most, refuse: limit.onLimit === 'reject' }

  /**
   * The owner's live sessions, the keys of those that have ended, and of those that cannot be read
   * here, as under a secret that was removed.
   */
  async function sortRows(owner: string, keys: readonly string[]) {
    const live = new Map<string, RowAndEntry>()
    const dead: string[] = []
    const hidden: string[] = []
    const now = clock()
    await eachInParts(keys, async (key) => {
      const row = await store.read(key)
      if (!row) return void dead.push(key)
      // Another owner's row: the store returned the wrong one.
      if (row.owner !== owner) return
      const entry = decodeEntry(key, row, rules)
      const isOver = (at: number) =>
        entry ? isEnded(entryEnded(row, entry, rules, at)) : row.expiresAt < at
      if (isOver(now - LATE_TOUCH)) dead.push(key)
      else if (!entry) hidden.push(key)
      else if (!isOver(now)) live.set(key, { row, entry })
    })
    return { live, dead, hidden: keys.filter((key) => hidden.includes(key)) }
  }

  /** Removes rows, then forgets their keys: if it is interrupted, the next call does the rest. */
  async function discard(owner: string, keys: readonly string[]): Promise<number> {
    const count = await removeEach(store, keys)
    if (keys.length > 0) await store.forget(owner, keys)
    return count
  }

  function tooMany(): SessionError {
    return new SessionError('ERR_SESSION_LIMIT', limit?.most ?? 0)
  }

  /** Ends the oldest sessions after a login over the limit; returns how many. */
  async function makeRoom(owner: string, selector: string, most: number): Promise<number> {
    const keys = await store.list(owner)
    // Logins after this one make their own room.
    const earlier = keys.slice(0, Math.max(keys.indexOf(selector), 0))
    const { live, dead } = await sortRows(owner, earlier)
    const rest = earlier.filter((key) => !dead.includes(key))
    const ended = rest.slice(0, Math.max(rest.length + 1 - most, 0))
    await discard(owner, [...dead, ...ended])
    return ended.filter((key) => live.has(key)).length
  }

  /** Asks again after discarding expired sessions, if those had filled the list. */
  async function admitted(owner: string, selector: string, calledAt: number, until: number) {
    // A request that logs in and revokes the user's other sessions keeps its own.
    const since = Math.max(calledAt, excepted.get(selector) ?? 0)
    const ask = () => store.admit(owner, selector, since, until, storeLimit)
    const admission = await ask()
    if (admission.admitted || admission.why !== 'limit') return admission
    const { dead, hidden } = await sortRows(owner, await store.list(owner))
    // A row that this server cannot read must not keep its user out.
    const over = dead.length > 0 ? dead : hidden.slice(0, 1)
    if (over.length === 0) return admission
    await discard(owner, over)
    return ask()
  }

  /** Removes expired sessions from a user's list: no engine does it by itself. */
  async function tidy(owner: string): Promise<void> {
    const { dead } = await sortRows(owner, await store.list(owner))
    await discard(owner, dead)
  }

  return {
    async checkRoom(owner, selector) {
      if (limit?.onLimit !== 'reject') return
      const keys = await store.list(owner)
      if (keys.length < limit.most || keys.includes(selector)) return
      const { dead, hidden } = await sortRows(owner, keys)
      if (keys.length - dead.length - hidden.length >= limit.most) throw tooMany()
    },
    async admit(owner, selector, calledAt, until) {
      const admission = await admitted(owner, selector, calledAt, until)
      if (admission.admitted) {
        excepted.delete(selector)
        admissions += 1
        if (!limit && admissions % TIDIES_EACH === 0) await tidy(owner).catch(() => {})
        return limit && admission.over.length > 0 ? makeRoom(owner, selector, limit.most) : 0
      }
      const refusal = admission.why === 'limit' ? tooMany() : new SessionError('ERR_SESSION_GONE')
      try {
        await discard(owner, [selector])
      } catch (error) {
        // Nobody has its id, so nobody can use it; the store collects the row.
        throw withCause(refusal, error)
      }
      throw refusal
    },
    async list(owner) {
      const keys = await store.list(owner)
      const { live, dead } = await sortRows(owner, keys)
      // Expired sessions are removed on the way; if that fails, the list is still right.
      await discard(owner, dead).catch(() => {})
      return keys.flatMap((key) => {
        const found = live.get(key)
        return found ? [infoOf(found, rules)] : []
      })
    },
    async revoke(owner, selector) {
      if (!(await store.list(owner)).includes(selector)) return false
      const { live, hidden } = await sortRows(owner, [selector])
      await discard(owner, [selector])
      return live.size + hidden.length > 0
    },
    async revokeAll(owner, except) {
      const now = clock()
      if (except !== undefined) {
        excepted.delete(except)
        excepted.set(except, now)
        for (const oldest of excepted.keys()) {
          if (excepted.size <= MAX_EXCEPTED) break
          excepted.delete(oldest)
        }
      }
      // A login in this very millisecond counts as later than the revocation.
      const keys = await store.list(owner, now - 1)
      return discard(
        owner,
        keys.filter((key) => key !== except),
      )
    },
  }
}

function infoOf({ row, entry }: RowAndEntry, { layout }: SessionRules): SessionInfo {
  const { record, selector } = entry
  return {
    handle: selector,
    createdAt: dateOf(record.stamp.created),
    authenticatedAt: dateOf(authenticatedAtOf(record, layout)),
    lastSeenAt: new Date(seenAt(row, entry) * 1000),
    label: labelOf(record, layout),
  }
}

function dateOf(seconds: number | undefined): Date | undefined {
  return seconds === undefined ? undefined : new Date(seconds * 1000)
}

/** A session from the future, by this server's clock, has not ended. */
function isEnded(ended: Ended | undefined): boolean {
  return ended !== undefined && ended !== 'future'
}
