/** Sessions in this process's memory: for tests, for development, and for one small process. */

import { setImmediate } from 'node:timers/promises'
import { SessionError } from '../../base/errors.ts'
import { systemClock, type Clock } from '../../base/ports.ts'
import { makeOwners } from './owners.ts'
import { isDue, isTombstone, packRow, tombstone, unpackRow, weightOf } from './row.ts'
import { makeShelf } from './bounded-map.ts'
import type { SessionStore } from '../../backends/stored/store.ts'
import { sessionStore } from '../session-store.ts'
import { hasWonBefore } from '../verb-rules.ts'

/** How much the store may keep. */
export interface MemoryStoreOptions {
  /** The most sessions; an ended one counts for two more minutes. @default 100_000 */
  readonly entries?: number
  /** About the most bytes for sessions; owners' lists may take as much besides. @default 64 MiB */
  readonly bytes?: number
  /** Tells the time. @default the machine's */
  readonly clock?: Clock
}

/**
 * Keeps sessions in memory: fast, for one process, and lost when it ends.
 *
 * It is bounded. When it is full it drops expired sessions first; if it finds none, it drops the
 * ones that were neither written nor touched for longest (over 1900 entries, about those). A user's
 * list that is dropped takes its sessions along, since nobody could find them to revoke them. Lists
 * of users without sessions go first, then, with their epochs, those that were unused for longest.
 *
 * It uses no timer: each call checks a few more rows and drops those that ended two minutes ago.
 *
 * @throws ERR_OPTION_INVALID if a bound is not a whole number of 1 or more.
 *
 * @example
 * import { createSessions } from 'sojourn'
 * import { memoryStore } from 'sojourn/stores/memory'
 * const store = memoryStore({ entries: 10_000 })
 * const sessions = createSessions({ secret: process.env.SESSION_SECRET, store })
 */
export function memoryStore(options: MemoryStoreOptions = {}): SessionStore {
  const { entries = 100_000, bytes = 64 * 1024 * 1024, clock = systemClock } = options
  checkBound('entries', entries)
  checkBound('bytes', bytes)
  warnInProduction()
  const rows = makeShelf({
    entries,
    bytes,
    weightOf,
    isDue: (packed, room) => isDue(packed, clock(), room),
  })
  const rowOf = (key: string) => unpackRow(rows.get(key))
  const isRow = (packed: string | undefined) => packed !== undefined && !isTombstone(packed)
  const {
    shelf: lists,
    stateOf,
    ...owners
  } = makeOwners({
    entries,
    // A list of one session takes less than the session does: there is room for each one's.
    bytes,
    clock,
    holds: (key) => isRow(rows.get(key)),
    drop: (key) => {
      if (isRow(rows.get(key))) rows.drop(key)
    },
  })

  const subscribers = new Set<(key: string) => void>()

  // No verb awaits anything between its read and its write: that makes each atomic.
  return sessionStore({
    engine: 'memory',
    ...owners,
    async read(key) {
      rows.sweep()
      const row = rowOf(key)
      if (row === null || row.owner === null) return row && { ...row, epoch: 0, isListed: true }
      return { ...row, ...stateOf(row.owner, key) }
    },
    async insert(key, row) {
      rows.sweep()
      if (rows.get(key) !== undefined) return false
      rows.put(key, packRow(row))
      return true
    },
    async swap(key, ifWrite, row) {
      rows.sweep()
      const newest = rowOf(key)
      if (!newest) return { won: false, newest }
      if (hasWonBefore(row, newest)) return { won: true }
      if (newest.write !== ifWrite) return { won: false, newest }
      rows.put(key, packRow(row))
      return { won: true }
    },
    async touch(key, expiresAt) {
      rows.sweep()
      const row = rowOf(key)
      if (row && expiresAt > row.expiresAt) rows.put(key, packRow({ ...row, expiresAt }))
      return row !== null
    },
    async remove(key) {
      rows.sweep()
      const had = rowOf(key) !== null
      rows.put(key, tombstone(clock()))
      if (had) for (const removed of subscribers) removed(key)
      return had
    },
    async *keys() {
      for (const part of rows.parts()) {
        yield [...part].flatMap(([key, packed]) => (isTombstone(packed) ? [] : [key]))
        await setImmediate()
      }
    },
    async prune(limit) {
      let pruned = 0
      for (const shelf of [rows, lists]) {
        for (const dropped of shelf.prune(limit - pruned)) {
          pruned += dropped
          if (pruned >= limit) return pruned
          await setImmediate()
        }
      }
      return pruned
    },
    check: async () => [],
    async subscribe(removed) {
      // An object of its own: one function may subscribe twice.
      const one = (key: string) => removed(key)
      subscribers.add(one)
      return async () => void subscribers.delete(one)
    },
  })
}

function checkBound(option: string, value: number): void {
  if (Number.isSafeInteger(value) && value > 0) return
  throw new SessionError('ERR_OPTION_INVALID', option, 'has to be a whole number of 1 or more')
}

let hasWarned = false

function warnInProduction(): void {
  if (hasWarned || process.env['NODE_ENV'] !== 'production') return
  hasWarned = true
  console.warn(
    '[sojourn] memoryStore() keeps sessions in this process alone: a restart loses them all, and ' +
      'a second process does not know them. In production use sqliteStore, redisStore or postgresStore.',
  )
}
