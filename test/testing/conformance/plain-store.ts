/** A store in its plainest form, with its insides open: what the faults are put into. */

import type { Clock } from '../../../src/base/ports.ts'
import {
  GARBAGE_MS,
  OVER_AT_ONCE,
  type Row,
  type StoreVerbs,
} from '../../../src/backends/stored/store.ts'

export interface Grave {
  readonly removedAt: number
}

export interface List {
  keys: string[]
  until: number
  epoch: number
  except: string | undefined
}

/** A store, and what it is made of. */
export interface Plain {
  readonly store: StoreVerbs
  readonly clock: Clock
  readonly rows: Map<string, Row | Grave>
  readonly lists: Map<string, List>
  rowOf(key: string): Row | null
  listOf(owner: string): List
  /** Whether a session of this epoch was revoked. */
  isRevoked(owner: string, key: string, epoch: number): boolean
  /** The list, its epoch and its time at least these. */
  raised(owner: string, epoch: number, until: number): List
}

export function plainStore(clock: Clock): Plain {
  const rows = new Map<string, Row | Grave>()
  const lists = new Map<string, List>()

  function rowOf(key: string): Row | null {
    const held = rows.get(key)
    return held && 'body' in held ? held : null
  }

  function listOf(owner: string): List {
    const list = lists.get(owner) ?? { keys: [], until: 0, epoch: 0, except: undefined }
    lists.set(owner, list)
    return list
  }

  function isRevoked(owner: string, key: string, epoch: number): boolean {
    const list = listOf(owner)
    return epoch < list.epoch && key !== list.except
  }

  function raised(owner: string, epoch: number, until: number): List {
    const list = listOf(owner)
    if (epoch > list.epoch) Object.assign(list, { epoch, except: undefined })
    list.until = Math.max(list.until, until)
    return list
  }

  const store: StoreVerbs = {
    engine: 'plain',
    async read(key) {
      const row = structuredClone(rowOf(key))
      if (row?.owner == null) return row && { ...row, epoch: 0, isListed: true }
      const { keys, epoch, except } = listOf(row.owner)
      return { ...row, epoch: key === except ? 0 : epoch, isListed: keys.includes(key) }
    },
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
    epoch: async (owner) => listOf(owner).epoch,
    async admit(owner, key, epoch, until, limit) {
      const { keys } = listOf(owner)
      const isNew = !keys.includes(key)
      const isFull = isNew && limit.refuse && keys.length >= limit.most
      if (isRevoked(owner, key, epoch)) return { admitted: false, why: 'revoked' }
      if (isFull) return { admitted: false, why: 'limit' }
      raised(owner, epoch, until)
      if (isNew) keys.push(key)
      const over = limit.refuse ? 0 : keys.indexOf(key) + 1 - limit.most
      return { admitted: true, over: keys.slice(0, Math.min(Math.max(over, 0), OVER_AT_ONCE)) }
    },
    async keep(owner, key, epoch, until) {
      if (isRevoked(owner, key, epoch)) return false
      const { keys } = raised(owner, epoch, until)
      if (!keys.includes(key)) keys.push(key)
      return true
    },
    list: async (owner, most) => listOf(owner).keys.slice(0, most),
    async revoke(owner, epoch, until, except) {
      const list = listOf(owner)
      if (epoch > list.epoch) {
        Object.assign(list, { epoch, except, until: Math.max(list.until, until) })
      }
      return { epoch: list.epoch, keys: [...list.keys] }
    },
    async forget(owner, keys) {
      const list = listOf(owner)
      list.keys = list.keys.filter((key) => !keys.includes(key))
    },
    async erase(owner) {
      lists.delete(owner)
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
  return { store, clock, rows, lists, rowOf, listOf, isRevoked, raised }
}
