/** Looks at every row that changes: what came, what went, and whose it is. */

import type { Row } from '../../src/backends/stored/store.ts'
import { type Content, contentOf, itemsOf } from './content.ts'
import type { Facts, Rules } from './facts.ts'
import type { Watcher } from './watcher.ts'

/** Makes the checks of rows. */
export function rowChecks(
  facts: Facts,
  now: () => number,
  rules: Rules,
  mayBeRevoked: (key: string, login: string | undefined) => boolean,
): Watcher {
  const { grace, limit, onReplay, skew, isOver } = rules
  const { attempts, writers, seen, holders, shown, fellBack, bare, most } = facts
  const { removed, ids, unspendable, revocations, mayEnd, acknowledged, revived } = facts

  /** Of a row that fell back to an earlier state nobody knows what it should hold. */
  function fail(key: string, what: string): void {
    if (!fellBack.has(key)) facts.fail(what)
  }

  function checkItems(key: string, before: Content | undefined, after: Content): void {
    const items = itemsOf(after)
    if (new Set(items).size < items.length)
      fail(key, `applied twice: ${key} holds ${items.join(' ')}`)
    const held = new Set(before && itemsOf(before))
    const kept = new Set(items)
    for (const item of held) {
      if (!kept.has(item) && !shown.has(item)) fail(key, `lost update: ${item} is gone from ${key}`)
    }
    for (const item of items) {
      const places = seen.get(item) ?? new Set()
      seen.set(item, places.add(key))
      const holder = holders.get(item)
      // A row that is inserted without a login only has its own request's items.
      const isOwn = !before && after.user === undefined
      // A row that fell back may be anonymous again, and hold what a login has taken along.
      const isKnown =
        !fellBack.has(key) || (before?.user !== undefined && before.user !== after.user)
      if (holder !== undefined && holder !== after.user && !isOwn && isKnown) {
        facts.fail(`another user's data: ${item} of ${holder} is in a session of ${after.user}`)
      }
      if (after.user !== undefined) holders.set(item, after.user)
      if (before && !held.has(item)) checkWriter(key, item, before)
    }
  }

  function checkWriter(key: string, item: string, before: Content): void {
    const writer = writers.get(item)
    if (!writer) return facts.fail(`${item} was written by nobody`)
    if (writer.selector !== key) facts.fail(`${item} was written to a session it had not opened`)
    if (writer.login !== before.login) fail(key, `write across a login: ${item} in ${key}`)
  }

  function checkInsert(key: string, content: Content): void {
    if (removed.has(key) && bare.has(key)) fellBack.add(key)
    if (removed.has(key)) fail(key, `resurrection: ${key} was inserted again`)
    const items = itemsOf(content)
    const login = content.login === undefined ? undefined : attempts.get(content.login)
    if (content.user !== undefined && login?.logsIn?.user !== content.user) {
      return facts.fail(`${key} is signed in without a login`)
    }
    for (const item of items) {
      const writer = writers.get(item)
      if (!writer) facts.fail(`${item} was written by nobody`)
      else if (login) {
        const isCopied = login.selector !== undefined && seen.get(item)?.has(login.selector)
        if (writer !== login && !isCopied) facts.fail(`${item} came into ${key} from elsewhere`)
      } else if (writer.selector !== undefined && !writer.logsOut) {
        fail(
          writer.selector,
          `resurrection: ${item} was written anew to ${key}, its session was ${writer.selector}`,
        )
      }
    }
  }

  function mayBeRemoved(key: string, row: Row): boolean {
    if (mayEnd.has(key) || isOver(key, row) || isReplayed(key)) return true
    if (row.owner !== null && (most.get(row.owner) ?? 0) > limit.most) return true
    // Nobody has the id of a login that was not acknowledged; it is removed where it failed.
    const { login } = contentOf(key, row)
    if (login !== undefined && !acknowledged.has(login)) return true
    return mayBeRevoked(key, login)
  }

  /** Whether an id from before the last one may be taken for a replay: for good, so never in its grace. */
  function isReplayed(key: string): boolean {
    const given = ids.get(key) ?? []
    if (onReplay !== 'end' || given.length < 2) return false
    return skew * 2 > REPLAY_LEEWAY_MS || now() - given.at(-1)!.at > grace
  }

  /** Counts the sessions that a user has now, whatever a list knows of them, the newest included. */
  function count(owner: string, newest?: string): void {
    const { store } = facts
    let number = 0
    for (const [key, row] of store?.rows ?? []) {
      if (row.owner !== owner || (key !== newest && isOver(key, row, -skew - LATE_TOUCH_MS)))
        continue
      const { epoch = 0 } = store?.read(key) ?? {}
      if (epoch === 0 || epoch === contentOf(key, row).epoch) number += 1
    }
    most.set(owner, Math.max(most.get(owner) ?? 0, number))
  }

  function changed(key: string, before: Row | null, after: Row | null, by: string): void {
    if (!after) {
      removed.add(key)
      if (before && !mayBeRemoved(key, before)) fail(key, `${key} was removed for no reason`)
      return
    }
    const content = contentOf(key, after)
    const old = before ? contentOf(key, before) : undefined
    facts.moment += 1
    if (after.owner !== null && after.owner !== before?.owner) count(after.owner, key)
    if (before && isOver(key, before, skew)) revived.set(key, facts.moment)
    // Within one swap a token may be spent, and another take its place.
    if (content.token === undefined || content.token !== old?.token)
      unspendable.set(key, facts.moment)
    if (!old && by === 'swap') facts.fail(`resurrection: a swap inserted ${key}`)
    if (!old && by === 'insert') checkInsert(key, content)
    checkItems(key, old, content)
    if (content.verifier === old?.verifier) return
    const list = ids.get(key) ?? []
    ids.set(key, list)
    list.push({
      hash: content.verifier,
      login: old?.login,
      isFirst: !old,
      at: Math.min(now(), content.issuedAt + skew),
      shownAt: undefined,
    })
  }

  return {
    changed,
    refused(key) {
      const row = facts.store?.rowOf(key)
      const { login } = row ? contentOf(key, row) : {}
      if (login === undefined || mayBeRevoked(key, login)) return
      facts.fail(`locked out: ${login} was refused as revoked, and nobody revoked it`)
    },
    bared: (key) => void bare.add(key),
    lost(owner, epoch) {
      facts.unlisted.add(owner)
      for (const revocation of revocations) {
        const isKnown = Number.isFinite(revocation.executedAt) && revocation.epoch <= epoch
        if (revocation.user !== owner) continue
        if (!isKnown) Object.assign(revocation, { isForgotten: true, hasBeenLost: true })
        if (!Number.isFinite(revocation.since)) revocation.isLossy = true
      }
      count(owner)
    },
    healed(owner, epoch) {
      for (const revocation of revocations) {
        const isHealed = revocation.isForgotten && revocation.epoch <= epoch
        if (revocation.user !== owner || !isHealed) continue
        // As if it was acknowledged now, and without its exception, which is lost.
        facts.moment += 1
        const { since } = revocation
        if (Number.isFinite(since)) revocation.since = facts.moment
        Object.assign(revocation, { isForgotten: false, isExceptLost: true })
      }
    },
    fellBack(keys) {
      for (const key of keys) {
        fellBack.add(key)
        const row = facts.store?.rowOf(key)
        if (!row) continue
        const content = contentOf(key, row)
        for (const item of itemsOf(content)) {
          if (content.user === undefined) holders.delete(item)
          else holders.set(item, content.user)
        }
        if (row.owner !== null) count(row.owner)
      }
    },
  }
}

/** How far clocks may differ before a replay ends a session in its grace: decision 18. */
const REPLAY_LEEWAY_MS = 60_000

/** How long an expired session still counts in a list: the touch of a visit may be in flight. */
const LATE_TOUCH_MS = 60_000
