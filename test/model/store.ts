/** A store in a few maps that does what the contract says, at once, and a flaw where a test asks for one. */

import {
  type Admission,
  GARBAGE_MS,
  type Limit,
  REVOKED_MS,
  type Row,
  type Swap,
} from '../../src/backends/stored/store.ts'

/** What a simpler contract would leave out. */
export type Flaw =
  /** A version number: a swap that has won already is told that it lost. */
  | 'no-write-ids'
  /** A removed key is free at once. */
  | 'no-tombstones'
  /** A swap inserts where nothing is. */
  | 'upsert'
  /** A login is admitted whenever it was called. */
  | 'no-revoking-note'
  /** A touch that is executed late takes time away again. */
  | 'touch-lowers'

/** What is told of every row that changes. `by` is the call that did it. */
export type Observe = (key: string, before: Row | null, after: Row | null, by: string) => void

/** The verbs of a store, each executed the moment it is called. */
export type ModelStore = ReturnType<typeof modelStore>

interface OwnerList {
  keys: string[]
  until: number
  revoked: number
  revokedUntil: number
}

/** Makes the store. */
export function modelStore(clock: () => number, observe: Observe, flaw?: Flaw) {
  const rows = new Map<string, Row>()
  const tombstones = new Map<string, number>()
  const owners = new Map<string, OwnerList>()

  function rowOf(key: string): Row | null {
    const row = rows.get(key)
    if (!row) return null
    if (clock() <= row.expiresAt + GARBAGE_MS) return row
    rows.delete(key)
    return null
  }

  function put(key: string, row: Row, by: string): void {
    const before = rows.get(key) ?? null
    rows.set(key, row)
    observe(key, before, row, by)
  }

  function ownerOf(owner: string): OwnerList {
    const list = owners.get(owner) ?? { keys: [], until: 0, revoked: -1, revokedUntil: 0 }
    owners.set(owner, list)
    if (list.until < clock()) list.keys = []
    if (list.revokedUntil < clock()) list.revoked = -1
    return list
  }

  return {
    rows,
    rowOf,
    read: (key: string): Row | null => rowOf(key),

    insert(key: string, row: Row): boolean {
      if (rowOf(key)) return false
      if (clock() <= (tombstones.get(key) ?? -1) && flaw !== 'no-tombstones') return false
      put(key, row, 'insert')
      return true
    },

    swap(key: string, ifWrite: string, row: Row): Swap {
      const held = rowOf(key)
      if (!held) {
        if (flaw !== 'upsert') return { won: false, newest: null }
        put(key, row, 'swap')
        return { won: true }
      }
      const isOwn = held.write === row.write || held.recent.includes(row.write)
      if (isOwn && flaw !== 'no-write-ids') return { won: true }
      if (held.write !== ifWrite) return { won: false, newest: held }
      put(key, row, 'swap')
      return { won: true }
    },

    touch(key: string, expiresAt: number): boolean {
      const held = rowOf(key)
      if (!held) return false
      const isLater = expiresAt > held.expiresAt || flaw === 'touch-lowers'
      if (isLater) put(key, { ...held, expiresAt }, 'touch')
      return true
    },

    remove(key: string): boolean {
      const held = rowOf(key)
      rows.delete(key)
      tombstones.set(key, clock() + GARBAGE_MS)
      if (held) observe(key, held, null, 'remove')
      return held !== null
    },

    admit(owner: string, key: string, calledAt: number, until: number, limit?: Limit): Admission {
      const list = ownerOf(owner)
      if (calledAt <= list.revoked && flaw !== 'no-revoking-note') {
        return { admitted: false, why: 'revoked' }
      }
      if (!list.keys.includes(key)) {
        const isFull = limit && list.keys.length >= limit.most
        if (isFull && limit.refuse) return { admitted: false, why: 'limit' }
        list.keys.push(key)
      }
      list.until = Math.max(list.until, until)
      const others = list.keys.filter((other) => other !== key)
      const excess = limit ? Math.max(0, list.keys.length - limit.most) : 0
      return { admitted: true, over: others.slice(0, excess) }
    },

    keep(owner: string, until: number): void {
      const list = ownerOf(owner)
      list.until = Math.max(list.until, until)
    },

    list(owner: string, revoking?: number): string[] {
      const list = ownerOf(owner)
      if (revoking !== undefined) {
        list.revoked = Math.max(list.revoked, revoking)
        list.revokedUntil = clock() + REVOKED_MS
      }
      return [...list.keys]
    },

    forget(owner: string, keys: readonly string[]): void {
      const list = ownerOf(owner)
      list.keys = list.keys.filter((key) => !keys.includes(key))
    },
  }
}
