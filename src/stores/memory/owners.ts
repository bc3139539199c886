/** The owners' lists of the memory store. */

import type { Clock } from '../../base/ports.ts'
import { makeShelf, type Shelf } from './bounded-map.ts'
import { REVOKED_MS, type Owners } from '../../backends/stored/store.ts'
import { keysOver } from '../verb-rules.ts'

/** The bounds of the lists, and how they reach the rows. */
export interface OwnersRules {
  readonly entries: number
  readonly bytes: number
  readonly clock: Clock
  /** Whether there is a row under the key. */
  holds(key: string): boolean
  /** Ends a row whose list was dropped: nobody could find it to revoke it. */
  end(key: string): void
}

interface List {
  until: number
  /** The time of the last revocation; 0 where none is noted. */
  revoked: number
  keys: string[]
}

/** A longer list first drops the keys whose rows are gone. */
const LONG = 1024

/** Makes the lists. */
export function makeOwners({
  entries,
  bytes,
  clock,
  holds,
  end,
}: OwnersRules): Owners & { shelf: Shelf } {
  const shelf = makeShelf({
    entries,
    bytes,
    weightOf: (text) => text.length * (/[^\0-\xff]/.test(text) ? 2 : 1),
    isDue: (text, room) => untilOf(text) < clock() || (room === 'short' && isIdle(unpack(text))),
    onDropped: (text) => unpack(text).keys.forEach(end),
  })

  /** Whether the list neither leads to a row nor keeps a login out. */
  const isIdle = ({ revoked, keys }: List) => revoked === 0 && !keys.some(holds)

  function listOf(owner: string): List {
    const text = shelf.get(owner)
    return text === undefined ? { until: 0, revoked: 0, keys: [] } : unpack(text)
  }

  function put(owner: string, list: List): void {
    if (list.keys.length === 0 && list.revoked === 0) shelf.drop(owner)
    else shelf.put(owner, pack(list))
  }

  return {
    shelf,
    async admit(owner, key, calledAt, until, limit) {
      shelf.sweep()
      const list = listOf(owner)
      if (list.revoked > 0 && calledAt <= list.revoked) return { admitted: false, why: 'revoked' }
      const isNew = !list.keys.includes(key)
      if (isNew && limit?.refuse && list.keys.length >= limit.most) {
        return { admitted: false, why: 'limit' }
      }
      if (list.keys.length >= LONG) {
        list.keys = list.keys.filter((other) => other === key || holds(other))
      }
      if (isNew) list.keys.push(key)
      put(owner, { ...list, until: Math.max(list.until, until) })
      if (!limit || limit.refuse) return { admitted: true, over: [] }
      return { admitted: true, over: keysOver(list.keys, key, limit.most) }
    },
    async keep(owner, until) {
      shelf.sweep()
      const list = listOf(owner)
      if (until > list.until) put(owner, { ...list, until })
    },
    async list(owner, revoking) {
      shelf.sweep()
      const list = listOf(owner)
      if (revoking === undefined) return list.keys
      const until = Math.max(list.until, clock() + REVOKED_MS)
      put(owner, { ...list, until, revoked: Math.max(list.revoked, revoking) })
      return list.keys
    },
    async forget(owner, keys) {
      shelf.sweep()
      const gone = new Set(keys)
      const list = listOf(owner)
      put(owner, { ...list, keys: list.keys.filter((key) => !gone.has(key)) })
    },
  }
}

// A list is one flat string, as a row is. Keys have no U+0000.
function pack({ until, revoked, keys }: List): string {
  return [until, revoked, ...keys].join('\0')
}

function unpack(text: string): List {
  const [until, revoked, ...keys] = text.split('\0')
  return { until: Number(until), revoked: Number(revoked), keys }
}

function untilOf(text: string): number {
  return Number(text.slice(0, text.indexOf('\0')))
}
