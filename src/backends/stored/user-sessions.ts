/** A user's sessions: admits logins, lists and ends them. */

import { withCause, SessionError } from '../../base/errors.ts'
import type { Ended } from '../../record/lifetime.ts'
import { decodeEntry, entryEnded, isRevoked, LATE_TOUCH, type RowAndEntry } from './entry.ts'
import { CLOCK_MARGIN_MS, type FoundRow } from './store.ts'
import type { EndCause, Revocation, SessionInfo } from '../store-backend.ts'
import type { StoredParts } from './commit-work.ts'
import { isSelector } from './session-id.ts'
import { infoOf } from './session-info.ts'
import { eachInParts, removeEach } from './upkeep.ts'

/** Works on all sessions of a user. */
export interface Members {
  /**
   * The user's epoch, for a login. If it rejects and is not awaited, that is not an unhandled
   * rejection.
   *
   * @throws ERR_STORE_UNAVAILABLE
   */
  epoch(owner: string): Promise<number>
  /**
   * Adds a session whose row was just written to its owner's list; returns the older ones that it
   * ended for the limit. If the list refuses it, the session is removed again.
   *
   * @throws ERR_SESSION_LIMIT, ERR_SESSION_GONE if the user's sessions were revoked meanwhile.
   */
  admit(owner: string, selector: string, epoch: number, until: number): Promise<readonly string[]>
  /**
   * Checks whether a login would be refused, before it is written, so that the visitor keeps their
   * session. `admit` decides.
   *
   * @throws ERR_SESSION_LIMIT
   */
  checkRoom(owner: string, selector: string): Promise<void>
  list(owner: string, signal?: AbortSignal): Promise<SessionInfo[]>
  /** Ends one session of this owner, listed or not; returns whether it existed. */
  revoke(owner: string, selector: string): Promise<boolean>
  /** Ends all of them, including logins in flight and sessions that the list has lost. */
  revokeAll(owner: string, except: string | undefined): Promise<Revocation>
  /** Sessions may be moved here until then, so revocations are remembered at least that long. */
  rememberUntil(until: number): void
  /** Ends all of them, and deletes the user's id from the store; returns how many there were. */
  erase(owner: string): Promise<number>
}

/** How many of the oldest sessions a login over the limit checks, to find expired ones. */
const LOOKED_AT = 64

/** Makes the verbs on one store. */
export function members({ store, rules, clock, limit, random }: StoredParts): Members {
  const { lifetime } = rules
  const storeLimit = { most: limit.most, refuse: limit.onLimit === 'reject' }
  /** Until when a revocation has to be known at least, in milliseconds since 1970. */
  let rememberedUntil = 0

  /**
   * The owner's valid sessions, the keys of ended ones, and the keys of those that cannot be read
   * here, for example because their secret was removed.
   */
  async function sortRows(owner: string, keys: readonly string[], signal?: AbortSignal) {
    const live = new Map<string, RowAndEntry>()
    const dead: string[] = []
    const hidden = new Set<string>()
    await eachInParts(keys, async (key) => {
      signal?.throwIfAborted()
      const row = await store.read(key)
      // Not the user's session, for example if a failover lost the login. Otherwise the next visit
      // lists it.
      const found = row?.owner === owner ? judge(key, row) : 'dead'
      if (found === 'dead') dead.push(key)
      else if (found === 'hidden') hidden.add(key)
      else if (found !== 'expired') live.set(key, found)
    })
    return { live, dead, hidden: keys.filter((key) => hidden.has(key)) }
  }

  /** A live session; or that it has ended, has expired just now, or cannot be read here. */
  function judge(key: string, row: FoundRow): RowAndEntry | 'dead' | 'expired' | 'hidden' {
    const now = clock()
    const entry = decodeEntry(key, row, rules)
    const isOver = (at: number) =>
      entry ? isEnded(entryEnded(row, entry, rules, at)) : row.expiresAt < at
    if (isOver(now - LATE_TOUCH) || (entry && isRevoked(row, entry))) return 'dead'
    if (!entry) return 'hidden'
    return isOver(now) ? 'expired' : { row, entry }
  }

  /** Removes rows, then their keys from the list. If it is interrupted, the next call does the rest. */
  async function discard(
    owner: string,
    keys: readonly string[],
    why: EndCause = 'revoked',
  ): Promise<readonly string[]> {
    const removed = await removeEach(store, keys, why)
    if (keys.length > 0) await store.forget(owner, keys)
    return removed
  }

  const tooMany = () => new SessionError('ERR_SESSION_LIMIT', limit.most)
  const gone = () => new SessionError('ERR_SESSION_GONE')

  /**
   * Forgets the keys of expired sessions among the oldest of a full list, and returns them.
   *
   * Their rows stay until the store collects them: if this server's clock is ahead and a session is
   * still valid, its next visit puts it back into the list.
   */
  async function forgetExpired(owner: string): Promise<readonly string[]> {
    const { dead, hidden } = await sortRows(owner, await store.list(owner, LOOKED_AT))
    // A row that this server cannot read must not count against the user's limit.
    const over = dead.length > 0 || !storeLimit.refuse ? dead : hidden.slice(0, 1)
    if (over.length > 0) await store.forget(owner, over)
    return over
  }

  /** The user's sessions were revoked during the login, or the limit refuses it: removes its row. */
  async function refuse(owner: string, selector: string, refusal: SessionError): Promise<never> {
    try {
      await discard(owner, [selector])
    } catch (error) {
      // Nobody has its id, so nobody can use it. The store deletes the row when it expires.
      throw withCause(refusal, error)
    }
    throw refusal
  }

  return {
    epoch(owner) {
      const epoch = store.epoch(owner)
      epoch.catch(() => {})
      return epoch
    },
    async checkRoom(owner, selector) {
      if (!storeLimit.refuse) return
      const keys = await store.list(owner, limit.most)
      if (keys.length < limit.most || keys.includes(selector)) return
      if ((await forgetExpired(owner)).length > 0) return
      // Another request may have made room since the first look.
      if ((await store.list(owner, limit.most)).length >= limit.most) throw tooMany()
    },
    async admit(owner, selector, epoch, until) {
      const ask = () => store.admit(owner, selector, epoch, until, storeLimit)
      let admission = await ask()
      const isFull = admission.admitted ? admission.over.length > 0 : admission.why === 'limit'
      const forgotten = isFull ? await forgetExpired(owner) : []
      // The new session itself has ended: nothing may make room for it.
      if (forgotten.includes(selector)) return refuse(owner, selector, gone())
      // Even if nothing was removed: another request may have made room since the first reply.
      if (isFull) admission = await ask()
      if (admission.admitted) return discard(owner, admission.over, 'evicted')
      return refuse(owner, selector, admission.why === 'revoked' ? gone() : tooMany())
    },
    async list(owner, signal) {
      const keys = await store.list(owner)
      const { live, dead } = await sortRows(owner, keys, signal)
      // The keys of expired sessions go on the way; if that fails, the list is still right.
      if (dead.length > 0) await store.forget(owner, dead).catch(() => {})
      return keys.flatMap((key) => {
        const found = live.get(key)
        return found ? [infoOf(found, rules)] : []
      })
    },
    async revoke(owner, selector) {
      if (!isSelector(selector)) return false
      // The row itself says who the owner is: a list may have lost the key.
      const row = await store.read(selector)
      if (row?.owner !== owner) return false
      // Also an expired one: for a server whose clock is behind, it has not expired.
      await discard(owner, [selector])
      const found = judge(selector, row)
      return found !== 'dead' && found !== 'expired'
    },
    async revokeAll(owner, except) {
      const { keys, marked, kept } = await raiseEpoch(owner, except)
      const ended = await discard(
        owner,
        keys.filter((key) => key !== kept),
      )
      return { ended: ended.length, marked }
    },
    rememberUntil(until) {
      rememberedUntil = Math.max(rememberedUntil, until)
    },
    async erase(owner) {
      const { keys } = await raiseEpoch(owner, undefined)
      let count = (await discard(owner, keys)).length
      for await (const batch of store.keys()) {
        const own: string[] = []
        await eachInParts(batch, async (key) => {
          if ((await store.read(key))?.owner === owner) own.push(key)
        })
        count += (await removeEach(store, own, 'revoked')).length
      }
      await store.erase(owner)
      return count
    },
  }

  /**
   * The key, if it may be excepted from a revocation: of a session of this user that is valid, which
   * an earlier revocation has not ended, or of an anonymous one, in which a login may be in flight.
   */
  async function validKey(owner: string, key: string): Promise<string | undefined> {
    const row = isSelector(key) ? await store.read(key) : null
    if (row?.owner === null) return key
    const entry = row?.owner === owner ? decodeEntry(key, row, rules) : undefined
    // Listed as well, so that a revocation by another server in between finds and ends it.
    const isValid = row && entry && (await store.keep(owner, key, entry.epoch, row.expiresAt))
    return isValid ? key : undefined
  }

  /**
   * Raises the user's epoch above that of each login so far. The number is a counter; the time of
   * day is only used to make it larger than any number that the store may have lost.
   */
  async function raiseEpoch(owner: string, except: string | undefined) {
    const now = clock()
    const longest = Math.max(lifetime.idle, lifetime.permanent)
    const until = Math.max(now + longest, rememberedUntil) + CLOCK_MARGIN_MS
    let epoch = 0
    for (;;) {
      // Checked each time, because a revocation in between may have ended it.
      const kept = except === undefined ? undefined : await validKey(owner, except)
      // Random bits, since two revocations at the same time must both count.
      const [high = 0, low = 0] = random(2)
      const wanted = Math.max(now * STEP, epoch) + 1 + (((high << 8) | low) % STEP)
      const revoked = await store.revoke(owner, wanted, until, kept)
      epoch = revoked.epoch
      if (epoch <= wanted) return { keys: revoked.keys, marked: epoch === wanted, kept }
    }
  }
}

/** Epochs for each millisecond. Times of day with this factor stay exact until the year 2248. */
const STEP = 1024

/** A session from the future, by this server's clock, has not ended. */
function isEnded(ended: Ended | undefined): boolean {
  return ended !== undefined && ended !== 'future'
}
