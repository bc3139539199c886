/** A user's sessions: admits logins, lists and ends them. */

import { because, SessionError } from '../../base/errors.ts'
import type { Clock } from '../../base/ports.ts'
import { authenticatedAtOf, labelOf } from '../../record/record.ts'
import { type RowAndEntry, seenAt } from './entry.ts'
import type { SessionInfo } from '../store-backend.ts'
import type { GuardedStore } from './guard.ts'
import type { StoredRules } from './commit-work.ts'
import { userRows } from './user-rows.ts'

/** How many sessions a user may have. */
export interface MemberLimit {
  most: number
  /** What a login over the limit comes to. */
  onLimit: 'reject' | 'evict-oldest'
}

/** What this needs. */
export interface MemberPorts {
  store: GuardedStore
  rules: StoredRules
  clock: Clock
  limit: MemberLimit | undefined
}

/** Works on all sessions of a user. */
export interface Members {
  /**
   * Takes a session whose row was just written into its owner's list; answers how many older ones
   * it ended for the limit. Refused, the session is removed again.
   *
   * @throws ERR_SESSION_LIMIT, ERR_SESSION_GONE where the user's sessions were revoked meanwhile.
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
  /** Ends one session of this owner; answers whether there was such a one. */
  revoke(owner: string, selector: string): Promise<boolean>
  /** Ends all of them, logins under way included; answers how many there were. */
  revokeAll(owner: string, except: string | undefined): Promise<number>
}

/** How many sessions excepted from a revocation are remembered, for logins under way in them. */
const MAX_EXCEPTED = 1024

/** One login in so many tidies its user's list, where no limit does it at each. */
const TIDIES_EACH = 16

/** Makes it for one store. */
export function members({ store, rules, clock, limit }: MemberPorts): Members {
  const { sortRows, discard } = userRows(store, rules, clock)
  let admissions = 0
  /** When a session was last excepted from the revocation of its user's others. */
  const excepted = new Map<string, number>()
  const storeLimit = limit && { most: limit.most, refuse: limit.onLimit === 'reject' }

  function tooMany(): SessionError {
    return new SessionError('ERR_SESSION_LIMIT', limit?.most ?? 0)
  }

  /** Ends the oldest sessions after a login over the limit; answers how many. */
  async function makeRoom(owner: string, selector: string, most: number): Promise<number> {
    const keys = await store.list(owner)
    // Those after it make their own room.
    const earlier = keys.slice(0, Math.max(keys.indexOf(selector), 0))
    const { live, dead } = await sortRows(owner, earlier)
    const rest = earlier.filter((key) => !dead.includes(key))
    const ended = rest.slice(0, Math.max(rest.length + 1 - most, 0))
    await discard(owner, [...dead, ...ended])
    return ended.filter((key) => live.has(key)).length
  }

  /** Asks a second time if expired sessions took the place of live ones in the list. */
  async function admitted(owner: string, selector: string, calledAt: number, until: number) {
    // Who signs in and ends the user's other sessions in one request means to stay.
    const since = Math.max(calledAt, excepted.get(selector) ?? 0)
    const ask = () => store.admit(owner, selector, since, until, storeLimit)
    const admission = await ask()
    if (admission.admitted || admission.why !== 'limit') return admission
    const { dead, hidden } = await sortRows(owner, await store.list(owner))
    // Nobody could end what nobody here can read: it must not keep its user out.
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
        // Nobody has its id, so it opens for nobody; the store collects it.
        throw because(refusal, error)
      }
      throw refusal
    },
    async list(owner) {
      const keys = await store.list(owner)
      const { live, dead } = await sortRows(owner, keys)
      // Tidied on the way; who asks for a list is not told where that fails.
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
      // A login of this very millisecond comes after the revocation.
      const keys = await store.list(owner, now - 1)
      return discard(
        owner,
        keys.filter((key) => key !== except),
      )
    },
  }
}

function infoOf({ row, entry }: RowAndEntry, { layout }: StoredRules): SessionInfo {
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
