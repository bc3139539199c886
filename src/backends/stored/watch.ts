/** Calls listeners when a session has ended: at once, by the store's notification, or by polling. */

import { SessionError } from '../../base/errors.ts'
import type { Clock, Timer } from '../../base/ports.ts'
import type { EndCause } from '../store-backend.ts'
import type { GuardedStore, SessionRules } from './commit-work.ts'
import { decodeEntry, entryEnded, isRevoked, LATE_TOUCH } from './entry.ts'
import { type FoundRow, READ_AT_ONCE, type Watching } from './store.ts'
import { eachInParts } from './upkeep.ts'

/** Called once with the reason why a session has ended. Must not throw. */
export type EndListener = (why: EndCause) => void

/** The sessions that are watched in this process. */
export interface EndWatch {
  /** @returns a function that stops it. @throws ERR_LISTENER_LIMIT */
  watch(key: string, listener: EndListener): () => void
  /** Calls the listeners of a session that has ended. */
  tell(key: string, why: EndCause): void
  /** Removes a row, then calls the listeners. */
  remove(key: string, why: EndCause): Promise<boolean>
  /** Removes the listeners without calling them, and ends the polling and the subscription. */
  close(): Promise<void>
}

/** What watching needs. */
export interface EndWatchParts {
  readonly store: Pick<GuardedStore, 'read' | 'readMany' | 'remove'>
  /** The store itself: a subscription has no deadline. */
  readonly subscriptions: Pick<Watching, 'subscribe'>
  readonly rules: SessionRules
  readonly clock: Clock
  /** Does not keep the process alive. */
  readonly background: Timer
  /** In milliseconds. */
  readonly pollInterval: number
}

/** The most listeners of a process. It has fewer sockets, unless listeners are never stopped. */
export const MAX_LISTENERS = 250_000

const FAILED = () => {}

/**
 * Makes the watch.
 *
 * A key is read when it is first watched, because the session may have ended just before; when the
 * store reports its removal; and at each poll. So a lost notification only causes a delay.
 */
export function endWatch(parts: EndWatchParts): EndWatch {
  const { store, subscriptions, rules, clock, background, pollInterval } = parts
  const watched = new Map<string, Set<{ readonly listener: EndListener }>>()
  /** The removals of this process in flight: a notification may come before their reply. */
  const ending = new Map<string, EndCause>()
  const unread = new Set<string>()
  let count = 0
  let isPolling = false
  /** Cancels the next poll, unless it has begun. */
  let cancelPoll: (() => void) | undefined
  let subscription: Promise<() => Promise<void>> | undefined

  function tell(key: string, why: EndCause): void {
    const listeners = watched.get(key)
    if (!listeners) return
    watched.delete(key)
    // One listener may stop the others.
    for (const one of listeners) {
      listeners.delete(one)
      count -= 1
      one.listener(why)
    }
  }

  function readSoon(key: string): void {
    if (unread.size === 0) queueMicrotask(() => void readUnread())
    unread.add(key)
  }

  function readUnread(): Promise<void> {
    const keys = [...unread]
    unread.clear()
    return check(keys)
  }

  /** Reads these keys, and calls the listeners of sessions that have ended. */
  async function check(keys: Iterable<string>): Promise<void> {
    const all = [...keys]
    for (let at = 0; at < all.length; at += READ_AT_ONCE) {
      const batch = all.slice(at, at + READ_AT_ONCE).filter((key) => watched.has(key))
      for (const [key, row] of await read(batch)) {
        const why = endOf(key, row)
        if (why !== undefined) tell(key, why)
      }
    }
  }

  /** The rows that can be read. A failed read is repeated at the next poll; requests get the error. */
  async function read(keys: readonly string[]): Promise<ReadonlyMap<string, FoundRow | null>> {
    const found = new Map<string, FoundRow | null>()
    if (keys.length > 1 && store.readMany) {
      const rows = await store.readMany(keys).catch(() => [])
      // A row that is missing in the reply must not be mistaken for an ended session.
      keys.forEach((key, at) => rows[at] !== undefined && found.set(key, rows[at]))
    } else {
      await eachInParts(keys, (key) =>
        store.read(key).then((row) => void found.set(key, row), FAILED),
      )
    }
    return found
  }

  function endOf(key: string, row: FoundRow | null): EndCause | undefined {
    if (row === null) return ending.get(key) ?? 'gone'
    const entry = decodeEntry(key, row, rules)
    const now = clock()
    const late = now - LATE_TOUCH
    // The row is encrypted under a secret that this process does not have.
    if (!entry) return row.expiresAt < late ? 'expired' : undefined
    if (isRevoked(row, entry)) return 'revoked'
    let ended = entryEnded(row, entry, rules, now)
    if (ended === 'expired') ended = entryEnded(row, entry, rules, late)
    return ended === 'future' ? undefined : ended
  }

  function subscribe(): void {
    if (!subscriptions.subscribe || subscription) return
    const removed = (key: string) => void (watched.has(key) && readSoon(key))
    const lost = () => void (subscription === subscribing && (subscription = undefined))
    const subscribing = (async () => subscriptions.subscribe!(removed, lost))()
    subscription = subscribing
    // There is no notification of sessions that ended before the subscription.
    subscribing.then(() => check(watched.keys()), lost)
  }

  function poll(): void {
    if (isPolling) return
    isPolling = true
    cancelPoll = background(async () => {
      cancelPoll = undefined
      if (watched.size > 0) subscribe()
      await check(watched.keys())
      isPolling = false
      if (watched.size > 0) poll()
      else void unsubscribe()
    }, pollInterval)
  }

  async function unsubscribe(): Promise<void> {
    const stopping = subscription
    subscription = undefined
    await stopping?.then((stop) => stop()).catch(() => {})
  }

  return {
    watch(key, listener) {
      if (count >= MAX_LISTENERS) throw new SessionError('ERR_LISTENER_LIMIT', MAX_LISTENERS)
      const listeners = watched.get(key) ?? new Set()
      const one = { listener }
      watched.set(key, listeners.add(one))
      count += 1
      readSoon(key)
      subscribe()
      poll()
      return () => {
        if (!listeners.delete(one)) return
        count -= 1
        if (listeners.size === 0 && watched.get(key) === listeners) watched.delete(key)
      }
    },
    tell,
    async remove(key, why) {
      ending.set(key, why)
      try {
        const existed = await store.remove(key)
        tell(key, why)
        return existed
      } finally {
        ending.delete(key)
      }
    },
    async close() {
      for (const listeners of watched.values()) listeners.clear()
      watched.clear()
      count = 0
      if (cancelPoll) {
        cancelPoll()
        cancelPoll = undefined
        isPolling = false
      }
      await unsubscribe()
    },
  }
}
