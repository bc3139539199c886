/** A store in its plainest form, with its insides open: what the faults are put into. */

import type { Clock } from '../../../src/base/ports.ts'
import {
  GARBAGE_MS,
  REVOKED_MS,
  type Row,
  type StoreVerbs,
} from '../../../src/backends/stored/store.ts'

export interface Grave {
  readonly removedAt: number
}

export interface List {
  keys: string[]
  until: number
  revoked: number
}

/** A store, and what it is made of. */
export interface Plain {
  readonly store: StoreVerbs
  readonly clock: Clock
  readonly rows: Map<string, Row | Grave>
  readonly lists: Map<string, List>
  rowOf(key: string): Row | null
  listOf(owner: string): List
}

export function plainStore(clock: Clock): Plain {
  const rows = new Map<string, Row | Grave>()
  const lists = new Map<string, List>()

  function rowOf(key: string): Row | null {
    const held = rows.get(key)
    return held && 'body' in held ? held : null
  }

  function listOf(owner: string): List {
    const list = lists.get(owner) ?? { keys: [], until: 0, revoked: 0 }
    lists.set(owner, list)
    return list
  }

  const store: StoreVerbs = {
    engine: 'plain',
    read: async (key) => structuredClone(rowOf(key)),
    async insert(key, row) {
      if (rows.has(key)) return false
      rows.set(key, structuredClone(row))
      return true
    },
    async swap(key, ifWrite, row) {
      const newest = rowOf(key)
      if (!newest) return { won: false, newest }
      if ([newest.write, ...newest.recent].includes(row.write)) return { won: true }
      if (newest.write !== ifWrite) return { won: false, newest }
      rows.set(key, structuredClone(row))
      return { won: true }
    },
    async touch(key, expiresAt) {
      const row = rowOf(key)
      if (row && row.expiresAt < expiresAt) rows.set(key, { ...row, expiresAt })
      return row !== null
    },
    async remove(key) {
      const had = rowOf(key) !== null
      rows.set(key, { removedAt: clock() })
      return had
    },
    async admit(owner, key, calledAt, until, limit) {
      const list = listOf(owner)
      if (calledAt <= list.revoked) return { admitted: false, why: 'revoked' }
      const isNew = !list.keys.includes(key)
      if (isNew && limit?.refuse && list.keys.length >= limit.most) {
        return { admitted: false, why: 'limit' }
      }
      if (isNew) list.keys.push(key)
      list.until = Math.max(list.until, until)
      if (!limit || limit.refuse || list.keys.length <= limit.most) {
        return { admitted: true, over: [] }
      }
      const others = list.keys.filter((other) => other !== key)
      return { admitted: true, over: others.slice(0, list.keys.length - limit.most) }
    },
    async keep(owner, until) {
      const list = listOf(owner)
      list.until = Math.max(list.until, until)
    },
    async list(owner, revoking = 0) {
      const list = listOf(owner)
      list.revoked = Math.max(list.revoked, revoking)
      if (revoking > 0) list.until = Math.max(list.until, clock() + REVOKED_MS)
      return [...list.keys]
    },
    async forget(owner, keys) {
      const list = listOf(owner)
      list.keys = list.keys.filter((key) => !keys.includes(key))
    },
    async *keys() {
      yield [...rows.keys()].filter((key) => rowOf(key) !== null)
    },
    async prune(limit) {
      const dead = [...rows].filter(
        ([, held]) => ('body' in held ? held.expiresAt : held.removedAt) + GARBAGE_MS <= clock(),
      )
      for (const [key] of dead.slice(0, limit)) rows.delete(key)
      for (const [owner, { until }] of lists) if (until < clock()) lists.delete(owner)
      return Math.min(limit, dead.length)
    },
    check: async () => ['Nothing outlives the process.'],
  }
  return { store, clock, rows, lists, rowOf, listOf }
}
