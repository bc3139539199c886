/** Knows what was acknowledged, and says where the store, an answer or a cookie contradicts it. */

import type { Committed, Opened } from '../../src/backends/backend.ts'
import type { Row } from '../../src/stores/store.ts'
import { type Content, contentOf, itemsOf, recordContent } from './content.ts'
import type { ModelStore, Observe } from './store.ts'

/** One commit of one request: what it stands on, and what it is about to do. */
export interface Attempt {
  readonly name: string
  /** The session that was opened, and the hash of the verifier it was opened with. */
  readonly selector: string | undefined
  readonly hash: string | undefined
  /** The login and the user the request saw. */
  readonly login: string | undefined
  readonly user: string | undefined
  /** The key its cookie names, whether or not it opened. */
  readonly presented: string | undefined
  readonly logsIn: { user: string; calledAt: number } | undefined
  readonly logsOut: boolean
  /** The items it wrote before it signed in, and all others. */
  readonly early: readonly string[]
  readonly items: readonly string[]
  /** The flash messages it showed. */
  readonly shown: readonly string[]
  /** The token it spent, as its updater last saw it. */
  spent: string | undefined
}

/** A cookie that has left. */
export interface Cookie {
  readonly selector: string
  readonly hash: string
}

interface Epoch {
  readonly hash: string
  /** The login under which the verifier came, before that write; `undefined` too where it was inserted. */
  readonly login: string | undefined
  readonly isFirst: boolean
  shownAt: number | undefined
}

interface Revocation {
  readonly user: string
  readonly calledAt: number
  readonly except: string | undefined
  /** When it was acknowledged, in acknowledgements; never until then. */
  since: number
}

/** What is known of one schedule. */
export type Oracle = ReturnType<typeof oracleOf>

/** What else may end a session. */
export interface Rules {
  readonly grace: number
  readonly limit: unknown
  readonly onReplay: 'report' | 'end'
  /** Whether a session's time is over. */
  isOver(key: string, row: Row): boolean
}

/** Makes the oracle of one schedule. */
export function oracleOf(now: () => number, { grace, limit, onReplay, isOver }: Rules) {
  const violations: string[] = []
  const attempts = new Map<string, Attempt>()
  const writers = new Map<string, Attempt>()
  /** The keys under which an item was ever seen, and the user whose it became. */
  const seen = new Map<string, Set<string>>()
  const holders = new Map<string, string>()
  const shown = new Set<string>()
  const removed = new Set<string>()
  const epochs = new Map<string, Epoch[]>()
  /** Sessions, and single ids, that are over since that acknowledgement. */
  const over = new Map<string, number>()
  const spent = new Map<string, string>()
  const refused: Attempt[] = []
  const revocations: Revocation[] = []
  const mayEnd = new Set<string>()
  const removing = new Set<string>()
  const acknowledged = new Map<string, string | undefined>()
  const cookies = new Map<string, Cookie>()
  let acknowledgements = 0
  let store: ModelStore | undefined

  function fail(what: string): void {
    violations.push(what)
  }

  function checkItems(key: string, before: Content | undefined, after: Content): void {
    const items = itemsOf(after)
    if (new Set(items).size < items.length) fail(`applied twice: ${key} holds ${items.join(' ')}`)
    const held = new Set(before && itemsOf(before))
    const kept = new Set(items)
    for (const item of held) {
      if (!kept.has(item) && !shown.has(item)) fail(`lost update: ${item} is gone from ${key}`)
    }
    for (const item of items) {
      const places = seen.get(item) ?? new Set()
      seen.set(item, places.add(key))
      const holder = holders.get(item)
      // A row that is inserted without a login only has its own request's items.
      const isOwn = !before && after.user === undefined
      if (holder !== undefined && holder !== after.user && !isOwn) {
        fail(`another user's data: ${item} of ${holder} is in a session of ${after.user}`)
      }
      if (after.user !== undefined) holders.set(item, after.user)
      if (before && !held.has(item)) checkWriter(key, item, before)
    }
  }

  function checkWriter(key: string, item: string, before: Content): void {
    const writer = writers.get(item)
    if (!writer) return fail(`${item} was written by nobody`)
    if (writer.selector !== key) fail(`${item} was written to a session it had not opened`)
    if (writer.login !== before.login) fail(`write across a login: ${item} in ${key}`)
  }

  function checkInsert(key: string, content: Content): void {
    if (removed.has(key)) fail(`resurrection: ${key} was inserted again`)
    const items = itemsOf(content)
    const login = content.login === undefined ? undefined : attempts.get(content.login)
    if (content.user !== undefined && login?.logsIn?.user !== content.user) {
      return fail(`${key} is signed in without a login`)
    }
    for (const item of items) {
      const writer = writers.get(item)
      if (!writer) fail(`${item} was written by nobody`)
      else if (login) {
        const isCopied = login.selector !== undefined && seen.get(item)?.has(login.selector)
        if (writer !== login && !isCopied) fail(`${item} came into ${key} from elsewhere`)
      } else if (writer.selector !== undefined && !writer.logsOut) {
        fail(`resurrection: ${item} was written anew to ${key}, its session was ${writer.selector}`)
      }
    }
  }

  const observe: Observe = (key, before, after, by) => {
    if (!after) {
      removed.add(key)
      if (before && !mayBeRemoved(key, before)) fail(`${key} was removed for no reason`)
      return
    }
    const content = contentOf(key, after)
    const old = before ? contentOf(key, before) : undefined
    if (!old && by === 'swap') fail(`resurrection: a swap inserted ${key}`)
    if (!old && by === 'insert') checkInsert(key, content)
    checkItems(key, old, content)
    if (content.verifier === old?.verifier) return
    const list = epochs.get(key) ?? []
    epochs.set(key, list)
    list.push({
      hash: content.verifier,
      login: old?.login,
      isFirst: !old,
      shownAt: undefined,
    })
  }

  function mayBeRemoved(key: string, row: Row): boolean {
    if (mayEnd.has(key) || row.expiresAt < now() || onReplay === 'end') return true
    if (limit !== undefined && row.owner !== null) return true
    return revocations.some(({ user, except }) => user === row.owner && except !== key)
  }

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
        over.set(`${place} ${epoch.hash}`, acknowledgements)
      }
      for (const other of cookies.values()) {
        const isKnown = epochs.get(place)?.some(({ hash }) => hash === other.hash)
        if (other.selector === place && !isKnown) over.set(`${place} ${other.hash}`, acknowledgements)
      }
    } else if (user !== undefined && user !== logsIn.user) {
      const row = store?.rowOf(selector)
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

  function checkRefused({ name, early, items }: Attempt): void {
    for (const item of [...early, ...items]) {
      // A resend may find the row gone, with what the first sending wrote to it.
      const places = [...(seen.get(item) ?? [])].filter((key) => store?.rowOf(key))
      if (places.length > 0) fail(`half-written: ${name} was refused, and wrote ${item}`)
    }
  }

  return {
    violations,
    observe,
    fail,
    mayEnd,
    /** Sessions whose end was not confirmed, and is left to the background. */
    removing,
    cookies,
    /** The session an acknowledged attempt stands in. */
    placeOf: (attempt: string) => acknowledged.get(attempt),
    get since() {
      return acknowledgements
    },
    watch(watched: ModelStore) {
      store = watched
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
      acknowledgements += 1
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
    refused(attempt: Attempt): void {
      refused.push(attempt)
      checkRefused(attempt)
    },

    /** Whatever was refused did not come later either. */
    checkRefused: () => refused.forEach(checkRefused),

    /** A session is over for good, and somebody was told so. */
    ended(selector: string): void {
      acknowledgements += 1
      if (store?.rowOf(selector)) fail(`${selector} was ended, and is still there`)
      if (!over.has(selector)) over.set(selector, acknowledgements)
    },

    /** A user's sessions are being revoked; answers how to say that they were. */
    revoking(user: string, except: string | undefined): () => void {
      const revocation = { user, except, calledAt: now(), since: Number.POSITIVE_INFINITY }
      revocations.push(revocation)
      return () => {
        acknowledgements += 1
        revocation.since = acknowledgements
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
        if (calledAt < revocation.calledAt) fail(`revoked: ${selector} of ${user} opened again`)
      }
    },
  }
}
