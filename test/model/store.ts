/** A store in a few maps that does what the contract says, at once, and a flaw where a test asks for one. */

import {
  type Admission,
  type FoundRow,
  GARBAGE_MS,
  type Limit,
  OVER_AT_ONCE,
  type Revoked,
  type Row,
  type Swap,
} from '../../src/backends/stored/store.ts'
import type { Flaw } from './flaw.ts'
import type { Watcher } from './watcher.ts'

/** What a list of an owner holds. */
export interface OwnerList {
  keys: string[]
  until: number
  epoch: number
  except: string | undefined
}

/** All that a replica has. */
export interface Copy {
  readonly rows: ReadonlyMap<string, Row>
  readonly tombstones: ReadonlyMap<string, number>
  readonly owners: ReadonlyMap<string, OwnerList>
}

/** What it says of a write that has no room. */
export const FULL = 'The store is full.'

/** The verbs of a store, each executed the moment it is called. */
export type ModelStore = ReturnType<typeof modelStore>

/** Makes the store. */
export function modelStore(clock: () => number, watcher: Watcher, flaw?: Flaw) {
  const rows = new Map<string, Row>()
  const tombstones = new Map<string, number>()
  const owners = new Map<string, OwnerList>()

  const state = { isFull: false }

  function needsSpace(): void {
    if (state.isFull) throw new Error(FULL)
  }

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
    watcher.changed(key, before, row, by)
  }

  function ownerOf(owner: string): OwnerList {
    const list = owners.get(owner)
    if (list && list.until >= clock()) return list
    const empty = { keys: [], until: 0, epoch: 0, except: undefined }
    owners.delete(owner)
    return empty
  }

  function isRevoked({ epoch, except }: OwnerList, key: string, of: number): boolean {
    return epoch > of && except !== key
  }

  /** Puts a key into a list that may have lost it; nothing is written if nothing changes. */
  function place(owner: string, key: string, epoch: number, until: number, isHealing = true): void {
    const list = ownerOf(owner)
    if (epoch > list.epoch && !state.isFull) watcher.healed(owner, epoch)
    const isListed = list.keys.includes(key) || !isHealing
    const isRaised = epoch > list.epoch
    if (isListed && !isRaised && until <= list.until) return
    needsSpace()
    owners.set(owner, {
      keys: isListed ? list.keys : [...list.keys, key],
      until: Math.max(list.until, until),
      epoch: isRaised ? epoch : list.epoch,
      except: isRaised ? undefined : list.except,
    })
  }

  return {
    rows,
    rowOf,
    /** Its memory or disk has no room left: what needs space is refused. */
    state,
    listOf: ownerOf,

    read(key: string): FoundRow | null {
      const row = rowOf(key)
      if (!row) return null
      if (row.owner === null) return { ...row, epoch: 0, isListed: true }
      const { epoch, except, keys } = ownerOf(row.owner)
      return { ...row, epoch: except === key ? 0 : epoch, isListed: keys.includes(key) }
    },

    insert(key: string, row: Row): boolean {
      if (rowOf(key)) return false
      if (clock() <= (tombstones.get(key) ?? -1) && flaw !== 'no-tombstones') return false
      needsSpace()
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
      if (sizeOf(row) > sizeOf(held)) needsSpace()
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
      if (flaw === 'remove-needs-space') needsSpace()
      const held = rowOf(key)
      rows.delete(key)
      if (!state.isFull) tombstones.set(key, clock() + GARBAGE_MS)
      else if (!tombstones.has(key)) watcher.bared(key)
      if (held) watcher.changed(key, held, null, 'remove')
      return held !== null
    },

    epoch: (owner: string): number => ownerOf(owner).epoch,

    admit(owner: string, key: string, epoch: number, until: number, limit: Limit): Admission {
      const list = ownerOf(owner)
      if (isRevoked(list, key, epoch) && flaw !== 'admits-any-epoch') {
        watcher.refused(key)
        return { admitted: false, why: 'revoked' }
      }
      const isFull = list.keys.length >= limit.most && !list.keys.includes(key)
      if (isFull && limit.refuse) return { admitted: false, why: 'limit' }
      place(owner, key, epoch, until)
      const { keys } = ownerOf(owner)
      const excess = limit.refuse ? 0 : Math.max(0, keys.indexOf(key) + 1 - limit.most)
      return { admitted: true, over: keys.slice(0, Math.min(excess, OVER_AT_ONCE)) }
    },

    keep(owner: string, key: string, epoch: number, until: number): boolean {
      if (isRevoked(ownerOf(owner), key, epoch) && flaw !== 'keeps-any-epoch') return false
      place(owner, key, epoch, until, flaw !== 'keep-does-not-heal')
      return true
    },

    list: (owner: string, most = Infinity): string[] => ownerOf(owner).keys.slice(0, most),

    revoke(owner: string, epoch: number, until: number, except: string | undefined): Revoked {
      const list = ownerOf(owner)
      if (flaw === 'revoke-needs-space') needsSpace()
      const isHigher = epoch > list.epoch || flaw === 'revoke-lowers'
      const isStored = !state.isFull && (isHigher || flaw === 'revoke-adds')
      if (isStored) {
        owners.set(owner, {
          keys: list.keys,
          until: Math.max(list.until, until),
          epoch: flaw === 'revoke-adds' ? list.epoch + 1 : epoch,
          except: flaw === 'no-exception' ? undefined : except,
        })
      }
      const now = ownerOf(owner)
      // What adds one is told of the number that it asked for: nothing else can be compared.
      return { epoch: flaw === 'revoke-adds' ? epoch : now.epoch, keys: [...now.keys] }
    },

    forget(owner: string, keys: readonly string[]): void {
      const list = ownerOf(owner)
      list.keys = list.keys.filter((key) => !keys.includes(key))
    },

    erase(owner: string): void {
      owners.delete(owner)
      watcher.lost(owner, 0)
    },

    /** Loses the keys of a list, and with `epoch` the epoch as well, as an eviction does. */
    lose(owner: string, what: 'keys' | 'keys and epoch'): void {
      const list = ownerOf(owner)
      if (what === 'keys') list.keys = []
      else owners.delete(owner)
      watcher.lost(owner, ownerOf(owner).epoch)
    },

    /** What a replica has received so far. */
    copy: (): Copy => ({
      rows: new Map(rows),
      tombstones: new Map(tombstones),
      owners: new Map([...owners].map(([owner, list]) => [owner, { ...list }])),
    }),

    /** A replica takes over: rows, lists, or both (two servers of a cluster) are as it has them. */
    failOver(replica: Copy, of: 'rows' | 'lists' | 'both'): void {
      if (of !== 'rows') {
        const before = [...owners.keys()]
        replaceAll(owners, new Map([...replica.owners].map(([name, list]) => [name, { ...list }])))
        for (const owner of before) watcher.lost(owner, ownerOf(owner).epoch)
      }
      if (of === 'lists') return
      const keys = new Set([...rows.keys(), ...replica.rows.keys(), ...tombstones.keys()])
      const changed = [...keys].filter(
        (key) =>
          rows.get(key) !== replica.rows.get(key) ||
          tombstones.get(key) !== replica.tombstones.get(key),
      )
      replaceAll(rows, replica.rows)
      replaceAll(tombstones, replica.tombstones)
      watcher.fellBack(changed)
    },
  }
}

function sizeOf({ body, recent }: Row): number {
  return body.length + recent.join('').length
}

function replaceAll<Value>(map: Map<string, Value>, by: ReadonlyMap<string, Value>): void {
  map.clear()
  for (const [key, value] of by) map.set(key, value)
}
