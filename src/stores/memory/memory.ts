/** The store in this process's memory: for tests, development, and apps of one small process. */

import { setImmediate } from 'node:timers/promises'
import { SessionError } from '../../base/errors.ts'
import { systemClock, type Clock } from '../../base/ports.ts'
import { makeOwners } from './owners.ts'
import { isDue, isTombstone, packRow, tombstone, unpackRow, weightOf } from './row.ts'
import { makeShelf } from './bounded-map.ts'
import type { SessionStore } from '../../backends/stored/store.ts'
import { sessionStore } from '../session-store.ts'
import { hasWonBefore } from '../verb-rules.ts'

/** The limits of the store. */
export interface MemoryStoreOptions {
  /** The most sessions. One that has ended counts for two more minutes. @default 100_000 */
  readonly entries?: number
  /** The most bytes for sessions, approximately. Lists of users may take as many again. @default 64 MiB */
  readonly bytes?: number
  /** Returns the time in milliseconds since 1970. @default Date.now */
  readonly clock?: Clock
}

/**
 * Makes a store that saves sessions in memory: fast, only for one process, and lost when it ends.
 *
 * Its size is limited. When it is full, it drops expired sessions first; if it finds none, those that
 * were not used for the longest time (above 1900 entries: approximately those). If it drops a user's
 * list, it drops the user's sessions too, because they could not be revoked any more. It drops lists
 * without sessions first, then, with their epochs, those that were not used for the longest time.
 *
 * It uses no timer: each call checks a few rows, and drops those that ended two minutes ago.
 *
 * @throws ERR_OPTION_INVALID if a limit is not a whole number of 1 or more.
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
    // A list of one session is smaller than the session, so all lists fit.
    bytes,
    clock,
    holds: (key) => isRow(rows.get(key)),
    drop: (key) => {
      if (isRow(rows.get(key))) rows.drop(key)
    },
  })

  const subscribers = new Set<(key: string) => void>()

  // No verb awaits between its read and its write, so each is atomic.
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
      // An object for each call, because one function may subscribe twice.
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
    '[sojourn] memoryStore() saves sessions only in this process: a restart loses them all, and ' +
      'a second process does not know them. In production use sqliteStore, redisStore or postgresStore.',
  )
}
