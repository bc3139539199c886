/** Knows what was acknowledged, and says where the store, an answer or a cookie contradicts it. */

import type { Committed, Opened } from '../../src/backends/backend.ts'
import { REVOKED_MS } from '../../src/backends/stored/store.ts'
import { contentOf, itemsOf, recordContent } from './content.ts'
import { type Attempt, type Cookie, factsOf, type Rules } from './facts.ts'
import { rowChecks } from './rows.ts'
import type { ModelStore } from './store.ts'

/** The oracle of one schedule. */
export type Oracle = ReturnType<typeof oracleOf>

/** Makes the oracle of one schedule. */
export function oracleOf(now: () => number, rules: Rules) {
  const { grace, isOver } = rules
  const facts = factsOf()
  const { fail, attempts, writers, seen, shown, epochs, over, spent, unspendable } = facts
  const { refused, revocations, mayEnd, removing, acknowledged, cookies } = facts

  function checkPlaces(attempt: Attempt, { opened }: Committed): void {
    const { selector, items, early, logsIn } = attempt
    const place = opened.record && opened.handle
    const owed = !logsIn || place === selector ? [...early, ...items] : items
    if (owed.length === 0) return
    if (place === undefined || !opened.record) {
      return fail(`lost update: ${attempt.name} was acknowledged, ${owed.join(' ')} went nowhere`)
    }
    const own = new Set(itemsOf(recordContent(opened.record)))
    for (const item of owed) {
      if (!seen.get(item)?.has(place)) fail(`lost update: ${item} was acknowledged, never written`)
      if (!own.has(item)) fail(`${attempt.name} does not see its own ${item}`)
    }
  }

  function checkLogin(attempt: Attempt, place: string, cookie: Cookie | undefined): void {
    const { selector, logsIn, login, user } = attempt
    if (!logsIn || selector === undefined) return
    if (place === selector) {
      for (const epoch of epochs.get(place) ?? []) {
        if (epoch.hash === cookie?.hash) break
        over.set(`${place} ${epoch.hash}`, facts.acknowledgements)
      }
      for (const other of cookies.values()) {
        const isKnown = epochs.get(place)?.some(({ hash }) => hash === other.hash)
        if (other.selector === place && !isKnown)
          over.set(`${place} ${other.hash}`, facts.acknowledgements)
      }
    } else if (user !== undefined && user !== logsIn.user) {
      const row = facts.store?.rowOf(selector)
      if (row && !isOver(selector, row) && contentOf(selector, row).login === login) {
        fail(`${attempt.name} signed in as another user, and left ${selector} alive`)
      }
    }
  }

  function checkCookie(attempt: Attempt, cookie: Cookie, place: string | undefined): void {
    if (cookie.selector !== place) fail(`${attempt.name} got the id of another session`)
    const epoch = epochs.get(cookie.selector)?.find(({ hash }) => hash === cookie.hash)
    if (!epoch || epoch.isFirst || cookie.selector !== attempt.selector) return
    const isOwn = epoch.hash === attempt.hash
    if (!isOwn && epoch.login !== attempt.login) {
      fail(`${attempt.name} renewed an id across a login`)
    }
  }

  function noteShown({ selector, hash }: Attempt, { notes = [] }: Committed): void {
    if (selector === undefined) return
    if (notes.some(({ type }) => type === 'touch-failed' || type === 'ended-meanwhile')) return
    const current = epochs.get(selector)?.at(-1)
    if (current && current.hash === hash) current.shownAt ??= now()
  }

  function checkRefused({ name, selector, early, items }: Attempt): void {
    // A resend may find the row gone, with what the first sending wrote to it.
    if (selector === undefined || !facts.store?.rowOf(selector)) return
    for (const item of [...early, ...items]) {
      if (seen.has(item)) fail(`half-written: ${name} was refused, and wrote ${item}`)
    }
  }

  return {
    violations: facts.violations,
    observe: rowChecks(facts, rules),
    fail,
    mayEnd,
    removing,
    cookies,
    /** The session an acknowledged attempt stands in. */
    placeOf: (attempt: string) => acknowledged.get(attempt),
    get changes() {
      return facts.changes
    },
    get since() {
      return facts.acknowledgements
    },
    watch(watched: ModelStore) {
      facts.store = watched
    },

    /** A request is about to commit. */
    attempt(attempt: Attempt): void {
      attempts.set(attempt.name, attempt)
      for (const item of [...attempt.early, ...attempt.items]) writers.set(item, attempt)
      for (const item of attempt.shown) shown.add(item)
      const { selector, presented, logsOut, logsIn, user } = attempt
      if (logsOut && presented !== undefined) mayEnd.add(presented)
      if (logsIn && selector !== undefined && user !== undefined && user !== logsIn.user) {
        mayEnd.add(selector)
      }
    },

    /** A commit was acknowledged; `cookie` is the one that leaves with it. */
    acknowledged(attempt: Attempt, committed: Committed, cookie: Cookie | undefined): void {
      facts.acknowledgements += 1
      const place = committed.opened.record && committed.opened.handle
      acknowledged.set(attempt.name, place)
      if (attempt.logsOut && attempt.selector !== undefined) this.ended(attempt.selector)
      checkPlaces(attempt, committed)
      if (cookie) checkCookie(attempt, cookie, place)
      if (place !== undefined) checkLogin(attempt, place, cookie)
      noteShown(attempt, committed)
      if (attempt.spent === undefined || place === undefined) return
      const token = `${place} ${attempt.spent}`
      const other = spent.get(token)
      if (other !== undefined) fail(`spent twice: ${token} by ${other} and ${attempt.name}`)
      spent.set(token, attempt.name)
    },

    /** A commit was refused for certain: nothing of it may ever be seen. */
    refused(attempt: Attempt, why: 'gone' | 'spent' | 'conflict'): void {
      refused.push(attempt)
      checkRefused(attempt)
      const { name, selector, login, openedAt } = attempt
      const row = selector === undefined ? undefined : facts.store?.rowOf(selector)
      if (selector === undefined || !row || isOver(selector, row)) return
      if (contentOf(selector, row).login !== login) return
      if ((facts.revived.get(selector) ?? -1) > openedAt) return
      if (why === 'gone') fail(`${name} was told that ${selector} is gone, which it is not`)
      if (why === 'spent' && (unspendable.get(selector) ?? 0) <= openedAt) {
        fail(`${name} was told that the token of ${selector} is spent, which it is not`)
      }
    },

    /** Whatever was refused did not come later either. */
    checkRefused: () => refused.forEach(checkRefused),

    /** A session is over for good, and somebody was told so. */
    ended(selector: string): void {
      facts.acknowledgements += 1
      if (facts.store?.rowOf(selector)) fail(`${selector} was ended, and is still there`)
      if (!over.has(selector)) over.set(selector, facts.acknowledgements)
    },

    /** A user's sessions are being revoked; answers how to say that they were. */
    revoking(user: string, except: string | undefined): () => void {
      const revocation = { user, except, calledAt: now(), since: Number.POSITIVE_INFINITY }
      revocations.push(revocation)
      return () => {
        facts.acknowledgements += 1
        revocation.since = facts.acknowledgements
      }
    },

    /** A cookie opened a session; `since` is the number of acknowledgements before it was shown. */
    opened({ selector, hash }: Cookie, { record }: Opened, since: number, shownFrom: number): void {
      if (!record) return
      if ((over.get(selector) ?? Infinity) <= since) fail(`resurrection: ${selector} opened again`)
      if ((over.get(`${selector} ${hash}`) ?? Infinity) <= since) {
        fail(`two live ids: an id from before a login opened ${selector}`)
      }
      const list = epochs.get(selector) ?? []
      const at = list.findIndex((epoch) => epoch.hash === hash)
      if (at < 0) fail(`${selector} opened with an id nobody was given`)
      const isReplaced = list
        .slice(at + 1)
        .some(({ shownAt }) => shownAt !== undefined && shownAt + grace < shownFrom)
      if (isReplaced) fail(`two live ids: a renewed id opened ${selector} after its grace`)
      const { user, login } = recordContent(record)
      const calledAt = login === undefined ? undefined : attempts.get(login)?.logsIn?.calledAt
      for (const revocation of revocations) {
        if (revocation.user !== user || revocation.except === selector) continue
        if (revocation.since > since || calledAt === undefined) continue
        // A login that is under way for a day outlives the note of the revocation.
        if (shownFrom - revocation.calledAt >= REVOKED_MS) continue
        if (calledAt < revocation.calledAt) fail(`revoked: ${selector} of ${user} opened again`)
      }
    },
  }
}
