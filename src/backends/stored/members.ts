/** A user's sessions: admits logins, lists and ends them. */

import { because, SessionError } from '../../base/errors.ts'
import type { Clock } from '../../base/ports.ts'
import type { Ended } from '../../record/lifetime.ts'
import { authenticatedAtOf, createdOf, labelOf } from '../../record/record.ts'
import { decodeEntry, entryEnded, type RowAndEntry, seenAt } from './entry.ts'
import type { SessionInfo } from '../store-backend.ts'
import type { GuardedStore } from './guard.ts'
import type { StoredRules } from './plan.ts'

/** How many sessions a user may have. */
export interface MemberLimit {
  most: number
  /** What a login over the limit comes to. */
  onLimit: 'reject' | 'evict-oldest'
}

/** What this room needs. */
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
   * Looks whether a login would be refused, before it is written: then the visitor keeps what they
   * had. `admit` decides.
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

/** So many sessions that were excepted are remembered, for logins in them that are under way. */
const MAX_EXCEPTED = 1024

/** One login in so many tidies its user's list, where no limit does it at each. */
const TIDIES_EACH = 16

/** A touch that is still under way may move an end that lies this far back, in milliseconds. */
const LATE_TOUCH = 60_000

/** So many rows are read, or removed, at a time. */
const AT_ONCE = 16

/** Makes the room for one store. */
export function members({ store, rules, clock, limit }: MemberPorts): Members {
  let admissions = 0
  /** When a session was last excepted from the revocation of its user's others. */
  const excepted = new Map<string, number>()
  const storeLimit = limit && { most: limit.most, refuse: limit.onLimit === 'reject' }

  function tooMany(): SessionError {
    return new SessionError('ERR_SESSION_LIMIT', limit?.most ?? 0)
  }

  /** Makes room for a session that was admitted over the limit; answers how many it ended for that. */
  async function makeRoom(owner: string, selector: string, most: number): Promise<number> {
    const keys = await store.list(owner)
    // Those after it make their own room.
    const earlier = keys.slice(0, Math.max(keys.indexOf(selector), 0))
    const { live, dead } = await sorted(owner, earlier)
    const rest = earlier.filter((key) => !dead.includes(key))
    const ended = rest.slice(0, Math.max(rest.length + 1 - most, 0))
    await discard(owner, [...dead, ...ended])
    return ended.filter((key) => live.has(key)).length
  }

  /** Asks once more where sessions that ran out stood in for live ones. */
  async function admitted(owner: string, selector: string, calledAt: number, until: number) {
    // Who signs in and ends the user's other sessions in one request means to stay.
    const since = Math.max(calledAt, excepted.get(selector) ?? 0)
    const ask = () => store.admit(owner, selector, since, until, storeLimit)
    const admission = await ask()
    if (admission.admitted || admission.why !== 'limit') return admission
    const { dead, hidden } = await sorted(owner, await store.list(owner))
    // Nobody could end what nobody here can read: it must not keep its user out.
    const over = dead.length > 0 ? dead : hidden.slice(0, 1)
    if (over.length === 0) return admission
    await discard(owner, over)
    return ask()
  }

  /** Takes the keys of sessions that ran out off the list: no engine does it for us. */
  async function tidy(owner: string): Promise<void> {
    const { dead } = await sorted(owner, await store.list(owner))
    await discard(owner, dead)
  }

  /**
   * The owner's sessions that are alive, the keys of those that are over, and of those that cannot be
   * read here, as under a secret that was dropped.
   */
  async function sorted(owner: string, keys: readonly string[]) {
    const live = new Map<string, RowAndEntry>()
    const dead: string[] = []
    const hidden: string[] = []
    const now = clock()
    await inParts(keys, async (key) => {
      const row = await store.read(key)
      if (!row) return void dead.push(key)
      // The answer may be the wrong one: another's row says nothing of this key.
      if (row.owner !== owner) return
      const entry = decodeEntry(key, row, rules)
      // One that ended just now is not dead yet: a visit's touch may be on its way.
      const isOver = (at: number) =>
        entry ? isEnded(entryEnded(row, entry, rules, at)) : row.expiresAt < at
      if (isOver(now - LATE_TOUCH)) dead.push(key)
      else if (!entry) hidden.push(key)
      else if (!isOver(now)) live.set(key, { row, entry })
    })
    return { live, dead, hidden: keys.filter((key) => hidden.includes(key)) }
  }

  /** Removes rows, then forgets their keys: interrupted, it is simply done again. */
  async function discard(owner: string, keys: readonly string[]): Promise<number> {
    let count = 0
    await inParts(keys, async (key) => {
      if (await store.remove(key)) count += 1
    })
    if (keys.length > 0) await store.forget(owner, keys)
    return count
  }

  return {
    async checkRoom(owner, selector) {
      if (limit?.onLimit !== 'reject') return
      const keys = await store.list(owner)
      if (keys.length < limit.most || keys.includes(selector)) return
      const { dead, hidden } = await sorted(owner, keys)
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
      const { live, dead } = await sorted(owner, keys)
      // Tidied on the way; who asks for a list is not told where that fails.
      await discard(owner, dead).catch(() => {})
      return keys.flatMap((key) => {
        const found = live.get(key)
        return found ? [infoOf(found, rules)] : []
      })
    },
    async revoke(owner, selector) {
      if (!(await store.list(owner)).includes(selector)) return false
      const { live, hidden } = await sorted(owner, [selector])
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

/** What begins in the future, by this server's clock, is not over. */
function isEnded(ended: Ended | undefined): boolean {
  return ended !== undefined && ended !== 'future'
}

function infoOf({ row, entry }: RowAndEntry, { layout }: StoredRules): SessionInfo {
  const { record, selector } = entry
  return {
    handle: selector,
    createdAt: dateOf(createdOf(record, layout)),
    authenticatedAt: dateOf(authenticatedAtOf(record, layout)),
    lastSeenAt: new Date(seenAt(row, entry) * 1000),
    label: labelOf(record, layout),
  }
}

function dateOf(seconds: number | undefined): Date | undefined {
  return seconds === undefined ? undefined : new Date(seconds * 1000)
}

/** Does something to each key, a few at a time. */
async function inParts(keys: readonly string[], act: (key: string) => Promise<void>) {
  for (let at = 0; at < keys.length; at += AT_ONCE) {
    await Promise.all(keys.slice(at, at + AT_ONCE).map(act))
  }
}
