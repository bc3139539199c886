/** The owners' lists of the memory store. */

import type { Clock } from '../../base/ports.ts'
import { makeShelf, type Shelf } from './bounded-map.ts'
import { type FoundRow, OVER_AT_ONCE, type Owners } from '../../backends/stored/store.ts'

/** The limits of the lists, and their access to the rows. */
export interface OwnersRules {
  readonly entries: number
  readonly bytes: number
  readonly clock: Clock
  /** Whether there is a row under the key. */
  holds(key: string): boolean
  /** Drops a row whose list was dropped: it could not be revoked any more. */
  drop(key: string): void
}

/** The lists of all owners. */
export interface OwnerLists extends Owners {
  readonly shelf: Shelf
  /** The state of this key in the owner's list: see `FoundRow`. */
  stateOf(owner: string, key: string): Pick<FoundRow, 'epoch' | 'isListed'>
}

interface List {
  readonly until: number
  readonly epoch: number
  /** The key that the last revocation excepted; empty if there is none. */
  readonly except: string
  readonly keys: string[]
}

const EMPTY = '0\x000\0\0'

/** Makes the lists. */
export function makeOwners({ entries, bytes, clock, holds, drop }: OwnersRules): OwnerLists {
  const shelf = makeShelf({
    entries,
    bytes,
    weightOf: (text) => text.length * (/[^\0-\xff]/.test(text) ? 2 : 1),
    isDue: (text, room) => headOf(text).until < clock() || (room === 'short' && isIdle(text)),
    onDropped: (text) => unpack(text).keys.forEach(drop),
  })

  /** Whether the list has no effect: none of its keys has a row, and its epoch refuses no login. */
  function isIdle(text: string): boolean {
    const { epoch, keys } = unpack(text)
    return epoch === 0 && !keys.some(holds)
  }

  function textOf(owner: string): string {
    return shelf.get(owner) ?? EMPTY
  }

  function put(owner: string, list: List): void {
    if (list.keys.length === 0 && list.epoch === 0) shelf.drop(owner)
    else shelf.put(owner, pack(list))
  }

  function listAt(owner: string): List {
    shelf.sweep()
    return unpack(textOf(owner))
  }

  return {
    shelf,
    stateOf(owner, key) {
      const text = textOf(owner)
      const { epoch, except, end } = headOf(text)
      return {
        epoch: isSame(except, key) ? 0 : epoch,
        isListed: isListed(text, key, end),
      }
    },
    async epoch(owner) {
      shelf.sweep()
      return headOf(textOf(owner)).epoch
    },
    async admit(owner, key, epoch, until, limit) {
      const list = listAt(owner)
      if (isRevoked(list, key, epoch)) return { admitted: false, why: 'revoked' }
      let place = list.keys.indexOf(key)
      if (place === -1) {
        if (limit.refuse && list.keys.length >= limit.most) return { admitted: false, why: 'limit' }
        place = list.keys.push(key) - 1
      }
      put(owner, extended(list, epoch, until))
      const over = limit.refuse ? 0 : Math.max(place + 1 - limit.most, 0)
      return { admitted: true, over: list.keys.slice(0, Math.min(over, OVER_AT_ONCE)) }
    },
    async keep(owner, key, epoch, until) {
      shelf.sweep()
      const text = textOf(owner)
      const head = headOf(text)
      if (isRevoked(head, key, epoch)) return false
      const isIn = isListed(text, key, head.end)
      if (isIn && epoch <= head.epoch && until <= head.until) return true
      const list = unpack(text)
      if (!isIn) list.keys.push(key)
      put(owner, extended(list, epoch, until))
      return true
    },
    async list(owner, most) {
      return listAt(owner).keys.slice(0, most)
    },
    async revoke(owner, epoch, until, except = '') {
      const list = listAt(owner)
      if (epoch > list.epoch) put(owner, { ...extended(list, epoch, until), except })
      return { epoch: Math.max(epoch, list.epoch), keys: list.keys }
    },
    async forget(owner, keys) {
      const list = listAt(owner)
      const gone = new Set(keys)
      put(owner, { ...list, keys: list.keys.filter((key) => !gone.has(key)) })
    },
    async erase(owner) {
      shelf.drop(owner)
    },
  }
}

function isRevoked(list: Pick<List, 'epoch' | 'except'>, key: string, epoch: number): boolean {
  return epoch < list.epoch && !isSame(list.except, key)
}

/** Finds a key. `end`: the end of the head, so that the first key has a separator before it, too. */
function isListed(text: string, key: string, end: number): boolean {
  return text.includes(`\0${key}\0`, end)
}

function isSame(except: string, key: string): boolean {
  return except !== '' && except === key
}

/** The list with its epoch and time raised to at least these values. */
function extended(list: List, epoch: number, until: number): List {
  return {
    keys: list.keys,
    until: Math.max(list.until, until),
    epoch: Math.max(list.epoch, epoch),
    // A higher epoch comes from a later revocation, which has excepted another key or none.
    except: epoch > list.epoch ? '' : list.except,
  }
}

// list = until NUL epoch NUL except NUL *( key NUL )
//
// A list is one flat string, as a row is. Keys have no U+0000.
function pack({ until, epoch, except, keys }: List): string {
  return [until, epoch, except, ...keys, ''].join('\0')
}

function unpack(text: string): List {
  const [until, epoch, except, ...keys] = text.split('\0')
  keys.pop()
  return { until: Number(until), epoch: Number(epoch), except: except!, keys }
}

/** The fields before the keys, and where they end. */
function headOf(text: string) {
  const first = text.indexOf('\0')
  const second = text.indexOf('\0', first + 1)
  const end = text.indexOf('\0', second + 1)
  return {
    until: Number(text.slice(0, first)),
    epoch: Number(text.slice(first + 1, second)),
    except: text.slice(second + 1, end),
    end,
  }
}
