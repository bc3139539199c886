/** Knows what was acknowledged, and says where the store, an answer or a cookie contradicts it. */

import type { Committed, Opened } from '../../src/backends/backend.ts'
import type { Row } from '../../src/backends/stored/store.ts'
import { contentOf, itemsOf, recordContent } from './content.ts'
import { type Attempt, type Cookie, factsOf, type Login, type Rules } from './facts.ts'
import { revocationChecks } from './revocations.ts'
import { rowChecks } from './rows.ts'
import type { ModelStore } from './store.ts'

/** The oracle of one schedule. */
export type Oracle = ReturnType<typeof oracleOf>

/** Makes the oracle of one schedule. */
export function oracleOf(now: () => number, rules: Rules) {
  const { grace, skew, isOver } = rules
  const facts = factsOf()
  const { fail, attempts, writers, seen, shown, ids, over, spent, unspendable } = facts
  const { refused, mayEnd, removing, acknowledged, cookies, fellBack } = facts
  const revoked = revocationChecks(facts, now)

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
      for (const { hash } of ids.get(place) ?? []) {
        if (hash === cookie?.hash) break
        over.set(`${place} ${hash}`, facts.moment)
      }
      for (const other of cookies.values()) {
        const isKnown = ids.get(place)?.some(({ hash }) => hash === other.hash)
        if (other.selector === place && !isKnown) over.set(`${place} ${other.hash}`, facts.moment)
      }
    } else if (user !== undefined && user !== logsIn.user) {
      const row = facts.store?.rowOf(selector)
      const isLeft = row && !isOver(selector, row, skew) && !fellBack.has(selector)
      if (isLeft && contentOf(selector, row).login === login) {
        fail(`${attempt.name} signed in as another user, and left ${selector} alive`)
      }
    }
  }

  function checkCookie(attempt: Attempt, cookie: Cookie, place: string | undefined): void {
    if (cookie.selector !== place) fail(`${attempt.name} got the id of another session`)
    const id = ids.get(cookie.selector)?.find(({ hash }) => hash === cookie.hash)
    if (!id || id.isFirst || cookie.selector !== attempt.selector) return
    if (id.hash !== attempt.hash && id.login !== attempt.login) {
      fail(`${attempt.name} renewed an id across a login`)
    }
  }

  /** What a revocation has ended is told so, where the store knows of it. */
  function checkRevoked(attempt: Attempt, place: string | undefined): void {
    const { name, selector, login, items, logsIn, isUnlisted, calledAt } = attempt
    if (logsIn && place !== undefined && facts.store?.rowOf(place)) {
      const isKnown = !facts.unlisted.has(logsIn.user) && !fellBack.has(place)
      if (isKnown && revoked.isRevoked(place, name, facts.moment)) {
        fail(`revoked: ${name} was admitted after the revocation`)
      }
    } else if (isUnlisted && selector !== undefined && items.length > 0 && !attempt.logsOut) {
      if (revoked.isRevoked(selector, login, calledAt)) {
        fail(`revoked: ${name} has written to ${selector}`)
      }
    }
  }

  function noteShown({ selector, hash }: Attempt, { notes = [] }: Committed): void {
    if (selector === undefined) return
    if (notes.some(({ type }) => type === 'touch-failed' || type === 'ended-meanwhile')) return
    const current = ids.get(selector)?.at(-1)
    if (current && current.hash === hash) current.shownAt ??= now()
  }

  function checkRefused({ name, selector, early, items }: Attempt): void {
    // A resend may find the row gone, with what the first sending wrote to it.
    if (selector === undefined || !facts.store?.rowOf(selector)) return
    if (fellBack.has(selector)) return
    for (const item of [...early, ...items]) {
      if (seen.has(item)) fail(`half-written: ${name} was refused, and wrote ${item}`)
    }
  }

  return {
    violations: facts.violations,
    watcher: rowChecks(facts, now, rules, revoked.mayBeRevoked),
    fail,
    fellBack,
    /** Whether some process may take a session for one that has expired. */
    seemsOver: (key: string, row: Row) => isOver(key, row, skew),
    unlisted: facts.unlisted,
    most: facts.most,
    ...revoked,
    mayEnd,
    removing,
    cookies,
    /** The session an acknowledged attempt stands in. */
    placeOf: (attempt: string) => acknowledged.get(attempt),
    get moment() {
      return facts.moment
    },
    /** A login is called, and reads its user's epoch. */
    login(user: string, epoch: Promise<number>): Login {
      facts.moment += 1
      const never = Number.POSITIVE_INFINITY
      const login = { user, calledAt: facts.moment, readAt: never, epoch: 0 }
      const read = (number: number) => {
        facts.moment += 1
        Object.assign(login, { readAt: facts.moment, epoch: number })
      }
      // A read that fails fails the commit.
      epoch.then(read, () => {})
      return login
    },
    watch(watched: ModelStore) {
      facts.store = watched
    },

    /** A request is about to commit. */
    attempt(attempt: Attempt): void {
      attempts.set(attempt.name, attempt)
      for (const item of [...attempt.early, ...attempt.items]) writers.set(item, attempt)
      for (const item of attempt.shown) shown.add(item)
      const { selector, presented, isExpired, logsOut, logsIn, user } = attempt
      if (logsOut && presented !== undefined) mayEnd.add(presented)
      // A login takes the place of the session that its cookie names, if that had expired here.
      if (logsIn && isExpired && presented !== undefined) mayEnd.add(presented)
      if (logsIn && selector !== undefined && user !== undefined && user !== logsIn.user) {
        mayEnd.add(selector)
      }
    },

    /** A commit was acknowledged; `cookie` is the one that leaves with it. */
    acknowledged(attempt: Attempt, committed: Committed, cookie: Cookie | undefined): void {
      facts.moment += 1
      const place = committed.opened.record && committed.opened.handle
      acknowledged.set(attempt.name, place)
      if (attempt.logsOut && attempt.selector !== undefined) this.ended(attempt.selector)
      checkPlaces(attempt, committed)
      checkRevoked(attempt, place)
      if (cookie) checkCookie(attempt, cookie, place)
      if (place !== undefined) checkLogin(attempt, place, cookie)
      noteShown(attempt, committed)
      if (attempt.spent === undefined || place === undefined) return
      const token = `${place} ${attempt.spent}`
      const other = spent.get(token)
      if (other !== undefined && !fellBack.has(place))
        fail(`spent twice: ${token} by ${other} and ${attempt.name}`)
      spent.set(token, attempt.name)
    },

    /** A commit was refused for certain: nothing of it may ever be seen. */
    refused(attempt: Attempt, why: 'gone' | 'spent' | 'conflict'): void {
      refused.push(attempt)
      checkRefused(attempt)
      const { name, selector, login, openedAt } = attempt
      const row = selector === undefined ? undefined : facts.store?.rowOf(selector)
      if (selector === undefined || !row || isOver(selector, row, skew)) return
      if (fellBack.has(selector) || revoked.mayBeRevoked(selector, login)) return
      if (contentOf(selector, row).login !== login) return
      if ((facts.revived.get(selector) ?? -1) > openedAt) return
      if (why === 'gone') fail(`${name} was told that ${selector} is gone, which it is not`)
      if (why === 'spent' && (unspendable.get(selector) ?? 0) <= openedAt) {
        fail(`${name} was told that the token of ${selector} is spent, which it is not`)
      }
    },

    /** A login was refused: nobody is kept out by a limit who has fewer sessions. */
    loginRefused({ name, logsIn }: Attempt, code: string | undefined): void {
      const most = facts.most.get(logsIn?.user ?? '') ?? 0
      if (code === 'ERR_SESSION_LIMIT' && most < rules.limit.most) {
        fail(`locked out: ${name} was refused for the limit, and there never were so many`)
      }
    },

    /** Whatever was refused did not come later either. */
    checkRefused: () => refused.forEach(checkRefused),

    /** A session is over for good, and somebody was told so. */
    ended(selector: string): void {
      facts.moment += 1
      const isThere = facts.store?.rowOf(selector) && !fellBack.has(selector)
      if (isThere) fail(`${selector} was ended, and is still there`)
      if (!over.has(selector)) over.set(selector, facts.moment)
    },

    /** Whether whoever signed in last in this session knows that. */
    isAcknowledged(key: string): boolean {
      const row = facts.store?.rowOf(key)
      const { login } = row ? contentOf(key, row) : {}
      return login !== undefined && acknowledged.get(login) === key
    },

    /** A user was erased, who had this session before. */
    erased(key: string, user: string): void {
      const isThere = facts.store?.rowOf(key)?.owner === user && !fellBack.has(key)
      if (isThere) fail(`${user} was erased, and ${key} is still there`)
    },

    /** A list of devices shows a session; `since` is the moment at which it was asked for. */
    listed(key: string, user: string, since: number): void {
      const row = facts.store?.rowOf(key)
      if (row && revoked.isRevoked(key, contentOf(key, row).login, since)) {
        fail(`revoked: the list of ${user} shows ${key}`)
      }
      const isOver = (over.get(key) ?? Infinity) <= since && !fellBack.has(key)
      if (isOver) fail(`the list of ${user} shows ${key}, which was ended`)
    },

    /** A cookie opened a session; `since` is the moment at which it was shown. */
    opened({ selector, hash }: Cookie, { record }: Opened, since: number, shownFrom: number): void {
      if (!record) return
      const { user, login } = recordContent(record)
      if (user !== undefined && revoked.isRevoked(selector, login, since)) {
        fail(`revoked: ${selector} of ${user} opened again`)
      }
      if (fellBack.has(selector)) return
      if ((over.get(selector) ?? Infinity) <= since) fail(`resurrection: ${selector} opened again`)
      if ((over.get(`${selector} ${hash}`) ?? Infinity) <= since) {
        fail(`two live ids: an id from before a login opened ${selector}`)
      }
      const list = ids.get(selector) ?? []
      const at = list.findIndex((id) => id.hash === hash)
      if (at < 0) fail(`${selector} opened with an id nobody was given`)
      const isReplaced = list
        .slice(at + 1)
        .some(({ shownAt }) => shownAt !== undefined && shownAt + grace + 2 * skew < shownFrom)
      if (isReplaced) fail(`two live ids: a renewed id opened ${selector} after its grace`)
    },
  }
}
